"""Handing items out: nothing leaves that a source's terms keep in."""

import json
from pathlib import Path

import polars as pl
import pytest

from eemo_pipeline.lake.parquet import table_path, write_table
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.release.redistribution import (
    TermsForbid,
    hand_out,
    hand_out_redistributable,
)

OPEN, CLOSED, BOTH = ("a" * 64, "b" * 64, "c" * 64)


def write(tables: Path, name: str, rows: list[dict]) -> None:
    frame = pl.DataFrame(rows, schema=TABLES[name].polars_schema)
    write_table(frame, TABLES[name], table_path(tables, TABLES[name]))


def question(item_id: str, pictures: list[str], sources: list[str]) -> dict:
    return {
        "item_id": item_id,
        "template": "describe_image",
        "category": "description",
        "question_type": "open",
        "image_ids": pictures,
        "question": "What is visible?",
        "options": [],
        "answer": "A harbour.",
        "split": "train",
        "sources": sources,
        "facts": "{}",
    }


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Two sources: one may be passed on, one not; one picture lies in both."""
    place = tmp_path / "tables"
    held = {OPEN: ["open"], CLOSED: ["closed"], BOTH: ["closed", "open"]}
    write(
        place,
        "sources__datasets",
        [
            {"source": name, "title": name, "licence": f"terms of {name}", "citation": "C"}
            | {"is_redistributable": name == "open"}
            for name in ("open", "closed")
        ],
    )
    write(
        place,
        "dedup__images",
        [
            {"image_id": image_id, "source": names[0], "path": "x.jpg", "sources": names}
            for image_id, names in held.items()
        ],
    )
    write(
        place,
        "qa__items",
        [
            question("free", [OPEN], ["open"]),
            question("kept in", [CLOSED], ["closed"]),
            question("a pair", [OPEN, CLOSED], ["closed", "open"]),
            question("same bytes in both", [BOTH], ["open"]),
        ],
    )
    write(place, "assess__items", [])
    return place


def handed(folder: Path) -> set[str]:
    lines = (folder / "exports" / "llava" / "qa_train.jsonl").read_text().splitlines()
    return {json.loads(line)["id"] for line in lines}


def test_terms_are_named_and_nothing_is_written(tables: Path, tmp_path: Path) -> None:
    with pytest.raises(TermsForbid) as caught:
        hand_out(tables, tmp_path / "out")
    assert [(item.source, item.licence, item.items) for item in caught.value.offenders] == [
        ("closed", "terms of closed", 3)
    ]
    assert not (tmp_path / "out").exists()


def test_only_what_every_source_allows_goes(tables: Path, tmp_path: Path) -> None:
    out = hand_out_redistributable(tables, tmp_path / "out")
    assert (out.items, out.withheld) == (1, 3)
    assert handed(tmp_path / "out") == {"free"}
    terms = (tmp_path / "out" / "TERMS.md").read_text()
    assert "terms of open" in terms
    assert "closed" not in terms


def test_a_record_goes_only_where_every_source_of_its_image_allows_it(
    tables: Path, tmp_path: Path
) -> None:
    known = {"split": "train", "state": "preserved", "image_path": "sources/x", "emotion": "awe"}
    images = {OPEN: "open", CLOSED: "closed", BOTH: "open"}
    write(
        tables,
        "records__emoverse",
        [{"image_id": key, "source": source} | known for key, source in images.items()]
        + [{"image_id": "d" * 64, "source": "open"} | known | {"state": "human"}],
    )
    out = hand_out_redistributable(tables, tmp_path / "out")
    assert (out.items, out.withheld) == (2, 5)
    folder = tmp_path / "out" / "exports" / "emoverse"
    told = json.loads((folder / "repository" / "annotations_train.json").read_text())
    assert [entry["id"] for entry in told] == [OPEN]
    assert len((folder / "card" / "train.jsonl").read_text().splitlines()) == 1
    with pytest.raises(TermsForbid) as caught:
        hand_out(tables, tmp_path / "refused")
    assert [item.items for item in caught.value.offenders] == [5]


def test_a_permission_opens_a_source(tables: Path, tmp_path: Path) -> None:
    out = hand_out(tables, tmp_path / "out", ["closed"])
    assert (out.items, out.withheld) == (4, 0)
    assert len(handed(tmp_path / "out")) == 4
    assert "terms of closed" in (tmp_path / "out" / "TERMS.md").read_text()


def test_a_source_that_is_not_registered_allows_nothing(tables: Path, tmp_path: Path) -> None:
    write(tables, "sources__datasets", [])
    out = hand_out_redistributable(tables, tmp_path / "out")
    assert (out.items, out.withheld) == (0, 4)
