"""The seeds with which assets draw, as their configuration states them by default."""

from eemo_pipeline.orchestration.build import build_definitions


def list_seeds() -> dict[str, str]:
    """Return step -> default of its setting `seed`.

    A run may set another in Dagster's launchpad; the record of the run then has it.
    """
    seeds: dict[str, str] = {}
    for assets in build_definitions().resolve_asset_graph().assets_defs:
        if not assets.is_executable:
            continue
        settings = assets.op.config_schema
        kind = settings.config_type if settings else None
        field = getattr(kind, "fields", {}).get("seed")
        if field is not None and field.default_provided:
            seeds[assets.op.name] = str(field.default_value)
    return dict(sorted(seeds.items()))
