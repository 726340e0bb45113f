"""People judge images of a data root: the next run takes it in, and computes nothing else again."""

import json
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import sqlalchemy as sa

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.orchestration.build import build_definitions
from eemo_pipeline.orchestration.jobs import take_in_votes
from eemo_pipeline.orchestration.runs import run_assets
from eemo_pipeline.web import assignment, judging
from eemo_pipeline.web.database import TASKS, ReviewDatabase
from eemo_pipeline.web.fields import BlindJudgement
from eemo_pipeline.web.people import Session, add_rater, find_session, log_in
from eemo_pipeline.web.queue_import import import_queue
from resources.instance.dagster_home import open_instance
from tests.support.commands import call_eemo
from tests.support.hashing import hash_files
from tests.support.lakes import copy_lake
from tests.support.reviews import accept_drafts

FELT = BlindJudgement(emotion="awe", valence=3, arousal=2)
WRONG = "a draft that is wrong on purpose"


def person(database: ReviewDatabase, name: str) -> Session:
    session = find_session(database, log_in(database, add_rater(database, name, "annotator")) or "")
    assert session is not None
    return session


def judge_everything(database: ReviewDatabase, session: Session) -> None:
    """Feel awe at every image, accept its drafts, and keep the own emotion."""
    while isinstance(task := assignment.claim(database, session), assignment.Assigned):
        judging.commit(database, session, task.task_id, str(uuid.uuid4()), FELT)
        seen = judging.reveal(database, session, task.task_id)
        for said in accept_drafts(seen):
            judging.record(database, session, task.task_id, said)
        judging.submit(database, session, task.task_id, str(uuid.uuid4()))


def read(root: DataRoot, name: str) -> pl.DataFrame:
    return scan_table(root.tables, name).collect()


def times_made(root: DataRoot) -> dict[str, int]:
    """Return asset -> how often it was materialised so far, its partitions counted apart."""
    keys = build_definitions().resolve_asset_graph().executable_asset_keys
    with open_instance(root.path) as instance:
        return {
            key.to_user_string(): len(instance.fetch_materializations(key, limit=500).records)
            for key in keys
        }


def follows_from_votes() -> set[str]:
    asked = ("review__votes", "_review__probes", "review__waiting")
    chosen = dg.AssetSelection.assets(*asked).downstream()
    chosen -= dg.AssetSelection.assets("release__builds")  # a release is built on demand alone
    graph = build_definitions().resolve_asset_graph()
    return {key.to_user_string() for key in chosen.resolve(graph)}


def release(root: DataRoot) -> Path:
    """Build a release and return its folder."""
    (root.path / "release.yaml").write_text("licence: cc-by-4.0\n")
    answer = call_eemo("release", "build", "--permitted", "folder", "--data", root.path, "--json")
    assert answer.returncode == 0, answer.stderr
    return Path(json.loads(answer.stdout)["folder"])


def require_same_counts(root: DataRoot, stats: dict[str, Any]) -> None:
    """The tables hold what `eemo review stats` counts, and the log was not changed."""
    votes = read(root, "review__votes")
    judged = votes.filter((pl.col("phase") == "blind") & (pl.col("reviewed_field") == "emotion"))
    assert stats["judgements"] == {"done": judged.height}
    counted = {row["queue"]: row["judgements"] for row in stats["queues"]}
    assert dict(judged["queue"].value_counts().iter_rows()) == counted
    assert judged["asked_share"].null_count() == 0
    happened = "select count(distinct (image_id, actor)) from events where step_no = 8"
    events = happened + " and reason = 'blind' and happened_at is not null"
    seen = json.loads(call_eemo("sql", events, "--data", root.path, "--json").stdout)
    assert list(seen[0].values()) == [judged.height]
    verified = call_eemo("review", "verify", "--data", root.path, "--json")
    assert verified.returncode == 0
    assert json.loads(verified.stdout)["events"] == stats["events"] >= votes["event_no"].max()


def plant_wrong_draft(database: ReviewDatabase) -> str:
    """Make the description of one task wrong on purpose; return its image."""
    with database.writing() as connection:
        tasks = connection.execute(sa.select(TASKS).order_by(TASKS.c.task_id)).all()
        task = next(one for one in tasks if "description" in one.fields.split())
        wrong = {"probe_field": "description", "probe_value": json.dumps(WRONG)}
        is_it = TASKS.c.task_id == task.task_id
        connection.execute(TASKS.update().where(is_it).values(**wrong))
    return task.image_id


def require_no_wrong_draft(root: DataRoot, image_id: str, released: Path) -> None:
    """Everybody accepted the draft that is wrong on purpose, and no row of data holds it."""
    answers = read(root, "_review__probes")
    assert answers.filter(image_id=image_id, reviewed_field="description").height == 3
    assert set(answers["vote"]) == {"confirmed"}
    named = {"review__votes": "draft_json", "review__records": "settled_json"}
    named |= {"records__emoverse": "description", "records__aigiemo": "caption"}
    for name, column in named.items():
        own = read(root, name).filter(image_id=image_id)
        assert own.height > 0
        assert not own[column].fill_null("").str.contains(WRONG, literal=True).any()
    tables = [pl.read_parquet(path) for path in released.rglob("*.parquet")]
    assert tables
    assert all(WRONG not in str(table.to_dicts()) for table in tables)


def test_acceptance_27_what_people_decide_is_the_records_at_the_next_run(
    small_lake: Path, tmp_path: Path
):
    root = DataRoot(copy_lake(small_lake, tmp_path / "reviewed"))
    before, made, files = read(root, "records__emoverse"), times_made(root), hash_files(root.path)
    queue = read(root, "review__queue")
    assert read(root, "review__votes").is_empty()
    with closing(ReviewDatabase(root.review)) as database:
        import_queue(database, root)
        misled = plant_wrong_draft(database)
        for number in range(3):
            judge_everything(database, person(database, f"rater {number}"))
    outcome = run_assets(root.path, job=take_in_votes.name)
    assert outcome.failed_steps == outcome.failed_checks == []
    assert outcome.computed == 0, "no model is asked again, and no pixel is measured again"
    made_again = {name for name, times in times_made(root).items() if times != made[name]}
    assert made_again == follows_from_votes()
    assert made_again >= {"labels__reviews", "exports__files", "warehouse__database"}
    assert made_again.isdisjoint({"annotation__replies", "dedup__images", "texts__descriptions"})
    after = hash_files(root.path)
    changed = {Path(name).stem for name in after if after[name] != files.get(name)}
    tables = {name for name in changed if "__" in name}
    assert "records__emoverse" in tables
    assert tables <= made_again
    records = read(root, "records__emoverse")
    asked = records.filter(pl.col("image_id").is_in(queue["image_id"].to_list()))
    decided = asked.filter(pl.col("reason").ne_missing("image_unreadable"))
    assert decided.height > 0
    assert set(decided["emotion"]) == {"awe"}
    assert all("emotion" in fields for fields in decided["decided_by_people"])
    others = ~pl.col("image_id").is_in(queue["image_id"].to_list())
    assert records.filter(others).equals(before.filter(others))
    assert records["machine_emotion"].equals(before["machine_emotion"])
    people = read(root, "review__records")
    assert set(people["outcome"]) == {"decided"}
    assert people["valence"].unique().to_list() == [0.875]
    agreement = read(root, "review__agreement").filter(pl.col("measure") == "blind_is_machine")
    machine = queue["machine_emotion"].drop_nulls()
    assert agreement["counted"].item() == 3 * machine.len()
    assert read(root, "review__queue")["machine_emotion"].equals(queue["machine_emotion"])
    stats = json.loads(call_eemo("review", "stats", "--data", root.path, "--json").stdout)
    judged = read(root, "review__inspections").sort("inspection", "judged_field")
    assert [row["acceptance"] for row in stats["inspections"]] == judged["acceptance"].to_list()
    assert sum(row["judged_count"] for row in stats["inspections"]) > 0
    assert {row["study_group"] for row in stats["study"]} == {"all", "folder"}
    require_same_counts(root, stats)
    require_no_wrong_draft(root, misled, release(root))
    told = call_eemo("explain", decided["image_id"][0], "--data", root.path)
    lines = [line.strip() for line in told.stdout.splitlines()]
    (said,) = (line for line in lines if line.startswith("people said"))
    assert said.count("felt awe, valence 3, arousal 2") == 3
    assert any(line.startswith("people found  decided after 3 judgements, awe") for line in lines)
    assert any(line.startswith("record") and "people decided" in line for line in lines)


def test_after_the_votes_were_taken_in_a_whole_run_finds_nothing_to_do(
    small_lake: Path, tmp_path: Path
):
    root = DataRoot(copy_lake(small_lake, tmp_path / "settled"))
    with closing(ReviewDatabase(root.review)) as database:
        import_queue(database, root)
        judge_everything(database, person(database, "rater"))
    run_assets(root.path, job=take_in_votes.name)
    settled = hash_files(root.path)
    answer = call_eemo("run", "--data", root.path, "--json")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["computed"] == 0
    again = hash_files(root.path)
    assert {name for name in again if again[name] != settled.get(name)} <= {
        "tables/costs__calls.parquet"
    }
