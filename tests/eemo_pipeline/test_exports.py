import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import eemo_pipeline.exports as exports
from eemo_pipeline.discovery import discover
from eemo_pipeline.exports import Exporter, publish
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import (
    conform,
    key_violations,
    null_violations,
    range_violations,
)

HOSTILE_PATH = 'holi"day\n/\u00e9t\u00e9 <image>.jpg'


def frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


def images() -> pl.DataFrame:
    paths = {"a": "one.jpg", "b": HOSTILE_PATH}
    return frame(
        "dedup__images",
        [{"image_id": key, "source": "folder", "path": path} for key, path in paths.items()],
    )


def item(item_id: str, split: str = "train", **fields: Any) -> dict[str, Any]:
    known = {
        "item_id": item_id,
        "template": "t",
        "category": "perception",
        "question_type": "what_how",
        "image_ids": ["a"],
        "question": "Which emotion?",
        "options": ["joy", "fear", "anger"],
        "answer": "fear",
        "answer_letter": "B",
        "split": split,
        "sources": ["folder"],
        "facts": "{}",
    }
    return known | fields


def qa() -> pl.DataFrame:
    open_ended = {"question_type": "open", "options": [], "answer_letter": None}
    return frame(
        "qa__items",
        [
            item("2", image_ids=["b", "a"], **open_ended, answer="A text."),
            item("1"),
            item("3", split="test", image_ids=["b"]),
        ],
    )


def assess() -> pl.DataFrame:
    return frame(
        "assess__items",
        [{"item_id": "9", "image_id": "b", "split": "train", "candidates": ["joy"]}],
    )


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]]


def test_every_published_file_is_listed_as_it_lies_on_disk(tmp_path: Path) -> None:
    files = publish(qa(), assess(), images(), tmp_path / "exports")
    table, lazy = TABLES["exports__files"], conform(files, TABLES["exports__files"]).lazy()
    assert not key_violations(lazy, table)
    assert not null_violations(lazy, table)
    assert not range_violations(lazy, table)
    on_disk = sorted(
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    )
    assert files["path"].to_list() == on_disk
    for row in files.rows(named=True):
        content = (tmp_path / row["path"]).read_bytes()
        assert row["size_bytes"] == len(content)
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
    counts = {row["path"]: (row["split"], row["row_count"]) for row in files.rows(named=True)}
    assert counts == {
        "exports/llava/qa_test.jsonl": ("test", 1),
        "exports/llava/qa_train.jsonl": ("train", 2),
        "exports/parquet/assess_train.parquet": ("train", 1),
        "exports/parquet/qa_test.parquet": ("test", 1),
        "exports/parquet/qa_train.parquet": ("train", 2),
    }


def test_a_conversation_shows_as_many_marks_as_pictures(tmp_path: Path) -> None:
    publish(qa(), assess(), images(), tmp_path / "exports")
    choice, open_ended = lines(tmp_path / "exports/llava/qa_train.jsonl")
    assert choice == {
        "id": "1",
        "image": "sources/folder/one.jpg",
        "conversations": [
            {"from": "human", "value": "<image>\nWhich emotion?\nA. joy\nB. fear\nC. anger"},
            {"from": "gpt", "value": "B. fear"},
        ],
    }
    assert open_ended == {
        "id": "2",
        "image": [f"sources/folder/{HOSTILE_PATH}", "sources/folder/one.jpg"],
        "conversations": [
            {"from": "human", "value": "<image>\n<image>\nWhich emotion?"},
            {"from": "gpt", "value": "A text."},
        ],
    }


def test_parquet_holds_the_items_and_their_pictures(tmp_path: Path) -> None:
    publish(qa(), assess(), images(), tmp_path / "exports")
    train = pl.read_parquet(tmp_path / "exports/parquet/qa_train.parquet")
    assert train.drop("images").equals(qa().filter(split="train").sort("item_id"))
    assert train["images"].to_list() == [
        ["sources/folder/one.jpg"],
        [f"sources/folder/{HOSTILE_PATH}", "sources/folder/one.jpg"],
    ]
    scored = pl.read_parquet(tmp_path / "exports/parquet/assess_train.parquet")
    assert scored["image"].to_list() == [f"sources/folder/{HOSTILE_PATH}"]


def test_the_same_items_in_any_order_change_no_file(tmp_path: Path) -> None:
    first = publish(qa(), assess(), images(), tmp_path / "exports")
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    again = publish(qa().reverse(), assess(), images().reverse(), tmp_path / "exports")
    assert again.equals(first)
    assert times == {
        path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()
    }


def test_a_part_that_lost_its_rows_loses_its_file(tmp_path: Path) -> None:
    publish(qa(), assess(), images(), tmp_path / "exports")
    kept = tmp_path / "exports/llava/notes of the user.txt"
    kept.write_text("mine")
    files = publish(qa().filter(split="train"), assess().clear(), images(), tmp_path / "exports")
    assert files["path"].to_list() == [
        "exports/llava/qa_train.jsonl",
        "exports/parquet/qa_train.parquet",
    ]
    on_disk = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert on_disk == {kept, *(tmp_path / path for path in files["path"])}


def test_nothing_in_publishes_nothing(tmp_path: Path) -> None:
    empty = {name: table.empty() for name, table in TABLES.items()}
    files = publish(
        empty["qa__items"], empty["assess__items"], empty["dedup__images"], tmp_path / "exports"
    )
    assert conform(files, TABLES["exports__files"]).is_empty()
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("name", sorted(discover(exports, "EXPORTER", Exporter)))
def test_a_format_is_named_after_its_file(name: str) -> None:
    assert discover(exports, "EXPORTER", Exporter)[name].name == name
