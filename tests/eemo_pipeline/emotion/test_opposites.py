from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.emotion.attributes import ATTRIBUTE_POLARITY
from eemo_pipeline.emotion.opposites import (
    COLOURS,
    SCALES,
    contradict,
    contradict_in_tone,
    is_on_a_scale,
)

WORDS = sorted({word for ends in SCALES.values() for end in ends for word in end} | {*COLOURS})
SETS = st.frozensets(st.sampled_from([*WORDS, "boat", "lake"]), max_size=4)


def test_no_word_is_at_both_ends_of_a_scale():
    for low, high in SCALES.values():
        assert low
        assert high
        assert not low & high


@given(SETS, SETS)
def test_contradiction_is_mutual_and_nothing_contradicts_itself(one, other):
    assert contradict(one, other) == contradict(other, one)
    assert contradict(one, one) == []
    # A text that says both contradicts neither.
    assert contradict(one | other, other) == []


def test_colours_contradict_unless_shared():
    assert contradict({"red", "boat"}, {"blue", "boat"}) == ["colour"]
    assert contradict({"red", "blue"}, {"blue"}) == []
    assert contradict({"golden"}, {"yellow"}) == []


def test_tones_contradict_by_the_lexicon():
    pairs = list(combinations(ATTRIBUTE_POLARITY, 2))
    found = [pair for pair in pairs if contradict_in_tone(*pair)]
    assert 0 < len(found) < len(pairs)
    for one, other in found:
        assert {ATTRIBUTE_POLARITY[one], ATTRIBUTE_POLARITY[other]} == {"positive", "negative"}
    assert all(map(is_on_a_scale, ATTRIBUTE_POLARITY))
    assert not is_on_a_scale("boat")
