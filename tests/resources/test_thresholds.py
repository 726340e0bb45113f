from dataclasses import fields

import pytest

from eemo_pipeline.stages.critic.limits import CRITIC_LIMITS
from resources.thresholds import RANGES, BadThreshold, read_thresholds


def test_the_defaults_are_those_of_the_specification():
    assert read_thresholds("") == CRITIC_LIMITS
    decision = CRITIC_LIMITS.decision
    assert (decision.min_labelled, decision.min_in_cell, decision.accepted_from) == (300, 40, 0.85)
    assert (decision.clarity_agrees_within, decision.words_agree_from) == (2, 0.8)
    ranking = CRITIC_LIMITS.ranking
    assert (ranking.ranking_length, ranking.smallest_gap) == (3, 0.05)
    assert (ranking.vote_tolerance, CRITIC_LIMITS.evidence_length) == (0.001, 200)
    assert (CRITIC_LIMITS.max_rounds, CRITIC_LIMITS.max_calls) == (3, 12)


def test_the_launchpad_comes_before_the_environment():
    read = read_thresholds(" max_rounds = 2, accepted_from=0.9 ", {"max_rounds": 1.0})
    assert (read.max_rounds, read.decision.accepted_from) == (1, 0.9)
    assert isinstance(read.max_rounds, int)


def test_every_limit_is_a_setting():
    parts = (CRITIC_LIMITS, CRITIC_LIMITS.decision, CRITIC_LIMITS.ranking)
    named = {one.name for part in parts for one in fields(part)} - {"decision", "ranking"}
    assert named == set(RANGES)
    read = read_thresholds("vote_tolerance=0.01, ranking_length=2, evidence_length=80")
    assert (read.ranking.vote_tolerance, read.ranking.ranking_length) == (0.01, 2)
    assert read.evidence_length == 80


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_round=2", "there is no threshold 'max_round'. Set one of min_labelled"),
        ("max_rounds", "Write name=number"),
        ("max_rounds=many", "Write name=number"),
        ("max_rounds=0", "a whole number from 1 to 10"),
        ("max_rounds=1.5", "a whole number from 1 to 10"),
        ("accepted_from=1.1", "a number from 0.5 to 1"),
        ("accepted_from=nan", "a number from 0.5 to 1"),
        ("low_up_to=7", "Set low_up_to below medium_up_to"),
        ("longest_description=3", "Set shortest_description below longest_description"),
    ],
)
def test_an_unusable_threshold_says_what_and_how(text, said):
    with pytest.raises(BadThreshold) as raised:
        read_thresholds(text)
    assert said in str(raised.value)
    assert "EEMO_THRESHOLDS" in str(raised.value)


def test_every_default_is_in_its_range():
    parts = (CRITIC_LIMITS, CRITIC_LIMITS.decision, CRITIC_LIMITS.ranking)
    for name, (low, high) in RANGES.items():
        (value,) = (getattr(part, name) for part in parts if hasattr(part, name))
        assert low <= value <= high
