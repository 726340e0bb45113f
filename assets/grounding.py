"""Stage grounding: where in the picture the subject is, as boxes and masks."""

import dagster as dg
import polars as pl

from assets._results import count_answers
from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.stages.grounding import ground


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
