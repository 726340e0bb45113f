"""Which emotion is dominant? Three options.

A wrong option is an emotion that people also reported, or one that nobody did. Shares of questions
without, with one and with two reported wrong options are 55, 234 and 49 of 338 in EEmo-Bench; here
the first and the last are allowed their share, and in the others either kind may come.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.column_draws import unit
from eemo_pipeline.stages.qa.emotion_questions import MAY, is_reported
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate

_NONE_REPORTED = 55 / 338
_BOTH_REPORTED = 49 / 338
_WRONG = 2


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    place = unit(pl.col("base"), purpose, "mixture")
    rows = facts.having("dominant_emotion")
    other = {emotion: pl.col("dominant_emotion") != emotion for emotion in EKMAN_7}
    of_kind = {True: {}, False: {}}
    for kind, fits in of_kind.items():
        fits.update({name: other[name] & (is_reported(name) == kind) for name in EKMAN_7})
    enough = {kind: pl.sum_horizontal(*fits.values()) >= _WRONG for kind, fits in of_kind.items()}
    only_unreported = (place < _NONE_REPORTED) & enough[False]
    only_reported = (place >= 1 - _BOTH_REPORTED) & enough[True]
    return rows.select(
        pl.col("row").alias("first"),
        *("base", "split"),
        pl.col("dominant_emotion").alias("correct"),
        *(
            pl.when(only_unreported)
            .then(of_kind[False][name])
            .when(only_reported)
            .then(of_kind[True][name])
            .otherwise(other[name])
            .alias(f"{MAY}{name}")
            for name in EKMAN_7
        ),
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
        "Which emotion do viewers of this picture report most often?",
        "Of these emotions, which one is the main response to this picture?",
        "What do viewers of this picture feel above all?",
    ),
    depicted=(
        "Which emotion do the people in this picture seem to feel most strongly?",
        "What do the people shown here seem to feel above all?",
        "Which of these is the main emotion of the people in this picture, as it seems?",
    ),
    ask=_ask,
    cell=("correct",),
    drawn=2,
    proof=("dominant_emotion",),
)
