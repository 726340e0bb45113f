"""Licences of single pictures: what they let out, and that nothing else leaves."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.lake.parquet import table_path, write_table
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.release.open_licences import why_kept_in
from eemo_pipeline.stages.release.redistribution import (
    TermsForbid,
    hand_out,
    hand_out_redistributable,
)

OPEN = (
    "CC0-1.0",
    "cc0",
    "CC BY 4.0",
    "CC-BY-SA-3.0",
    "Creative Commons Attribution-ShareAlike 4.0 International",
    "https://creativecommons.org/licenses/by/4.0/",
    "https://creativecommons.org/publicdomain/zero/1.0/",
    "Public Domain",
    "MIT License",
)
CLOSED = (
    "",
    "all rights reserved",
    "CC BY-NC 4.0",
    "CC-BY-ND-4.0",
    "CC BY-NC-SA 2.0",
    "https://creativecommons.org/licenses/by-nc-nd/4.0/",
    "not CC0",
    "CC BY 4.0, but ask first",
    "Creative Commons",
)


@pytest.mark.parametrize("licence", OPEN)
def test_open_licences_in_their_usual_spellings(licence: str) -> None:
    assert why_kept_in(licence) is None


@pytest.mark.parametrize("licence", CLOSED)
def test_what_is_not_known_to_be_open_is_kept_in(licence: str) -> None:
    assert why_kept_in(licence)


@given(st.text(max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    why = why_kept_in(text)
    assert (
        why
        or any(word in text.casefold() for word in ("cc", "creative", "domain", "mit"))
        or (any(word in text.casefold() for word in ("pdm", "pddl", "odc", "apache")))
    )


def write(tables: Path, name: str, rows: list[dict], partition: str | None = None) -> None:
    frame = pl.DataFrame(rows, schema=TABLES[name].polars_schema)
    write_table(frame, TABLES[name], table_path(tables, TABLES[name], partition))


def lay_tables(place: Path, licences: list[str], items: list[list[int]]) -> None:
    """Web pictures under these licences, and questions about some of them each."""
    ids = [f"{number:064x}" for number in range(len(licences))]
    facts = {"title": "t", "licence": "per picture", "citation": "", "is_redistributable": False}
    write(place, "sources__datasets", [{"source": "web", **facts}])
    write(
        place,
        "ingest__records",
        [
            {"source": "web", "record_id": f"{number}.jpg", "path": f"{number}.jpg"}
            | {"image_id": image_id, "resolved_by": "exact", "label_space": "none"}
            | {"semantics": "none", "annotation_count": 0}
            | {"attributes": json.dumps({"licence": licence})}
            for number, (image_id, licence) in enumerate(zip(ids, licences, strict=True))
        ],
        "web",
    )
    write(
        place,
        "dedup__images",
        [
            {"image_id": image_id, "source": "web", "path": "x.jpg", "sources": ["web"]}
            for image_id in ids
        ],
    )
    questions = [
        {"item_id": f"item {number}", "template": "describe_image", "category": "description"}
        | {"question_type": "open", "image_ids": [ids[one] for one in pictures]}
        | {"question": "?", "options": [], "answer": "!", "split": "train"}
        | {"sources": ["web"], "facts": "{}"}
        for number, pictures in enumerate(items)
    ]
    write(place, "qa__items", questions)
    write(place, "assess__items", [])


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_an_item_goes_where_every_picture_of_it_may(data: st.DataObject) -> None:
    licences = data.draw(st.lists(st.sampled_from([*OPEN, *CLOSED]), min_size=1, max_size=5))
    pictures = st.lists(st.integers(0, len(licences) - 1), min_size=1, max_size=2, unique=True)
    items = data.draw(st.lists(pictures, min_size=1, max_size=5))
    free = {
        f"item {number}"
        for number, used in enumerate(items)
        if all(licences[one] in OPEN for one in used)
    }
    with TemporaryDirectory() as folder:
        lay_tables(Path(folder) / "tables", licences, items)
        out = hand_out_redistributable(Path(folder) / "tables", Path(folder) / "out")
        published = Path(folder, "out", "exports", "llava", "qa_train.jsonl")
        lines = published.read_text().splitlines() if published.exists() else []
        assert {json.loads(line)["id"] for line in lines} == free
        assert (out.items, out.withheld) == (len(free), len(items) - len(free))


def test_the_licence_and_the_reason_are_named(tmp_path: Path) -> None:
    lay_tables(tmp_path / "tables", ["CC0", "CC BY-NC 4.0"], [[0], [1]])
    with pytest.raises(TermsForbid) as caught:
        hand_out(tmp_path / "tables", tmp_path / "out")
    (offender,) = caught.value.offenders
    assert (offender.source, offender.items) == ("web", 1)
    assert offender.licence == "CC BY-NC 4.0: for non-commercial use alone"
