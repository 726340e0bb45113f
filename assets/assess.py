"""Stage assess: ranking, V-A-D scoring and dominant-emotion items, balanced."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from eemo_pipeline.assess import build_assess

_OUTS = {
    "assess__items": dg.AssetOut(
        dagster_type=pl.DataFrame, description="One row per instruction of EEmoDB-Assess."
    ),
    "_assess__candidates": dg.AssetOut(
        dagster_type=pl.DataFrame,
        description="One row per kept picture and task: whether it became an item, or why not.",
    ),
}


class AssessConfig(dg.Config):
    """Settings of the stage."""

    seed: str = "eemodb"


@dg.multi_asset(outs=_OUTS)
def assess(
    config: AssessConfig,
    dedup__images: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__vad: pl.DataFrame,
    labels__rankings: pl.DataFrame,
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Select the pictures of each task; minorities are kept whole, majorities capped."""
    items, candidates = build_assess(
        dedup__images, labels__emotions, labels__vad, labels__rankings, config.seed
    )
    rows_in = {"rows_in": dedup__images.height}
    yield dg.Output(items, "assess__items", metadata=rows_in)
    yield dg.Output(candidates, "_assess__candidates", metadata=rows_in)
