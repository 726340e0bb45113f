"""Rankings, labels and values: the published examples, both readings, and what chance gets."""

from itertools import permutations

import pytest

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.evaluation.answer_parsing import Parsed
from eemo_pipeline.stages.evaluation.assess_answers import count_selections, guess, mark, read
from eemo_pipeline.stages.evaluation.benchmarks import Item

RANKING = Item(
    "1", "ranking", "ranking", "?", "fear, disgust, neutral", options={e: e for e in EKMAN_7}
)
LABEL = Item("2", "dominant_emotion", "", "?", "joy", options={"joy": "joy", "sadness": "Sad"})
SCORE = Item("3", "valence", "", "?", "0.6")


@pytest.mark.parametrize(
    ("answer", "printed"),
    [
        ("fear, surprise, neutral", 68.33),
        ("fear, surprise, sadness", 25),
        ("fear, sadness, neutral", 68.33),
        ("fear, disgust, neutral", 100),
    ],
)
def test_rankings_have_the_published_scores(answer: str, printed: float) -> None:
    assert round(100 * mark(RANKING, answer), 2) == printed


def test_chance_over_all_selections_is_the_published_row() -> None:
    places = count_selections(7)
    texts = [guess(RANKING, (place + 0.5) / places) for place in range(places)]
    every = {
        f"Emotion ranking: {', '.join(chosen)}"
        for size in (1, 2, 3)
        for chosen in permutations(EKMAN_7, size)
    }
    assert places == 259
    assert set(texts) == every
    marks = [mark(RANKING, str(read(RANKING, text).tolerant)) for text in texts]
    assert round(100 * sum(marks) / places, 2) == 25.48


@pytest.mark.parametrize(
    ("item", "reply", "tolerant", "strict"),
    [
        (RANKING, "Emotion ranking: fear, joy, anger", *["fear, joy, anger"] * 2),
        (RANKING, "Fear, Joy, Anger", *["fear, joy, anger"] * 2),
        (RANKING, "<answer>Emotion ranking: [fear, shock]</answer>", "fear, surprise", None),
        (RANKING, "I do not know.", None, None),
        (LABEL, "Dominant emotion: joy", "joy", "joy"),
        (LABEL, "Dominant emotion: Sad", "sadness", "sadness"),
        (LABEL, "It is clearly joy, nothing else.", "joy", None),
        (LABEL, "Either joy or sadness.", None, None),
        (LABEL, "Dominant emotion: envy", None, None),
        (SCORE, "Valence: 0.6250", "0.625", "0.625"),
        (SCORE, "0.5", "0.5", "0.5"),
        (SCORE, "Arousal: 0.5", "0.5", None),
        (SCORE, "Valence: 7", "1", None),
        (SCORE, "pleasant", None, None),
    ],
)  # fmt: skip
def test_replies_are_read(item: Item, reply: str, tolerant: str | None, strict: str | None) -> None:
    assert read(item, reply) == Parsed(tolerant, strict)


def test_a_value_is_worth_what_it_comes_near() -> None:
    assert mark(SCORE, "0.5") == pytest.approx(0.9)
