"""Is the named emotion the dominant one? Yes or no.

Where the answer is no, the named emotion is in two of three cases another one that people
reported, and else one that nobody did (EEmo-Bench does the same).
"""

import polars as pl

from eemo_pipeline.qa.draws import balance, unit
from eemo_pipeline.qa.emotions import with_rivals
from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.items import proof, single, wording, yes_no_items
from eemo_pipeline.qa.templates import QaTemplate

_NAME = "dominant_emotion"
_SENTENCES = (
    "Is {} the dominant emotion that this picture evokes?",
    "Do viewers of this picture feel {} more than any other emotion?",
    "Is the emotion that this picture evokes most strongly {}?",
)
_REPORTED_SHARE = 2 / 3


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    base = pl.col("base")
    rivals = with_rivals(facts.pictures.drop_nulls("dominant_emotion"), seed, _NAME)
    reported, unreported = pl.col("reported_1"), pl.col("unreported_1")
    rival = (
        pl.when(unit(base, seed, _NAME, "rival") < _REPORTED_SHARE)
        .then(pl.coalesce(reported, unreported))
        .otherwise(pl.coalesce(unreported, reported))
    )
    asked = rivals.with_columns(is_yes=unit(base, seed, _NAME, "truth") < 0.5).with_columns(
        pl.when("is_yes").then("dominant_emotion").otherwise(rival).alias("asked")
    )
    balanced = balance(asked, ["asked"], seed, _NAME, "balance")
    return yes_no_items(
        single(balanced).with_columns(
            wording(_SENTENCES, ["asked"], seed, _NAME), proof("dominant_emotion", "asked")
        ),
        seed,
        _NAME,
    )


TEMPLATE = QaTemplate(_NAME, "perception", "yes_no", _build)
