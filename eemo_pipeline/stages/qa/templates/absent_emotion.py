"""Which emotion is not among the three main ones? The two wrong options are."""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.emotion_questions import MAY, is_ranked, with_options
from eemo_pipeline.stages.qa.facts import Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    inside = {emotion: is_ranked(emotion) for emotion in EKMAN_7}
    outside = {emotion: ~fits for emotion, fits in inside.items()}
    return with_options(facts.having("rank_1"), outside, inside, purpose).select(
        pl.col("row").alias("first"), "base", "split", "correct", pl.col(f"^{MAY}.*$")
    )


TEMPLATE = QaTemplate(
    name="absent_emotion",
    category="perception",
    question_type="what_how",
    claim="absent",
    needs=("rank_1",),
    sentences=(
        "Which of these emotions is not among the three main ones that this picture evokes?",
        "Two of these belong to the three strongest emotions at this picture. Which one does not?",
        "Which emotion do viewers leave out of their three main responses to this picture?",
        "Which of these is none of the three emotions that viewers of this picture feel most?",
        "All but one of these are main emotions of this picture. Which one is not?",
        "Which of these emotions has no place among the top three of this picture?",
    ),
    depicted=(
        "Which of these is not among the three main emotions that the people in this "
        "picture seem to feel?",
        "Two of these belong to the three strongest emotions of the people shown here. "
        "Which one does not?",
        "All but one of these are main emotions of the people in this picture. Which one is not?",
    ),
    ask=_ask,
    cell=("correct",),
    drawn=2,
    proof=("ranking",),
)
