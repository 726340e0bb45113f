"""Stage exports: the published files, in the formats that trainers read."""

import dagster as dg
import polars as pl

from eemo_pipeline.data_root import DataRoot
from eemo_pipeline.exports import publish
from resources.results import count_rows


@dg.asset
def exports__files(
    qa__items: pl.DataFrame,
    assess__items: pl.DataFrame,
    dedup__images: pl.DataFrame,
    data_root: dg.ResourceParam[DataRoot],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per published file."""
    files = publish(qa__items, assess__items, dedup__images, data_root.exports)
    return count_rows(files, qa__items.height + assess__items.height)
