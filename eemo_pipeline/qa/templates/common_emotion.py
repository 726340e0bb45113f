"""Which emotion is among the three main ones of both pictures? No wrong option is."""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.qa.draws import pick
from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.items import choice_items, proof, wording
from eemo_pipeline.qa.templates import QaTemplate

_NAME = "common_emotion"
_SENTENCES = (
    "Which emotion is among the three main ones of both pictures?",
    "What main emotion do the two pictures have in common?",
    "Which of these emotions do viewers feel at the first picture as well as at the second, "
    "counting only the three main ones of each?",
)


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    shared = {
        emotion: pl.col("ranking_1").list.contains(emotion)
        & pl.col("ranking_2").list.contains(emotion)
        for emotion in EKMAN_7
    }
    pairs = pick(facts.paired("ranking", ["ranking"]), shared, 1, seed, _NAME, "right")
    wrong = {emotion: ~condition for emotion, condition in shared.items()}
    return choice_items(
        pick(pairs.rename({"pick_1": "correct"}), wrong, 3, seed, _NAME, "wrong").with_columns(
            wording(_SENTENCES, [], seed, _NAME), proof("ranking_1", "ranking_2")
        ),
        ["pick_1", "pick_2", "pick_3"],
        seed,
        _NAME,
    )


TEMPLATE = QaTemplate(_NAME, "pair_perception", "what_how", _build)
