from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.aggregation.decide import decide, latest_replies, roll_up
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import (
    conform,
    key_violations,
    null_violations,
    range_violations,
    vocabulary_violations,
)

REPLIES = TABLES["annotation__replies"]
VERIFIED = TABLES["verification__replies"]
DECISIONS = TABLES["verification__decisions"]


def reply(image: str, annotator: str, emotion: str | None, clarity: int | None = 5, **more: Any):
    return {
        "image_id": image,
        "annotator": annotator,
        "round": 1,
        "model": "m",
        "method": "m",
        "prompt_hash": "p",
        "status": "ok",
        "description": f"by {annotator}",
        "background": f"place of {annotator}",
        "attribute": "calm",
        "subject": "tree",
        "emotion": emotion,
        "clarity": clarity,
        "intensity": clarity,
        **more,
    }


def verified(image: str, emotion: str | None, probability: float = 0.9, **more: Any):
    rest = (1 - probability) / 7
    return {
        "image_id": image,
        "verifier": "probe",
        "source": "s",
        "model": "m",
        "method": "m",
        "status": "ok" if emotion else "abstain",
        "reason": None if emotion else "too_few_labels",
        "emotion": emotion,
        "probability": probability if emotion else None,
        "distribution": [probability if e == emotion else rest for e in MIKELS_8]
        if emotion
        else None,
        "fold": 0,
        "training_count": 50,
        **more,
    }


def frames(replies: list[dict[str, Any]], verdicts: list[dict[str, Any]]):
    return (
        pl.DataFrame(replies, schema=REPLIES.polars_schema),
        pl.DataFrame(verdicts, schema=VERIFIED.polars_schema),
    )


def trusted_weight() -> pl.DataFrame:
    """A pattern table that says one thing: the verifier earned its weight in source s."""
    row = {
        "source": "s",
        "fold": 0,
        "pattern": "any",
        "verifier_emotion": "any",
        "voice": "verifier",
        "is_chosen": False,
        "is_accepted": False,
        "weight": 2.0,
    }
    return pl.DataFrame([row], schema=TABLES["verification__patterns"].polars_schema)


def decide_one(
    replies: list[dict[str, Any]],
    verdicts: list[dict[str, Any]],
    patterns: pl.DataFrame | None = None,
) -> dict[str, Any]:
    frame = decide(*frames(replies, verdicts), patterns)
    assert frame.height == 1
    return frame.row(0, named=True)


def assert_valid(frame: pl.DataFrame) -> None:
    lazy = conform(frame, DECISIONS).lazy()
    for check in (key_violations, null_violations, range_violations, vocabulary_violations):
        assert check(lazy, DECISIONS) == []


def test_worked_example_of_emoverse():
    decision = decide_one(
        [reply("i", "a", "contentment", 7), reply("i", "b", "amusement", 8)],
        [verified("i", "amusement", 0.9)],
        trusted_weight(),
    )
    assert decision["emotion"] == "amusement"
    assert decision["pattern"] == "agreed_two"
    assert decision["is_contested"] is False
    assert decision["confidence"] == 6.5
    assert decision["intensity"] == 9
    assert decision["intensity_level"] == "high"
    assert (decision["annotator"], decision["description"]) == ("b", "by b")


@pytest.mark.parametrize(
    ("emotions", "trusted", "pattern", "emotion", "is_contested"),
    [
        (["awe", "awe"], "awe", "unanimous", "awe", False),
        (["awe", "fear"], "awe", "agreed_two", "awe", False),
        (["awe"], "awe", "agreed_two", "awe", False),
        (["awe", "awe"], "fear", "pair_against_verifier", "fear", True),
        (["awe", "anger"], "fear", "all_differ", "fear", True),
        (["awe"], "fear", "all_differ", "fear", True),
        (["awe", "awe"], None, "pair_only", "awe", False),
        (["fear", "awe"], None, "split", "fear", True),
        (["awe"], None, "split", "awe", True),
        ([None, None], "fear", "none", None, True),
        ([], "fear", "none", None, True),
        (["awe", "awe", "awe"], "awe", "unanimous", "awe", False),
        (["awe", "fear", "fear"], "awe", "pair_against_verifier", "awe", True),
        (["awe", "awe", "fear"], "awe", "agreed_two", "awe", False),
        (["awe", "awe", "fear"], None, "pair_only", "awe", False),
        (["awe", "awe", "fear", "fear"], None, "split", "awe", True),
        (["awe", "anger", "fear"], "sadness", "all_differ", "sadness", True),
    ],
)
def test_patterns(emotions, trusted, pattern, emotion, is_contested):
    replies = [reply("i", name, e) for name, e in zip("abcd", emotions, strict=False)]
    decision = decide_one(replies, [verified("i", trusted)])
    assert decision["pattern"] == pattern
    assert decision["emotion"] == emotion
    assert decision["is_contested"] is is_contested


def test_contested_verifier_has_one_voice_of_three():
    decision = decide_one(
        [reply("i", "a", "awe", 9), reply("i", "b", "awe", 9)], [verified("i", "fear", 0.9)]
    )
    assert decision["confidence"] == 3.0  # 9 of three equal voices
    assert decision["distribution"][MIKELS_8.index("awe")] > 0.5


def test_words_come_from_the_same_half_where_nobody_voted_for_the_emotion():
    decision = decide_one(
        [reply("i", "a", "awe", 9), reply("i", "b", "anger", 2)], [verified("i", "fear")]
    )
    assert decision["annotator"] == "b"


def test_words_are_one_annotators_and_ties_go_to_clarity_then_name():
    replies = [reply("i", "c", "awe", 6), reply("i", "b", "awe", 6), reply("i", "a", "awe", 3)]
    decision = decide_one(replies, [verified("i", "awe")])
    assert decision["annotator"] == "b"
    assert decision["background"] == "place of b"


def test_refusals_and_foreign_labels_are_not_votes():
    replies = [
        reply("i", "a", "awe", status="refused", reason="unsafe"),
        reply("i", "b", "surprise"),
    ]
    decision = decide_one(replies, [verified("i", None)])
    assert decision["pattern"] == "none"
    assert decision["distribution"] is None
    assert decision["confidence"] is None


def test_missing_clarity_is_not_invented():
    decision = decide_one(
        [reply("i", "a", "awe", None), reply("i", "b", "awe", None)], [verified("i", None)]
    )
    assert decision["emotion"] == "awe"
    assert decision["confidence"] is None
    assert decision["intensity"] is None
    assert decision["intensity_level"] is None
    assert decision["distribution"][MIKELS_8.index("awe")] == 1.0


def test_verifier_without_distribution_votes_with_its_probability():
    decision = decide_one(
        [reply("i", "a", "awe", 10)],
        [verified("i", "awe", 0.5, distribution=None)],
        trusted_weight(),
    )
    # awe: (1 * 1 + 2 * (0.5 + 0.5 / 8)) / 3
    assert decision["distribution"][MIKELS_8.index("awe")] == pytest.approx(2.125 / 3, abs=1e-5)


@pytest.mark.parametrize(
    ("intensity", "level"), [(1, "low"), (4, "low"), (5, "medium"), (7, "medium"), (8, "high")]
)
def test_level_cuts(intensity, level):
    replies = [reply("i", n, "awe", 5, intensity=intensity) for n in "ab"]
    assert decide_one(replies, [verified("i", None)])["intensity_level"] == level


def test_a_verifier_that_nobody_calibrated_weighs_as_much_as_an_annotator():
    voices = [reply("i", "a", "contentment", 7), reply("i", "b", "amusement", 8)]
    elsewhere = trusted_weight().with_columns(source=pl.lit("t"))
    for patterns in (None, elsewhere):
        decision = decide_one(voices, [verified("i", "amusement", 0.9)], patterns)
        assert decision["confidence"] == pytest.approx(17 / 3, abs=1e-6)


@pytest.mark.parametrize(("clarities", "is_contested"), [((5, 7), False), ((5, 8), True)])
def test_clarities_agree_within_two(clarities, is_contested):
    replies = [reply("i", name, "awe", c) for name, c in zip("ab", clarities, strict=True)]
    dissent = reply("i", "c", "fear", 1)
    decision = decide_one([*replies, dissent], [verified("i", None)])
    assert decision["emotion"] == "awe"
    assert decision["is_clarity_contested"] is is_contested


def test_empty_input_gives_an_empty_table():
    frame = decide(*frames([], []))
    assert_valid(frame)
    assert frame.height == 0


def test_latest_replies_keeps_the_last_usable_answer():
    first = [reply("i", "a", "awe"), reply("i", "b", "awe", status="error", reason="timeout")]
    later = [
        reply("i", "a", "fear", round=2),
        reply("i", "a", None, round=3, status="refused", reason="unsafe"),
        reply("i", "b", None, round=2, status="error", reason="timeout"),
    ]
    kept = latest_replies(frames(first, [])[0], frames(later, [])[0])
    rows = kept.select("annotator", "round", "emotion", "status").rows()
    assert rows == [("a", 2, "fear", "ok"), ("b", 2, None, "error")]


votes = st.builds(
    lambda image, annotator, emotion, clarity, status: reply(
        image, annotator, emotion, clarity, status=status
    ),
    st.sampled_from(["i1", "i2", "i3"]),
    st.sampled_from("abcd"),
    st.sampled_from([*MIKELS_8, None]),
    st.one_of(st.none(), st.integers(1, 10)),
    st.sampled_from(["ok", "ok", "ok", "refused"]),
)
judgements = st.builds(
    verified,
    st.sampled_from(["i1", "i2", "i3", "i4"]),
    st.sampled_from([*MIKELS_8, None]),
    st.floats(0.2, 1.0),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(votes, unique_by=lambda r: (r["image_id"], r["annotator"])),
    st.lists(judgements, unique_by=lambda r: r["image_id"]),
    st.randoms(),
)
def test_laws(replies, verdicts, random):
    decisions = decide(*frames(replies, verdicts))
    assert_valid(decisions)
    assert set(decisions["image_id"]) == {r["image_id"] for r in [*replies, *verdicts]}
    shuffled = [random.sample(rows, len(rows)) for rows in (replies, verdicts)]
    assert decide(*frames(*shuffled)).equals(decisions)
    for row in decisions.iter_rows(named=True):
        assert (row["emotion"] is None) == (row["pattern"] == "none")
        if row["distribution"] is not None:
            assert abs(sum(row["distribution"]) - 1) < 1e-9
        voices = {r["emotion"] for r in [*replies, *verdicts] if r["image_id"] == row["image_id"]}
        assert row["emotion"] is None or row["emotion"] in voices
        if not row["is_contested"]:
            for_it = sum(
                r["emotion"] == row["emotion"]
                for r in [*replies, *verdicts]
                if r["image_id"] == row["image_id"] and r["status"] == "ok"
            )
            assert for_it >= 2


def test_roll_up():
    fields = ("emotion", "description", "subject", "box", "intensity")
    fine: dict[str, str] = dict.fromkeys(fields, "valid")
    assert roll_up(fine) == "preserved"
    assert roll_up({**fine, "box": "discarded"}) == "preserved"
    assert roll_up({**fine, "box": "revisable"}) == "human"
    assert roll_up({**fine, "emotion": "discarded"}) == "dropped"
    lost: dict[str, str] = dict.fromkeys(("description", "subject", "box"), "discarded")
    assert roll_up({**fine, **lost}) == "dropped"
    assert roll_up({}) == "human"
