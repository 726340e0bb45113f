"""Stage ablation: the contribution of each part of the pipeline, after EmoVerse's Table 3."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets._results import count_work
from assets._tables import outs
from eemo_pipeline.aggregation.human_labels import prefer_reviews
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.stages.ablation.experiment import gather_records, run_experiment
from eemo_pipeline.stages.ablation.report import write_report
from eemo_pipeline.stages.critic.limits import CriticLimits


@dg.multi_asset(outs=outs("ablation__scores", "ablation__corruptions"))
def ablation(
    dedup__images: pl.DataFrame,
    annotation__replies: pl.DataFrame,
    _critic__replies: pl.DataFrame,
    verification__replies: pl.DataFrame,
    grounding__regions: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__reviews: pl.DataFrame,
    ledger: dg.ResourceParam[Ledger],
    thresholds: dg.ResourceParam[CriticLimits],
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Run the pipeline's rules again with parts left out, on the recorded answers."""
    records = gather_records(
        dedup__images,
        annotation__replies,
        _critic__replies,
        verification__replies,
        grounding__regions,
        prefer_reviews(labels__emotions, labels__reviews),
    )
    done = run_experiment(records, ledger, limits=thresholds)
    report = dg.MetadataValue.md(write_report(done.scores))
    metadata = {"report": report, "rows_in": records.images.height, **count_work(done.work)}
    yield dg.Output(done.scores, "ablation__scores", metadata=metadata)
    yield dg.Output(done.corruptions, "ablation__corruptions")
