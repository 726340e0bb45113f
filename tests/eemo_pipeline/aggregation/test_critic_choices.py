from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.aggregation.critic_choices import (
    apply_choices,
    compare_by_verifier,
    count_revisions,
    fit_weights,
    settle_choices,
)
from eemo_pipeline.aggregation.limits import DecisionLimits
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform, key_violations, null_violations

CHOICES, WEIGHTS = TABLES["critic__choices"], TABLES["critic__weights"]
SILENT = pl.DataFrame(
    schema={"image_id": pl.String, "emotion": pl.String, "distribution": pl.List(pl.Float64)}
)


def choose(*chosen: str | None, emotion: str = "fear", rival: str = "awe") -> pl.DataFrame:
    """One choice per image between fear, which is decided, and awe."""
    rows = [
        {
            "image_id": f"i{number}",
            "round": 1,
            "drawn_from": "votes",
            "emotion": emotion,
            "rival": rival,
            "candidates": [emotion, rival],
            "chosen": label,
            "evidence": ["a cliff"] if label else [],
        }
        for number, label in enumerate(chosen)
    ]
    names = (
        "image_id",
        "round",
        "drawn_from",
        "emotion",
        "rival",
        "candidates",
        "chosen",
        "evidence",
    )
    return pl.DataFrame(rows, schema={name: CHOICES.polars_schema[name] for name in names})


def place(count: int, fold: int = 0) -> pl.DataFrame:
    rows = [{"image_id": f"i{n}", "source": "s", "fold": fold or 1 + n % 5} for n in range(count)]
    return pl.DataFrame(rows, schema={"image_id": pl.String, "source": pl.String, "fold": pl.Int64})


def label(*emotions: str) -> pl.DataFrame:
    rows = [{"image_id": f"i{n}", "emotion": emotion} for n, emotion in enumerate(emotions)]
    return pl.DataFrame(rows, schema={"image_id": pl.String, "emotion": pl.String})


def settle(
    choices: pl.DataFrame, human: pl.DataFrame, votes: pl.DataFrame, **limits: Any
) -> pl.DataFrame:
    asked, places = compare_by_verifier(choices, SILENT), place(choices.height)
    weights = fit_weights(asked, human, places, 1, DecisionLimits(**limits))
    lazy = conform(weights, WEIGHTS).lazy()
    assert key_violations(lazy, WEIGHTS) == null_violations(lazy, WEIGHTS) == []
    return settle_choices(asked, weights, votes, places)


NO_VOTES = label()


def test_a_choice_that_nobody_measured_is_one_vote_and_stays_contested():
    done = settle(choose("awe", "fear", None), label(), NO_VOTES)
    assert done["settled_emotion"].to_list() == ["awe", "fear", "fear"]
    assert done["is_accepted"].to_list() == [False] * 3
    assert done["probability"].null_count() == 3
    against = pl.concat([label("fear"), label("fear")])
    assert settle(choose("awe"), label(), against)["settled_emotion"].item() == "fear"
    once = label("fear")
    assert settle(choose("awe"), label(), once)["settled_emotion"].item() == "awe"


@pytest.mark.parametrize(
    ("right", "settled", "is_accepted"),
    [(1.0, "awe", True), (0.75, "awe", False), (0.25, "fear", False), (0.0, "fear", True)],
)
def test_labels_weigh_the_choice(right, settled, is_accepted):
    """400 images: people name the chosen emotion in a share of them, else the other."""
    count = 400
    human = label(*("awe" if n % 100 < 100 * right else "fear" for n in range(count)))
    done = settle(choose(*["awe"] * count), human, NO_VOTES)
    conform(done, CHOICES)
    assert set(done["settled_emotion"]) == {settled}
    assert set(done["is_accepted"]) == {is_accepted}
    assert set(done["image_count"]) == {320}  # those of the other four folds


@pytest.mark.parametrize(("count", "is_measured"), [(374, False), (375, True)])
def test_three_hundred_labels_in_other_folds_are_needed(count, is_measured):
    done = settle(choose(*["awe"] * count), label(*["awe"] * count), NO_VOTES)
    assert done["is_accepted"].all() is is_measured


def test_a_small_cell_is_not_measured():
    chosen = ["awe"] * 48 + [None] * 400
    human = label(*["awe"] * 448)
    assert not settle(choose(*chosen), human, NO_VOTES)["is_accepted"].any()
    assert settle(choose(*chosen), human, NO_VOTES, min_in_cell=30)["is_accepted"].any()


@given(st.integers(0, 4), st.sampled_from(["awe", "fear", "joyless"]))
def test_no_label_weighs_its_own_image(number, other):
    chosen = choose(*["awe"] * 400)
    human = label(*["awe"] * 400)
    changed = human.with_columns(
        pl.when(pl.col("image_id") == f"i{number}")
        .then(pl.lit(other))
        .otherwise("emotion")
        .alias("emotion")
    )
    mine = pl.col("image_id") == f"i{number}"
    before, after = (settle(chosen, people, NO_VOTES).filter(mine) for people in (human, changed))
    assert after.equals(before)


def test_the_verifiers_probabilities_of_the_two_are_used():
    shares = [0.0] * 8
    shares[MIKELS_8.index("awe")], shares[MIKELS_8.index("fear")] = 0.3, 0.1
    shares[MIKELS_8.index("anger")] = 0.6
    said = [
        {"image_id": "i0", "emotion": "anger", "distribution": shares},
        {"image_id": "i1", "emotion": "fear", "distribution": None},
        {"image_id": "i2", "emotion": "anger", "distribution": None},
    ]
    verifier = pl.DataFrame(said, schema=SILENT.schema)
    done = compare_by_verifier(choose("awe", "awe", "awe", "awe"), verifier)
    assert done["verifier_share"].to_list() == [0.25, 1.0, None, None]
    assert done["verifier_side"].to_list() == ["chosen", "other", "silent", "silent"]


def test_a_changed_answer_counts_only_where_the_evidence_settled_it():
    reply = {"image_id": "i0", "round": 1, "status": "ok", "emotion": "fear", "clarity": 5}
    first = [{**reply, "annotator": name, "subject": "cliff"} for name in "ab"]
    later = [
        {**reply, "annotator": "a", "round": 2, "emotion": "awe", "clarity": 9, "subject": "sea"},
        {**reply, "annotator": "b", "round": 2, "emotion": "anger", "clarity": 9},
    ]
    replies = TABLES["_critic__replies"].polars_schema
    before, after = (pl.DataFrame(rows, schema=replies) for rows in (first, later))
    nothing = count_revisions(before, after, CHOICES.empty())
    assert nothing.select("emotion", "clarity", "subject").rows() == [
        ("fear", 5, "sea"),
        ("fear", 5, None),
    ]
    settled = settle(choose("awe"), label(), NO_VOTES)
    assert count_revisions(before, after, settled)["emotion"].to_list() == ["awe", "fear"]


def test_the_outcome_follows_the_latest_choice():
    outcome = pl.DataFrame(
        {"image_id": ["i0", "i9"], "pattern": "all_differ", "is_contested": True, "emotion": "fear"}
    )
    done = apply_choices(outcome, settle(choose("awe"), label(), NO_VOTES))
    assert done.rows() == [("i0", "all_differ", True, "awe"), ("i9", "all_differ", True, "fear")]
