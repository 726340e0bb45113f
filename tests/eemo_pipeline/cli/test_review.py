"""`eemo review`: people, the queue, the log, and what is said when something is wrong."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.schema.tables import TABLES
from tests.support.commands import call_eemo
from tests.support.reviews import Rater, make_review_root, serve_reviews


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    """A data root in which one person has judged two of four images."""
    root = make_review_root(tmp_path_factory.mktemp("reviewed"), 4)
    added = call_eemo("review", "users", "add", "ann", "--data", root.path, "--json")
    link = json.loads(added.stdout)["login"]
    with serve_reviews(root) as server:
        ann = Rater(server.port).log_in(link.rpartition("#")[2])
        for _ in range(2):
            ann.finish(ann.next_task()["task_id"])
    return root


def test_the_server_listens_to_this_machine_and_shows_a_link_to_the_first_person(tmp_path: Path):
    root = make_review_root(tmp_path, 2)
    with serve_reviews(root) as server:
        said = server.log.read_text()
        link = next(line for line in said.splitlines() if line.startswith("http"))
        assert link.startswith(f"http://127.0.0.1:{server.port}/login#")
        assert Rater(server.port).log_in(link.rpartition("#")[2]).next_task()["task_id"]
    assert "Traceback" not in server.log.read_text()
    assert "interrupted" in server.log.read_text()
    people = call_eemo("review", "users", "list", "--data", root.path, "--json")
    (first,) = json.loads(people.stdout)
    assert (first["name"], first["role"], first["is_active"]) == ("me", "admin", True)


def test_others_are_let_in_only_under_names_that_are_allowed(reviewed: DataRoot):
    answer = call_eemo("review", "serve", "--host", "0.0.0.0", "--data", reviewed.path)  # noqa: S104
    assert answer.returncode == 2
    assert "--allow-host" in answer.stderr


def test_acceptance_27_stats_and_export_count_the_same(reviewed: DataRoot, tmp_path: Path):
    stats = json.loads(call_eemo("review", "stats", "--data", reviewed.path, "--json").stdout)
    assert stats["judgements"]["done"] == 2
    assert sum(queue["judgements"] for queue in stats["queues"]) == 2
    file = tmp_path / "votes.parquet"
    assert call_eemo("review", "export", file, "--data", reviewed.path).returncode == 0
    votes = pl.read_parquet(file)
    assert votes.schema == TABLES["review__votes"].polars_schema
    assert votes.filter(reviewed_field="valence").height == 2
    assert "ann" not in votes["rater_id"].to_list()
    again = call_eemo("review", "export", file, "--data", reviewed.path)
    assert (again.returncode, "overwritten" in again.stderr) == (2, True)
    assert call_eemo("review", "export", "votes.xls", "--data", reviewed.path).returncode == 2


def test_a_name_is_taken_once_and_a_new_link_ends_the_old_one(reviewed: DataRoot):
    taken = call_eemo("review", "users", "add", "ann", "--data", reviewed.path)
    assert taken.returncode == 2
    assert "review users link" in taken.stderr
    assert call_eemo("review", "users", "link", "nobody", "--data", reviewed.path).returncode == 2
    assert call_eemo("review", "users", "add", "ben", "--data", reviewed.path).returncode == 0
    remove = ("review", "users", "remove", "ben", "--data", reviewed.path, "--json")
    for options, is_withdrawn in (((), False), (("--withdraw",), True)):
        gone = json.loads(call_eemo(*remove, *options).stdout)
        assert gone == {"name": "ben", "is_active": False, "is_withdrawn": is_withdrawn}


def test_acceptance_28_the_log_is_verified_and_a_flipped_byte_is_named(
    reviewed: DataRoot, tmp_path: Path
):
    root = DataRoot(tmp_path)
    with (
        closing(sqlite3.connect(reviewed.review)) as whole,
        closing(sqlite3.connect(root.review)) as copy,
    ):
        whole.backup(copy)
    assert call_eemo("review", "verify", "--data", root.path).returncode == 0
    assert call_eemo("review", "replay", "--data", root.path).returncode == 0
    with closing(sqlite3.connect(root.review)) as attacker:
        attacker.execute("drop trigger events_refuse_update")
        attacker.execute("update events set value = replace(value, 'contentment', 'disgust')")
        attacker.commit()
    broken = call_eemo("review", "verify", "--data", root.path, "--json")
    assert broken.returncode == 3
    found = json.loads(broken.stdout)["broken"]
    assert found["why"] == "its content is not what was stored"
    served = call_eemo("review", "serve", "--data", root.path)
    assert (served.returncode, f"event {found['seq']}" in served.stderr) == (3, True)


def test_without_a_queue_the_next_command_is_named(tmp_path: Path):
    answer = call_eemo("review", "serve", "--data", tmp_path)
    assert answer.returncode == 1
    assert "there is nothing to review yet" in answer.stderr
    assert "run --data" in answer.stderr


def test_a_database_elsewhere_that_cannot_be_used_is_named_without_its_password(tmp_path: Path):
    make_review_root(tmp_path, 1)
    url = "postgresql://ann:secret-word@127.0.0.1:1/reviews"
    answer = call_eemo("review", "stats", "--data", tmp_path, EEMO_REVIEW_URL=url)
    assert answer.returncode == 1
    assert "EEMO_REVIEW_URL" in answer.stderr
    assert "secret-word" not in answer.stderr


def test_stats_name_a_damaged_table_and_the_cure(tmp_path: Path):
    root = make_review_root(tmp_path, 1)
    for name in ("review__inspection_draws", "records__emoverse"):
        (root.tables / f"{name}.parquet").write_bytes(b"PAR1")
    answer = call_eemo("review", "stats", "--data", root.path)
    assert answer.returncode == 1
    assert "a table cannot be read" in answer.stderr
    assert "rm -r" in answer.stderr
    assert "Traceback" not in answer.stderr
