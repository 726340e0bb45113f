"""Is the named emotion the dominant one? Yes or no.

If the answer is no, two in three questions name another emotion that people reported, and the
others one that nobody did, as in EEmo-Bench.
"""

import polars as pl

from eemo_pipeline.stages.qa.column_draws import unit
from eemo_pipeline.stages.qa.emotion_questions import with_rivals
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate

_REPORTED_SHARE = 2 / 3


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    base = pl.col("base")
    reported, unreported = pl.col("reported_1"), pl.col("unreported_1")
    rival = (
        pl.when(unit(base, purpose, "rival") < _REPORTED_SHARE)
        .then(pl.coalesce(reported, unreported))
        .otherwise(pl.coalesce(unreported, reported))
    )
    return (
        with_rivals(facts.having("dominant_emotion"), purpose)
        .with_columns(is_yes=unit(base, purpose, "truth") < 0.5)
        .select(
            pl.col("row").alias("first"),
            "base",
            "split",
            "is_yes",
            pl.when("is_yes").then("dominant_emotion").otherwise(rival).alias("asked"),
        )
    )


TEMPLATE = QaTemplate(
    name="dominant_emotion",
    category="perception",
    question_type="yes_no",
    claim="is_dominant",
    needs=("dominant_emotion",),
    sentences=(
        "Is {} the dominant emotion that this picture evokes?",
        "Do viewers of this picture feel {} more than any other emotion?",
        "Is the emotion that this picture evokes most strongly {}?",
    ),
    ask=_ask,
    fills=("asked",),
    cell=("asked",),
    proof=("dominant_emotion",),
)
