"""Progressive comparison of annotators who choose several labels: frequency, weight, order."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.aggregation.limits import RANKING_LIMITS, RankingLimits
from eemo_pipeline.emotion.mappings import read_mapping
from eemo_pipeline.emotion.taxonomies import EMOTIC_26
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform, null_violations, vocabulary_violations
from eemo_pipeline.stages.labels.emotions import build_emotions
from eemo_pipeline.stages.labels.rankings import build_rankings

# Labels of EMOTIC that stand for one emotion each.
LABEL = {
    "joy": "happiness",
    "fear": "fear",
    "anger": "anger",
    "sadness": "sadness",
    "neutral": "peace",
}


def rank(
    *annotators: list[str],
    space: str = "emotic26",
    limits: RankingLimits = RANKING_LIMITS,
    **fields: Any,
) -> dict[str, Any]:
    rows = [
        {
            "source": "emotic",
            "record_id": "a",
            "annotation_no": number,
            "image_id": "a",
            "label_space": space,
            "semantics": "apparent",
            "native_labels": labels,
            "rater_count": 1,
        }
        | fields
        for number, labels in enumerate(annotators)
    ]
    native = pl.DataFrame(rows, schema=TABLES["ingest__annotations"].polars_schema)
    kept = pl.DataFrame({"image_id": ["a"]}).match_to_schema(
        TABLES["dedup__images"].polars_schema, missing_columns="insert"
    )
    rankings = build_rankings(kept, build_emotions(kept, native), native, limits)
    table = TABLES["labels__rankings"]
    lazy = conform(rankings, table).lazy()
    assert not null_violations(lazy, table)
    assert not vocabulary_violations(lazy, table)
    return rankings.row(0, named=True)


def said(*emotions: str) -> list[str]:
    return [LABEL[emotion] for emotion in emotions]


@pytest.mark.parametrize(
    ("annotators", "ranking", "decided_by"),
    [
        # three annotators name joy, two fear, one anger
        (
            [said("joy", "fear"), said("joy", "fear"), said("anger", "joy")],
            "joy fear anger",
            "frequency",
        ),
        # joy and fear are named twice each, but fear alone by one annotator
        ([said("joy", "fear", "anger"), said("fear"), said("joy", "sadness", "anger")], None, None),
        ([said("joy", "fear"), said("fear"), said("joy", "anger")], "fear joy anger", "weight"),
        # one annotator: all are named once, with equal weight
        ([said("sadness", "joy", "fear")], "sadness joy fear", "order"),
        ([said("sadness", "joy", "fear", "anger")], "sadness joy fear", "order"),
    ],
)
def test_the_stage_that_decided(
    annotators: list[list[str]], ranking: str | None, decided_by: str | None
) -> None:
    row = rank(*annotators)
    if ranking is None:
        # by hand: fear 1.333, joy 0.667, anger 0.667 of weight; anger is later than joy
        ranking, decided_by = "fear joy anger", "order"
    assert row["ranking"] == ranking.split()
    assert (row["decided_by"], row["status"]) == (decided_by, "ok")
    assert row["dominant_emotion"] == row["ranking"][0]


def test_what_nothing_tells_apart_is_discarded_by_name() -> None:
    mirrored = rank(said("joy", "fear", "anger"), said("fear", "joy", "anger"))
    assert (mirrored["status"], mirrored["reason"]) == ("refused", "tie")
    assert mirrored["tied_emotions"] == ["fear", "joy"]
    assert (mirrored["dominant_emotion"], mirrored["ranking"]) == (None, None)
    late = rank(said("joy", "fear", "anger", "sadness"), said("joy", "fear", "sadness", "anger"))
    assert (late["reason"], late["tied_emotions"]) == ("tie", ["anger", "sadness"])
    assert late["dominant_emotion"] == "joy"


def test_two_labels_of_one_emotion_are_one_choice_of_twice_the_weight() -> None:
    row = rank(["Happiness", "Pleasure", "Fear"], said("fear", "anger"))
    # joy 2/3 named once, fear 1/3 + 1/2 named twice, anger 1/2 named once
    assert row["ranking"] == ["fear", "joy", "anger"]
    assert row["decided_by"] == "weight"


def test_each_picture_without_a_ranking_has_its_reason() -> None:
    assert rank(said("joy"))["reason"] == "one_annotator"
    assert rank(said("joy"), said("joy", "fear"))["reason"] == "too_few_emotions"
    lost = rank(["something else"], space="affection9", semantics="evoked")
    assert (lost["reason"], lost["lost_mass"]) == ("all_mass_lost", 1.0)
    assert rank(["calm"], space="emoart12")["reason"] == "no_labels"
    unsummed = rank(
        ["joy", "fear", "anger"], space="ekman7", native_weights=[5.0, 3.0, 1.0], rater_count=None
    )
    assert (unsummed["ranking"], unsummed["decided_by"]) == (
        ["joy", "fear", "anger"],
        "distribution",
    )


def by_hand(annotators: list[list[str]]) -> list[str] | None:
    mapping = read_mapping("emotic26", "ekman7")
    strengths: dict[str, list[float]] = {}
    for labels in annotators:
        first: dict[str, int] = {}
        for place, label in enumerate(labels, 1):
            strength = strengths.setdefault(mapping[label], [0, 0, 0])
            strength[1] += 1 / len(labels)
            first.setdefault(mapping[label], place)
        for emotion, place in first.items():
            strengths[emotion][0] += 1
            strengths[emotion][2] += 1 / place
    keys = {
        emotion: (count, round(weight, 4), round(order, 6))
        for emotion, (count, weight, order) in strengths.items()
    }
    ordered = sorted(keys, key=lambda emotion: keys[emotion], reverse=True)
    needed = [*ordered[:4]]
    if len(ordered) < 3 or len({keys[emotion] for emotion in needed}) < len(needed):
        return None
    return ordered[:3]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(EMOTIC_26), min_size=1, max_size=5, unique=True),
        min_size=1,
        max_size=5,
    )
)
def test_the_ranking_is_the_one_by_hand(annotators: list[list[str]]) -> None:
    assert rank(*annotators)["ranking"] == by_hand(annotators)


def test_the_smallest_gap_is_a_setting():
    votes: dict[str, Any] = {"space": "ekman7", "native_weights": [0.5, 0.3, 0.2]}
    uncounted: dict[str, Any] = votes | {"rater_count": None}
    labels = ["joy", "fear", "anger"]
    assert rank(labels, **uncounted)["ranking"] == labels
    assert rank(labels, limits=RankingLimits(smallest_gap=0.15), **uncounted)["reason"] == (
        "gap_too_small"
    )


def test_the_length_of_a_ranking_is_a_setting():
    votes: dict[str, Any] = {"space": "ekman7", "native_weights": [0.6, 0.4], "rater_count": None}
    labels = ["joy", "fear"]
    assert rank(labels, **votes)["reason"] == "too_few_emotions"
    assert rank(labels, limits=RankingLimits(ranking_length=2), **votes)["ranking"] == labels
    four: dict[str, Any] = votes | {"native_weights": [0.4, 0.3, 0.2, 0.1]}
    named = [*labels, "anger", "sadness"]
    assert rank(named, limits=RankingLimits(ranking_length=4), **four)["ranking"] == named
    assert rank(named, **four)["ranking"] == named[:3]


def test_the_tolerance_of_a_vote_is_a_setting():
    shares = [0.4, 0.305, 0.2, 0.095]  # of ten raters: the second leads the third by 1.05 votes
    votes: dict[str, Any] = {"space": "ekman7", "native_weights": shares, "rater_count": 10}
    labels = ["joy", "fear", "anger", "sadness"]
    # the first leads the second by 0.95 of a vote
    assert rank(labels, **votes)["reason"] == "gap_too_small"
    assert rank(labels, limits=RankingLimits(vote_tolerance=0.1), **votes)["ranking"] == labels[:3]
