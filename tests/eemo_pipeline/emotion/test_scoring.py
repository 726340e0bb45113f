"""Published figures of EEmo-Bench and EEmo-Logic (arXiv 2602.01173) as oracles."""

from itertools import permutations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.emotion.scoring import reward_ranking, reward_score, score_ranking
from eemo_pipeline.emotion.taxonomies import EKMAN_7, EMOTIC_26, LABEL_SPACES, PLUTCHIK_24
from eemo_pipeline.emotion.vad import PUBLISHED_CENTROIDS, levels, normalise_rating

# Words of EEmo-Logic with Warriner's valence and arousal (1-9), and the levels that the authors'
# definitions give them: valence + positive, = neutral, - negative; arousal h high, m moderate,
# l low energy (train/Stage_2/emotion_vad_scores.json and save_embedding.py, b353f328).
WORDS = """
joy 8.21 5.55 +m; happiness 8.48 6.5 +h; excitement 7.62 6.21 +h; ecstasy 7.19 6.11 +h;
amusement 7.0 4.82 +m; pleasure 7.8 6.8 +h; amazement 7.29 6.3 +h; awe 6.85 3.83 +l;
peace 7.75 4.65 +m; serenity 7.75 2.95 +l; content 6.7 3.17 +l; contentment 6.62 4.6 +m;
acceptance 6.84 4.3 +m; relief 6.63 4.42 +m; sad 2.1 3.49 -l; sadness 2.4 2.81 -l;
grief 2.33 4.95 -m; suffering 2.05 4.5 -m; pain 2.0 6.27 -h; yearning 5.95 3.73 =l;
fatigue 3.64 3.26 -l; fear 2.93 6.14 -h; terror 2.75 6.35 -h; apprehension 4.15 4.23 =m;
disquietment 3.8 6.2 -h; vigilance 5.67 3.64 =l; panic 2.56 6.4 -h; anger 2.5 5.93 -m;
rage 2.5 6.62 -h; annoyance 2.95 4.1 -m; disapproval 3.4 4.23 -m; disgust 3.32 5.0 -m;
loathing 2.42 4.5 -m; aversion 4.0 5.14 =m; affection 7.89 5.64 +m; admiration 7.58 5.52 +m;
esteem 6.38 3.91 +l; trust 7.24 4.3 +m; confidence 6.71 4.04 +m; sympathy 6.57 3.08 +l;
embarrassment 2.72 5.45 -m; interest 6.66 4.36 +m; engagement 6.65 5.19 +m;
anticipation 5.26 5.39 =m; surprise 7.44 6.57 +h; doubt/confusion 3.3 4.48 -m;
pensiveness 3.29 4.0 -m; distraction 4.05 3.94 =l; disconnection 3.81 3.12 -l;
sensitivity 5.5 5.3 =m; neutral 5.5 3.45 =l; boredom 2.77 2.58 -l
"""
SIGNS = {"-": "low", "=": "medium", "+": "high", "l": "low", "m": "medium", "h": "high"}


def agreeing(scale: str) -> tuple[int, int]:
    """Of the 52 words, how many levels of valence and arousal the thresholds 0.4 and 0.6 give."""
    hits = [0, 0]
    for word in WORDS.replace("\n", " ").split(";"):
        _, *ratings, signs = word.split()
        for axis in range(2):
            raw = float(ratings[axis])
            value = normalise_rating(raw, 1, 9)[0] if scale == "x/10" else (raw - 1) / 8
            found = pl.DataFrame({"value": [value]}).select(levels(pl.col("value"))).item()
            hits[axis] += found == SIGNS[signs[axis]]
    return hits[0], hits[1]


def test_the_levels_of_52_words_fit_tenths_and_no_stretched_scale() -> None:
    assert WORDS.count(";") + 1 == 52
    assert agreeing("x/10") == (52, 52)
    assert agreeing("(x-1)/8") == (48, 48)


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("fear surprise neutral", 68.33),
        ("fear surprise sadness", 25.0),
        ("fear sadness neutral", 68.33),
        ("fear disgust neutral", 100.0),
        ("neutral disgust fear", 50.0),
        ("fear fear fear", 25.0),
        ("", 0.0),
        ("joy anger surprise fear", 0.0),
    ],
)
def test_published_ranking_scores(answer: str, score: float) -> None:
    assert score_ranking(["fear", "disgust", "neutral"], answer.split()) == pytest.approx(score)


def test_guessing_scores_what_was_published() -> None:
    truth = EKMAN_7[:3]
    guesses = [guess for length in (1, 2, 3) for guess in permutations(EKMAN_7, length)]
    assert len(guesses) == 259
    mean = sum(score_ranking(truth, guess) for guess in guesses) / len(guesses)
    assert mean == pytest.approx(25.4821, abs=5e-5)
    threes = list(permutations(EKMAN_7, 3))
    assert sum(score_ranking(truth, g) for g in threes) / len(threes) == pytest.approx(
        27.86, abs=0.01
    )


def test_published_rewards() -> None:
    truth, answer = ["fear", "anger", "neutral"], ["fear", "disgust", "neutral"]
    assert score_ranking(truth, answer) / 100 == pytest.approx(0.6833)
    assert reward_ranking(truth, answer) == pytest.approx(0.4669, abs=5e-5)
    assert reward_score(0.7083, 0.6253) == pytest.approx(0.5181, abs=5e-5)
    assert reward_score(0.3, 0.3) == 1.0
    assert reward_score(0.0, 1.0) == reward_score(0.0, 7.0) == pytest.approx(0.0)


@given(st.permutations(EKMAN_7), st.lists(st.sampled_from([*EKMAN_7, "awe"]), max_size=6))
def test_a_score_is_a_percentage_and_full_for_the_truth_alone(
    order: list[str], answer: list[str]
) -> None:
    score = score_ranking(order[:3], answer)
    assert 0 <= score <= 100
    assert (score == 100) == (list(dict.fromkeys(answer))[:3] == order[:3])


def test_a_truth_that_is_no_ranking_is_refused() -> None:
    with pytest.raises(ValueError, match="three distinct"):
        score_ranking(["fear", "fear", "joy"], [])


def test_anchors_and_sizes_are_those_of_the_paper() -> None:
    assert [tuple(PUBLISHED_CENTROIDS[name]) for name in ("joy", "surprise", "anger")] == [
        (0.6605, 0.5017, 0.6320),
        (0.5069, 0.5077, 0.5326),
        (0.2160, 0.6575, 0.5032),
    ]
    assert [tuple(PUBLISHED_CENTROIDS[name]) for name in ("disgust", "sadness", "fear")] == [
        (0.3651, 0.4591, 0.5024),
        (0.2098, 0.3250, 0.3707),
        (0.4093, 0.7010, 0.4415),
    ]
    assert tuple(PUBLISHED_CENTROIDS["neutral"]) == (0.5283, 0.3603, 0.6027)
    sizes = (len(EKMAN_7), len(EMOTIC_26), len(PLUTCHIK_24), len(LABEL_SPACES["affection9"]))
    assert sizes == (7, 26, 24, 9)
