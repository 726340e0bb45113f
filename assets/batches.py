"""Stage batches: questions of annotation and texts, sent in batches of providers at half the price.

Submission and collection are assets with jobs of their own: `build_dataset` runs neither. Where all
assets are materialised in the pages, nothing is sent, since no stage is named.
"""

from enum import Enum
from functools import partial

import dagster as dg
import polars as pl
from pydantic import Field

from assets._results import count_collected, count_rows, count_submitted
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.annotator import ROLE
from eemo_pipeline.roles.generator import ROLE as GENERATOR
from eemo_pipeline.roles.writer import DESCRIBER
from eemo_pipeline.roles.writer import ROLE as WRITER
from eemo_pipeline.stages.annotation.batch_requests import submit_annotations
from eemo_pipeline.stages.annotation.reply_schema import read_annotation
from eemo_pipeline.stages.batches import list_batches
from eemo_pipeline.stages.expansion.batch_requests import submit_images
from eemo_pipeline.stages.expansion.model_generator import keep_image
from eemo_pipeline.stages.texts.batch_requests import submit_texts
from eemo_pipeline.stages.texts.model_writer import read_text
from eemo_pipeline.vlm.batch.collection import collect
from eemo_pipeline.vlm.batch.several_stages import submit_each
from eemo_pipeline.vlm.session import Session
from resources.providers.batches import Batches
from resources.roles.annotators import Annotators
from resources.roles.generators import GeneratorChoice
from resources.roles.writers import Writers


class AskingStage(Enum):
    """A stage whose questions can be sent in batches."""

    annotation = "annotation"
    texts = "texts"
    expansion = "expansion"


class SubmissionConfig(dg.Config):
    """Settings of a submission."""

    stages: list[AskingStage] = Field(
        default_factory=list,
        description="Stages whose open questions are sent, in this order: annotation, texts, "
        "expansion. None by default, so that nothing is spent; the job submit_batches names all.",
    )


_READERS = {ROLE: read_annotation, WRITER: read_text, DESCRIBER: read_text}


@dg.asset(pool="batches")
def batches__submissions(
    config: SubmissionConfig,
    dedup__images: pl.DataFrame,
    annotators: dg.ResourceParam[Annotators],
    writers: dg.ResourceParam[Writers],
    image_generator: dg.ResourceParam[GeneratorChoice],
    batches: dg.ResourceParam[Batches],
    data_root: dg.ResourceParam[DataRoot],
) -> dg.MaterializeResult:
    """Sends the questions of annotation and texts, and the prompts of images, without an answer.

    It costs what `bound_usd` says at most, at the batch price; the bill comes with the results.
    Only the job submit_batches sends: elsewhere the setting `stages` is empty, and nothing is sent.
    """
    sending = batches.find_interface, batches.policy
    annotations = partial(
        submit_annotations, dedup__images, annotators.members, data_root.sources, *sending
    )
    texts = partial(submit_texts, data_root.tables, *writers.by_model, *sending)
    images = partial(submit_images, data_root.tables, image_generator.generator, *sending)
    parts = dict(zip(AskingStage, (annotations, texts, images), strict=True))
    submitted = submit_each([parts[stage] for stage in config.stages])
    return dg.MaterializeResult(metadata=count_submitted(submitted))


@dg.asset(pool="batches", deps=[batches__submissions])
def batches__collections(
    batches: dg.ResourceParam[Batches],
    session: dg.ResourceParam[Session],
    data_root: dg.ResourceParam[DataRoot],
) -> dg.MaterializeResult:
    """Stores the results of every batch that is over; the answers are as if asked one by one."""
    before = session.ledger.spent()
    collection = collect(
        batches.find_interface,
        _READERS | {GENERATOR: partial(keep_image, data_root.generated)},
        ledger=session.ledger,
        prices=session.prices,
        folder=batches.policy.folder,
    )
    spent = session.ledger.spent().since(before)
    return dg.MaterializeResult(metadata=count_collected(collection, spent))


# Without an edge, because a run of the graph neither submits nor collects, and the pages would warn
# that these were never materialised. In the jobs that do, this step is the last one.
@dg.asset(pool="batches", op_tags={"dagster/priority": "-1"})
def batches__jobs(ledger: dg.ResourceParam[Ledger]) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per batch of a provider: its state, the outcomes of its rows, its cost."""
    jobs = list_batches(ledger)
    return count_rows(jobs, jobs.height)
