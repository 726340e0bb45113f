"""`gate__edits`: the state of every edit follows from its table as it was written."""

from pathlib import Path

from eemo_pipeline.lake.edits import Edit, append_edits
from eemo_pipeline.stages.gate.edits import build_edits
from tests.support.lakes import write_rows


def test_every_edit_has_a_state_and_what_was_found(tmp_path: Path) -> None:
    rows = [{"image_id": name, "item_count": count} for name, count in (("a", 2), ("b", 7))]
    write_rows(tmp_path, "_qa__coverage", rows)
    first = [edit("a", 1, 5), edit("b", 1, 2), edit("c", 1, 2)]
    for edits in (first, [edit("a", 5, 2)]):
        append_edits(tmp_path / "gate", "_qa__coverage", edits)
    found = build_edits(tmp_path / "gate", tmp_path / "tables")
    assert found.select("edit_no", "edited_key", "found_json", "edit_state").rows() == [
        (1, '{"image_id": "a"}', "2", "superseded"),
        (1, '{"image_id": "b"}', "7", "value_has_changed"),
        (1, '{"image_id": "c"}', None, "row_is_gone"),
        (2, '{"image_id": "a"}', "2", "holds"),
    ]
    assert build_edits(tmp_path / "none", tmp_path / "tables").is_empty()


def edit(name: str, old: int, new: int) -> Edit:
    return Edit(0, (name,), "item_count", old, new, "ann", "2026-01-01T00:00:00+00:00")
