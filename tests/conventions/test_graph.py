"""The asset graph: every asset has a description and an owner; a snapshot shows every change."""

from pathlib import Path

import dagster as dg
import pytest

from assets import STAGES
from eemo_pipeline.orchestration.build import build_definitions
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.sources import known_sources

SNAPSHOT = Path(__file__).with_name("graph.txt")
DATABASE = "warehouse__database"
REPORT = "reports__dataset"
# They have side effects and produce no table.
ACTIONS = {"batches__submissions", "batches__collections", "release__builds"}


@pytest.fixture(scope="module")
def specs() -> dict[str, dg.AssetSpec]:
    found = build_definitions().resolve_all_asset_specs()
    return {spec.key.to_user_string(): spec for spec in found}


# What people said comes from outside, like sources: earlier stages may be made from it.
OF_PEOPLE = {"review__votes", "review__records"}


def draw(specs: dict[str, dg.AssetSpec]) -> str:
    """Return one paragraph per asset in stage order: its group, dependencies and checks."""
    graph = build_definitions().resolve_asset_graph()
    order = {name: place for place, name in enumerate(STAGES)}
    lines = []
    for name, spec in sorted(
        specs.items(), key=lambda item: (order[item[1].group_name or ""], item[0])
    ):
        if name.startswith("external__"):
            continue  # one per source; adding a source must not change the snapshot
        made_from = sorted(dep.asset_key.to_user_string() for dep in spec.deps)
        checks = sorted(key.name for key in graph.get(spec.key).check_keys)
        lines.append(f"{name} ({spec.group_name})")
        lines += [f"  from  {dep}" for dep in made_from if not dep.startswith("external__")]
        lines += [f"  check {check}" for check in checks]
    return "\n".join(lines) + "\n"


def test_the_graph_is_the_one_that_was_agreed(specs: dict[str, dg.AssetSpec]) -> None:
    assert draw(specs) == SNAPSHOT.read_text("utf-8"), (
        "The graph changed. Where that is meant, write it down and look at the difference:\n"
        "  .venv/bin/python tests/conventions/test_graph.py && git diff tests/conventions/graph.txt"
    )


def test_stages_are_the_modules_of_assets_and_the_groups(specs: dict[str, dg.AssetSpec]) -> None:
    modules = {
        path.stem
        for path in (Path(__file__).parents[2] / "assets").glob("*.py")
        if not path.stem.startswith("_")
    }
    assert len(set(STAGES)) == len(STAGES)
    assert set(STAGES) == modules
    assert {spec.group_name for spec in specs.values()} == modules


def test_a_stage_is_made_from_earlier_stages_only(specs: dict[str, dg.AssetSpec]) -> None:
    place = {name: no for no, name in enumerate(STAGES)}
    backwards = [
        (name, dep.asset_key.to_user_string())
        for name, spec in specs.items()
        for dep in spec.deps
        if dep.asset_key.to_user_string() not in OF_PEOPLE
        and place[specs[dep.asset_key.to_user_string()].group_name or ""]
        > place[spec.group_name or ""]
    ]
    assert backwards == []


def test_every_table_is_an_asset_and_every_asset_a_table(specs: dict[str, dg.AssetSpec]) -> None:
    external = {f"external__{name}" for name in known_sources()}
    assert set(specs) == set(TABLES) | external | {DATABASE, REPORT} | ACTIONS
    for name, table in TABLES.items():
        assert specs[name].group_name == table.stage


@pytest.mark.parametrize("name", [*TABLES, DATABASE, REPORT, *sorted(ACTIONS)])
def test_an_asset_says_what_it_is(specs: dict[str, dg.AssetSpec], name: str) -> None:
    spec = specs[name]
    begins = {DATABASE: "One DuckDB file", REPORT: "One page"} | dict.fromkeys(
        ACTIONS, ("Sends", "Stores", "Writes")
    )
    assert (spec.description or "").startswith(begins.get(name, "One row per "))
    assert spec.owners == ["team:eemo"]
    assert spec.kinds


@pytest.mark.parametrize("name", TABLES)
def test_a_table_shows_its_columns(specs: dict[str, dg.AssetSpec], name: str) -> None:
    schema = specs[name].metadata["dagster/column_schema"]
    table = TABLES[name]
    assert tuple(column.name for column in schema.columns) == table.columns
    assert all(column.description for column in schema.columns)
    optional = {column.name for column in schema.columns if column.constraints.nullable}
    assert optional == table.optional
    assert specs[name].metadata["dagster/table_name"] == name


def test_every_source_has_its_origin(specs: dict[str, dg.AssetSpec]) -> None:
    for name, source in known_sources().items():
        spec = specs[f"external__{name}"]
        assert spec.description is not None
        assert source.title in spec.description
        assert spec.metadata["licence"] == source.licence
        assert spec.owners
        assert spec.kinds


def test_every_job_and_trigger_is_described() -> None:
    definitions = build_definitions()
    named = [
        *(definitions.jobs or ()),
        *(definitions.schedules or ()),
        *(definitions.sensors or ()),
    ]
    assert named
    assert [thing for thing in named if not getattr(thing, "description", None)] == []


def test_definitions_load_without_a_complaint() -> None:
    dg.Definitions.validate_loadable(build_definitions())


if __name__ == "__main__":
    SNAPSHOT.write_text(
        draw({s.key.to_user_string(): s for s in build_definitions().resolve_all_asset_specs()}),
        "utf-8",
    )
