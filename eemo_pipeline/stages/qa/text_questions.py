"""Questions that a written text answers.

Belongs here: the pictures and pairs that a text exists for. Does not belong here: the text, which
stage texts writes.
"""

import polars as pl

from eemo_pipeline.stages.qa.column_draws import mix
from eemo_pipeline.stages.qa.facts import Facts


def ask_text(name: str, facts: Facts, _purpose: str) -> pl.DataFrame:
    """Every picture with a text of that name in `Facts.texts`."""
    return facts.having(f"has_{name}").select(pl.col("row").alias("first"), "base", "split")


def ask_comparison(aspect: str, facts: Facts, _purpose: str) -> pl.DataFrame:
    """Every two pictures that were compared in that aspect."""
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
