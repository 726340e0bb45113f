"""`eemo gate`: a table leaves, comes back edited, and what does not fit is refused row by row."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.support.commands import call_eemo
from tests.support.lakes import write_rows
from tests.support.releases import IMAGES, lay_release_root, record

TABLE = "records__emoverse"
FORMATS = ("csv", "jsonl", "parquet")
AWKWARD = {
    "a": {"description": "=SUM(A1)", "background": "", "boxes_px": [1, 2, 3, 4]},
    "b": {"description": '\'quoted\nlines, "and" é', "distribution": [0.1, 0.9], "intensity": 3},
    "c": {"description": None, "word_annotators": ["x", ""], "confidence": 1.666667},
    "d": {"description": "-5"},
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = lay_release_root(tmp_path / "root")
    write_rows(place, TABLE, [record(name, **AWKWARD[name]) for name in IMAGES])
    return place


def hand_out(root: Path, file: Path, *more: str) -> int:
    answer = call_eemo("gate", "export", TABLE, "--to", file, "--data", root, "--json", *more)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)["rows"]


def take(root: Path, file: Path) -> dict[str, Any]:
    answer = call_eemo("gate", "import", TABLE, file, "--by", "ann", "--data", root, "--json")
    taken = json.loads(answer.stdout)
    assert answer.returncode == (3 if taken.get("refused") else 0), answer.stderr
    return taken


def change(file: Path, alter: Callable[[list[dict[str, Any]]], None]) -> None:
    """Read the rows of a file as an editor would, alter them and write them back."""
    csv.field_size_limit(sys.maxsize)
    if file.suffix == ".csv":
        with file.open(newline="") as text:
            rows = list(csv.DictReader(text))
        names = list(rows[0])
        alter(rows)
        with file.open("w", newline="") as text:
            writer = csv.DictWriter(text, names)
            writer.writeheader()
            writer.writerows(rows)
    elif file.suffix == ".jsonl":
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        alter(rows)
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        frame = pl.read_parquet(file)
        rows = frame.to_dicts()
        alter(rows)
        pl.DataFrame(rows, schema=frame.schema).write_parquet(file)


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_nobody_edited_comes_back_unchanged(root: Path, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"records.{suffix}"
    assert hand_out(root, file) == len(IMAGES)
    change(file, lambda rows: rows.reverse())
    taken = take(root, file)
    assert (taken["rows"], taken["unchanged"], taken["edits"]) == (4, 4, [])
    assert not (root / "gate").exists()


@pytest.mark.parametrize("suffix", FORMATS)
def test_edits_have_who_when_old_and_new_and_the_next_export_has_them(
    root: Path, tmp_path: Path, suffix: str
) -> None:
    def edit(rows: list[dict[str, Any]]) -> None:
        assert rows.pop()["image_id"] == IMAGES["c"]
        rows[0]["emotion"] = "fear"
        rows[1]["description"] = "+plain" if suffix != "csv" else "'+plain"

    file = tmp_path / f"records.{suffix}"
    assert hand_out(root, file, "--where", "source = 'open'") == 3
    change(file, edit)
    taken = take(root, file)
    assert (taken["rows"], taken["changed"], taken["refused"]) == (2, 2, [])
    found = [(one["key"], one["column"], one["old"], one["new"]) for one in taken["edits"]]
    assert found == [
        ([IMAGES["a"]], "emotion", "awe", "fear"),
        ([IMAGES["b"]], "description", AWKWARD["b"]["description"], "+plain"),
    ]
    assert {(one["by"], one["at"][:2]) for one in taken["edits"]} == {("ann", "20")}
    again = tmp_path / f"again.{suffix}"
    hand_out(root, again, "--where", "emotion = 'fear' and description = '=SUM(A1)'")
    assert take(root, again)["unchanged"] == 1
    assert take(root, file)["unchanged"] == 2  # what was taken once is not taken again


@pytest.mark.parametrize("suffix", FORMATS)
def test_rows_that_do_not_fit_are_refused_and_the_others_taken(
    root: Path, tmp_path: Path, suffix: str
) -> None:
    def edit(rows: list[dict[str, Any]]) -> None:
        rows[0]["emotion"] = "joyful"
        rows[1]["confidence"] = 99.0
        rows[2]["emotion"] = "fear"
        rows[3]["split"] = None if suffix != "csv" else ""
        rows.append({**rows[0], "image_id": "f" * 64})

    file = tmp_path / f"records.{suffix}"
    hand_out(root, file)
    change(file, edit)
    taken = take(root, file)
    refused = [(row["place"], row["reason"], row["detail"]) for row in taken["refused"]]
    assert [one[:2] for one in refused] == [
        (1, "bad_value"),
        (2, "bad_value"),
        (4, "bad_value"),
        (5, "unknown_key"),
    ]
    assert "'joyful' is not one of amusement" in refused[0][2]
    assert "99.0 is outside the range 1" in refused[1][2]
    assert refused[2][2] == "split: a value is missing"
    assert (taken["changed"], taken["unchanged"]) == (1, 0)


def test_one_row_is_told_as_one(root: Path, tmp_path: Path) -> None:
    def edit(rows: list[dict[str, Any]]) -> None:
        rows[0]["emotion"] = "joyful"
        rows[1]["emotion"] = "fear"

    file = tmp_path / "records.csv"
    hand_out(root, file, "--where", "source = 'open'")
    change(file, edit)
    answer = call_eemo("gate", "import", TABLE, file, "--by", "ann", "--data", root)
    assert answer.stdout.splitlines() == [
        "file      3 rows",
        "changed   1 row, 1 value",
        "unchanged 1 row",
        "refused   1 row",
    ]


def test_a_row_that_changed_since_it_was_handed_out_is_refused(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "records.csv"
    hand_out(root, file)
    changed = [record(name, **AWKWARD[name]) for name in IMAGES]
    changed[0]["attribute"] = "another"
    write_rows(root, TABLE, changed)

    def edit(rows: list[dict[str, Any]]) -> None:
        rows[0]["emotion"] = rows[1]["emotion"] = "fear"
        rows.append(rows[2])

    change(file, edit)
    taken = take(root, file)
    assert [row["reason"] for row in taken["refused"]] == [
        "row_has_changed",
        "repeated_key",
        "repeated_key",
    ]
    assert [one["key"] for one in taken["edits"]] == [[IMAGES["b"]]]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"image_id,emotion\nx,y\n", "columns external_id"),
        ("a.csv", b"\xff\xfe\x00", "codec can't decode"),
        ("a.csv", b"", "columns image_id"),
        ("a.parquet", b"PAR1", "error: the file cannot be taken back"),
        ("a.jsonl", b"\xff", "codec can't decode"),
        ("a.txt", b"", "ending of the file names no format"),
    ],
)
def test_files_that_cannot_be_taken_are_said(
    root: Path, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    answer = call_eemo("gate", "import", TABLE, tmp_path / name, "--by", "ann", "--data", root)
    assert (answer.returncode in (1, 2), words in answer.stderr) == (True, True), answer.stderr
    assert "unexpected error" not in answer.stderr


def test_lines_that_are_no_rows_are_refused_one_by_one(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    deep = "[" * 100_000
    file.write_text(f'{{"image_id": 1}}\n[]\nnothing\n{deep}\n{{"image_id": "{IMAGES["a"]}"}}\n\n')
    reasons = [row["reason"] for row in take(root, file)["refused"]]
    assert reasons == ["no_key", "not_a_row", "not_a_row", "not_a_row", "missing_column"]


def test_mistakes_are_said_with_a_fix(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    for words, said in (
        (["export", "record_emoverse", "--to", file], "did you mean records__emoverse?"),
        (["export", "gate__edits", "--to", file], "this table is not edited by hand"),
        (["export", "qa__blind_baseline", "--to", file], "has not been built"),
        (["export", TABLE, "--to", file, "--where", "emotoin = 'x'"], "emotoin"),
        (["import", TABLE, file, "--by", "ann"], "there is no such file"),
        (["import", TABLE, file, "--by", "Ann Other"], "this is no pseudonym"),
    ):
        answer = call_eemo("gate", *words, "--data", root)
        assert (answer.returncode in (1, 2), said in answer.stderr) == (True, True), answer.stderr
    hand_out(root, file)
    answer = call_eemo("gate", "export", TABLE, "--to", file, "--data", root)
    assert (answer.returncode, "it may hold a person's work" in answer.stderr) == (2, True)
