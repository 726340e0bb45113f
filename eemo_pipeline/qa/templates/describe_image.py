"""What is visible, without any emotion."""

import polars as pl

from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.items import open_items, proof, single, wording
from eemo_pipeline.qa.templates import QaTemplate

_NAME = "describe_image"
_SENTENCES = (
    "Describe what is visible in this picture, leaving feelings aside.",
    "What can be seen in this picture? Do not interpret it.",
    "Give a short and sober description of this picture.",
)


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    described = facts.pictures.drop_nulls("description")
    return open_items(
        single(described).with_columns(
            wording(_SENTENCES, [], seed, _NAME),
            proof("description"),
            pl.col("description").alias("answer"),
        )
    )


TEMPLATE = QaTemplate(_NAME, "description", "open", _build)
