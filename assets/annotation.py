"""Stage annotation: annotators of different families describe every kept image."""

import dagster as dg
import polars as pl

from assets._results import count_answers
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.stages.annotation import annotate
from resources.roles.annotators import Annotators


@dg.asset(pool="pixels")
def annotation__replies(
    dedup__images: pl.DataFrame,
    annotators: dg.ResourceParam[Annotators],
    ledger: dg.ResourceParam[Ledger],
    data_root: dg.ResourceParam[DataRoot],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept image and annotator: the first answer, or the reason there is none."""
    answered = annotate(dedup__images, annotators.members, ledger, data_root.sources)
    return count_answers(answered, dedup__images.height * len(annotators.members))
