"""Pictures that no longer go by the names that a table gives them."""

import hashlib
import random
import unicodedata
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.readers.contract import SourceTables
from eemo_pipeline.readers.listing import list_files
from eemo_pipeline.readers.picture_index import PictureIndex
from eemo_pipeline.sources import folder, web


def lay(root: Path, files: dict[str, bytes | str]) -> Path:
    for path, content in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def resolve(paths: list[str], names: list[str]) -> list[tuple[Any, ...]]:
    frame = PictureIndex(paths).resolve(pl.DataFrame({"name": names}, schema={"name": pl.String}))
    return frame.select("path", "resolved_by", "refusal").rows()


def test_accents_do_not_count_where_one_name_and_one_file_are_left() -> None:
    paths = ["caf\u00e9.jpg", "zo\u00eb.jpg", "na\u00efve.png", "d/M\u00dcNCHEN.JPG"]
    names = ["cafe.jpg", unicodedata.normalize("NFD", "zo\u00eb.jpg"), "naive.jpg"]
    assert resolve(paths, names) == [
        (paths[0], "folded", None),
        (paths[1], "exact", None),  # the same name by Unicode
        (paths[2], "folded", None),
    ]
    missing = (None, None, "picture_missing")
    assert resolve(paths, ["munchen.jpg", "caf.jpg"]) == [missing, missing]


def test_names_without_accents_that_could_be_two_files_are_refused() -> None:
    ambiguous = (None, None, "ambiguous_picture")
    assert resolve(["\u00e9.jpg", "\u00e8.jpg"], ["e.jpg"]) == [ambiguous]
    assert resolve(["\u00e9.jpg"], ["e.jpg", "\u00ea.jpg"]) == [ambiguous] * 2
    # The file has gone to the name that is its own.
    assert resolve(["\u00e9.jpg"], ["\u00e9.jpg", "e.jpg"]) == [
        ("\u00e9.jpg", "exact", None),
        ambiguous,
    ]


def test_a_mark_that_makes_another_letter_is_no_accent() -> None:
    missing = (None, None, "picture_missing")
    assert resolve(["\u30cf\u30f3.jpg"], ["\u30d1\u30f3.jpg"]) == [missing]  # han, pan
    assert resolve(["\u0438\u0442.jpg"], ["\u0439\u0442.jpg"]) == [missing]  # Cyrillic i, short i


def test_names_that_unicode_calls_one_are_one_and_the_bytes_decide_between_two_files() -> None:
    composed, decomposed = "caf\u00e9.jpg", "cafe\u0301.jpg"
    assert resolve([decomposed, "cafe.jpg"], [composed, "cafe.jpg"]) == [
        (decomposed, "exact", None),
        ("cafe.jpg", "exact", None),
    ]
    assert resolve([decomposed, composed], [composed, decomposed]) == [
        (composed, "exact", None),
        (decomposed, "exact", None),
    ]


def test_an_image_belongs_to_the_name_that_is_its_own() -> None:
    paths = ["sunset.png", "keynote.jpg", "n/deep.jpg", "lone.png", "caf\u00e9.jpg"]
    missing = (None, None, "picture_missing")
    names = ["sunset.jpg", "sunset.png", "Keynote.jpg", "keynote.jpg", "deep.jpg", "n/deep.jpg"]
    assert resolve(paths, names) == [
        missing,
        ("sunset.png", "exact", None),
        missing,
        ("keynote.jpg", "exact", None),
        missing,
        ("n/deep.jpg", "exact", None),
    ]
    ambiguous = (None, None, "ambiguous_picture")
    assert resolve(paths, ["lone.jpg", "lone.gif"]) == [ambiguous] * 2
    assert resolve(paths, ["lone.jpg", " lone.jpg "]) == [("lone.png", "extension", None)] * 2
    # Blanks around a cell are no part of the name.
    assert resolve(paths, ["lone.png ", "lone.png"]) == [
        ("lone.png", "stripped", None),
        ("lone.png", "exact", None),
    ]


SIMILAR = st.sampled_from(
    ["a", "A", "a.", "\u00e1", "a\u0301", "\u30cf", "\u30d0", "\u30cf\u3099", "d/a", "D/a", "e/d/a"]
)
ENDINGS = st.sampled_from([".jpg", ".JPG", ".png"])
FILES = st.lists(st.builds(str.__add__, SIMILAR, ENDINGS), unique=True, max_size=6)


@given(paths=FILES, names=FILES)
def test_an_exact_name_always_wins_and_no_image_has_two_names(
    paths: list[str], names: list[str]
) -> None:
    def normal(name: str) -> str:
        return unicodedata.normalize("NFC", name)

    owners: dict[str, set[str]] = {}
    for name, (path, way, _) in zip(names, resolve(paths, names), strict=True):
        if name in paths:
            assert (path, way) == (name, "exact")
        if path is not None:
            owners.setdefault(path, set()).add(normal(name))
            assert (way == "exact") == (normal(name) == normal(path))
    assert all(len(given) == 1 for given in owners.values())


@given(
    paths=st.lists(st.text("ae\u00e9\u00e8E .", min_size=1, max_size=4), unique=True, max_size=6),
    names=st.lists(st.text("ae\u00e9\u00e8E .", min_size=1, max_size=4), max_size=6),
)
def test_every_name_has_a_picture_or_a_reason_and_order_does_not_matter(
    paths: list[str], names: list[str]
) -> None:
    paths = [f"{path}.jpg" for path in paths]
    found = resolve(paths, names)
    for path, way, refusal in found:
        assert (path is None) == (way is None) == (refusal is not None)
        assert path is None or path in paths
    folded = [path for path, way, _ in found if way == "folded"]
    assert len(set(folded)) == len(
        {name for name, one in zip(names, found, strict=True) if one[1] == "folded"}
    )
    order = list(range(len(names)))
    random.Random(len(names)).shuffle(order)  # noqa: S311 (an order, not a secret)
    again = resolve(paths[::-1], [names[place] for place in order])
    assert again == [found[place] for place in order]


@pytest.mark.parametrize("kind", ["sha256", "sha1", "md5"])
def test_a_renamed_picture_is_found_by_its_hash(tmp_path: Path, kind: str) -> None:
    digest = hashlib.new(kind, b"pixels").hexdigest()
    rows = f"old.jpg,CC0,{digest.upper()}\nold2.jpg,CC0,{'0' * len(digest)}\nhere.jpg,CC0,zz\n"
    root = lay(
        tmp_path,
        {
            "manifest.csv": f"path,licence,{kind}\n{rows}gone.jpg,CC0,?\n",
            "new name.jpg": b"pixels",
            "here.jpg": b"others",
        },
    )
    tables = web.read(list_files(root))
    assert tables.records.select("path", "resolved_by").rows() == [
        ("new name.jpg", "content"),
        ("here.jpg", "exact"),
    ]
    assert tables.rejects.select("row", "reason").rows() == [
        (2, "picture_missing"),
        (4, "picture_missing"),
    ]


def read_folder(root: Path) -> SourceTables:
    tables = folder.read(list_files(root))
    kept = tables.annotations["row"].n_unique()
    assert kept + tables.rejects.height == tables.row_count
    return tables


def test_labels_find_renamed_pictures_by_content(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"pixels").hexdigest()
    root = lay(
        tmp_path, {"labels.csv": f"file,emotion,sha256\nold.jpg,joy,{digest}\n", "b.jpg": b"pixels"}
    )
    assert read_folder(root).annotations["record_id"].to_list() == ["b.jpg"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_labels_without_a_header_keep_their_first_row(tmp_path: Path, separator: str) -> None:
    text = "a.jpg,joy,seen\nb.jpg,fear,\n".replace(",", separator)
    root = lay(tmp_path, {"labels.csv": text, "a.jpg": "1", "b.jpg": "2"})
    tables = read_folder(root)
    assert tables.annotations.select("row", "record_id", "native_labels").rows() == [
        (1, "a.jpg", ["joy"]),
        (2, "b.jpg", ["fear"]),
    ]
    assert tables.annotations["attributes"][0] == '{"cell 3":"seen"}'
