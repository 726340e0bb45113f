"""The graph as the pages show it: its edges, its jobs, its settings, its code."""

from collections.abc import Iterator

import dagster as dg
import pytest

from eemo_pipeline.orchestration.build import build_definitions
from eemo_pipeline.orchestration.jobs import build_dataset, build_release
from eemo_pipeline.schema.tables import TABLES

GATE, WAREHOUSE = dg.AssetKey("gate__edits"), dg.AssetKey("warehouse__database")


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions()


def test_the_warehouse_is_made_after_every_table_by_few_edges(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    edges = graph.get(GATE).parent_keys | graph.get(WAREHOUSE).parent_keys
    above, new = set(edges), set(edges)
    while new:
        new = {parent for key in new for parent in graph.get(key).parent_keys} - above
        above |= new
    tables = {dg.AssetKey(name) for name in TABLES}
    assert tables <= above
    assert len(edges) < len(TABLES) / 2
    # What no other table is made from, and nothing besides.
    made = {child for key in edges for child in graph.get(key).child_keys} - {GATE, WAREHOUSE}
    assert not made & tables


def test_materialising_all_of_a_job_waits_for_nothing_outside_of_it(
    definitions: dg.Definitions,
) -> None:
    """The pages warn of an asset that could be materialised, is needed, and is not in the job."""
    graph = definitions.resolve_asset_graph()
    job = definitions.resolve_job_def(build_dataset.name)
    inside = set(job.asset_layer.executable_asset_keys)
    needed = {parent for key in inside for parent in graph.get(key).parent_keys}
    assert {key for key in needed - inside if graph.get(key).is_materializable} == set()


def test_the_table_of_batches_is_made_after_what_changes_it(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    table = graph.get(dg.AssetKey("batches__jobs")).assets_def.op
    for name in ("batches__submissions", "batches__collections"):
        step = graph.get(dg.AssetKey(name)).assets_def.op
        assert step.pool == table.pool
        assert int(step.tags.get("dagster/priority", 0)) > int(table.tags["dagster/priority"])


def test_a_release_is_built_before_the_tables_that_list_it(definitions: dg.Definitions) -> None:
    job = definitions.resolve_job_def(build_release.name)
    inside = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert inside >= {
        *("release__builds", "release__versions", "release__files", "release__rows"),
        *("gate__edits", "warehouse__database"),
    }
    assert not inside & {"records__emoverse", "qa__items", "assess__items"}
    tags = {node.name: node.definition.tags for node in job.graph.nodes}
    priorities = {name: int(found.get("dagster/priority", 0)) for name, found in tags.items()}
    first = priorities.pop("release__builds")
    assert first > max(priorities.values())


def test_what_acts_on_the_outside_world_is_in_its_own_job_alone(
    definitions: dg.Definitions,
) -> None:
    jobs = [definitions.resolve_job_def(job.name) for job in definitions.jobs or ()]
    holding = {
        name: {job.name for job in jobs if name in {node.name for node in job.graph.nodes}}
        for name in ("batches__submissions", "batches__collections", "release__builds")
    }
    assert holding == {
        "batches__submissions": {"submit_batches"},
        "batches__collections": {"collect_batches"},
        "release__builds": {"build_release"},
    }


def _undescribed(field: dg.Field, path: str) -> Iterator[str]:
    fields = getattr(field.config_type, "fields", None)
    if fields is None:
        if not field.description:
            yield path
        return
    for name, inner in fields.items():
        yield from _undescribed(inner, f"{path}.{name}")


def test_the_launchpad_describes_every_setting(definitions: dg.Definitions) -> None:
    jobs = [definitions.resolve_job_def(job.name) for job in definitions.jobs or ()]
    parts = {node.name: node.definition for job in jobs for node in job.graph.nodes}
    parts |= {name: part for job in jobs for name, part in job.resource_defs.items()}
    missing: list[str] = []
    for name, part in parts.items():
        field = part.config_schema and part.config_schema.as_field()
        if field and hasattr(field.config_type, "fields"):
            missing += _undescribed(field, name)
    assert missing == []


def test_an_asset_leads_to_its_code(definitions: dg.Definitions) -> None:
    for asset in definitions.resolve_asset_graph().assets_defs:
        if asset.is_executable and asset.keys:
            references = asset.specs_by_key[next(iter(asset.keys))].metadata
            [place] = references["dagster/code_references"].code_references
            assert "/assets/" in place.file_path
            assert place.line_number > 1
