"""Is the named emotion the dominant one? Yes or no.

If the answer is no, two in three questions name another emotion that people reported, and the
others one that nobody did, as in EEmo-Bench.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.column_draws import ask_evenly, unit
from eemo_pipeline.stages.qa.emotion_questions import is_reported
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate

_REPORTED_SHARE = 2 / 3


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    wants_reported = unit(pl.col("base"), purpose, "rival") < _REPORTED_SHARE
    answers = {}
    for emotion in EKMAN_7:
        is_dominant = pl.col("dominant_emotion") == emotion
        fits = is_dominant | (is_reported(emotion) == wants_reported)
        answers[emotion] = pl.when(fits).then(is_dominant)
    return ask_evenly(facts.having("dominant_emotion"), answers, purpose).select(
        pl.col("row").alias("first"),
        *("base", "split", "asked"),
        pl.col("answered").alias("is_yes"),
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
        "Does {} lead among the emotions that viewers report for this picture?",
        "Is {} the emotion that viewers of this picture report most often?",
        "Is the strongest response to this picture {}?",
    ),
    depicted=(
        "Is {} the main emotion that the people in this picture seem to feel?",
        "Do the people shown here seem to feel {} above all?",
        "Is what the people in this picture seem to feel most strongly {}?",
    ),
    ask=_ask,
    fills=("asked",),
    cell=("asked",),
    proof=("dominant_emotion",),
)
