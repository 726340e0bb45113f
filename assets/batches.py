"""Stage batches: questions of annotation, sent in batches of providers at half the price.

Submission and collection are assets with jobs of their own: `build_dataset` runs neither.
"""

import dagster as dg
import polars as pl

from assets._results import count_collected, count_rows, count_submitted
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.annotator import ROLE
from eemo_pipeline.stages.annotation.batch_requests import submit_annotations
from eemo_pipeline.stages.annotation.reply_schema import read_annotation
from eemo_pipeline.stages.batches import list_batches
from eemo_pipeline.vlm.batch.collection import collect
from eemo_pipeline.vlm.session import Session
from resources.providers.batches import Batches
from resources.roles.annotators import Annotators

_READERS = {ROLE: read_annotation}


@dg.asset(pool="batches")
def batches__submissions(
    dedup__images: pl.DataFrame,
    annotators: dg.ResourceParam[Annotators],
    batches: dg.ResourceParam[Batches],
    data_root: dg.ResourceParam[DataRoot],
) -> dg.MaterializeResult:
    """Sends the questions of annotation that have no answer and wait in no batch to the providers.

    It costs what `bound_usd` says at most, at the batch price; the bill comes with the results.
    """
    submission = submit_annotations(
        dedup__images,
        annotators.members,
        data_root.sources,
        batches.find_interface,
        batches.policy,
    )
    return dg.MaterializeResult(metadata=count_submitted(submission))


@dg.asset(pool="batches", deps=[batches__submissions])
def batches__collections(
    batches: dg.ResourceParam[Batches], session: dg.ResourceParam[Session]
) -> dg.MaterializeResult:
    """Stores the results of every batch that is over; the answers are as if asked one by one."""
    before = session.ledger.spent()
    collection = collect(
        batches.find_interface,
        _READERS,
        ledger=session.ledger,
        prices=session.prices,
        folder=batches.policy.folder,
    )
    spent = session.ledger.spent().since(before)
    return dg.MaterializeResult(metadata=count_collected(collection, spent))


@dg.asset(deps=[batches__submissions, batches__collections])
def batches__jobs(ledger: dg.ResourceParam[Ledger]) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per batch of a provider: its state, the outcomes of its rows, its cost."""
    jobs = list_batches(ledger)
    return count_rows(jobs, jobs.height)
