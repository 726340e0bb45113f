"""Attaching a folder: what is refused before anything runs, and that nothing is copied."""

from pathlib import Path
from typing import Any

import pytest

from eemo_pipeline.cli.problems import Exit, Problem
from eemo_pipeline.cli.run import attach_folder, judge
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.orchestration.run_outcome import CheckLine, RunOutcome
from tests.support.commands import call_eemo


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "my pictures"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"not read here")
    return folder


def test_attaching_links_and_copies_nothing(tmp_path: Path, pictures: Path) -> None:
    root = DataRoot(tmp_path / "root")
    attach_folder(root, pictures)
    attach_folder(root, tmp_path / "root" / ".." / "my pictures")  # the same folder: no complaint
    link = root.sources / "folder"
    assert link.readlink() == pictures.resolve()
    assert [path.name for path in root.path.rglob("*")] == ["sources", "folder"]


def test_one_table_of_a_step_brings_the_others_that_it_makes(
    tmp_path: Path, pictures: Path
) -> None:
    options = ("--images", pictures, "--data", "root", "--select", 'key:"ingest__records"')
    answer = call_eemo("run", *options)
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "root" / "tables" / "ingest__rejects" / "folder.parquet").exists()


def test_a_link_to_the_folder_is_the_folder(tmp_path: Path, pictures: Path) -> None:
    alias = tmp_path / "alias"
    alias.symlink_to(pictures)
    root = DataRoot(tmp_path / "root")
    attach_folder(root, alias)
    assert (root.sources / "folder").readlink() == pictures.resolve()


def test_a_second_folder_is_refused_and_the_first_stays(tmp_path: Path, pictures: Path) -> None:
    attach_folder(DataRoot(tmp_path / "root"), pictures)
    other = tmp_path / "other"
    other.mkdir()
    answer = call_eemo("run", "--images", other, "--data", "root")
    assert answer.returncode == 2
    assert str(pictures) in answer.stderr
    assert f"run --images {other.name} --data mine" in answer.stderr
    assert "rm root/sources/folder" in answer.stderr
    assert (tmp_path / "root" / "sources" / "folder").resolve() == pictures


def test_a_real_folder_in_the_place_of_the_link_is_never_offered_for_removal(
    tmp_path: Path, pictures: Path
) -> None:
    root = DataRoot(tmp_path / "root")
    (root.sources / "folder").mkdir(parents=True)
    with pytest.raises(Problem) as caught:
        attach_folder(root, pictures)
    assert caught.value.code == Exit.USAGE
    assert not any("rm " in fix for fix in caught.value.fixes)


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        ("nowhere", "no such folder"),
        ("my pictures/a.jpg", "needs a folder"),
        (".", "contains the data root"),
        ("root", "contains the data root"),
        ("root/inner", "lies inside the data root"),
        ("alias", "lies inside the data root"),
    ],
)
def test_a_folder_that_cannot_be_taken_is_a_usage_error(
    tmp_path: Path, pictures: Path, images: str, reason: str
) -> None:
    (tmp_path / "root" / "inner").mkdir(parents=True)
    (tmp_path / "alias").symlink_to(tmp_path / "root" / "inner")
    answer = call_eemo("run", "--images", images, "--data", "root")
    assert answer.returncode == 2
    assert reason in answer.stderr.splitlines()[0]
    assert not (tmp_path / "root" / "sources").exists()


def test_a_sibling_whose_name_begins_alike_is_taken(tmp_path: Path) -> None:
    (tmp_path / "root2").mkdir()
    attach_folder(DataRoot(tmp_path / "root"), tmp_path / "root2")
    assert (tmp_path / "root" / "sources" / "folder").resolve() == tmp_path / "root2"


def test_an_empty_data_root_points_to_the_demo(tmp_path: Path) -> None:
    answer = call_eemo("run", EEMO_DATA=str(tmp_path / "empty"))
    assert answer.returncode == 2
    assert "where: empty/sources" in answer.stderr
    assert "eemo demo" in answer.stderr


def test_a_vanished_folder_is_not_an_empty_one(tmp_path: Path, pictures: Path) -> None:
    attach_folder(DataRoot(tmp_path / "root"), pictures)
    pictures.rename(tmp_path / "moved")
    answer = call_eemo("run", "--data", "root")
    assert answer.returncode == 2
    assert "the attached folder is gone" in answer.stderr


@pytest.mark.parametrize(
    ("is_success", "outcome", "code"),
    [
        (True, {}, Exit.OK),
        (True, {"warned_checks": [CheckLine("a", "c", "")]}, Exit.OK),
        (True, {"failed_checks": [CheckLine("a", "c", "")]}, Exit.CHECK_FAILED),
        (False, {"failed_steps": [("a", "no disk")]}, Exit.FAILURE),
        (
            False,
            {"failed_steps": [("a", "no disk")], "failed_checks": [CheckLine("a", "c", "")]},
            Exit.CHECK_FAILED,
        ),
        (False, {}, Exit.FAILURE),
        (False, {"failed_steps": [("a", "spent")], "stopped_by": "budget"}, Exit.BUDGET),
        (False, {"failed_steps": [("a", "no key")], "stopped_by": "credential"}, Exit.CREDENTIAL),
    ],
)
def test_the_exit_code_tells_a_failed_check_from_a_failed_step(
    *, is_success: bool, outcome: dict[str, Any], code: Exit
) -> None:
    assert judge(RunOutcome("1", is_success=is_success, seconds=0.1, **outcome)) == code
