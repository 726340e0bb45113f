"""The tasks for people: what is drawn, what is asked, and which drafts are wrong on purpose."""

import json
from collections.abc import Sequence
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform, key_violations, null_violations
from eemo_pipeline.stages.review.queue import AUDIT_SHARE, build_queue, draft_fields
from eemo_pipeline.stats.hash_draws import unit_interval

COUNT = 1_000
IDS = [f"{number:064x}" for number in range(COUNT)]


def frame(name: str, rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


IMAGES = frame("dedup__images", [{"image_id": name} for name in IDS])
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
DISPUTES = frame(
    "critic__queue",
    [
        {"image_id": name, "field": field, "priority": 0.5, "finding": "why", "codes": []}
        for name in IDS[::10]
        for field in ("emotion", "description")
    ],
)


def build() -> tuple[pl.DataFrame, pl.DataFrame]:
    drafts = draft_fields(RECORDS, REPLIES, REGIONS, DISPUTES)
    return drafts, build_queue(IMAGES, drafts, DISPUTES, RECORDS, REPLIES, STOPS)


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
    drafts, asked = build()
    stopped = build_queue(IMAGES, drafts, DISPUTES, RECORDS, REPLIES, stops)
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
    again = build_queue(
        IMAGES.reverse(), shuffled, DISPUTES.reverse(), RECORDS.reverse(), REPLIES.reverse(), STOPS
    )
    assert_frame_equal(shuffled, drafts)
    assert_frame_equal(again, queue)
