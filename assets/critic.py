"""Stage critic: every field is judged, and what can be mended is asked again."""

from collections.abc import Iterator
from functools import partial

import dagster as dg
import polars as pl

from assets._results import count_work
from eemo_pipeline.aggregation.decide import decide
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.critic import Critic
from eemo_pipeline.stages.critic.review_loop import review
from resources.roles.annotators import Annotators

_OUTS = {
    "critic__verdicts": dg.AssetOut(
        dagster_type=pl.DataFrame,
        description="One row per kept picture, round and field: the critic's judgement.",
    ),
    "critic__queue": dg.AssetOut(
        dagster_type=pl.DataFrame,
        description="One row per picture and field that a person is to decide.",
    ),
    "_critic__replies": dg.AssetOut(
        dagster_type=pl.DataFrame,
        description="One row per picture, annotator and later round: the answer to the critic.",
    ),
}


@dg.multi_asset(outs=_OUTS, pool="pixels")
def critic(
    dedup__images: pl.DataFrame,
    annotation__replies: pl.DataFrame,
    verification__replies: pl.DataFrame,
    verification__patterns: pl.DataFrame,
    grounding__regions: pl.DataFrame,
    annotators: dg.ResourceParam[Annotators],
    critic_in_charge: dg.ResourceParam[Critic],
    ledger: dg.ResourceParam[Ledger],
    data_root: dg.ResourceParam[DataRoot],
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Judge, ask again where that can help, and judge again, for three rounds at most."""
    reviewed = review(
        dedup__images,
        annotation__replies,
        verification__replies,
        grounding__regions,
        annotators.members,
        ledger,
        data_root.sources,
        critic_in_charge,
        partial(decide, patterns=verification__patterns),
    )
    yield dg.Output(
        reviewed.verdicts, "critic__verdicts", metadata={"rows_in": dedup__images.height}
    )
    yield dg.Output(reviewed.queue, "critic__queue")
    yield dg.Output(reviewed.replies, "_critic__replies", metadata=count_work(reviewed.work))
