"""Time of recording a run, with Dagster's own SQLite storage and with ours.

Runs the same graph of small assets with checks in one process, alternating between the two. Nearly
all of the time is spent on recording. The best round counts.

    python benchmarks/history.py
"""

import argparse
import json
import logging
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

DAGSTER, OURS = "Dagster's", "ours"


def storage_of(name: str, home: Path) -> dict[str, Any]:
    """Return the `storage` entry of dagster.yaml."""
    config = {"base_dir": str(home)}
    if name == DAGSTER:
        return {"sqlite": config}
    return {
        "custom": {
            "module": "resources.instance.event_storage",
            "class": "RunHistory",
            "config": config,
        }
    }


def build_table(number: int, before: Sequence[dg.AssetsDefinition]) -> dg.AssetsDefinition:
    """Return an asset that depends on the previous one."""

    @dg.asset(name=f"table_{number}", deps=before)
    def table() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata={"rows": 1})

    return table


def build_checks(number: int, count: int) -> dg.AssetChecksDefinition:
    """Return the checks of an asset, in one step."""
    asset, names = f"table_{number}", [f"check_{place}" for place in range(count)]

    @dg.multi_asset_check(
        name=f"{asset}_checks", specs=[dg.AssetCheckSpec(name, asset=asset) for name in names]
    )
    def check() -> Iterator[dg.AssetCheckResult]:
        for name in names:
            yield dg.AssetCheckResult(passed=True, asset_key=asset, check_name=name)

    return check


def build_graph(assets: int, checks: int) -> dg.Definitions:
    """Return a chain of assets with their checks."""
    tables: list[dg.AssetsDefinition] = []
    for number in range(assets):
        tables.append(build_table(number, tables[-1:]))
    return dg.Definitions(
        tables, asset_checks=[build_checks(number, checks) for number in range(assets)]
    )


def run_once(definitions: dg.Definitions, name: str, home: Path) -> float:
    """Return the seconds of one run that is recorded in `home`."""
    home.mkdir(parents=True, exist_ok=True)
    settings = {"storage": storage_of(name, home), "telemetry": {"enabled": False}}
    (home / "dagster.yaml").write_text(json.dumps(settings), "utf-8")  # JSON is valid YAML
    with dg.DagsterInstance.from_config(str(home)) as instance:
        job = definitions.resolve_implicit_global_asset_job_def()
        began = time.perf_counter()
        job.execute_in_process(instance=instance)
        return time.perf_counter() - began


def main() -> None:
    """Compare both storages, and print one line each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--assets", type=int, default=40)
    parser.add_argument("--checks", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    definitions = build_graph(options.assets, options.checks)
    best = dict.fromkeys((DAGSTER, OURS), float("inf"))
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for name in best:
                taken = run_once(definitions, name, Path(folder) / name)
                best[name] = min(best[name], taken)
    print(f"a run of {options.assets} assets with {options.checks} checks each")
    for name, seconds in best.items():
        print(f"{name:12}{seconds:8.2f} s{seconds / best[DAGSTER]:8.2f}x")


if __name__ == "__main__":
    main()
