"""The jobs, and the run tags that limit a run to some sources."""

import dagster as dg

from assets._partitions import BY_SOURCE
from assets.batches import AskingStage
from assets.release import ReleasedRows

_FIRST = "dagster/asset_partition_range_start"
_LAST = "dagster/asset_partition_range_end"

# These act on the outside world, at a person's word: `build_dataset` leaves them out. The first two
# spend money and change the state of a provider, the third makes what is handed out.
_ON_DEMAND = dg.AssetSelection.assets(
    "batches__submissions", "batches__collections", "release__builds"
)
_BATCHES = dg.AssetSelection.assets("batches__jobs")

build_dataset = dg.define_asset_job(
    "build_dataset",
    selection=dg.AssetSelection.all() - _ON_DEMAND,
    description="Every table from every source, with all checks, to the DuckDB file.",
)

submit_batches = dg.define_asset_job(
    "submit_batches",
    selection=dg.AssetSelection.assets("batches__submissions") | _BATCHES,
    description="Send the unanswered questions of annotation, texts and images as batches, at half "
    "the price.",
    config={
        "ops": {"batches__submissions": {"config": {"stages": [part.name for part in AskingStage]}}}
    },
)

collect_batches = dg.define_asset_job(
    "collect_batches",
    selection=dg.AssetSelection.assets("batches__collections") | _BATCHES,
    description="Store the results of finished batches in the ledger.",
)

take_in_votes = dg.define_asset_job(
    "take_in_votes",
    selection=dg.AssetSelection.assets(
        "review__votes", "_review__probes", "review__waiting"
    ).downstream()
    - _ON_DEMAND,
    description="What people said in the review tool, and every table that follows from it.",
)

build_release = dg.define_asset_job(
    "build_release",
    selection=dg.AssetSelection.assets("release__builds")
    | dg.AssetSelection.assets("release__versions").required_multi_asset_neighbors().downstream(),
    description="The next numbered release of the rows that may be redistributed, and the database "
    "that lists it. A release is never changed.",
    config={"ops": {"release__builds": {"config": {"rows": ReleasedRows.redistributable.name}}}},
)


def partition_tags(first: str | None = None, last: str | None = None) -> dict[str, str]:
    """Return the run tags that choose the sources from `first` to `last`, by default all."""
    names = BY_SOURCE.get_partition_keys()
    return {_FIRST: first or names[0], _LAST: last or names[-1]}
