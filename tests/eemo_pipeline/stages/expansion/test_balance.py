"""The balance, computed by hand."""

import polars as pl
import pytest

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.expansion.balance import build_balance


def build(rows: list[tuple[str, str, str, str, str]]) -> dict[str, pl.DataFrame]:
    schema = TABLES["records__emoverse"].polars_schema
    records = [
        {
            **{"image_id": f"{number:064x}", "source": source, "emotion": emotion},
            **{"background": background, "attribute": attribute, "subject": subject},
            **{"state": "preserved", "is_contested": False},
        }
        for number, (source, emotion, background, attribute, subject) in enumerate(rows)
    ]
    return build_balance(pl.DataFrame(records, schema=schema))


def test_range_and_variance_are_those_of_the_shares_in_points() -> None:
    rows = [("folder", emotion, "lake", "calm", "swan") for emotion in MIKELS_8]
    rows += [("folder", "awe", "lake", "calm", "swan")] * 2
    balance = build(rows)["expansion__balance"].row(0, named=True)
    # Shares: one of 30 points, seven of 10.
    assert balance["share_range_points"] == pytest.approx(20)
    assert balance["share_variance"] == pytest.approx((17.5**2 + 7 * 2.5**2) / 8)
    assert (balance["triplet_count"], balance["pair_count"]) == (1, 1)


def test_sources_count_from_their_scope_on_and_the_tail_is_covered_by_what_came() -> None:
    rows = [
        ("folder", "awe", "lake", "calm", "swan"),
        ("folder", "awe", "lake", "calm", "boat"),
        ("folder", "fear", "cellar", "dark", "door"),
        ("web", "fear", "cellar", "dark", "bat"),
        ("aigc", "fear", "attic", "dim", "Door "),
    ]
    built = build(rows)
    balance = {row["scope"]: row for row in built["expansion__balance"].to_dicts()}
    counts = {scope: row["image_count"] for scope, row in balance.items()}
    assert counts == {"before": 3, "with_web": 4, "with_web_and_generated": 5}
    # On one record before: swan, boat, cellar, dark, door.
    assert [balance[scope]["tail_count"] for scope in counts] == [5, 5, 5]
    covered = {scope: row["tail_covered_count"] for scope, row in balance.items()}
    assert covered == {"before": 0, "with_web": 2, "with_web_and_generated": 3}
    shares = built["expansion__class_shares"]
    assert shares.height == 3 * 8
    found = shares.filter(pl.col("scope") == "with_web_and_generated", pl.col("emotion") == "fear")
    assert found["class_share"].to_list() == [pytest.approx(0.6)]


def test_without_records_nothing_is_measured() -> None:
    balance = build([])["expansion__balance"]
    assert balance["share_range_points"].null_count() == 3
    assert balance["tail_coverage"].null_count() == 3
