"""Which emotion is among the three main ones of both images? No wrong option is."""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.column_draws import pick
from eemo_pipeline.stages.qa.emotion_questions import is_ranked
from eemo_pipeline.stages.qa.facts import RANKS, Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    shared = {emotion: is_ranked(emotion, "_1") & is_ranked(emotion, "_2") for emotion in EKMAN_7}
    right = pick(facts.paired("rank_1", *RANKS), shared, 1, purpose, "right")
    wrong = {emotion: ~is_shared for emotion, is_shared in shared.items()}
    return pick(right.rename({"pick_1": "correct"}), wrong, 3, purpose, "wrong").select(
        "first",
        "second",
        "base",
        "split",
        "correct",
        *(pl.col(f"pick_{number}").alias(f"wrong_{number}") for number in (1, 2, 3)),
    )


TEMPLATE = QaTemplate(
    name="common_emotion",
    category="pair_perception",
    question_type="what_how",
    claim="common",
    needs=("rank_1",),
    pairs="rank_1",
    sentences=(
        "Which emotion is among the three main ones of both pictures?",
        "What main emotion do the two pictures have in common?",
        "Which of these emotions do viewers feel at the first picture as well as at the second, "
        "counting only the three main ones of each?",
    ),
    ask=_ask,
    cell=("correct",),
    proof=("ranking",),
)
