"""Is the named emotion among the three main ones? Yes or no."""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.column_draws import ask_evenly
from eemo_pipeline.stages.qa.emotion_questions import is_ranked
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    answers = {emotion: is_ranked(emotion) for emotion in EKMAN_7}
    return ask_evenly(facts.having("rank_1"), answers, purpose).select(
        pl.col("row").alias("first"),
        *("base", "split", "asked"),
        pl.col("answered").alias("is_yes"),
    )


TEMPLATE = QaTemplate(
    name="emotion_among_top3",
    category="perception",
    question_type="yes_no",
    claim="in_top3",
    needs=("rank_1",),
    sentences=(
        "Is {} among the three main emotions that this picture evokes?",
        "Does {} belong to the three emotions that viewers of this picture feel most?",
        "Is {} one of the three strongest emotions at this picture?",
        "Do viewers count {} among their three main responses to this picture?",
        "Does {} have a place among the top three emotions of this picture?",
        "Of the emotions that this picture evokes, is {} one of the first three?",
    ),
    depicted=(
        "Is {} among the three main emotions that the people in this picture seem to feel?",
        "Does {} belong to the three emotions that the people shown here seem to feel most?",
        "Is {} one of the three strongest emotions of the people in this picture, as it seems?",
    ),
    ask=_ask,
    fills=("asked",),
    cell=("asked",),
    proof=("ranking",),
)
