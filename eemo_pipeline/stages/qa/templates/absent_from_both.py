"""Which emotion is among the main ones of neither image? Every wrong option is in at least one."""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.column_draws import pick
from eemo_pipeline.stages.qa.emotion_questions import is_ranked
from eemo_pipeline.stages.qa.facts import RANKS, Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    named = {emotion: is_ranked(emotion, "_1") | is_ranked(emotion, "_2") for emotion in EKMAN_7}
    absent = {emotion: ~is_named for emotion, is_named in named.items()}
    right = pick(facts.paired("rank_1", *RANKS), absent, 1, purpose, "right")
    return pick(right.rename({"pick_1": "correct"}), named, 3, purpose, "wrong").select(
        "first",
        "second",
        "base",
        "split",
        "correct",
        *(pl.col(f"pick_{number}").alias(f"wrong_{number}") for number in (1, 2, 3)),
    )


TEMPLATE = QaTemplate(
    name="absent_from_both",
    category="pair_perception",
    question_type="what_how",
    claim="absent_from_both",
    needs=("rank_1",),
    pairs="rank_1",
    sentences=(
        "Which emotion is missing from the three main ones of both pictures?",
        "Which of these would viewers leave out at the first picture as well as at the second, "
        "counting the three main emotions of each?",
        "Three of these are main emotions of at least one of the pictures. Which one is not?",
    ),
    ask=_ask,
    cell=("correct",),
    proof=("ranking",),
)
