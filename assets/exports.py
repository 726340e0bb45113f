"""Stage exports: the published files, in the formats that trainers read."""

from collections.abc import Iterator

import dagster as dg
import polars as pl
from pydantic import Field

from assets._tables import outs
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.stages.exports.formats import Tables
from eemo_pipeline.stages.exports.publish import publish


class ExportsConfig(dg.Config):
    """Settings of the stage."""

    formats: list[str] = Field(
        default_factory=list, description="Formats to write; none named means all"
    )


@dg.multi_asset(outs=outs("exports__files", "_exports__violations"))
def exports(
    config: ExportsConfig,
    qa__items: pl.DataFrame,
    assess__items: pl.DataFrame,
    dedup__images: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__vad: pl.DataFrame,
    texts__descriptions: pl.DataFrame,
    texts__reasonings: pl.DataFrame,
    labels__rankings: pl.DataFrame,
    records__emoverse: pl.DataFrame,
    records__regions: pl.DataFrame,
    data_root: dg.ResourceParam[DataRoot],
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Write every format and read it back by its consumer's rules."""
    tables = Tables(
        qa__items,
        assess__items,
        dedup__images,
        labels__emotions,
        labels__vad,
        texts__descriptions,
        texts__reasonings,
        labels__rankings,
        records__emoverse,
        records__regions,
    )
    published = publish(tables, data_root.exports, data_root.path, config.formats)
    rows_in = {"rows_in": qa__items.height + assess__items.height}
    yield dg.Output(published.files, "exports__files", metadata=rows_in)
    yield dg.Output(published.violations, "_exports__violations", metadata=rows_in)
