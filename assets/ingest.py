"""Stage ingest: sources become records, annotations, words, measured images and rejects."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets._partitions import BY_SOURCE
from assets._results import count_rows
from assets._tables import outs
from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.stages.ingest import collect_images, ingest_each, join_sources
from eemo_pipeline.stages.sources import known_sources

_TABLES = {
    "ingest__records": "records",
    "ingest__annotations": "annotations",
    "ingest__words": "words",
    "ingest__rejects": "rejects",
    "_ingest__measurements": "measurements",
    "_ingest__counts": "counts",
}


@dg.multi_asset(
    outs=outs(*_TABLES),
    partitions_def=BY_SOURCE,
    backfill_policy=dg.BackfillPolicy.single_run(),
    deps=["sources__datasets"],
    pool="pixels",
)
def ingest(
    context: dg.AssetExecutionContext,
    data_root: dg.ResourceParam[DataRoot],
    ledger: dg.ResourceParam[Ledger],
    workers: dg.ResourceParam[Workers],
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Read the sources of the run's partitions; each distinct image is measured once."""
    known = known_sources()
    chosen = [known[name] for name in sorted(context.partition_keys)]
    read = ingest_each(chosen, data_root.sources, ledger, workers)
    for source, part in read.items():
        context.add_asset_metadata(part.describe(), "ingest__records", source)
    ingested = join_sources(read.values())
    for name, part in _TABLES.items():
        yield dg.Output(getattr(ingested, part), name)


@dg.asset
def ingest__images(_ingest__measurements: pl.LazyFrame) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per distinct image by content, with its pixel measurements."""
    images = collect_images(_ingest__measurements)
    return count_rows(images, int(images["occurrence_count"].sum()))
