"""Stage qa: the instructions of EEmoDB-QA, from templates over people's labels."""

from collections.abc import Iterator

import dagster as dg
import polars as pl
from pydantic import Field

from assets._tables import outs
from eemo_pipeline.stages.qa.blind_baseline import build_baseline
from eemo_pipeline.stages.qa.build import (
    Tally,
    build_coverage,
    build_items,
    build_refusals,
    build_templates,
)
from eemo_pipeline.stages.qa.facts import SOURCES, build_facts


class QaConfig(dg.Config):
    """Settings of the stage."""

    seed: str = Field(default="eemodb", description="Draws the items, their wording and options")
    # EEmoDB-QA holds 1.2 million items; with every label at hand, forty templates give as many.
    items_per_template: int = Field(default=30_000, description="Items of a template at most")


@dg.multi_asset(
    # The items are made as they are written: an iterator, not a frame.
    outs=outs(
        "qa__items",
        "qa__blind_baseline",
        "_qa__coverage",
        "_qa__refusals",
        "_qa__templates",
        dagster_type=object,
    ),
    ins={name: dg.AssetIn(dagster_type=pl.LazyFrame) for name in SOURCES},
)
def qa(config: QaConfig, **tables: pl.LazyFrame) -> Iterator[dg.Output[object]]:
    """Fill every template with the facts of the images and pairs that meet its constraints."""
    facts = build_facts(tables)
    tally = Tally(facts)
    rows_in = {"rows_in": facts.pictures.height}
    items = build_items(facts, config.seed, config.items_per_template, tally)
    yield dg.Output(items, "qa__items", metadata=rows_in)
    # Items are made while they are written; the coverage of images is known only afterwards.
    yield dg.Output(build_baseline(tally.baselines), "qa__blind_baseline")
    yield dg.Output(build_coverage(tally), "_qa__coverage", metadata=rows_in)
    yield dg.Output(build_refusals(tally), "_qa__refusals", metadata=rows_in)
    yield dg.Output(build_templates(tally), "_qa__templates")
