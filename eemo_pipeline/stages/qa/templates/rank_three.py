"""The three main emotions, from the strongest to the weakest."""

import polars as pl

from eemo_pipeline.stages.qa.facts import RANKS, Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, _purpose: str) -> pl.DataFrame:
    return facts.having("rank_1").select(
        pl.col("row").alias("first"),
        "base",
        "split",
        "rank_1",
        pl.concat_str(*RANKS, separator=", ").alias("answer"),
    )


TEMPLATE = QaTemplate(
    name="rank_three",
    category="ranking",
    question_type="open",
    claim="ranking",
    needs=("rank_1",),
    sentences=(
        "Name the three main emotions that this picture evokes, from the strongest to the "
        "weakest. Choose from anger, disgust, fear, joy, neutral, sadness and surprise, "
        "separated by commas.",
    ),
    ask=_ask,
    cell=("rank_1",),
    proof=("ranking",),
)
