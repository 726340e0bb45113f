"""Stage grounding: where in the picture the subject is, as boxes and masks."""

import dagster as dg
import polars as pl

from eemo_pipeline.data_root import DataRoot
from eemo_pipeline.grounding import ground
from eemo_pipeline.ledger import Ledger
from eemo_pipeline.workers import Workers
from resources.results import count_answers


@dg.asset(pool="pixels")
def grounding__regions(
    dedup__images: pl.DataFrame,
    ledger: dg.ResourceParam[Ledger],
    workers: dg.ResourceParam[Workers],
    data_root: dg.ResourceParam[DataRoot],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept picture and region that carries its subject; region 0 says why none."""
    return count_answers(
        ground(dedup__images, ledger, workers, data_root.sources), dedup__images.height
    )
