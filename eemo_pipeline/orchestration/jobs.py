"""What runs together: the jobs, and the tags that choose sources for a run."""

import dagster as dg

from assets._partitions import BY_SOURCE

_FIRST = "dagster/asset_partition_range_start"


_LAST = "dagster/asset_partition_range_end"


# They spend money, and act on what lies outside: only who asks for them gets them.
_ON_DEMAND = dg.AssetSelection.assets("batches__submissions", "batches__collections")


_BATCHES = dg.AssetSelection.assets("batches__jobs")


build_dataset = dg.define_asset_job(
    "build_dataset",
    selection=dg.AssetSelection.all() - _ON_DEMAND,
    description="Every table from every source, with all checks, to the DuckDB file.",
)


submit_batches = dg.define_asset_job(
    "submit_batches",
    selection=dg.AssetSelection.assets("batches__submissions") | _BATCHES,
    description="What annotation has not been answered, sent as batches at half the price.",
)


collect_batches = dg.define_asset_job(
    "collect_batches",
    selection=dg.AssetSelection.assets("batches__collections") | _BATCHES,
    description="The results of the batches that are over, into the ledger.",
)


def partition_tags(first: str | None = None, last: str | None = None) -> dict[str, str]:
    """Run tags that choose a range of sources, by default all of them, for one run."""
    names = BY_SOURCE.get_partition_keys()
    return {_FIRST: first or names[0], _LAST: last or names[-1]}
