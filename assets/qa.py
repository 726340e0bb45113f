"""Stage qa: the instructions of EEmoDB-QA, from templates over people's labels."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from eemo_pipeline.qa.build import build_items
from eemo_pipeline.qa.facts import build_facts

_OUTS = {
    "qa__items": dg.AssetOut(
        dagster_type=pl.DataFrame, description="One row per instruction of EEmoDB-QA."
    ),
    "_qa__coverage": dg.AssetOut(
        dagster_type=pl.DataFrame,
        description="One row per kept picture: how many questions it is in, or why in none.",
    ),
}


class QaConfig(dg.Config):
    """Settings of the stage."""

    seed: str = "eemodb"


@dg.multi_asset(outs=_OUTS)
def qa(
    config: QaConfig,
    dedup__images: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__vad: pl.DataFrame,
    labels__rankings: pl.DataFrame,
    texts__descriptions: pl.DataFrame,
    texts__reasonings: pl.DataFrame,
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Fill every template with the facts of the pictures and pairs that meet its constraints."""
    facts = build_facts(
        dedup__images,
        labels__emotions,
        labels__vad,
        labels__rankings,
        texts__descriptions,
        texts__reasonings,
    )
    items, coverage = build_items(facts, config.seed)
    rows_in = {"rows_in": dedup__images.height}
    yield dg.Output(items, "qa__items", metadata=rows_in)
    yield dg.Output(coverage, "_qa__coverage", metadata=rows_in)
