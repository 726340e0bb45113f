"""Text that is not UTF-8: read where only one reading is possible, else refused by name."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eemo_pipeline.readers.encodings import UNDECODED, decode
from tests.support.sources import read_files, reasons

TEXTS = [
    ("gb18030", "GB18030", "\u8fd9\u5f20\u56fe\u7247\u8ba9\u6211\u5e73\u9759"),
    ("shift_jis", "Shift-JIS", "\u3053\u306e\u5199\u771f\u306f\u843d\u3061\u7740\u304f"),
    ("cp1251", "Windows-1251", "\u042d\u0442\u0430 \u043a\u0430\u0440\u0442\u0438\u043d\u0430"),
    ("cp1250", "Windows-1250", "Spokojny obraz, cieszy si\u0119"),
    ("cp1252", "Windows-1252", "tr\u00e8s beau"),  # the bytes of a Czech letter in Windows-1250
]


@pytest.mark.parametrize(("codec", "name", "text"), TEXTS)
def test_a_row_in_another_encoding_is_refused_with_its_name(
    codec: str, name: str, text: str
) -> None:
    table = f"file,emotion,caption\na.jpg,awe,{text}\nb.jpg,joy,plain\n".encode(codec)
    tables = read_files("folder", {"a.jpg": "pixels", "b.jpg": "others", "labels.csv": table})
    assert tables.annotations["comment"].to_list() == ["plain"]
    assert reasons(tables) == {1: "bad_encoding"}
    detail = tables.rejects["detail"].item()
    assert name in detail
    assert "UTF-8" in detail


@pytest.mark.parametrize(
    "text",
    [
        "caf\u00e9 \u2013 x",
        "Das macht mich gl\u00fccklich",
        "\u00c4rger \u00fcber \u00d6l",
        "\u201ch\u00f4tel\u201d",
    ],
)
def test_text_that_can_only_be_western_is_read(text: str) -> None:
    assert decode(text.encode("cp1252")) == (text, None)


def test_flickr_captions_and_json_in_another_encoding_are_refused() -> None:
    caption = TEXTS[2][2]
    lines = f"a.jpg#0\t{caption}\na.jpg#1\ta dog\n".encode("cp1251")
    tables = read_files("flickr30k", {"results_20130124.token": lines, "a.jpg": "pixels"})
    assert tables.annotations["comment"].to_list() == ["a dog"]
    assert reasons(tables) == {1: "bad_encoding"}
    assert "Windows-1251" in tables.rejects["detail"].item()
    table = f"{caption}\t1111\t5\t1\t5\t1\t5\t1\t.\t.\t1\n".encode("cp1251")
    tables = read_files("iaps", {"AllSubjects_1-20.txt": table, "1111.jpg": "pixels"})
    assert reasons(tables) == {1: "bad_encoding"}
    assert "Windows-1251" in tables.rejects["detail"].item()
    row = f'{{"path": "a.jpg", "emotion": "awe", "caption": "{caption}"}}'.encode("cp1251")
    tables = read_files("aigiemo", {"annotations.jsonl": row, "a.jpg": "pixels"})
    assert reasons(tables) == {1: "bad_encoding"}
    assert "Windows-1251" in tables.rejects["detail"].item()


@pytest.mark.parametrize(("codec", "name", "text"), TEXTS)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_manifest_in_another_encoding_is_refused_with_its_name(
    codec: str, name: str, text: str, form: str
) -> None:
    rows = {
        "csv": f"path,licence,query\na.jpg,CC0,{text}\nb.jpg,CC0,plain\n",
        "jsonl": f'{{"path": "a.jpg", "licence": "CC0", "query": "{text}"}}\n'
        '{"path": "b.jpg", "licence": "CC0", "query": "plain"}\n',
    }
    files = {"a.jpg": "pixels", "b.jpg": "others", f"manifest.{form}": rows[form].encode(codec)}
    tables = read_files("web", files)
    assert tables.records["path"].to_list() == ["b.jpg"]
    assert reasons(tables) == {1: "bad_encoding"}
    assert name in tables.rejects["detail"].item()


@settings(deadline=None)
@given(
    text=st.text(st.characters(min_codepoint=0x430, max_codepoint=0x44F), min_size=2, max_size=20)
)
@example("бч")
@example("чч")
@example("чб")
def test_no_cyrillic_word_is_misread(text: str) -> None:
    found, encoding = decode(f"a {text}".encode("cp1251"))
    assert encoding is not None
    assert found == "a " + UNDECODED * len(text)


@given(text=st.text())
def test_utf8_is_read_as_it_is(text: str) -> None:
    expected = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    assert decode(text.encode()) == (expected, None)
