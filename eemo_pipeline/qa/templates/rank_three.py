"""The three main emotions, from the strongest to the weakest."""

import polars as pl

from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.items import open_items, proof, single, wording
from eemo_pipeline.qa.templates import QaTemplate

_NAME = "rank_three"
_SENTENCES = (
    "Name the three main emotions that this picture evokes, from the strongest to the weakest. "
    "Choose from anger, disgust, fear, joy, neutral, sadness and surprise, separated by commas.",
)


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    ranked = facts.pictures.drop_nulls("ranking")
    return open_items(
        single(ranked).with_columns(
            wording(_SENTENCES, [], seed, _NAME),
            proof("ranking"),
            pl.col("ranking").list.join(", ").alias("answer"),
        )
    )


TEMPLATE = QaTemplate(_NAME, "ranking", "open", _build)
