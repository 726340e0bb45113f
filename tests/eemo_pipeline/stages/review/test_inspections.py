"""Two draws of images, and when what people found in them accepts or rejects the records."""

import json
from collections import Counter
from typing import Any

import polars as pl
import pytest

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform
from eemo_pipeline.stages.review.inspections import draw_inspections, judge_inspections

IDS = [f"{number:064x}" for number in range(400)]


def frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


IMAGES = frame("dedup__images", [{"image_id": name, "source": "folder"} for name in IDS])
# One image in ten is contested.
DECISIONS = frame(
    "verification__decisions",
    [
        {
            "image_id": name,
            "pattern": "split" if number % 10 == 0 else "unanimous",
            "emotion": "awe",
            "is_contested": number % 10 == 0,
        }
        for number, name in enumerate(IDS)
    ],
)
RECORDS = frame(
    "records__emoverse",
    [
        {
            "image_id": name,
            "machine_emotion": "awe",
            "description": "a sea",
            "decided_by_people": [],
            "boxes_px": [],
        }
        for name in IDS
    ],
)


# Of five images, one is discarded and one is revisable; what an earlier round said does not count.
VERDICTS = frame(
    "critic__verdicts",
    [
        {"image_id": name, "round": round_no, "field": field, "verdict": verdict}
        for number, name in enumerate(IDS)
        for round_no, field, verdict in (
            (1, "emotion", "unjudged"),
            (2, "emotion", "valid"),
            (2, "box", ("discarded", "revisable", "valid", "valid", "valid")[number % 5]),
        )
    ],
)


def judge(
    draws: pl.DataFrame, right: int, wrong: int, outcome: str = "decided"
) -> dict[tuple[str, str], dict[str, Any]]:
    """Have people find so many of the first images right and so many wrong; the rest waits."""
    drawn = sorted(draws["image_id"].unique())
    people = frame(
        "review__records",
        [
            {
                "image_id": name,
                "outcome": outcome,
                "emotion": "awe" if place < right else "fear",
                "draft_states_json": json.dumps(
                    {"description": "confirmed" if place < right else "refused"}
                ),
            }
            for place, name in enumerate(drawn[: right + wrong])
        ],
    )
    found = judge_inspections(draws, people, RECORDS)
    assert conform(found, TABLES["review__inspections"]).columns == found.columns
    return {(row["inspection"], row["judged_field"]): row for row in found.iter_rows(named=True)}


def uniform(count: int) -> pl.DataFrame:
    draws = draw_inspections(IMAGES, DECISIONS, VERDICTS, count)
    return draws.filter(pl.col("inspection") == "uniform")


def test_a_draw_depends_on_no_verdict_and_not_on_the_order_of_images():
    draws = draw_inspections(IMAGES, DECISIONS, VERDICTS, 100)
    again = draw_inspections(IMAGES.reverse(), DECISIONS.reverse(), VERDICTS.reverse(), 100)
    assert draws.equals(again)
    others = DECISIONS.with_columns(
        pl.lit("fear").alias("emotion"), is_contested=pl.lit(value=True)
    )
    moved = draw_inspections(IMAGES, others, VERDICTS.clear(), 100)
    is_uniform = pl.col("inspection") == "uniform"
    assert draws.filter(is_uniform).equals(moved.filter(is_uniform))


def test_the_stratified_draw_looks_three_times_as_often_where_machines_disagree():
    draws = draw_inspections(IMAGES, DECISIONS, VERDICTS, 120)
    stratified = draws.filter(pl.col("inspection") == "stratified")
    counts = Counter(name.split("/")[1] for name in stratified["inspected_stratum"])
    shares = {"split": counts["split"] / 40, "unanimous": counts["unanimous"] / 360}
    assert shares["split"] == pytest.approx(3 * shares["unanimous"], rel=0.05)
    # The inverse of the inclusion shares sums to the images of all strata.
    assert (1 / stratified["inclusion_share"]).sum() == pytest.approx(400, rel=0.001)


def test_each_verdict_of_the_critic_is_drawn_as_often_as_it_was_given():
    draws = draw_inspections(IMAGES, DECISIONS, VERDICTS, 120)
    stratified = draws.filter(pl.col("inspection") == "stratified")
    names = [name.split("/") for name in stratified["inspected_stratum"]]
    # Every tenth image is contested and discarded, drawn threefold; its stratum has no other.
    assert {(pattern, verdict) for _, pattern, _, verdict in names} == {
        ("split", "discarded"),
        *(("unanimous", verdict) for verdict in ("discarded", "revisable", "valid")),
    }
    counts = Counter(verdict for _, pattern, _, verdict in names if pattern == "unanimous")
    assert counts["revisable"] == pytest.approx(120 / 480 * 80, abs=1)
    assert counts["valid"] == pytest.approx(120 / 480 * 240, abs=1)
    unjudged = draw_inspections(IMAGES, DECISIONS, VERDICTS.clear(), 120)
    assert (
        unjudged.filter(inspection="stratified")["inspected_stratum"].str.ends_with("/none").all()
    )


def test_all_of_a_draw_has_to_be_judged_before_it_is_accepted():
    draws = uniform(100)
    waiting = judge(draws, right=99, wrong=0)["uniform", "emotion"]
    assert (waiting["judged_count"], waiting["acceptance"]) == (99, "undecided")
    assert judge(draws, right=100, wrong=0)["uniform", "emotion"]["acceptance"] == "accepted"


def test_a_share_above_the_target_is_not_enough_if_its_interval_includes_it():
    found = judge(uniform(100), right=88, wrong=12)["uniform", "emotion"]
    assert found["right_share"] == 0.88
    assert found["right_lower"] < 0.85 < found["right_share"]
    assert found["acceptance"] == "rejected"


def test_a_draw_is_rejected_as_soon_as_acceptance_is_out_of_reach():
    # Of 100 images at least 92 have to be right: Wilson's lower end is then 0.8502.
    found = judge(uniform(100), right=0, wrong=9)["uniform", "description"]
    assert (found["judged_count"], found["acceptance"]) == (9, "rejected")
    assert judge(uniform(100), right=0, wrong=8)["uniform", "emotion"]["acceptance"] == "undecided"


def test_a_draw_too_small_for_any_verdict_stays_undecided():
    assert judge(uniform(10), right=0, wrong=10)["uniform", "emotion"]["acceptance"] == "undecided"


def test_an_emotion_that_too_few_judged_or_that_came_from_elsewhere_is_not_looked_at():
    for outcome in ("too_few", "imported", "dropped"):
        found = judge(uniform(50), right=50, wrong=0, outcome=outcome)["uniform", "emotion"]
        assert (found["judged_count"], found["acceptance"]) == (0, "undecided")


def test_a_field_that_machines_left_empty_is_not_asked_for():
    found = judge(uniform(50), right=50, wrong=0)
    assert found["uniform", "background"]["drawn_count"] == 0
    assert found["uniform", "description"]["drawn_count"] == 50


def test_a_weighted_share_is_that_of_all_images():
    draws = draw_inspections(IMAGES, DECISIONS, VERDICTS, 120)
    stratified = draws.filter(pl.col("inspection") == "stratified")
    is_split = stratified["inspected_stratum"].str.contains("split")
    wrong = stratified.filter(is_split)["image_id"].to_list()
    people = frame(
        "review__records",
        [
            {
                "image_id": name,
                "outcome": "decided",
                "emotion": "fear" if name in wrong else "awe",
                "draft_states_json": "{}",
            }
            for name in stratified["image_id"]
        ],
    )
    found = judge_inspections(stratified, people, RECORDS).filter(
        pl.col("judged_field") == "emotion"
    )
    # All contested images are wrong, a tenth of all; drawn threefold they would be a quarter.
    assert found["right_share"].item() == pytest.approx(0.9, abs=0.001)
    assert len(wrong) / stratified.height > 0.2
