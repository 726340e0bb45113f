"""A data root without images: every table exists, is checked and can be queried."""

from pathlib import Path

import duckdb

from eemo_pipeline.orchestration.runs import run_assets
from eemo_pipeline.orchestration.status import read_status
from eemo_pipeline.schema.tables import TABLES


def test_nothing_in_is_nothing_out_and_no_failure(tmp_path: Path) -> None:
    outcome = run_assets(tmp_path / "lake")
    assert outcome.failed_steps == []
    assert outcome.failed_checks == []
    assert outcome.is_success
    assert outcome.computed == 1, "the experiment on made-up records, and nothing else"
    assert set(outcome.tables) == set(TABLES)
    has_rows = {name for name, rows in outcome.tables.items() if rows}
    # The known sources, counts of zero, the seven emotions, unused labels, experts without answers,
    # templates without questions, the experiment on synthetic records and its cost of zero, a
    # skipped training run, shares of no images, measures of no people's agreement and study, that
    # no emotion was found often enough, and the studies that could not be made.
    assert has_rows == {
        "sources__datasets",
        "_ingest__counts",
        "labels__centroids",
        "labels__label_points",
        "labels__validation_agreement",
        "_qa__templates",
        "ablation__corruptions",
        "ablation__scores",
        "costs__calls",
        "_evaluation__attribute_ablations",
        "_evaluation__data_mixings",
        "_evaluation__source_transfers",
        "_evaluation__visual_baselines",
        "evaluation__studies",
        "expansion__balance",
        "expansion__class_shares",
        "records__class_stops",
        "review__agreement",
        "review__study",
        "training__runs",
    }
    warned = {(line.asset, line.check) for line in outcome.warned_checks}
    assert ("sources__datasets", "sources_are_complete") in warned
    for status in read_status(tmp_path / "lake"):
        assert status.checks_failed == 0
        assert status.checks_passed >= 1
    with duckdb.connect(str(tmp_path / "lake" / "eemo.duckdb"), read_only=True) as connection:
        states = connection.execute("select distinct state from sources__datasets").fetchall()
        assert states == [("absent",)]
        for (sql,) in connection.execute("select sql from meta.examples").fetchall():
            connection.execute(sql).fetchall()
