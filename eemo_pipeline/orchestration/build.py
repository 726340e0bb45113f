"""Builds Dagster's code location from assets, checks, jobs, triggers and resources."""

import warnings
from collections.abc import Iterable
from importlib import import_module

import dagster as dg

from assets import STAGES
from assets._checks import build_checks
from assets.gate import build_gate
from assets.release import build_release_builds
from assets.warehouse import build_warehouse
from eemo_pipeline.orchestration.asset_metadata import complete_spec
from eemo_pipeline.orchestration.jobs import (
    build_dataset,
    build_release,
    collect_batches,
    submit_batches,
    take_in_votes,
)
from eemo_pipeline.orchestration.release_code import describe_code
from eemo_pipeline.orchestration.triggers import (
    build_remote_schedule,
    changed_sources,
    finished_batches,
    new_votes,
    nightly_build,
)
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.sources import known_sources
from resources.composition import build_resources
from resources.steps import steps_executor


def build_definitions(
    data: str | None = None,
    loggers: dict[str, dg.LoggerDefinition] | None = None,
    providers: str | None = None,
    budget_usd: str | None = None,
) -> dg.Definitions:
    """Build the code location: every module of `assets/` is a stage and a group of assets.

    Args:
        data: the data root; else EEMO_DATA, else ./data.
        loggers: loggers that a run can be given by name.
        providers: which models answer; else EEMO_PROVIDERS, else the embedded ones.
        budget_usd: the most that may be spent; else EEMO_BUDGET_USD, else no limit.
    """
    loaded = [
        asset
        for stage in STAGES
        for asset in dg.load_assets_from_modules(
            [import_module(f"assets.{stage}")], stage, include_specs=True
        )
        if isinstance(asset, dg.AssetsDefinition | dg.AssetSpec)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # about the references
        loaded.append(build_release_builds(describe_code))
        # These two follow every table.
        loaded.append(build_gate(_list_last_tables(loaded)))
        complete = [*loaded, build_warehouse(_list_last_tables(loaded), _list_parents(loaded))]
        assets = dg.with_source_code_references(dg.map_asset_specs(complete_spec, complete))
    return dg.Definitions(
        assets=assets,
        asset_checks=build_checks(),
        jobs=[build_dataset, submit_batches, collect_batches, take_in_votes, build_release],
        schedules=[nightly_build, build_remote_schedule(known_sources().values())],
        sensors=[changed_sources, finished_batches, new_votes],
        resources=build_resources(data, providers, budget_usd),
        loggers=loggers or {},
        executor=steps_executor,
    )


def _list_parents(assets: Iterable[dg.AssetsDefinition | dg.AssetSpec]) -> dict[str, list[str]]:
    """Return table -> the tables that it is made from."""
    parents = {
        key.to_user_string(): sorted(parent.to_user_string() for parent in read)
        for asset in assets
        if isinstance(asset, dg.AssetsDefinition)
        for key, read in asset.asset_deps.items()
    }
    return {
        name: [parent for parent in read if parent in TABLES]
        for name, read in parents.items()
        if name in TABLES
    }


def _list_last_tables(assets: Iterable[dg.AssetsDefinition | dg.AssetSpec]) -> list[str]:
    """Return the tables among the assets that no other table is made from."""
    tables = {dg.AssetKey(name) for name in TABLES}
    making = [a for a in assets if isinstance(a, dg.AssetsDefinition) and tables & set(a.keys)]
    made = {key for asset in making for key in asset.keys}
    used = {key for asset in making for keys in asset.asset_deps.values() for key in keys}
    return sorted(key.to_user_string() for key in (tables & made) - used)
