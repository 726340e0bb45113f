"""How what is visible leads to the emotions that people reported."""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.items import open_items, proof, single, wording
from eemo_pipeline.qa.templates import QaTemplate

_NAME = "explain_emotion"
_SENTENCES = (
    "Which elements of this picture lead to the emotions it evokes, and why?",
    "Explain how this picture comes to evoke what its viewers feel.",
    "Why do viewers of this picture respond with these emotions and not with others?",
)


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    explained = facts.pictures.drop_nulls("reasoning")
    return open_items(
        single(explained).with_columns(
            wording(_SENTENCES, [], seed, _NAME),
            proof(*(f"mass_{emotion}" for emotion in EKMAN_7)),
            pl.col("reasoning").alias("answer"),
        )
    )


TEMPLATE = QaTemplate(_NAME, "description", "open", _build)
