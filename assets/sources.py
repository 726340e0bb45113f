"""Stage sources: the known datasets, their terms, and their state on disk."""

import dagster as dg
import polars as pl

from assets._results import count_rows
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.stages.sources import describe_sources, known_sources

# The origin of every lineage: datasets that others publish.
external_sources = [
    dg.AssetSpec(
        f"external__{source.name}",
        description=f"{source.title}\n\n{source.citation}\n\nHow to get it: {source.obtain}",
        metadata={
            "licence": source.licence,
            "homepage": dg.MetadataValue.url(source.homepage) if source.homepage else "none",
            "is_redistributable": source.is_redistributable,
        },
    )
    for source in known_sources().values()
]


_OBSERVED = ("state", "found_files", "expected_files", "place")


@dg.asset(deps=external_sources)
def sources__datasets(
    context: dg.AssetExecutionContext,
    data_root: dg.ResourceParam[DataRoot],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per known source dataset, with its terms and its state on disk."""
    known = known_sources()
    datasets = describe_sources(known, data_root.sources)
    for dataset in datasets.filter(pl.col("state") != "absent").iter_rows(named=True):
        seen = {name: dataset[name] for name in _OBSERVED if dataset[name] is not None}
        context.log_event(dg.AssetObservation(f"external__{dataset['source']}", metadata=seen))
    return count_rows(datasets, len(known))
