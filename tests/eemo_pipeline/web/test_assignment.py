"""Which image follows which, when a person rests, and what they are asked a second time."""

import itertools
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import vocabulary_violations
from eemo_pipeline.stages.review.raters import build_raters
from eemo_pipeline.stages.review.records import build_review_records
from eemo_pipeline.web import assignment, frontiers, judging, repeats
from eemo_pipeline.web.administration import ask_again, withdraw
from eemo_pipeline.web.assignment import STRONG, find_bounds
from eemo_pipeline.web.database import FRONTIERS, LEASES, SLOTS, TASKS, ReviewDatabase
from eemo_pipeline.web.fields import BlindJudgement, Event
from eemo_pipeline.web.people import Session, add_rater, find_session, log_in, renew_link
from eemo_pipeline.web.problems import Refused
from eemo_pipeline.web.quality import measure
from eemo_pipeline.web.queue_import import import_queue
from eemo_pipeline.web.replay import WANTED, replay
from eemo_pipeline.web.sittings import LONGEST_MS, MOST_NEGATIVE, Sittings
from eemo_pipeline.web.slots import REPEATS
from eemo_pipeline.web.votes import read_votes
from tests.support.reviews import JUDGEMENT, make_review_root

IMAGES = 60
FELT = BlindJudgement(**JUDGEMENT)
VALENCES = st.lists(st.none() | st.floats(-4, 4), max_size=30)
MINUTE = 60_000


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    return make_review_root(tmp_path_factory.mktemp("assigned"), IMAGES)


@pytest.fixture
def database(root: DataRoot, tmp_path: Path) -> Iterator[ReviewDatabase]:
    with closing(ReviewDatabase(tmp_path / "review.sqlite")) as opened:
        import_queue(opened, root)
        yield opened


def enter(database: ReviewDatabase, name: str, role: str = "annotator") -> Session:
    secret = log_in(database, add_rater(database, name, role))
    session = find_session(database, secret or "")
    assert session is not None
    return session


def judge_all(database: ReviewDatabase, session: Session) -> list[assignment.Assigned]:
    """Judge every image blind, and leave the drafts."""
    given = []
    while isinstance(task := assignment.claim(database, session), assignment.Assigned):
        given.append(task)
        name = f"{session.rater_id[1:]}-{len(given):04x}"
        judging.commit(database, session, task.task_id, f"{name}-aaaa", FELT)
        judging.skip(database, session, task.task_id, f"{name}-bbbb", "other")
    return given


@given(before=VALENCES, valence=st.floats(-4, 4))
def test_strong_images_of_one_sign_do_not_pile_up(before: list[float | None], valence: float):
    above, below = find_bounds(before)
    last = [one or 0.0 for one in before]
    if above < valence < below:
        assert not (last and last[0] <= -3 and valence <= -3)
        assert not (len(last) > 1 and max(valence, *last[:2]) <= -STRONG)
        assert not (len(last) > 1 and min(valence, *last[:2]) >= STRONG)
        if valence <= -STRONG:
            assert sum(one <= -STRONG for one in last[:20]) < 6
    assert above < 0.0 < below


def test_the_order_is_kept_however_far_the_next_fitting_image_is(
    database: ReviewDatabase,
):
    """Fifty very negative images come first by priority; they do not follow one another."""
    with database.writing() as connection:
        ids = list(connection.execute(sa.select(TASKS.c.task_id)).scalars())
        for number, task_id in enumerate(ids):
            is_negative = number < len(ids) * 0.8
            row = TASKS.update().where(TASKS.c.task_id == task_id)
            values = {"queue": "audit", "priority": float(is_negative)}
            connection.execute(row.values(machine_valence=-4.0 if is_negative else 1.0, **values))
    given = judge_all(database, enter(database, "ann"))
    assert len(given) == len(ids)
    hard = [task.is_hard for task in given]
    last_mild = max(place for place, is_hard in enumerate(hard) if not is_hard)
    assert hard[0]
    assert hard[:last_mild].count(False) >= 11
    assert (True, True) not in itertools.pairwise(hard[: last_mild + 1])
    assert all(hard[last_mild + 1 :]), "what is left is handed out all the same"


def test_what_a_person_avoids_is_never_handed_out(database: ReviewDatabase):
    ann = enter(database, "ann")
    avoiding = Session(**{**ann.__dict__, "avoided": ("disgust", "fear")})
    given = {task.task_id for task in judge_all(database, avoiding)}
    with database.reading() as connection:
        query = sa.select(TASKS.c.task_id, TASKS.c.machine_emotion)
        machine = dict(connection.execute(query).tuples().all())
    assert given
    assert {machine[task_id] for task_id in given} & {"disgust", "fear"} == set()
    found = assignment.claim(database, avoiding)
    assert isinstance(found, assignment.NothingLeft)
    assert found.reason == "avoided"


def test_the_search_begins_where_a_person_is_and_a_task_that_opens_again_is_found(
    database: ReviewDatabase,
):
    """Without frontiers every task that a person has had is looked at again for each new one."""
    with database.writing() as connection:
        connection.execute(TASKS.update().values(machine_valence=0.0, queue="audit"))
        order = sa.select(TASKS.c.task_id).order_by(TASKS.c.priority.desc(), TASKS.c.tiebreak)
        first, second = connection.execute(order.limit(2)).scalars()
    people = [enter(database, f"person {number}") for number in range(3)]
    late = enter(database, "late")

    def find(session: Session) -> tuple[str, str]:
        """Return what is found from the frontier, which is what is found from the beginning."""
        with database.writing() as connection:
            found = [
                frontiers.find_first(connection, session, "audit"),
                frontiers.find_open(connection, session, "audit", session.avoided),
            ]
            at = sa.select(FRONTIERS.c.tiebreak).where(FRONTIERS.c.rater_id == session.rater_id)
            assert found[0] == found[1]
            assert found[0] is not None
            assert connection.execute(at).scalar_one() == found[0].tiebreak
            return found[0].task_id, found[0].tiebreak

    def fill() -> None:
        """Have three people take the first task, so that it is full; the frontier passes it."""
        for one in people:
            task = assignment.claim(database, one)
            assert isinstance(task, assignment.Assigned)
            assert task.task_id == first
        assert find(late)[0] == second

    ends = {
        "release": lambda: judging.release(database, people[0], first, "a" * 16),
        "expire": lambda: expire(database, first, people[0], people[1]),
        "skip": lambda: judging.skip(database, people[0], first, "b" * 16, "other"),
        "reopen": lambda: ask_again(database, people[1], first, "c" * 16),
    }
    for name, end in ends.items():
        if name != "reopen":
            fill()
        else:
            people[0] = enter(database, "another")
            fill()
        end()
        assert find(late)[0] == first, name
    avoiding = Session(**{**late.__dict__, "avoided": ("awe", "fear")})
    with database.writing() as connection:
        connection.execute(
            TASKS.update().where(TASKS.c.task_id == second).values(machine_emotion="awe")
        )
        passed = frontiers.find_first(connection, avoiding, "audit")
    assert passed is not None
    assert find(late)[0] == first, "who avoids no longer begins anew"


def test_what_is_asked_again_goes_to_people_who_were_not_shown_it(database: ReviewDatabase):
    deciding = enter(database, "deciding", "adjudicator")
    with database.reading() as connection:
        tasks = {row.task_id for row in connection.execute(sa.select(TASKS.c.task_id))}
    chosen = sorted(tasks)[0]
    ask_again(database, deciding, chosen, "a" * 16)
    assert {task.task_id for task in judge_all(database, deciding)} == tasks - {chosen}
    left = assignment.claim(database, deciding)
    assert isinstance(left, assignment.NothingLeft)
    assert left.reason == "asked_again"
    others = judge_all(database, enter(database, "annotating"))
    assert chosen in {task.task_id for task in others}
    judge_all(database, enter(database, "third"))
    judge_all(database, enter(database, "fourth"))
    left = assignment.claim(database, enter(database, "late"))
    assert isinstance(left, assignment.NothingLeft)
    assert left.reason == "all_done", "leases of what is judged are nobody's hands"


def answer(database: ReviewDatabase, session: Session, said: dict[str, tuple[str, Any]]) -> None:
    """Judge the next image, answer the drafts that are shown, and end."""
    task = assignment.claim(database, session)
    assert isinstance(task, assignment.Assigned)
    judging.commit(database, session, task.task_id, str(uuid.uuid4()), FELT)
    shown = [draft["field"] for draft in judging.reveal(database, session, task.task_id)["drafts"]]
    assert set(shown) == set(said)
    if "box" in said:
        outside: dict[str, Any] = {
            "event_id": str(uuid.uuid4()),
            "kind": "field_edit",
            "field": "box",
        }
        outside["value"] = [{"x1_px": 0, "y1_px": 0, "x2_px": 9_999, "y2_px": 9}]
        with pytest.raises(Refused, match="leaves the image"):
            judging.record(database, session, task.task_id, [Event.model_validate(outside)])
    for field, (kind, value) in said.items():
        event = {"event_id": str(uuid.uuid4()), "kind": kind, "field": field, "value": value}
        judging.record(database, session, task.task_id, [Event.model_validate(event)])
    for field in {"background", "box", "description"} - set(said):
        event = {"event_id": str(uuid.uuid4()), "kind": "field_accept", "field": field}
        with pytest.raises(Refused, match=f"{field} is not asked here"):
            judging.record(database, session, task.task_id, [Event.model_validate(event)])
    again = judging.reveal(database, session, task.task_id)["drafts"]
    assert [draft["field"] for draft in again] == shown, "what was shown stays"
    judging.submit(database, session, task.task_id, str(uuid.uuid4()))


def test_a_draft_of_which_two_people_said_the_same_is_not_asked_of_a_third(
    database: ReviewDatabase,
):
    with database.writing() as connection:
        task_id = connection.execute(sa.select(TASKS.c.task_id)).scalars().first()
        mine = TASKS.update().where(TASKS.c.task_id == task_id)
        connection.execute(TASKS.update().values(queue="audit", machine_valence=0.0))
        values = {"priority": 9.0, "machine_emotion": JUDGEMENT["emotion"], "wanted": 5}
        connection.execute(mine.values(fields="background box description", **values))
        connection.execute(mine.values(probe_field=None))
    people = [enter(database, f"person {number}") for number in range(5)]
    accept = ("field_accept", None)
    one, other = ("field_edit", "one"), ("field_edit", "other")
    answer(database, people[0], {"background": accept, "box": accept, "description": one})
    refuse = ("field_reject", "loose")
    answer(database, people[1], {"background": accept, "box": refuse, "description": other})
    answer(database, people[2], {"box": ("field_unknown", None), "description": one})
    answer(database, people[3], {"box": accept})
    with database.writing() as connection:
        wrong = {"probe_field": "background", "probe_value": '"wrong"'}
        connection.execute(mine.values(**wrong))
    answer(database, people[4], {"background": accept})


def test_what_a_person_withdraws_counts_nowhere_and_another_is_asked(database: ReviewDatabase):
    ann, ben = enter(database, "ann"), enter(database, "ben")

    def judge_one(session: Session) -> str:
        task = assignment.claim(database, session)
        assert isinstance(task, assignment.Assigned)
        judging.commit(database, session, task.task_id, str(uuid.uuid4()), FELT)
        judging.skip(database, session, task.task_id, str(uuid.uuid4()), "other")
        return task.task_id

    def who_counts() -> set[str]:
        with database.reading() as connection:
            said = {row["rater_id"] for row in read_votes(connection).rows}
        assert {one.rater_id for one in measure(database).raters} == said
        return said

    judged = judge_one(ann)
    with database.writing() as connection:  # all that were wanted have judged it
        connection.execute(TASKS.update().values(wanted=1, state="open"))
        connection.execute(TASKS.update().where(TASKS.c.task_id == judged).values(state="full"))
    held = assignment.claim(database, ann)
    judge_one(ben)
    assert who_counts() == {ann.rater_id, ben.rater_id}
    withdraw(database, "ann")
    assert who_counts() == {ben.rater_id}
    with database.reading() as connection:
        mine = sa.select(TASKS.c.taken, TASKS.c.state).where(
            TASKS.c.task_id.in_([judged, held.task_id])  # type: ignore[union-attr]
        )
        assert [tuple(row) for row in connection.execute(mine)] == [(0, "open")] * 2
    with database.writing() as connection:
        connection.execute(TASKS.update().values(wanted=WANTED, state="open"))
    assert replay(database)[1]
    # Who comes back is asked about other images, and that counts.
    again = find_session(database, log_in(database, renew_link(database, "ann")) or "")
    assert again is not None
    assert judge_one(again) not in (judged, held.task_id)  # type: ignore[union-attr]
    assert who_counts() == {ann.rater_id, ben.rater_id}


def expire(database: ReviewDatabase, task_id: str, session: Session, other: Session) -> None:
    with database.writing() as connection:
        mine = LEASES.update().where(
            LEASES.c.task_id == task_id, LEASES.c.rater_id == session.rater_id
        )
        connection.execute(mine.values(until_ms=0))
    assignment.claim(database, other)  # any request for an image frees what is over


def test_a_break_is_due_after_long_work_or_many_hard_images():
    sittings = Sittings()
    assert not sittings.is_break_due("a", 0)
    for minute in range(0, 45, 9):
        assert not sittings.is_break_due("a", minute * MINUTE)
    assert sittings.is_break_due("a", LONGEST_MS)
    assert sittings.is_break_due("a", LONGEST_MS + 1), "until the person goes on"
    sittings.end("a")
    assert not sittings.is_break_due("a", LONGEST_MS + 2)
    for _ in range(MOST_NEGATIVE):
        assert not sittings.is_break_due("a", LONGEST_MS + 2)
        sittings.note_negative("a")
    assert sittings.is_break_due("a", LONGEST_MS + 2)
    assert not sittings.is_break_due("b", LONGEST_MS)
    assert not sittings.is_break_due("a", LONGEST_MS + 11 * MINUTE), "away is a break"


def test_a_person_is_asked_again_and_it_stays_apart(
    database: ReviewDatabase, monkeypatch: pytest.MonkeyPatch
):
    """Repeats have tasks and votes of their own, come from events, and are replayed."""
    monkeypatch.setattr(repeats, "_TASKS_LATER", 10)
    monkeypatch.setattr(repeats, "REPEAT_SHARE", 0.5)
    ann = enter(database, "ann")
    given = judge_all(database, ann)
    images = [task.image_id for task in given]
    again = [task for place, task in enumerate(given) if task.image_id in images[:place]]
    assert again
    assert len({task.task_id for task in given}) == len(given)
    assert all(task.fields == () for task in again)
    for task in again:
        first = images.index(task.image_id)
        assert given.index(task) - first >= 10
    with database.reading() as connection:
        rows = read_votes(connection).rows
        tasks = sa.select(TASKS.c.task_id).where(TASKS.c.queue == REPEATS)
        repeated = set(connection.execute(tasks).scalars())
    assert repeated == {task.task_id for task in again}
    felt = [row for row in rows if row["reviewed_field"] == "emotion"]
    assert sum(row["phase"] == "repeated" for row in felt) == len(again)
    assert sum(row["phase"] == "blind" for row in felt) == len(set(images))
    assert all(row["task_id"] not in repeated for row in felt if row["phase"] == "blind")
    table = TABLES["review__votes"]
    votes = pl.DataFrame(rows, schema=table.polars_schema)
    assert vocabulary_violations(votes.lazy(), table) == []
    (rater,) = build_raters(votes, votes.clear(), TABLES["review__queue"].empty()).to_dicts()
    assert (rater["retest_count"], rater["retest_emotion_share"]) == (len(again), 1.0)
    records = build_review_records(votes)
    assert records["judgement_count"].to_list() == [1] * len(set(images))
    (quality,) = measure(database).raters
    assert (quality.judged, quality.is_same_again.count) == (len(set(images)), len(again))
    assert quality.is_same_again.value == 1.0
    # Nobody else is given another's repeat, and the events alone rebuild the tasks.
    assert {
        task.task_id for task in judge_all(database, enter(database, "ben"))
    } & repeated == set()
    assert replay(database)[1]
    with database.reading() as connection:
        held = sa.select(SLOTS.c.rater_id).where(SLOTS.c.task_id.in_(repeated))
        assert set(connection.execute(held).scalars()) == {ann.rater_id}
