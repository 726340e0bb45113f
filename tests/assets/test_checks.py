"""A bad row in a real table: its check fails, says where, and nothing is made of it."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from eemo_pipeline.lake.parquet import scan_table, table_path
from eemo_pipeline.lake.sql_checks import list_checks, read_check
from eemo_pipeline.orchestration.build import build_definitions
from eemo_pipeline.schema.tables import TABLES
from tests.support.commands import call_eemo
from tests.support.lakes import copy_lake


@pytest.fixture
def lake(small_lake: Path, tmp_path: Path) -> Path:
    return copy_lake(small_lake, tmp_path / "lake")


def spoil(lake: Path, name: str, *changes: pl.Expr) -> None:
    """Rewrite a table's file with changed columns, past the schema's guard."""
    frame = scan_table(lake / "tables", name).with_columns(*changes).collect()
    frame.write_parquet(table_path(lake / "tables", TABLES[name]))


def in_first_row(value: object, column: str) -> pl.Expr:
    return (
        pl.when(pl.int_range(pl.len()) == 0)
        .then(pl.lit(value))
        .otherwise(pl.col(column))
        .alias(column)
    )


def check(lake: Path, table: str) -> dict[str, Any]:
    """Run the checks of one table, and nothing else; name -> evaluation."""
    definitions = build_definitions(str(lake))
    keys = definitions.resolve_asset_graph().get_check_keys_for_assets({dg.AssetKey(table)})
    job = definitions.resolve_implicit_global_asset_job_def().get_subset(
        asset_selection=set(), asset_check_selection=set(keys)
    )
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
    evaluations = result.get_asset_check_evaluations()
    assert {evaluation.check_name for evaluation in evaluations} == {key.name for key in keys}
    return {evaluation.check_name: evaluation for evaluation in evaluations}


def failures(lake: Path, table: str) -> set[str]:
    return {name for name, evaluation in check(lake, table).items() if not evaluation.passed}


def test_a_sql_check_counts_and_shows_the_bad_rows(lake: Path) -> None:
    unknown = "f" * 64
    spoil(lake, "dedup__clusters", in_first_row(unknown, "kept_image_id"))
    found = check(lake, "dedup__clusters")["kept_pictures_stand_for_dropped_ones"]
    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.ERROR
    assert found.metadata["bad_rows"].value >= 1
    assert unknown[:20] in found.metadata["examples"].value


@pytest.mark.parametrize(
    ("change", "rule", "column", "example"),
    [
        (in_first_row(7.25, "brightness"), "ranges", "brightness", "7.25"),
        (in_first_row("holiday", "split"), "vocabulary", "split", "holiday"),
        (in_first_row(None, "width_px"), "schema", "width_px", "1 rows"),
        (in_first_row(float("nan"), "contrast"), "schema", "contrast", "1 rows"),
        (pl.col("image_id").max(), "key", "image_id", "9 rows"),
    ],
)
def test_a_rule_of_the_schema_says_column_count_and_example(
    lake: Path, change: pl.Expr, rule: str, column: str, example: str
) -> None:
    spoil(lake, "dedup__images", change)
    found = check(lake, "dedup__images")[rule]
    assert not found.passed
    assert found.blocking
    ((label, text),) = found.metadata.items()
    assert column in label
    assert example in text.value or rule == "key"


def test_a_stage_whose_model_answered_nothing_fails_and_names_it(lake: Path) -> None:
    failed = (pl.lit("error").alias("status"), pl.lit("timed_out").alias("reason"))
    spoil(lake, "grounding__regions", *failed)
    found = check(lake, "grounding__regions")["answers"]
    assert not found.passed
    assert found.blocking
    assert "(timed_out)" in found.description


def test_a_table_of_other_columns_fails_every_check_and_says_which_columns(lake: Path) -> None:
    spoil(lake, "dedup__images", pl.lit(1).alias("surprise"))
    evaluations = check(lake, "dedup__images")
    assert not any(evaluation.passed for evaluation in evaluations.values())
    assert "surprise" in evaluations["schema"].description


def test_untouched_tables_pass(lake: Path) -> None:
    assert failures(lake, "dedup__images") == failures(lake, "dedup__clusters") == set()


def test_errors_block_and_warnings_do_not() -> None:
    specs = {
        (spec.asset_key.to_user_string(), spec.name): spec
        for definition in build_definitions().asset_checks or ()
        for spec in definition.check_specs
    }
    for table in TABLES:
        for name in list_checks(table):
            assert specs[table, name].blocking == (read_check(table, name).severity == "error")
        assert specs[table, "schema"].blocking
        assert specs[table, "key"].blocking
    assert any(not spec.blocking for spec in specs.values())


def test_what_is_downstream_of_a_failed_check_does_not_run_and_the_exit_code_is_3(
    lake: Path,
) -> None:
    # dedup__images copies the measurement, so the bad row passes through a real stage.
    spoil(lake, "ingest__images", in_first_row(7.25, "brightness"))
    downstream = lake / "tables" / "labels__emotions.parquet"
    downstream.unlink()
    published = (lake / "eemo.duckdb").read_bytes()
    selection = 'key:"dedup__clusters" or key:"dedup__images"+'
    answer = call_eemo("run", "--data", lake, "--select", selection, "--json")
    assert answer.returncode == 3
    told = json.loads(answer.stdout)
    assert [(line["asset"], line["check"]) for line in told["failed_checks"]] == [
        ("dedup__images", "ranges")
    ]
    # the edges are made with the clusters
    made = {"dedup__clusters", "dedup__edges", "dedup__images"}
    assert set(told["tables"]) == made
    assert not downstream.exists()
    assert (lake / "eemo.duckdb").read_bytes() == published  # readers keep the last good version
    assert "dedup__images ranges" in answer.stderr
