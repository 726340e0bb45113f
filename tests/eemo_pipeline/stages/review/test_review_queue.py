"""The tasks for people: what is drawn, what is asked, and which drafts are wrong on purpose."""

import json
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform, key_violations, null_violations
from eemo_pipeline.stages.review.inspections import draw_inspections
from eemo_pipeline.stages.review.queue import build_queue, draft_fields
from eemo_pipeline.stages.review.sampling import AUDIT_SHARE, GOLD_SHARE, sample_images
from eemo_pipeline.stats.hash_draws import unit_interval

COUNT = 1_000
IDS = [f"{number:064x}" for number in range(COUNT)]


def frame(name: str, rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


IMAGES = frame("dedup__images", [{"image_id": name, "source": "folder"} for name in IDS])
RECORDS = frame(
    "records__emoverse",
    [
        {
            "image_id": name,
            "annotator": "a",
            "emotion": "awe",
            "machine_emotion": "awe",
            "description": f"text {number}",
            "background": "sea",
            "boxes_px": [1, 2, 3, 4, 5, 6, 7, 8],
        }
        for number, name in enumerate(IDS)
    ],
)
REPLIES = frame(
    "annotation__replies",
    [
        {
            "image_id": name,
            "annotator": who,
            "status": "ok",
            "valence": valence,
            "style": "photograph",
        }
        for name in IDS
        for who, valence in (("a", 0.25), ("b", 0.5))
    ],
)
REGIONS = frame(
    "grounding__regions",
    [{"image_id": name, "region_no": 1, "detector": "saliency"} for name in IDS],
)
STOPS = TABLES["records__class_stops"].empty()
VERDICTS = TABLES["critic__verdicts"].empty()
DISPUTES = frame(
    "critic__queue",
    [
        {"image_id": name, "field": field, "priority": 0.5, "finding": "why", "codes": []}
        for name in IDS[::10]
        for field in ("emotion", "description")
    ],
)


# One image in twenty is one of fear, by the machines' scores; the others are of awe.
DECISIONS = frame(
    "verification__decisions",
    [
        {
            "image_id": name,
            "pattern": "unanimous",
            "is_contested": False,
            "emotion": "fear" if number % 20 == 7 else "awe",
        }
        for number, name in enumerate(IDS)
    ],
)
# What ten people said elsewhere of some images: nine in ten the same, or six in ten.
LABELS = frame(
    "labels__emotions",
    [
        {"image_id": name, "taxonomy": "mikels8", "semantics": "evoked", "rater_count": 10}
        | {"emotion": emotion, "mass": mass}
        for number, name in enumerate(IDS[:200])
        for emotion, mass in (("fear", 0.9 if number % 2 else 0.6), ("awe", 0.1))
    ],
)


def sample(stops: pl.DataFrame = STOPS) -> pl.DataFrame:
    disputed = DISPUTES["image_id"].to_list()
    return sample_images(IMAGES, DECISIONS, VERDICTS, disputed, LABELS, stops)


def build(stops: pl.DataFrame = STOPS) -> tuple[pl.DataFrame, pl.DataFrame]:
    drafts = draft_fields(RECORDS, REPLIES, REGIONS, DISPUTES)
    return drafts, build_queue(sample(), drafts, DISPUTES, RECORDS, REPLIES, stops)


def test_the_audit_is_drawn_without_a_look_at_any_verdict():
    _, queue = build()
    audited = set(queue.filter(pl.col("queue") == "audit")["image_id"])
    assert audited == {name for name in IDS if unit_interval("audit", name) < AUDIT_SHARE}
    assert abs(len(audited) / COUNT - AUDIT_SHARE) < 0.05


def test_a_disputed_image_is_asked_for_the_fields_in_dispute():
    _, queue = build()
    disputed = queue.filter(pl.col("queue") == "disputed")
    assert set(disputed["image_id"]) | set(queue["image_id"]) >= set(IDS[::10])
    assert disputed["fields"].to_list() == [["description"]] * disputed.height
    assert set(disputed["priority"]) == {0.75}  # 1 - 0.5 x 0.5
    assert set(queue["machine_valence"]) == {-1.0}  # mean 0.375 on 0-1
    assert disputed["probe_field"].null_count() == disputed.height


def test_a_probe_is_another_images_value():
    drafts, queue = build()
    own = {
        (i, f): text
        for i, f, text in drafts.select("image_id", "reviewed_field", "draft_json").rows()
    }
    probes = queue.drop_nulls("probe_field")
    assert 0 < probes.height < queue.height / 5
    for image_id, field, text in probes.select("image_id", "probe_field", "probe_json").rows():
        assert text != own[image_id, field]
        assert text in {own[other, field] for other in IDS}
    # Every background is the same here, so none can be exchanged.
    assert set(probes["probe_field"]) == {"description"}


def test_drafts_say_who_made_them_and_what_is_in_dispute():
    drafts, _ = build()
    one = {
        row["reviewed_field"]: row for row in drafts.filter(image_id=IDS[0]).iter_rows(named=True)
    }
    assert set(one) == {"description", "background", "style", "box"}
    assert one["description"]["finding"] == "why"
    assert one["background"]["finding"] == ""
    assert (one["style"]["annotator"], one["box"]["annotator"]) == ("a", "saliency")
    boxes = json.loads(one["box"]["draft_json"])
    assert boxes[1] == {"x1_px": 5, "y1_px": 6, "x2_px": 7, "y2_px": 8}


def test_a_box_in_dispute_is_asked_for_where_none_was_found():
    disputes = frame(
        "critic__queue",
        [{"image_id": IDS[0], "field": "box", "priority": 1.0, "finding": "none", "codes": []}],
    )
    records = RECORDS.with_columns(boxes_px=pl.lit([], dtype=pl.List(pl.Int64)))
    drafts = draft_fields(records, REPLIES, REGIONS, disputes)
    boxes = drafts.filter(pl.col("reviewed_field") == "box")
    assert boxes.select("image_id", "draft_json").rows() == [(IDS[0], "[]")]


def test_an_emotion_that_was_found_often_enough_is_asked_for_last():
    stops = frame("records__class_stops", [{"emotion": "awe", "is_stopped": True}])
    _, asked = build()
    _, stopped = build(stops)
    is_disputed = pl.col("queue") == "disputed"
    assert asked.filter(is_disputed)["priority"].min() == 0.75
    assert stopped.filter(is_disputed)["priority"].max() == 0.0
    # The audit estimates the quality of all records, so nothing is left out of it.
    assert stopped.drop("priority").equals(asked.drop("priority"))


def test_the_tables_are_as_declared_and_the_same_in_any_order_of_rows():
    drafts, queue = build()
    for name, table in (("review__drafts", drafts), ("review__queue", queue)):
        conform(table, TABLES[name])
        assert not key_violations(table.lazy(), TABLES[name])
        assert not null_violations(table.lazy(), TABLES[name])
    shuffled = draft_fields(RECORDS.reverse(), REPLIES.reverse(), REGIONS, DISPUTES.reverse())
    resampled = sample_images(
        IMAGES.reverse(),
        DECISIONS.reverse(),
        VERDICTS,
        DISPUTES["image_id"].reverse().to_list(),
        LABELS.reverse(),
        STOPS,
    )
    again = build_queue(
        resampled, shuffled, DISPUTES.reverse(), RECORDS.reverse(), REPLIES.reverse(), STOPS
    )
    assert_frame_equal(shuffled, drafts)
    assert_frame_equal(again, queue)


def test_gold_is_a_distribution_of_many_who_agreed_and_is_asked_for_without_drafts():
    _, queue = build()
    known = queue.drop_nulls("gold_distribution")
    assert set(known["image_id"]) <= set(IDS[1:200:2]), "six in ten do not agree"
    awe, fear = MIKELS_8.index("awe"), MIKELS_8.index("fear")
    for shares in known["gold_distribution"]:
        assert (shares[awe], shares[fear], sum(shares)) == (0.1, 0.9, 1.0)
    gold = queue.filter(pl.col("queue") == "gold")
    assert 0 < gold.height < GOLD_SHARE * queue.height
    assert gold["fields"].to_list() == [[]] * gold.height
    # Another image may be gold as well, whatever it is asked for.
    assert set(known["queue"]) >= {"gold", "audit"}


def test_a_rare_emotion_is_drawn_as_often_as_a_frequent_one():
    rare = sample().filter("is_rare")
    drawn = dict(rare.join(DECISIONS, on="image_id")["emotion"].value_counts().iter_rows())
    # A tenth of 1,000 images, in equal parts; there are only 50 of fear.
    assert drawn["fear"] == 50
    assert abs(drawn["awe"] - 50) < 20
    stopped = frame("records__class_stops", [{"emotion": "fear", "is_stopped": True}])
    assert "fear" not in sample(stopped).filter("is_rare").join(DECISIONS, on="image_id")["emotion"]


def test_the_inverse_of_the_probability_to_be_asked_counts_all_images():
    _, queue = build()
    assert set(queue["queue"]) == {"audit", "inspection", "disputed", "rare", "gold"}
    weights = 1 / queue["asked_share"]
    assert weights.sum() == pytest.approx(COUNT, rel=0.1)
    is_fear = queue["image_id"].is_in(IDS[7::20])
    assert weights.filter(is_fear).sum() == pytest.approx(50, abs=10)
    assert is_fear.sum() / queue.height > 0.07, "drawn more often than their one in twenty"
    assert queue.filter(pl.col("queue") == "disputed")["asked_share"].unique().to_list() == [1.0]


def test_the_two_inspections_are_other_images_and_people_are_asked_for_all_drafts():
    draws = draw_inspections(IMAGES, DECISIONS, VERDICTS)
    drawn = {
        name: set(draws.filter(pl.col("inspection") == name)["image_id"])
        for name in ("uniform", "stratified")
    }
    both = drawn["uniform"] & drawn["stratified"]
    assert len(drawn["stratified"]) == pytest.approx(150, abs=2)
    assert len(both) < 0.45 * len(drawn["stratified"]), "they meet by chance alone"
    drafts, queue = build()
    asked = {row["image_id"]: set(row["fields"]) for row in queue.iter_rows(named=True)}
    drafted = drafts.group_by("image_id").agg("reviewed_field")
    fields = {name: set(of_image) for name, of_image in drafted.iter_rows()}
    assert all(asked[name] == fields[name] for of_draw in drawn.values() for name in of_draw)
