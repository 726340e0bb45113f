"""Which emotion is among the three main ones? The two wrong options are not."""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.emotion_questions import MAY, is_ranked, with_options
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    inside = {emotion: is_ranked(emotion) for emotion in EKMAN_7}
    outside = {emotion: ~fits for emotion, fits in inside.items()}
    return with_options(facts.having("rank_1"), inside, outside, purpose).select(
        pl.col("row").alias("first"), "base", "split", "correct", pl.col(f"^{MAY}.*$")
    )


TEMPLATE = QaTemplate(
    name="present_emotion",
    category="perception",
    question_type="what_how",
    claim="present",
    needs=("rank_1",),
    sentences=(
        "Which of these emotions is among the three main ones that this picture evokes?",
        "Only one of these belongs to the three strongest emotions at this picture. Which one?",
        "Which emotion do viewers count among their three main responses to this picture?",
        "Which of these is one of the three emotions that viewers of this picture feel most?",
        "Two of these are not among the three main emotions of this picture. Which one is?",
        "Which of these emotions has a place among the top three of this picture?",
    ),
    depicted=(
        "Which of these is among the three main emotions that the people in this picture "
        "seem to feel?",
        "Only one of these belongs to the three strongest emotions of the people shown "
        "here. Which one?",
        "Which of these emotions do the people in this picture seem to feel, counting "
        "the three main ones?",
    ),
    ask=_ask,
    cell=("correct",),
    drawn=2,
    proof=("ranking",),
)
