"""Stage assess: ranking, V-A-D scoring and dominant-emotion items, balanced."""

from collections.abc import Iterator

import dagster as dg
import polars as pl
from pydantic import Field

from assets._tables import outs
from eemo_pipeline.aggregation.kept_images import move_to_kept
from eemo_pipeline.rendering.plots import draw_balance
from eemo_pipeline.stages.assess import Choices, build_assess


class AssessConfig(dg.Config):
    """Settings of the stage."""

    seed: str = Field(default="eemodb", description="Draws the items of a class or bin")
    bins: int = Field(default=10, ge=2, le=100, description="Equal parts of a 0-1 score")
    class_cap: float = Field(default=3.0, ge=1, description="Multiple of the median class")
    bin_cap: float = Field(default=1.0, gt=0, description="Multiple of the median bin of scores")
    ranking_sources: list[str] = Field(
        default_factory=list, description="Sources whose rankings are taken; none named means all"
    )


@dg.multi_asset(outs=outs("assess__items", "_assess__candidates", "assess__balance"))
def assess(
    config: AssessConfig,
    dedup__images: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__vad: pl.DataFrame,
    labels__rankings: pl.DataFrame,
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Select the images of each task: small classes and bins in full, large ones up to a cap."""
    assessed = build_assess(
        dedup__images,
        move_to_kept(ingest__annotations, dedup__clusters),
        labels__emotions,
        labels__vad,
        labels__rankings,
        Choices(config.seed, config.bins, config.class_cap, config.bin_cap, config.ranking_sources),
    )
    rows_in = {"rows_in": dedup__images.height}
    plots = {
        name: dg.MetadataValue.md(draw_balance(part, f"{name}: before (grey) and after (blue)"))
        for (name,), part in assessed.balance.group_by("balanced_over", maintain_order=True)
    }
    yield dg.Output(assessed.items, "assess__items", metadata=rows_in)
    yield dg.Output(assessed.candidates, "_assess__candidates", metadata=rows_in)
    yield dg.Output(assessed.balance, "assess__balance", metadata=plots)
