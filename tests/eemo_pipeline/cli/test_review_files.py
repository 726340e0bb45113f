"""`eemo review import` and `export`: labels go out of one data root and into another."""

import json
from pathlib import Path

import pytest

from eemo_pipeline.lake.data_root import DataRoot
from tests.support.commands import call_eemo
from tests.support.reviews import make_review_root, one_vote


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    root = make_review_root(tmp_path_factory.mktemp("judged"), 2)
    one_vote(root, "ann")
    return root


@pytest.mark.parametrize("form", ["jsonl", "label-studio"])
def test_labels_go_from_one_data_root_to_another(judged: DataRoot, tmp_path: Path, form: str):
    file = tmp_path / "labels.json"
    out = call_eemo("review", "export", file, "--format", form, "--data", judged.path, "--json")
    assert json.loads(out.stdout)["judgements"] == 1
    other = make_review_root(tmp_path / "other", 2)
    for stored, repeated in ((3, 0), (0, 3)):
        taken = call_eemo(
            *("review", "import", file, "--format", form, "--data", other.path, "--json")
        )
        assert taken.returncode == 0, taken.stderr
        said = json.loads(taken.stdout)
        assert (said["stored"], said["repeated"], said["refused"]) == (stored, repeated, [])
    votes = tmp_path / "votes.jsonl"
    assert call_eemo("review", "export", votes, "--data", other.path).returncode == 0
    rows = [json.loads(line) for line in votes.read_text().splitlines()]
    assert {row["phase"] for row in rows} == {"imported"}
    assert {row["reviewed_field"]: row["said_json"] for row in rows} == {
        "emotion": '"contentment"',
        "valence": "1",
        "arousal": "1",
    }


def test_what_cannot_be_taken_is_listed_with_row_and_reason(judged: DataRoot, tmp_path: Path):
    file = tmp_path / "labels.jsonl"
    file.write_text('{"image": "\\u001b[31mnone.jpg", "emotion": "awe"}\n{"emotion"\n')
    answer = call_eemo("review", "import", file, "--data", judged.path)
    assert answer.returncode == 1
    assert "1 bad_json" in answer.stderr
    header, first, second = answer.stdout.splitlines()[:3]
    assert header.split("\t")[0] == "row"
    assert first.split("\t")[:2] == ["1", "none.jpg"]
    assert "unknown_image" in first
    assert second.startswith("2\t")


def test_a_file_that_is_not_there_is_wrong_usage(judged: DataRoot, tmp_path: Path):
    gone = tmp_path / "gone.json"
    answer = call_eemo("review", "import", gone, "--format", "coco", "--data", judged.path)
    assert answer.returncode == 2
    assert "gone.json" in answer.stderr
    unsaid = call_eemo("review", "import", gone, "--data", judged.path)
    assert (unsaid.returncode, "--format" in unsaid.stderr) == (2, True)
    unknown = call_eemo("review", "import", gone, "--format", "xml", "--data", judged.path)
    assert unknown.returncode == 2
