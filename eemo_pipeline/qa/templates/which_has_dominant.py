"""In which of two pictures is the named emotion dominant: first, second, both or neither?"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.qa.draws import pick, unit
from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.items import choice_items, proof, wording
from eemo_pipeline.qa.levels import FIRST, SECOND
from eemo_pipeline.qa.templates import QaTemplate

_NAME = "which_has_dominant"
_SENTENCES = (
    "In which picture is {} the dominant emotion?",
    "At which of the two pictures do viewers feel {} more than any other emotion?",
    "Which picture evokes {} most strongly among its emotions?",
)
_BOTH, _NEITHER = "Both pictures", "Neither picture"
_NEITHER_SHARE = 0.2


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    first, second = pl.col("dominant_emotion_1"), pl.col("dominant_emotion_2")
    place = unit(pl.col("base"), seed, _NAME, "asked")
    other = {emotion: (first != emotion) & (second != emotion) for emotion in EKMAN_7}
    pairs = pick(
        facts.paired("dominant", ["dominant_emotion"]), other, 1, seed, _NAME, "neither"
    ).rename({"pick_1": "absent"})
    asked = (
        pl.when(place < _NEITHER_SHARE)
        .then("absent")
        .when(place < (1 + _NEITHER_SHARE) / 2)
        .then(first)
        .otherwise(second)
    )
    in_first, in_second = first == pl.col("asked"), second == pl.col("asked")
    correct = (
        pl.when(in_first & in_second)
        .then(pl.lit(_BOTH))
        .when(in_first)
        .then(pl.lit(FIRST))
        .when(in_second)
        .then(pl.lit(SECOND))
        .otherwise(pl.lit(_NEITHER))
    )
    answered = pairs.with_columns(asked=asked).with_columns(correct=correct)
    wrong = {answer: pl.col("correct") != answer for answer in (FIRST, SECOND, _BOTH, _NEITHER)}
    return choice_items(
        pick(answered, wrong, 3, seed, _NAME, "order").with_columns(
            wording(_SENTENCES, ["asked"], seed, _NAME),
            proof("dominant_emotion_1", "dominant_emotion_2", "asked"),
        ),
        ["pick_1", "pick_2", "pick_3"],
        seed,
        _NAME,
    )


TEMPLATE = QaTemplate(_NAME, "pair_perception", "what_how", _build)
