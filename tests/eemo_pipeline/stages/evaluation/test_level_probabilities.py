"""Values from the probabilities of level words: the formula, and replies of any form."""

import json
from itertools import permutations
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.stages.evaluation.answer_parsing import PROBABILITY, TEXT
from eemo_pipeline.stages.evaluation.assess_answers import SCORES, read
from eemo_pipeline.stages.evaluation.benchmarks import Item
from eemo_pipeline.stages.evaluation.level_probabilities import (
    KEYWORDS,
    read_level,
    read_shares,
    weigh,
    write_shares,
)
from eemo_pipeline.vlm.questions import Unusable

VALENCE = KEYWORDS["valence"]


def reply_of(shares: tuple[float, ...], mass: float = 0.5) -> str:
    return json.dumps({"probabilities": dict(zip(VALENCE, shares, strict=True)), "mass": mass})


def item(section: str) -> Item:
    return Item("1", section, section, "?", "0.5", ("a",))


@pytest.mark.parametrize("dimension", SCORES)
def test_each_dimension_is_asked_by_its_own_words(dimension: str) -> None:
    prompt = weigh(item(dimension))
    assert prompt is not None
    assert prompt.words == KEYWORDS[dimension]
    assert prompt.beginning == f"The level of {dimension} this image evokes in the viewer is"
    assert all(word in prompt.question for word in prompt.words)


def test_a_ranking_has_no_level() -> None:
    assert weigh(item("ranking")) is None
    assert read_level("ranking", reply_of((1, 0, 0))) is None


@pytest.mark.parametrize(
    ("shares", "value"),
    [((1, 0, 0), 1), ((0, 1, 0), 0.5), ((0, 0, 1), 0), ((0.5, 0.3, 0.2), 0.65)],
)
def test_the_words_weigh_one_a_half_and_nothing(shares: tuple[float, ...], value: float) -> None:
    assert read_level("valence", reply_of(shares)) == pytest.approx(value)


@given(st.lists(st.floats(0.001, 1), min_size=3, max_size=3), st.permutations(VALENCE))
def test_probabilities_and_their_logits_have_one_value(
    shares: list[float], order: list[str]
) -> None:
    whole = sum(shares)
    told = dict(zip(VALENCE, (share / whole for share in shares), strict=True))
    logits = ", ".join(f"{word}: {log(told[word]) + 3:.15f}" for word in order)
    listed = json.dumps({"mass": 0.1, "probabilities": {word: told[word] for word in order}})
    assert read_level("valence", logits) == pytest.approx(read_level("valence", listed), abs=1e-9)


@given(st.text(max_size=1200))
def test_no_reply_breaks_the_reading(text: str) -> None:
    for dimension in SCORES:
        value = read_level(dimension, text)
        assert value is None or 0 <= value <= 1


@pytest.mark.parametrize(
    "reply",
    [
        reply_of((0, 0, 0)),
        reply_of((2, 0, 0)),
        json.dumps({"probabilities": {"positive": 1, "neutral": 0}, "mass": 1}),
        json.dumps({"probabilities": dict.fromkeys(VALENCE, "x"), "mass": 1}),
        '{"probabilities": ' * 50,
        "[" * 900,
        "positive: 1, neutral: 2",
        f"{reply_of((1, 0, 0))}{' ' * 1000}",
    ],
)
def test_other_replies_have_no_level(reply: str) -> None:
    assert read_level("valence", reply) is None


def test_an_answer_keeps_what_was_told() -> None:
    told = reply_of((0.7000000000004, 0.2, 0.0999999999996), mass=1e-7)
    answer = read_shares(VALENCE, told)
    assert list(answer["probabilities"].values()) == [0.7, 0.2, 0.1]
    assert read_shares(VALENCE, write_shares(answer)) == answer
    with pytest.raises(Unusable):
        read_shares(KEYWORDS["arousal"], told)


def test_a_reading_names_its_protocol() -> None:
    for reply in (reply_of((0, 1, 0)), *map(", ".join, permutations(f"{w}: 0" for w in VALENCE))):
        parsed = read(item("valence"), reply)
        assert (parsed.tolerant, parsed.strict, parsed.protocol) == ("0.5", "0.5", PROBABILITY)
    assert read(item("valence"), "Valence: 0.5").protocol == TEXT
    assert read(item("ranking"), reply_of((0, 1, 0))).protocol == TEXT
