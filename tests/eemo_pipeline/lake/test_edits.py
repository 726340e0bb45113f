"""Edits of people: kept as they came, put into a table wherever they fit, and never silently."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.lake.edits import (
    DamagedEdits,
    Edit,
    append_edits,
    apply_edits,
    list_edited,
    read_edits,
)
from eemo_pipeline.schema.tables import TABLES

TABLE = TABLES["_qa__coverage"]


def frame(**counts: int) -> pl.DataFrame:
    rows = [{"image_id": name, "item_count": count} for name, count in sorted(counts.items())]
    return pl.DataFrame(rows, schema=TABLE.polars_schema)


def edit(name: str, old: Any, new: Any, number: int = 1) -> Edit:
    return Edit(number, (name,), "item_count", old, new, "ann", "2026-01-01T00:00:00+00:00")


def counts(found: pl.DataFrame) -> dict[str, int]:
    return dict(found.select("image_id", "item_count").rows())


def test_imports_are_kept_in_order_and_never_changed(tmp_path: Path) -> None:
    first, second = [edit("a", 1, 2), edit("b", None, "é\n")], [edit("a", 2, 3, 2)]
    paths = [append_edits(tmp_path, TABLE.name, edits) for edits in (first, second)]
    assert [path.name for path in paths] == ["1.jsonl", "2.jsonl"]
    assert not any(path.stat().st_mode & 0o222 for path in paths)
    assert read_edits(tmp_path, TABLE.name) == [*first, *second]
    (tmp_path / TABLE.name / ".3.tmp").write_text('{"half')  # what a killed import leaves
    assert read_edits(tmp_path, TABLE.name) == [*first, *second]
    assert list_edited(tmp_path) == [TABLE.name]
    assert read_edits(tmp_path, "qa__items") == list_edited(tmp_path / "none") == []


def test_imports_of_one_moment_do_not_replace_one_another(tmp_path: Path) -> None:
    brought = [[edit("a", place, place + 1)] for place in range(16)]
    with ThreadPoolExecutor(16) as pool:
        paths = list(pool.map(lambda edits: append_edits(tmp_path, TABLE.name, edits), brought))
    assert len(set(paths)) == 16
    assert sorted(one.old for one in read_edits(tmp_path, TABLE.name)) == list(range(16))
    assert len(list((tmp_path / TABLE.name).iterdir())) == 16


@pytest.mark.parametrize("text", ["{", "[]", '{"key": 1}', '{"key": ["a"], "more": 1}'])
def test_an_altered_file_is_said_and_not_passed_over(tmp_path: Path, text: str) -> None:
    path = append_edits(tmp_path, TABLE.name, [edit("a", 1, 2)])
    path.chmod(0o644)
    path.write_text(text)
    with pytest.raises(DamagedEdits, match="Restore the file"):
        read_edits(tmp_path, TABLE.name)


def test_an_edit_whose_row_changed_underneath_waits() -> None:
    applied = apply_edits(frame(a=1, b=7, c=3), TABLE, [edit("a", 1, 2), edit("b", 1, 2)])
    assert counts(applied.frame) == {"a": 2, "b": 7, "c": 3}
    assert (applied.changed, applied.waiting) == (1, 1)


def test_later_edits_go_on_from_earlier_ones_wherever_the_machine_stands() -> None:
    edits = [edit("a", 1, 2), edit("a", 2, 3, 2)]
    for computed in (1, 2, 3):
        assert counts(apply_edits(frame(a=computed), TABLE, edits).frame) == {"a": 3}
    back = [edit("a", 1, 2), edit("a", 2, 1, 2)]
    applied = apply_edits(frame(a=1), TABLE, back)
    assert (counts(applied.frame), applied.changed, applied.waiting) == ({"a": 1}, 0, 0)


NAMES = st.sampled_from("abcdef")
EDITS = st.lists(st.builds(edit, NAMES, st.integers(0, 2), st.integers(0, 2)), max_size=8)


@given(st.dictionaries(NAMES, st.integers(0, 2), min_size=1), EDITS, st.integers(0, 6))
def test_rows_are_conserved_and_parts_give_what_the_whole_gives(
    rows: dict[str, int], edits: list[Edit], place: int
) -> None:
    whole = frame(**rows)
    applied = apply_edits(whole, TABLE, edits)
    assert applied.frame.schema == whole.schema
    assert applied.frame["image_id"].equals(whole["image_id"])
    parts = [apply_edits(part, TABLE, edits) for part in (whole[:place], whole[place:])]
    assert pl.concat([part.frame for part in parts]).equals(applied.frame)
    assert sum(part.changed for part in parts) == applied.changed
    untouched = rows.keys() - {one.key[0] for one in edits}
    assert all(counts(applied.frame)[name] == rows[name] for name in untouched)
