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


_CHOICE = "anger, disgust, fear, joy, neutral, sadness and surprise"

TEMPLATE = QaTemplate(
    name="rank_three",
    category="ranking",
    question_type="open",
    claim="ranking",
    needs=("rank_1",),
    sentences=(
        "Name the three main emotions that this picture evokes, from the strongest to the "
        f"weakest. Choose from {_CHOICE}, separated by commas.",
        "Which three emotions does this picture evoke most? Order them from the strongest to the "
        f"weakest, separated by commas; choose from {_CHOICE}.",
        "Rank the three emotions that viewers of this picture feel most, the strongest first, "
        f"separated by commas. The choice is {_CHOICE}.",
        f"Of {_CHOICE}, name the three that lead at this picture, in descending order and "
        "separated by commas.",
        "Give the top three emotions of this picture in descending order, separated by commas. "
        f"Choose from {_CHOICE}.",
        "What do viewers of this picture feel first, second and third most? Choose from "
        f"{_CHOICE}, and separate them by commas.",
    ),
    depicted=(
        "Name the three main emotions that the people in this picture seem to feel, from the "
        f"strongest to the weakest. Choose from {_CHOICE}, separated by commas.",
        "Rank the three emotions that the people shown here seem to feel most, the strongest "
        f"first, separated by commas. The choice is {_CHOICE}.",
        f"Of {_CHOICE}, name the three that lead in the people in this picture, in descending "
        "order and separated by commas.",
    ),
    ask=_ask,
    cell=("rank_1",),
    proof=("ranking",),
)
