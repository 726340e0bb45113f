"""Stage verification: a verifier fitted on people's labels judges every kept picture."""

import dagster as dg
import polars as pl

from eemo_pipeline.data_root import DataRoot
from eemo_pipeline.decisions import decide
from eemo_pipeline.ledger import Ledger
from eemo_pipeline.verification import extract, verify
from eemo_pipeline.workers import Workers
from resources.results import count_answers, count_rows


@dg.asset(pool="pixels")
def _verification__features(
    dedup__images: pl.DataFrame,
    ledger: dg.ResourceParam[Ledger],
    workers: dg.ResourceParam[Workers],
    data_root: dg.ResourceParam[DataRoot],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept picture: the vector of pixel features that the probe reads."""
    return count_answers(
        extract(dedup__images, ledger, workers, data_root.sources), dedup__images.height
    )


@dg.asset
def verification__replies(
    dedup__images: pl.DataFrame,
    _verification__features: pl.DataFrame,
    labels__emotions: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept picture and verifier: its judgement, or why it abstains."""
    return count_rows(
        verify(dedup__images, _verification__features, labels__emotions), dedup__images.height
    )


@dg.asset
def verification__decisions(
    annotation__replies: pl.DataFrame, verification__replies: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept picture: what the annotators and the verifier agree on."""
    return count_rows(
        decide(annotation__replies, verification__replies), verification__replies.height
    )
