"""Builds Dagster's code location from assets, checks, jobs, triggers and resources."""

from importlib import import_module

import dagster as dg

from assets import STAGES
from assets._checks import build_checks
from eemo_pipeline.orchestration.asset_metadata import complete_spec
from eemo_pipeline.orchestration.jobs import (
    build_dataset,
    collect_batches,
    submit_batches,
    take_in_votes,
)
from eemo_pipeline.orchestration.triggers import (
    build_remote_schedule,
    changed_sources,
    finished_batches,
    new_votes,
    nightly_build,
)
from eemo_pipeline.stages.sources import known_sources
from resources.composition import build_resources


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
    return dg.Definitions(
        assets=dg.map_asset_specs(complete_spec, loaded),
        asset_checks=build_checks(),
        jobs=[build_dataset, submit_batches, collect_batches, take_in_votes],
        schedules=[nightly_build, build_remote_schedule(known_sources().values())],
        sensors=[changed_sources, finished_batches, new_votes],
        resources=build_resources(data, providers, budget_usd),
        loggers=loggers or {},
        # Steps are short and pixels have their own pool: one process per run is the fastest.
        executor=dg.in_process_executor,
    )
