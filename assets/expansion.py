"""Stage expansion: queries and prompts from verified triplets, and what became of them.

Generated images are written into the folder of the source `aigc`. No table is made from them in the
same run: the next one, or the sensor `changed_sources`, reads the folder.
"""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets._results import count_answers, count_rows
from assets._tables import outs
from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.stages.expansion.balance import build_balance
from eemo_pipeline.stages.expansion.children import count_matches, list_children
from eemo_pipeline.stages.expansion.collected_rows import list_collected
from eemo_pipeline.stages.expansion.generated_images import generate_images
from eemo_pipeline.stages.expansion.generation_prompts import build_prompts
from eemo_pipeline.stages.expansion.limits import ExpansionLimits
from eemo_pipeline.stages.expansion.queries import build_queries
from resources.roles.generators import GeneratorChoice


@dg.asset
def expansion__queries(
    records__emoverse: pl.DataFrame,
    dedup__images: pl.DataFrame,
    expansion_limits: dg.ResourceParam[ExpansionLimits],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per verified triplet: the search query for more images of its kind, or why none."""
    queries = build_queries(records__emoverse, dedup__images, expansion_limits)
    return count_rows(queries, queries.height)


@dg.asset
def expansion__prompts(
    records__emoverse: pl.DataFrame,
    dedup__images: pl.DataFrame,
    expansion_limits: dg.ResourceParam[ExpansionLimits],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per prompt for a generated image: a verified triplet with one or two new parts."""
    prompts = build_prompts(records__emoverse, dedup__images, expansion_limits)
    return count_rows(prompts, records__emoverse.height)


@dg.asset(pool="pixels")
def expansion__images(
    expansion__prompts: pl.DataFrame,
    ingest__images: pl.DataFrame,
    image_generator: dg.ResourceParam[GeneratorChoice],
    ledger: dg.ResourceParam[Ledger],
    workers: dg.ResourceParam[Workers],
    data_root: dg.ResourceParam[DataRoot],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per prompt, if a generator is chosen: its image in sources/aigc, or why none."""
    made = generate_images(
        expansion__prompts,
        ingest__images,
        image_generator.generator,
        ledger,
        workers,
        data_root.sources,
    )
    return count_answers(made, expansion__prompts.height)


@dg.asset
def expansion__children(
    ingest__records: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    dedup__images: pl.DataFrame,
    records__emoverse: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per generated image of the lake: its parent, its split and its decided emotion."""
    children = list_children(ingest__records, dedup__clusters, dedup__images, records__emoverse)
    return count_rows(children, children.height)


@dg.asset
def expansion__intent_matches(
    expansion__children: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per generator and intended emotion: how often the image was found to evoke it."""
    return count_rows(count_matches(expansion__children), expansion__children.height)


@dg.multi_asset(outs=outs("expansion__class_shares", "expansion__balance"))
def balanced(records__emoverse: pl.DataFrame) -> Iterator[dg.Output[pl.DataFrame]]:
    """Compare emotions and rare triplets before and after the expansion."""
    for name, table in build_balance(records__emoverse).items():
        counts = count_rows(table, records__emoverse.height).metadata
        yield dg.Output(table, name, metadata=counts)


@dg.asset
def expansion__collected_rows(
    data_root: dg.ResourceParam[DataRoot],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per row of a collected manifest: its file in sources/web, or why there is none."""
    rows = list_collected(data_root.collected)
    return count_rows(rows, rows.height)
