"""Old runs are deleted, and what the pages show of an asset is not."""

from pathlib import Path

import dagster as dg

from resources.instance.dagster_home import open_instance
from resources.instance.run_history import prune_runs

PARTS = dg.StaticPartitionsDefinition(["a", "b"])


@dg.asset(partitions_def=PARTS)
def parted() -> dg.MaterializeResult:
    """One row per thing of a part."""
    return dg.MaterializeResult(metadata={"rows": 1})


@dg.asset
def whole(context: dg.AssetExecutionContext) -> None:
    """One row per thing."""
    context.log_event(dg.AssetObservation("external__thing"))


@dg.asset_check(asset=whole)
def holds() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


def test_runs_stay_that_are_recent_or_hold_what_is_shown(tmp_path: Path) -> None:
    with open_instance(tmp_path) as instance:

        def run(*assets: dg.AssetsDefinition, part: str | None = None) -> str:
            return dg.materialize([*assets], instance=instance, partition_key=part).run_id

        first_a, first_whole = run(parted, part="a"), run(whole, holds)
        b, second_a = run(parted, part="b"), run(parted, part="a")
        unchecked = run(whole)
        last = [run(whole), run(whole)]
        assert prune_runs(instance, most=100) == 0
        assert prune_runs(instance, most=2) == 2
        kept = {record.run_id for record in instance.get_runs()}
        # The first run of `whole` holds the only result of its check.
        assert kept == {first_whole, b, second_a, *last}
        assert {first_a, unchecked}.isdisjoint(kept)
        assert instance.all_logs(first_a) == []
        for part in PARTS.get_partition_keys():
            chosen = dg.AssetRecordsFilter(parted.key, asset_partitions=[part])
            assert len(instance.fetch_materializations(chosen, limit=5).records) == 1
        shown = instance.get_latest_materialization_event(whole.key)
        assert shown
        assert shown.run_id == last[-1]
        assert prune_runs(instance, most=2) == 0
