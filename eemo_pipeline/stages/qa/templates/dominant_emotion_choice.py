"""Which emotion is dominant? Three options.

Usually one wrong option is an emotion that people also reported and the other one that nobody did.
The shares are those of EEmo-Bench (none, one or both in 55, 234 and 49 of 338 questions).
"""

import polars as pl

from eemo_pipeline.stages.qa.column_draws import unit
from eemo_pipeline.stages.qa.emotion_questions import with_rivals
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate

_NONE_REPORTED = 55 / 338
_BOTH_REPORTED = 49 / 338


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    base = pl.col("base")
    place = unit(base, purpose, "mixture")
    reported, unreported = ("reported_1", "reported_2"), ("unreported_1", "unreported_2")
    # The preferred emotions first; missing ones are filled from the other kind.
    wanted = [
        pl.when(place < _NONE_REPORTED)
        .then(none_first)
        .when(place < _NONE_REPORTED + _BOTH_REPORTED)
        .then(both_first)
        .otherwise(mixed)
        for none_first, both_first, mixed in zip(
            (*unreported, *reported),
            (*reported, *unreported),
            (reported[0], unreported[0], reported[1], unreported[1]),
            strict=True,
        )
    ]
    swapped = unit(base, purpose, "swap") < 0.5
    one, two = pl.col("one"), pl.col("two")
    return (
        with_rivals(facts.having("dominant_emotion"), purpose)
        .with_columns(one=pl.coalesce(wanted))
        .with_columns(two=pl.coalesce(pl.when(name != one).then(name) for name in wanted))
        .select(
            pl.col("row").alias("first"),
            "base",
            "split",
            pl.col("dominant_emotion").alias("correct"),
            pl.when(swapped).then(two).otherwise(one).alias("wrong_1"),
            pl.when(swapped).then(one).otherwise(two).alias("wrong_2"),
        )
    )


TEMPLATE = QaTemplate(
    name="dominant_emotion_choice",
    category="perception",
    question_type="what_how",
    claim="dominant",
    needs=("dominant_emotion",),
    sentences=(
        "Which emotion does this picture evoke most strongly?",
        "What is the dominant emotion that viewers feel at this picture?",
        "Which of these emotions leads in the response to this picture?",
    ),
    ask=_ask,
    cell=("correct",),
    proof=("dominant_emotion",),
)
