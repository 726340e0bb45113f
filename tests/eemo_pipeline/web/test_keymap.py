"""The keys that a person chooses: kept with them, without two meanings in one place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from eemo_pipeline.web.database import ReviewDatabase
from eemo_pipeline.web.keymap import ACTIONS, KeyProblem, choose_keys, find_keys
from eemo_pipeline.web.people import Session, add_rater, find_session, log_in


@pytest.fixture
def database(tmp_path: Path) -> Iterator[ReviewDatabase]:
    opened = ReviewDatabase(tmp_path / "review.sqlite")
    yield opened
    opened.close()


def enter(database: ReviewDatabase, name: str) -> Session:
    session = find_session(database, log_in(database, add_rater(database, name, "annotator")) or "")
    assert session is not None
    return session


def test_keys_are_kept_with_the_person(database: ReviewDatabase):
    ann, ben = enter(database, "ann"), enter(database, "ben")
    usual = {action.name: action.code for action in ACTIONS}
    choose_keys(
        database, ann, usual | {"emotion_1": "Digit2", "emotion_2": "Digit1"}, single_keys=False
    )
    own = find_keys(database, ann)
    assert (own.keys["emotion_1"], own.keys["emotion_2"]) == ("Digit2", "Digit1")
    assert not own.single_keys
    assert find_keys(database, ben).keys == usual
    assert find_keys(database, ben).single_keys
    choose_keys(database, ann, {}, single_keys=True)
    assert find_keys(database, ann).keys == usual


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"accept": "KeyE"}, 'KeyE would mean both "accept the draft'),
        ({"flag": "KeyQ"}, 'KeyQ would mean both "valence 1 of 9'),
        ({"edit": "Enter"}, "Enter cannot be used"),
        ({"edit": "x' or 1"}, "cannot be used"),
        ({"sing": "KeyE"}, "'sing' is nothing that a key does here"),
    ],
)
def test_a_key_has_one_meaning_in_one_place(
    database: ReviewDatabase, chosen: dict[str, str], said: str
):
    ann = enter(database, "ann")
    with pytest.raises(KeyProblem, match=said):
        choose_keys(database, ann, chosen, single_keys=True)
    # In another place the same key may mean something else: Q is a step of valence there.
    choose_keys(database, ann, {"accept": "KeyQ"}, single_keys=True)
