"""Stage evaluation: what models answer to held-out items, scored by the published protocols."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets._tables import outs
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.rendering.score_plot import draw_scores
from eemo_pipeline.stages.evaluation.own_items import evaluate

_PLOTTED = {"held_out_assess": "Accuracy", "held_out_qa": "Overall"}


@dg.multi_asset(
    outs=outs("evaluation__predictions", "evaluation__scores", "evaluation__comparisons")
)
def evaluation(
    assess__items: pl.DataFrame,
    qa__items: pl.DataFrame,
    dedup__images: pl.DataFrame,
    annotation__replies: pl.DataFrame,
    verification__replies: pl.DataFrame,
    _verification__features: pl.DataFrame,
    training__runs: pl.DataFrame,
    data_root: dg.ResourceParam[DataRoot],
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Score annotators, verifiers and trained classifiers beside the majority and chance."""
    tables = {
        "assess__items": assess__items,
        "qa__items": qa__items,
        "dedup__images": dedup__images,
        "annotation__replies": annotation__replies,
        "verification__replies": verification__replies,
        "_verification__features": _verification__features,
        "training__runs": training__runs,
    }
    done = evaluate(tables.__getitem__, data_root.path)
    plots = {
        f"plot of {benchmark}": dg.MetadataValue.md(draw_scores(done.scores, benchmark, number))
        for benchmark, number in _PLOTTED.items()
    }
    read = int((done.predictions["status"] == "ok").sum())
    counts = {"rows_out": read, "rows_refused": done.predictions.height - read}
    yield dg.Output(done.predictions, "evaluation__predictions", metadata=counts)
    yield dg.Output(done.scores, "evaluation__scores", metadata=plots)
    yield dg.Output(done.comparisons, "evaluation__comparisons")
