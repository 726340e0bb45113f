"""Stage grounding: where in the image the subject is, as boxes and masks."""

import dagster as dg
import polars as pl

from assets._results import count_answers
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.grounder import Grounder
from eemo_pipeline.stages.grounding import ground


@dg.asset(pool="pixels")
def grounding__regions(
    dedup__images: pl.DataFrame,
    verification__decisions: pl.DataFrame,
    grounder: dg.ResourceParam[Grounder],
    ledger: dg.ResourceParam[Ledger],
    data_root: dg.ResourceParam[DataRoot],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept image and region that carries its subject; region 0 says why none."""
    regions = ground(dedup__images, verification__decisions, grounder, ledger, data_root.sources)
    return count_answers(regions, dedup__images.height)
