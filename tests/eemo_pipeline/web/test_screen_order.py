"""What is on the screen: the order of the emotions, and a draft beside the own valence."""

import uuid
from contextlib import closing
from pathlib import Path

from eemo_pipeline.web.assignment import Assigned, claim
from eemo_pipeline.web.database import DRAFTS, RATERS, TASKS, ReviewDatabase
from eemo_pipeline.web.drafts import note_conflict
from eemo_pipeline.web.fields import EMOTIONS, BlindJudgement, order_emotions
from eemo_pipeline.web.judging import commit, reveal
from eemo_pipeline.web.people import Session, add_rater, find_session, log_in
from eemo_pipeline.web.queue_import import import_queue
from eemo_pipeline.web.votes import read_votes
from tests.support.reviews import JUDGEMENT, make_review_root


def test_over_eight_people_every_emotion_stands_once_in_every_place():
    orders = [order_emotions(turn) for turn in range(8)]
    assert orders[0] == EMOTIONS
    assert all(set(places) == set(EMOTIONS) for places in zip(*orders, strict=True))
    for order in orders:  # the groups of valence stay together
        assert {frozenset(order[:4]), frozenset(order[4:])} == {
            frozenset(EMOTIONS[:4]),
            frozenset(EMOTIONS[4:]),
        }
    assert order_emotions(8) == orders[0]


def enter(database: ReviewDatabase, name: str) -> Session:
    session = find_session(database, log_in(database, add_rater(database, name, "annotator")) or "")
    assert session is not None
    return session


def test_votes_name_the_place_of_the_emotion_and_what_was_rated_on(tmp_path: Path):
    root = make_review_root(tmp_path, 3)
    with closing(ReviewDatabase(root.review)) as database:
        import_queue(database, root)
        people = [enter(database, name) for name in ("ann", "ben", "cem")]
        with database.writing() as connection:  # of a version without turns
            known = RATERS.c.rater_id == people[2].rater_id
            connection.execute(RATERS.update().where(known).values(emotion_turn=None))
        tasks: list[Assigned] = []
        for person, emotion, rated_on in zip(
            people, ("awe", "awe", "neutral"), ("grid", "scales", None), strict=True
        ):
            task = claim(database, person)
            assert isinstance(task, Assigned)
            felt = BlindJudgement.model_validate(JUDGEMENT | {"emotion": emotion})
            commit(database, person, task.task_id, str(uuid.uuid4()), felt, rating_input=rated_on)
            tasks.append(task)
        assert [person.emotion_turn for person in people] == [0, 1, 2]
        # After the judgement (valence +1), a gloomy word says that it contradicts it.
        with database.writing() as connection:
            draft = {"value": '"gloomy"', "annotator": "a", "finding": "", "version": "1"}
            of_task = {"image_id": tasks[0].image_id, "field": "attribute"}
            connection.execute(DRAFTS.insert().values(**of_task, **draft))
            asked = TASKS.update().where(TASKS.c.task_id == tasks[0].task_id)
            connection.execute(asked.values(fields="attribute"))
        (shown,) = reveal(database, people[0], tasks[0].task_id)["drafts"]
        assert shown["conflict"] == "This is a negative word, and you rated the image as positive"
        with database.reading() as connection:
            votes = {
                (row["rater_id"], row["reviewed_field"]): row for row in read_votes(connection).rows
            }
    places = [votes[person.rater_id, "emotion"]["emotion_place"] for person in people]
    assert places == [2, 6, None]
    for field in ("valence", "arousal"):
        rated = [votes[person.rater_id, field]["rating_input"] for person in people]
        assert rated == ["grid", "scales", None]
        assert votes[people[0].rater_id, field]["emotion_place"] is None


def test_a_draft_contradicts_the_own_valence_only_where_both_have_a_side():
    assert "negative word" in note_conflict("attribute", "Gloomy", 2)
    assert "positive word" in note_conflict("attribute", "cheerful", -1)
    for field, value, valence in (
        ("attribute", "gloomy", -2),
        ("attribute", "gloomy", 0),
        ("attribute", "plain", 3),
        ("attribute", "of no list", 3),
        ("background", "gloomy", 3),
        ("objects", ["gloomy"], 3),
    ):
        assert note_conflict(field, value, valence) == ""
