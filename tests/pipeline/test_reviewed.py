"""People judge images of a data root: the next run takes it in, and computes nothing else again."""

import json
import uuid
from contextlib import closing
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.web import assignment, judging
from eemo_pipeline.web.database import ReviewDatabase
from eemo_pipeline.web.fields import BlindJudgement, Event
from eemo_pipeline.web.people import Session, add_rater, find_session, log_in
from eemo_pipeline.web.queue_import import import_queue
from tests.support.commands import call_eemo
from tests.support.lakes import copy_lake

FELT = BlindJudgement(emotion="awe", valence=3, arousal=2)


def person(database: ReviewDatabase, name: str) -> Session:
    session = find_session(database, log_in(database, add_rater(database, name, "annotator")) or "")
    assert session is not None
    return session


def judge_everything(database: ReviewDatabase, session: Session) -> None:
    """Feel awe at every image, accept its drafts, and keep the own emotion."""
    while isinstance(task := assignment.claim(database, session), assignment.Assigned):
        judging.commit(database, session, task.task_id, str(uuid.uuid4()), FELT)
        seen = judging.reveal(database, session, task.task_id)
        said = [
            Event(event_id=str(uuid.uuid4()), kind="field_accept", field=draft["field"])
            for draft in seen["drafts"]
        ]
        if seen["must_reconcile"]:
            said.append(Event(event_id=str(uuid.uuid4()), kind="reconcile", value="keep"))
        judging.record(database, session, task.task_id, said)
        judging.submit(database, session, task.task_id, str(uuid.uuid4()))


def read(root: DataRoot, name: str) -> pl.DataFrame:
    return scan_table(root.tables, name).collect()


def test_what_people_decide_is_the_records_at_the_next_run(small_lake: Path, tmp_path: Path):
    root = DataRoot(copy_lake(small_lake, tmp_path / "reviewed"))
    before = read(root, "records__emoverse")
    queue = read(root, "review__queue")
    assert read(root, "review__votes").is_empty()
    with closing(ReviewDatabase(root.review)) as database:
        import_queue(database, root)
        for number in range(3):
            judge_everything(database, person(database, f"rater {number}"))
    answer = call_eemo("run", "--data", root.path, "--json")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["computed"] == 0
    records = read(root, "records__emoverse")
    asked = records.filter(pl.col("image_id").is_in(queue["image_id"].to_list()))
    decided = asked.filter(pl.col("reason").ne_missing("image_unreadable"))
    assert decided.height > 0
    assert set(decided["emotion"]) == {"awe"}
    assert all("emotion" in fields for fields in decided["decided_by_people"])
    others = ~pl.col("image_id").is_in(queue["image_id"].to_list())
    assert records.filter(others).equals(before.filter(others))
    people = read(root, "review__records")
    assert set(people["outcome"]) == {"decided"}
    assert people["valence"].unique().to_list() == [0.875]
    agreement = read(root, "review__agreement").filter(pl.col("measure") == "blind_is_machine")
    machine = queue["machine_emotion"].drop_nulls()
    assert agreement["counted"].item() == 3 * machine.len()
    told = call_eemo("explain", decided["image_id"][0], "--data", root.path)
    assert "review__votes" in told.stdout
    assert "decided_by_people" in told.stdout
