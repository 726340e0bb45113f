"""Words, entropy and lexical diversity, beside published and independent values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.stats.lexical_diversity import mattr, measure_text, mtld_2010, split_words

LONG = (
    "a dog runs on the grass two people walk in a park at night the park is dark a red balloon "
    "over the sea at dusk over the sea a brown dog runs over the grass a dog is running on grass "
    "two people are walking in the park it is a dark park at night the park is dark a red balloon "
    "flies over the sea "
)


@pytest.mark.parametrize(
    ("text", "words", "bits", "diversity"),
    [
        (
            *("A group of people enjoy a leisurely stroll on a sun-dappled park path.", 14),
            *(3.4677, 27.44),
        ),
        (
            *("A snarling tiger reveals its sharp teeth while lying in green foliage.", 12),
            *(3.585, 0.0),
        ),
        ("the cat and the dog and the cat and the dog and the bird", 14, 2.121, 7.0),
        ("", 0, 0.0, 0.0),
        ("No1 é!", 1, 0.0, 0.0),
    ],
)
def test_measures_equal_the_golden_values(
    text: str, words: int, bits: float, diversity: float
) -> None:
    found = measure_text(text)
    assert found.words == words
    assert found.entropy_bits == pytest.approx(bits, abs=5e-5)
    assert found.mtld == pytest.approx(diversity, abs=5e-3)
    assert found.mtld_2010 is None
    assert found.mattr_25 is None


def test_long_texts_have_the_values_of_an_independent_program() -> None:
    found = measure_text(LONG * 2)  # the values of lexicalrichness 0.5.1
    assert found.words == 134
    assert found.mtld_2010 == pytest.approx(24.205856918238993)
    assert found.mattr_25 == pytest.approx(0.7123636363636365)


def test_a_text_whose_words_all_differ_is_one_factor() -> None:
    words = [chr(97 + n // 26) + chr(97 + n % 26) for n in range(60)]
    assert mtld_2010(words) == 60
    assert mattr(words) == 1


@given(st.lists(st.sampled_from("abcde"), min_size=25, max_size=80))
def test_the_moving_average_equals_the_mean_over_windows(words: list[str]) -> None:
    windows = [words[start : start + 25] for start in range(len(words) - 24)]
    mean = sum(len(set(window)) / 25 for window in windows) / len(windows)
    assert mattr(words) == pytest.approx(mean)


@given(st.text())
def test_every_text_has_words_and_bounded_measures(text: str) -> None:
    found = measure_text(text)
    assert found.words == len(split_words(text))
    assert found.mtld >= 0
    assert 0 <= found.entropy_bits <= max(1, found.words)
