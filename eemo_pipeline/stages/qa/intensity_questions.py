"""The draw of two emotions whose order in one or two rankings is known."""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.column_draws import choose, pick
from eemo_pipeline.stages.qa.facts import RANKS


def with_two_emotions(rows: pl.DataFrame, purpose: str, side: str = "") -> pl.DataFrame:
    """Add `asked`, an emotion of the ranking, and `other`, any other emotion.

    Since `asked` is ranked, one of the two is stronger. `side` is "_1" or "_2" for the ranking of
    one image of a pair.
    """
    ranked = [pl.col(f"{rank}{side}") for rank in RANKS]
    drawn = rows.with_columns(choose(ranked, pl.col("base"), purpose, "asked").alias("asked"))
    others = {emotion: pl.col("asked") != emotion for emotion in EKMAN_7}
    return pick(drawn, others, 1, purpose, "other").rename({"pick_1": "other"})
