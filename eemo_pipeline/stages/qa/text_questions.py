"""Questions that a written text answers.

Selects the images and pairs with such a text. The texts are written by the stage `texts/`.
"""

import polars as pl

from eemo_pipeline.stages.qa.column_draws import mix
from eemo_pipeline.stages.qa.facts import Facts


def ask_text(name: str, facts: Facts, _purpose: str) -> pl.DataFrame:
    """Return every image with `has_<name>`."""
    return facts.having(f"has_{name}").select(pl.col("row").alias("first"), "base", "split")


def ask_comparison(aspect: str, facts: Facts, _purpose: str) -> pl.DataFrame:
    """Return every pair of images that was compared in that aspect."""
    compared = facts.comparisons.filter(pl.col("aspect") == aspect).select("first", "second")
    bits = facts.pictures["base"]
    return compared.with_columns(
        bits[compared["first"]].alias("a"),
        bits[compared["second"]].alias("b"),
        facts.pictures["split"][compared["first"]],
    ).select(
        "first",
        "second",
        mix(mix(pl.col("a"), "pair") ^ pl.col("b"), "pair").alias("base"),
        "split",
    )
