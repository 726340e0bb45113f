"""The append-only log and what follows from it: nothing changes unseen, nothing is lost."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from datetime import date
from pathlib import Path
from shutil import copytree

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import scan_table, table_path, write_table
from eemo_pipeline.schema.tables import TABLES as SCHEMA
from eemo_pipeline.web import assignment, event_log, judging
from eemo_pipeline.web.administration import ask_again
from eemo_pipeline.web.database import LEASES, SLOTS, TASKS, ReviewDatabase
from eemo_pipeline.web.fields import BlindJudgement, Event
from eemo_pipeline.web.people import Session, add_rater, find_session, log_in
from eemo_pipeline.web.problems import Refused
from eemo_pipeline.web.progress import list_queues
from eemo_pipeline.web.quality import measure
from eemo_pipeline.web.queue_import import import_queue
from eemo_pipeline.web.replay import replay
from eemo_pipeline.web.votes import read_votes
from tests.support.postgres import new_database
from tests.support.review_kills import kill_at_work
from tests.support.reviews import JUDGEMENT, make_review_root

FELT = BlindJudgement(**JUDGEMENT)
KINDS = ("claim", "commit", "finish", "skip", "release", "expire")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    return make_review_root(tmp_path_factory.mktemp("reviewed"), 6)


@pytest.fixture
def database(root: DataRoot, tmp_path: Path) -> Iterator[ReviewDatabase]:
    with closing(ReviewDatabase(tmp_path / "review.sqlite")) as opened:
        import_queue(opened, root)
        yield opened


def person(database: ReviewDatabase, name: str) -> Session:
    secret = log_in(database, add_rater(database, name, "annotator"))
    assert secret is not None
    session = find_session(database, secret)
    assert session is not None
    return session


def expire(database: ReviewDatabase, task_id: str) -> None:
    with database.writing() as connection:
        connection.execute(LEASES.update().where(LEASES.c.task_id == task_id).values(until_ms=0))


def finish(database: ReviewDatabase, session: Session, task_id: str, name: str) -> None:
    """Accept all drafts, keep the own emotion, and submit."""
    seen = judging.reveal(database, session, task_id)
    said = [
        Event(
            event_id=f"{name}-{number:04x}",
            kind="field_accept",
            field=draft["field"],
            seen_ms=1_000,
        )
        for number, draft in enumerate(seen["drafts"])
    ]
    if seen["must_reconcile"]:
        said.append(Event(event_id=f"{name}-ffff", kind="reconcile", value="keep"))
    judging.record(database, session, task_id, said)
    judging.submit(database, session, task_id, f"{name}-eeee")


def claimed(database: ReviewDatabase, session: Session) -> assignment.Assigned:
    task = assignment.claim(database, session)
    assert isinstance(task, assignment.Assigned)
    return task


def test_a_login_link_works_once(database: ReviewDatabase):
    token = add_rater(database, "ann", "annotator")
    assert log_in(database, token) is not None
    assert log_in(database, token) is None


def test_events_are_never_changed_or_deleted(database: ReviewDatabase):
    claimed(database, person(database, "ann"))
    for statement in ("update events set kind = 'skip'", "delete from events"):
        with (
            pytest.raises(IntegrityError, match="never changed"),
            database.writing() as connection,
        ):
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize("column", ["value", "recorded_ms", "rater_id", "hash"])
def test_a_changed_event_is_named(database: ReviewDatabase, column: str):
    session = person(database, "ann")
    task = claimed(database, session)
    judging.commit(database, session, task.task_id, "0" * 16, FELT)
    with database.reading() as connection:
        assert event_log.verify(connection) is None
    database.close()
    with closing(sqlite3.connect(str(database.place))) as attacker:
        attacker.execute("drop trigger events_refuse_update")
        attacker.execute(f"update events set {column} = '7' where seq = 2")  # noqa: S608
        attacker.commit()
    with closing(ReviewDatabase(database.place)) as opened, opened.reading() as connection:
        broken = event_log.verify(connection)
    assert broken is not None
    assert broken.seq == 2


def test_an_event_sent_twice_is_stored_once(database: ReviewDatabase):
    session = person(database, "ann")
    task = claimed(database, session)
    first = judging.commit(database, session, task.task_id, "a" * 16, FELT)
    assert judging.commit(database, session, task.task_id, "a" * 16, FELT) == first
    with pytest.raises(Refused, match="already_committed"):
        judging.commit(database, session, task.task_id, "b" * 16, FELT)


def test_drafts_stay_hidden_until_the_own_judgement_is_stored(database: ReviewDatabase):
    session = person(database, "ann")
    task = claimed(database, session)
    accept = Event(event_id="c" * 16, kind="field_accept", field="description")
    with pytest.raises(Refused, match="blind_not_committed"):
        judging.reveal(database, session, task.task_id)
    with pytest.raises(Refused, match="blind_not_committed"):
        judging.record(database, session, task.task_id, [accept])
    judging.commit(database, session, task.task_id, "d" * 16, FELT)
    assert judging.reveal(database, session, task.task_id)["drafts"]


def test_a_batch_with_one_wrong_event_stores_nothing(database: ReviewDatabase):
    session = person(database, "ann")
    task = claimed(database, session)
    judging.commit(database, session, task.task_id, "e" * 16, FELT)
    judging.reveal(database, session, task.task_id)
    good = Event(event_id="1" * 16, kind="field_accept", field="description", seen_ms=300)
    stray = Event(event_id="2" * 16, kind="field_accept", field="style", seen_ms=300)
    with pytest.raises(Refused, match="no_such_field"):
        judging.record(database, session, task.task_id, [good, stray])
    assert judging.reveal(database, session, task.task_id)["answers"] == {}


def test_undo_is_an_event_and_the_value_before_it_stands_again(database: ReviewDatabase):
    session = person(database, "ann")
    task = claimed(database, session)
    judging.commit(database, session, task.task_id, "f" * 16, FELT)
    said = [
        Event(event_id="1" * 16, kind="field_edit", field="description", value="a better one"),
        Event(event_id="2" * 16, kind="field_reject", field="description", value="wrong"),
        Event(event_id="3" * 16, kind="undo", value="2" * 16),
    ]
    judging.record(database, session, task.task_id, said)
    with database.reading() as connection:
        kinds = [event["kind"] for event in event_log.read_events(connection)]
        votes = {(row["phase"], row["reviewed_field"]): row for row in read_votes(connection).rows}
    assert kinds[-3:] == ["field_edit", "field_reject", "undo"]
    assert votes["drafts", "description"]["vote"] == "corrected"
    assert votes["drafts", "description"]["said_json"] == '"a better one"'
    commit = Event(event_id="4" * 16, kind="undo", value="f" * 16)
    with pytest.raises(Refused, match="cannot_be_undone"):
        judging.record(database, session, task.task_id, [commit])


def test_a_reason_names_only_boxes_that_the_person_sees(database: ReviewDatabase):
    with database.writing() as connection:
        connection.execute(TASKS.update().values(fields="box reason"))
    ann = person(database, "ann")
    task = claimed(database, ann)
    judging.commit(database, ann, task.task_id, "a" * 20, FELT)
    judging.reveal(database, ann, task.task_id)
    number = 0

    def say(kind: str, field: str, value: object = None) -> None:
        nonlocal number
        number += 1
        event = {"event_id": f"{number:020x}", "kind": kind, "field": field, "value": value}
        judging.record(database, ann, task.task_id, [Event.model_validate(event)])

    box = {"x1_px": 1, "y1_px": 1, "x2_px": 9, "y2_px": 9}
    say("field_edit", "reason", "the dog [1] and nothing else")
    with pytest.raises(Refused, match="box 2, and the image has 1"):
        say("field_edit", "reason", "the dog [1] and the cat [2]")
    say("field_edit", "box", [box, box])
    say("field_edit", "reason", "the dog [1] and the cat [2]")
    say("field_reject", "box", "wrong_object")
    with pytest.raises(Refused, match="box 1, and the image has 0"):
        say("field_edit", "reason", "the dog [1]")


def test_a_draft_that_was_replaced_is_shown_again(database: ReviewDatabase):
    session = person(database, "ann")
    task = claimed(database, session)
    judging.commit(database, session, task.task_id, "0" * 16, FELT)
    judging.reveal(database, session, task.task_id)
    old = Event(
        event_id="1" * 16, kind="field_accept", field="description", draft_version="another"
    )
    with pytest.raises(Refused, match="stale_proposal") as refused:
        judging.record(database, session, task.task_id, [old])
    assert refused.value.more["draft"]["field"] == "description"


def test_a_judgement_after_the_lease_is_kept(database: ReviewDatabase):
    """It is counted while its place is free, and a surplus when others have filled it."""
    late = person(database, "late")
    task = claimed(database, late)
    expire(database, task.task_id)
    others = [person(database, f"other {number}") for number in range(3)]
    for number, other in enumerate(others):
        while (one := claimed(database, other)).task_id != task.task_id:
            judging.skip(database, other, one.task_id, f"{number}-{one.task_id}", "other")
        name = f"{number}-{task.task_id}"
        judging.commit(database, other, task.task_id, f"{name}-aaaa", FELT)
    judging.commit(database, late, task.task_id, "9" * 16, FELT)
    with database.reading() as connection:
        votes = [row for row in read_votes(connection).rows if row["task_id"] == task.task_id]
    counted = {row["rater_id"] for row in votes if row["is_counted"]}
    assert counted == {other.rater_id for other in others}
    assert {row["rater_id"] for row in votes} - counted == {late.rater_id}


def test_disagreement_asks_for_one_more_person(database: ReviewDatabase):
    felt = [("awe", 4), ("fear", -4), ("anger", -3)]
    first = claimed(database, raters := person(database, "rater 0"))
    for number, (emotion, valence) in enumerate(felt):
        rater = raters if number == 0 else person(database, f"rater {number}")
        while (task := claimed(database, rater)).task_id != first.task_id:
            judging.skip(database, rater, task.task_id, f"{number}-{task.task_id}", "other")
        said = BlindJudgement(emotion=emotion, valence=valence, arousal=0)  # type: ignore[arg-type]
        judging.commit(database, rater, first.task_id, f"{number}-{first.task_id}-a", said)
        finish(database, rater, first.task_id, f"{number}-{first.task_id}")
    with database.reading() as connection:
        query = sa.select(TASKS.c.wanted, TASKS.c.state).where(TASKS.c.task_id == first.task_id)
        assert tuple(connection.execute(query).one()) == (4, "open")


def test_a_flag_takes_the_image_from_everybody(database: ReviewDatabase):
    ann, ben = person(database, "ann"), person(database, "ben")
    task = claimed(database, ann)
    flag = Event(event_id="7" * 16, kind="flag", value="private_person")
    judging.record(database, ann, task.task_id, [flag])
    seen = set()
    while isinstance(found := assignment.claim(database, ben), assignment.Assigned):
        seen.add(found.task_id)
        judging.skip(database, ben, found.task_id, f"0-{found.task_id}", "other")
    assert task.task_id not in seen
    assert len(seen) == 5


def test_who_accepts_wrong_drafts_loses_the_key_that_accepts_the_rest(database: ReviewDatabase):
    with database.writing() as connection:
        wrong = {"probe_field": "description", "probe_value": '"another image\'s"'}
        connection.execute(TASKS.update().values(**wrong))
    careless, careful = person(database, "careless"), person(database, "careful")
    for kind, one, value in (
        ("field_accept", careless, None),
        ("field_reject", careful, "wrong"),
    ):
        allowed = []
        for number in range(6):
            task = claimed(database, one)
            name = f"{one.rater_id[1:]}-{number}"
            judging.commit(database, one, task.task_id, f"{name}-aaaa", FELT)
            allowed.append(judging.reveal(database, one, task.task_id)["may_accept_rest"])
            event_id = f"{name}-bbbb"
            event = Event.model_validate(
                {"event_id": event_id, "kind": kind, "field": "description", "value": value}
            )
            judging.record(database, one, task.task_id, [event])
            if number == 5:
                rest = event.model_copy(
                    update={"event_id": f"{name}-dddd", "kind": "field_accept", "value": None}
                    | {"is_rest": True, "seen_ms": 1_000}
                )
                with (
                    pytest.raises(Refused, match="one_by_one") if one is careless else nullcontext()
                ):
                    judging.record(database, one, task.task_id, [rest])
            judging.skip(database, one, task.task_id, f"{name}-cccc", "other")
        assert allowed == ([True] * 4 + [False] * 2 if one is careless else [True] * 6)


def test_it_says_why_there_is_nothing_to_do(database: ReviewDatabase):
    ann = person(database, "ann")
    while isinstance(found := assignment.claim(database, ann), assignment.Assigned):
        judging.skip(database, ann, found.task_id, f"0-{found.task_id}", "other")
    assert found.reason == "all_yours"


def waiting(database: ReviewDatabase) -> int:
    with database.reading() as connection:
        return sum(row["open_task_count"] for row in read_votes(connection).waiting)


def test_a_queue_taken_in_again_touches_no_answer(database: ReviewDatabase, root: DataRoot):
    ann = person(database, "ann")
    task = claimed(database, ann)
    judging.commit(database, ann, task.task_id, "5" * 16, FELT)
    assert waiting(database) == 6
    with database.writing() as connection:  # as of an earlier version, without the time
        connection.execute(TASKS.update().values(added_ms=None))
    assert waiting(database) == 0
    assert import_queue(database, root).added == 0
    assert waiting(database) == 6
    queues = list_queues(database)
    assert all(date.fromisoformat(queue["oldest"]) for queue in queues)
    assert judging.reveal(database, ann, task.task_id)["own_emotion"] == "contentment"


def test_an_image_that_left_the_data_root_is_not_handed_out(
    database: ReviewDatabase, root: DataRoot, tmp_path: Path
):
    ann = person(database, "ann")
    task = claimed(database, ann)
    judging.commit(database, ann, task.task_id, "6" * 16, FELT)
    less = DataRoot(copytree(root.path, tmp_path / "less"))
    for name in ("dedup__images", "review__queue", "review__drafts"):
        rows = scan_table(root.tables, name).filter(pl.col("image_id") != task.image_id).collect()
        write_table(rows, SCHEMA[name], table_path(less.tables, SCHEMA[name]))
    assert import_queue(database, less).added == 0
    assert claimed(database, ann).task_id != task.task_id
    with database.reading() as connection:
        assert {row["image_id"] for row in read_votes(connection).rows} == {task.image_id}


STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 4)), max_size=60)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_in_any_order_of_things_no_place_is_taken_twice(
    root: DataRoot, tmp_path: Path, steps: list[tuple[str, int]]
):
    """Places taken never exceed those wanted, and replaying the events gives the same rows."""
    (tmp_path / "any.sqlite").unlink(missing_ok=True)
    with closing(ReviewDatabase(tmp_path / "any.sqlite")) as database:
        import_queue(database, root)
        people = [person(database, f"rater {number}") for number in range(5)]
        for number, (kind, who) in enumerate(steps):
            take_step(database, people[who], kind, number)
        with database.reading() as connection:
            held = sa.select(SLOTS.c.task_id, sa.func.count().label("number")).where(
                SLOTS.c.state.in_(["leased", "committed", "done"])
            )
            found = connection.execute(held.group_by(SLOTS.c.task_id))
            taken = {row.task_id: row.number for row in found}
            for task in connection.execute(sa.select(TASKS)):
                assert taken.get(task.task_id, 0) == task.taken <= task.wanted <= 5
            assert event_log.verify(connection) is None
        assert replay(database)[1]


def take_step(database: ReviewDatabase, session: Session, kind: str, number: int) -> None:
    """Do one thing that a person may do now; what does not fit is refused, and changes nothing."""
    found = assignment.claim(database, session)
    if kind == "claim" or not isinstance(found, assignment.Assigned):
        return
    name, task_id = f"{number:016x}", found.task_id
    if kind == "expire":
        expire(database, task_id)
    elif kind == "skip":
        judging.skip(database, session, task_id, name, "other")
    elif kind == "release":
        judging.release(database, session, task_id, name)
    else:
        if found.state == "leased":
            judging.commit(database, session, task_id, name, FELT)
        if kind == "finish":
            finish(database, session, task_id, f"{number:011x}")


def test_postgresql_holds_the_same(root: DataRoot, cluster: str):
    """Four people at once, a lease that ends, one person more; the log verified and replayed."""
    with closing(ReviewDatabase(new_database(cluster))) as database:
        import_queue(database, root)
        people = [person(database, f"rater {number}") for number in range(4)]

        def work(number: int) -> None:
            name = f"{number:016x}"
            task = claimed(database, people[number])
            judging.commit(database, people[number], task.task_id, name, FELT)
            finish(database, people[number], task.task_id, f"{number:011x}")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
        late = claimed(database, people[0])
        expire(database, late.task_id)
        ask_again(database, people[1], claimed(database, people[1]).task_id, "f" * 16)
        with database.reading() as connection:
            assert event_log.verify(connection) is None
            felt = [row for row in read_votes(connection).rows if row["phase"] == "blind"]
        assert {row["rater_id"] for row in felt} == {one.rater_id for one in people}
        assert measure(database).raters
        assert replay(database)[1]


def test_ten_kills_lose_nothing_that_was_acknowledged(tmp_path: Path):
    found = kill_at_work(make_review_root(tmp_path / "killed", 80), 10, seed=1)
    assert found.acknowledged > 10
    assert (found.lost, found.double, found.broken, found.is_same) == (0, 0, None, True)
