import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.stages.verification.answer_parsing import (
    fit_temperature,
    read_label,
    read_losses,
    read_scores,
    temper,
)
from eemo_pipeline.stats.hash_draws import uniforms


@given(st.sampled_from(MIKELS_8), st.text(max_size=20))
def test_a_label_alone_is_found_whatever_stands_before_the_colon(label, before):
    assert read_label(f"{before}: {label.title()}.")["emotion"] == label


@given(st.text(alphabet=" abcdefgh:.,"))
def test_words_that_name_nothing_name_nothing(text):
    assert read_label(text) == {"status": "abstain", "reason": "no_label"}


@given(st.lists(st.floats(-50, 50), min_size=8, max_size=8))
def test_losses_become_a_distribution(losses):
    answer = read_losses(dict(zip(MIKELS_8, losses, strict=True)))
    assert sum(answer["distribution"]) == pytest.approx(1, abs=1e-6)
    assert answer["probability"] == max(answer["distribution"])


def test_scores_are_checked_not_mended():
    assert read_scores({"awe": 0.6, "fear": 0.4})["emotion"] == "awe"
    for bad in ({"awe": 0.6}, {"awe": 1.2, "fear": -0.2}, {"hunger": 1.0}, {"awe": True}):
        assert read_scores(bad) == {"status": "error", "reason": "bad_scores"}


def test_the_temperature_lowers_the_surprise_on_pictures_it_never_saw():
    count = 2000
    scores = 0.2 + uniforms(count * 8, "scores").reshape(count, 8)
    honest = temper(scores / scores.sum(axis=1, keepdims=True), 0.3)
    labels = (uniforms(count, "label")[:, None] > honest.cumsum(axis=1)).sum(axis=1).clip(max=7)
    boasting = temper(honest, 0.4)  # too sure of itself
    half = count // 2
    temperature = fit_temperature(boasting[:half], labels[:half])
    assert temperature == pytest.approx(2.5, rel=0.15)

    def surprise(shares: np.ndarray) -> float:
        return float(-np.log(shares[np.arange(half), labels[half:]]).mean())

    assert surprise(temper(boasting[half:], temperature)) < surprise(boasting[half:]) - 0.05
