"""A difference of two releases names what moved and why: each kind of cause is planted once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from eemo_pipeline.lake.edits import Edit, append_edits
from eemo_pipeline.stages.gate.edits import build_edits
from eemo_pipeline.stages.release.build import build_release
from eemo_pipeline.stages.release.contents import select_contents
from eemo_pipeline.stages.release.declaration import Declaration
from eemo_pipeline.stages.release.diff import ConfigChange, diff_releases
from eemo_pipeline.stages.release.manifest import Code
from tests.support.commands import call_eemo
from tests.support.lakes import write_rows
from tests.support.releases import IMAGES, lay_release_root, question, record

TABLE = "records__emoverse"
CODE = {"stages/records": "1", "stages/qa": "1"}


def release(root: Path, **parts: str) -> Path:
    contents = select_contents(root / "tables", leave_out=True)
    code = Code(package="1", parts=CODE | parts, assets={}, seeds={})
    declared = Declaration(licence="mit")
    return build_release(root / "tables", root / "releases", contents, declared, code).folder


def relabel(root: Path, emotion: str = "fear") -> None:
    rows = [record(name, **({"emotion": emotion} if name == "a" else {})) for name in IMAGES]
    write_rows(root, TABLE, rows)


def edit_by_hand(root: Path) -> None:
    edit = Edit(0, (IMAGES["a"],), "emotion", "awe", "fear", "ann", "2026-01-01T00:00:00+00:00")
    append_edits(root / "gate", TABLE, [edit])
    relabel(root)
    edits = build_edits(root / "gate", root / "tables")
    write_rows(root, "gate__edits", edits.to_dicts())


def judge(root: Path) -> None:
    vote = {"image_id": IMAGES["a"], "rater_id": "r7", "phase": "blind", "said_json": '"fear"'}
    write_rows(root, "review__votes", [vote | {"reviewed_field": "emotion"}])
    relabel(root)


def annotate_in_the_source(root: Path) -> None:
    row = {"source": "open", "record_id": "a", "annotation_no": 1, "image_id": IMAGES["a"]}
    write_rows(root, "ingest__annotations", [row | {"native_labels": ["fear"]}], "open")
    reply = {"image_id": IMAGES["a"], "annotator": "x", "round": 1, "emotion": "fear"}
    write_rows(root, "annotation__replies", [reply])  # an effect of nothing, and no earlier cause
    relabel(root)


def answer(root: Path) -> None:
    reply = {"image_id": IMAGES["a"], "annotator": "x", "round": 1, "emotion": "fear"}
    write_rows(root, "annotation__replies", [reply])
    relabel(root)


def calibrate(root: Path) -> None:
    write_rows(root, "verification__patterns", [{"source": "open", "pattern": "all_agree"}])
    relabel(root)


@pytest.mark.parametrize(
    ("plant", "parts", "kind", "words"),
    [
        (edit_by_hand, {}, "edit", f'ann changed emotion of {TABLE} from "awe" to "fear"'),
        (judge, {}, "judgement", "judged by r7"),
        (annotate_in_the_source, {}, "upstream", "the source's annotations changed"),
        (answer, {}, "upstream", "an annotator answered otherwise (annotation__replies)"),
        (relabel, {"stages/records": "2"}, "code", "the code of stages/records changed"),
        (calibrate, {}, "statistics", f"that did: {TABLE}, verification__patterns"),
    ],
)
def test_a_planted_change_is_named_with_its_cause(
    tmp_path: Path, plant: Callable[[Path], None], parts: dict[str, str], kind: str, words: str
) -> None:
    root = lay_release_root(tmp_path / "root")
    old = release(root)
    plant(root)
    found = diff_releases(old, release(root, **parts))
    (change,) = [change for change in found.changes if change.config == "records"]
    assert (change.added, change.removed, change.changed) == (0, 0, 1)
    assert [(one.column, one.rows, one.moves) for one in change.columns] == [
        ("emotion", 1, [("awe", "fear", 1)])
    ]
    (cause,) = change.causes
    assert (cause.kind, cause.rows, cause.examples) == (kind, 1, [IMAGES["a"]])
    assert words in cause.detail
    numbers = {name: (before, after) for name, before, after in found.numbers}
    assert numbers["emotions.awe.rows"] == (3, 2)
    assert numbers["emotions.fear.rows"] == (None, 1)


def test_rows_that_come_and_go_and_statements_are_named(tmp_path: Path) -> None:
    root = lay_release_root(tmp_path / "root")
    old = release(root)
    kept = [name for name in IMAGES if name != "b"]
    write_rows(root, TABLE, [record(name) for name in kept])
    write_rows(root, "qa__items", [question("a"), question("c"), question("c", item="another")])
    write_rows(root, "assess__items", [])
    found = diff_releases(old, release(root))
    assert [(c.config, c.added, c.removed, c.changed) for c in found.changes] == [
        ("records", 0, 1, 0),
        ("qa", 1, 1, 0),
        ("assess", 0, 3, 0),
        ("regions", 0, 1, 0),
        ("images", 0, 1, 0),
    ]
    assert ("image", "an image of open has left") in causes_of(found.changes[0])
    assert diff_releases(old, old).changes == diff_releases(old, old).numbers == []


def causes_of(change: ConfigChange) -> set[tuple[str, str]]:
    return {(cause.kind, cause.detail) for cause in change.causes}


def test_the_command_shows_it_and_compares_nothing_damaged(tmp_path: Path) -> None:
    root = lay_release_root(tmp_path / "root")
    release(root)
    edit_by_hand(root)
    folder = release(root)
    told = call_eemo("release", "diff", "1", "2", "--data", root)
    assert told.returncode == 0, told.stderr
    assert "emotion in 1 row: awe -> fear (1)" in told.stdout
    assert f'because ann changed emotion of {TABLE} from "awe" to "fear": 1 row' in told.stdout
    assert "emotions.awe.rows: 3 -> 2" in told.stdout
    same = call_eemo("release", "diff", "2", "--data", root)
    assert (same.returncode, "hold the same" in same.stderr) == (0, True)
    card = folder / "qa" / "train.parquet"
    card.chmod(0o644)
    card.write_bytes(b"PAR1")
    damaged = call_eemo("release", "diff", "1", "2", "--data", root)
    assert (damaged.returncode, "so nothing is compared" in damaged.stderr) == (1, True)
