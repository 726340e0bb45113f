from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.aggregation.decide import decide, latest_replies
from eemo_pipeline.roles.critic import STEPS
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import (
    conform,
    key_violations,
    null_violations,
    range_violations,
    vocabulary_violations,
)
from eemo_pipeline.stages.records import build_records, describe_images

FIELDS = tuple(STEPS)
RECORDS = TABLES["records__emoverse"]


def table(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


def image_rows(*ids: str) -> pl.DataFrame:
    return table(
        "dedup__images",
        [{"image_id": i, "source": "folder", "split": "train", "path": f"{i}.jpg"} for i in ids],
    )


def reply(image: str, annotator: str, **change: Any) -> dict[str, Any]:
    return {
        "image_id": image,
        "annotator": annotator,
        "round": 1,
        "model": "m",
        "method": "m",
        "prompt_hash": "p",
        "status": "ok",
        "description": "d",
        "background": "b",
        "attribute": "a",
        "subject": "s",
        "emotion": "awe",
        "clarity": 6,
        "intensity": 6,
        **change,
    }


def verdict_rows(image: str, round_no: int = 1, **verdicts: str | tuple[str, str]):
    rows = []
    for name in FIELDS:
        given_verdict = verdicts.get(name, "valid")
        verdict, code = (
            given_verdict if isinstance(given_verdict, tuple) else (given_verdict, "CODE")
        )
        rows.append(
            {
                "image_id": image,
                "round": round_no,
                "field": name,
                "critic": "c",
                "method": "m",
                "verdict": verdict,
                "codes": [] if verdict == "valid" else [code],
                "finding": "f",
            }
        )
    return rows


def build_one(
    verdicts: list[dict[str, Any]],
    replies: list[dict[str, Any]] | None = None,
    later: list[dict[str, Any]] | None = None,
    regions: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    frame = build_records(
        image_rows("i"),
        table(
            "annotation__replies",
            [reply("i", "a"), reply("i", "b")] if replies is None else replies,
        ),
        table("_critic__replies", later or []),
        table("verification__replies", []),
        table("critic__verdicts", verdicts),
        table("grounding__regions", regions or []),
    )
    assert frame.height == 1
    return frame.row(0, named=True)


def test_all_valid_is_preserved():
    regions = [
        {"image_id": "i", "region_no": n, "detector": "d", "segmenter": "s", "status": status}
        for n, status in ((0, "none"), (1, "ok"), (2, "ok"), (3, "error"))
    ]
    record = build_one(verdict_rows("i"), regions=regions)
    assert (record["state"], record["reason"]) == ("preserved", None)
    assert (record["emotion"], record["confidence"], record["intensity"]) == ("awe", 6.0, 6)
    assert (record["region_count"], record["round_count"]) == (2, 1)
    assert (record["source"], record["split"]) == ("folder", "train")


def test_discarded_field_is_emptied_with_a_reason():
    record = build_one(verdict_rows("i", subject="discarded", intensity="discarded"))
    assert (record["state"], record["reason"]) == ("preserved", "discarded_intensity_subject")
    assert record["subject"] is None
    assert record["intensity"] is record["intensity_level"] is None
    assert record["attribute"] == "a"


def test_revisable_field_goes_to_a_person_with_its_value():
    record = build_one(verdict_rows("i", attribute="revisable"))
    assert (record["state"], record["reason"]) == ("human", "revisable_attribute")
    assert record["attribute"] == "a"


def test_contested_emotion_goes_to_a_person_unless_the_critic_settles_it():
    replies = [reply("i", "a"), reply("i", "b", emotion="fear")]
    record = build_one(verdict_rows("i", emotion="revisable", box="revisable"), replies)
    assert (record["state"], record["reason"]) == ("human", "emotion_contested")
    assert record["is_contested"] is True
    settled = build_one(verdict_rows("i"), replies)
    assert settled["state"] == "preserved"
    assert settled["is_contested"] is False
    unjudged = build_one(verdict_rows("i", box="unjudged"), replies)
    assert (unjudged["state"], unjudged["reason"]) == ("human", "not_judged")


@pytest.mark.parametrize(
    ("verdicts", "reason"),
    [
        ({"emotion": "discarded"}, "emotion_discarded"),
        ({"emotion": ("discarded", "UNREADABLE")}, "image_unreadable"),
        (dict.fromkeys(("description", "subject", "box"), "discarded"), "attributes_discarded"),
    ],
)
def test_dropped(verdicts, reason):
    record = build_one(verdict_rows("i", **verdicts))
    assert (record["state"], record["reason"]) == ("dropped", reason)


def test_two_lost_groups_and_intensity_do_not_drop():
    lost = dict.fromkeys(("description", "subject", "intensity"), "discarded")
    assert build_one(verdict_rows("i", **lost))["state"] == "preserved"


def test_no_usable_reply_is_dropped():
    replies = [reply("i", "a", status="refused", reason="unsafe", emotion=None)]
    record = build_one(verdict_rows("i", emotion="discarded"), replies)
    assert (record["state"], record["reason"]) == ("dropped", "no_usable_reply")


def test_unjudged_picture_is_never_preserved():
    record = build_one([])
    assert (record["state"], record["reason"]) == ("human", "not_judged")
    absent = build_one([], [])
    assert (absent["state"], absent["emotion"], absent["round_count"]) == ("human", None, 1)


def test_last_round_counts():
    verdicts = [
        *verdict_rows("i", attribute="revisable"),
        *verdict_rows("i", round_no=2),
    ]
    later = [reply("i", "a", round=2, attribute="vast")]
    record = build_one(verdicts, later=later)
    assert (record["state"], record["attribute"], record["round_count"]) == ("preserved", "vast", 2)


def test_empty_input():
    frame = build_records(
        image_rows(),
        TABLES["annotation__replies"].empty(),
        TABLES["_critic__replies"].empty(),
        TABLES["verification__replies"].empty(),
        TABLES["critic__verdicts"].empty(),
        TABLES["grounding__regions"].empty(),
    )
    assert conform(frame, RECORDS).height == 0


def describe(
    records: pl.DataFrame,
    replies: list[dict[str, Any]],
    told: list[dict[str, Any]] | None = None,
    types: dict[str, str | None] | None = None,
    later: list[dict[str, Any]] | None = None,
) -> pl.DataFrame:
    return describe_images(
        records,
        image_rows(*records["image_id"].to_list()),
        table("ingest__records", told or []),
        table("annotation__replies", replies),
        table("_critic__replies", later or []),
        types or {},
    )


def described(told: list[str], types: dict[str, str | None] | None = None, **seen: str):
    """Return the record of an image with the attributes of its source's records."""
    replies = [reply("i", "a", model="one/1", **seen), reply("i", "b", model="two/2")]
    records = build_records(
        image_rows("i"),
        table("annotation__replies", replies),
        TABLES["_critic__replies"].empty(),
        TABLES["verification__replies"].empty(),
        TABLES["critic__verdicts"].empty(),
        TABLES["grounding__regions"].empty(),
    )
    rows = [
        {"image_id": "i", "source": "emoverse", "record_id": str(no), "attributes": text}
        for no, text in enumerate(told)
    ]
    return describe(records, replies, rows, types).row(0, named=True)


def test_a_record_has_its_path_its_author_and_the_joined_triplet():
    record = described(['{"external_id":"Awe000001"}'])
    assert record["image_path"] == "sources/folder/i.jpg"
    assert record["external_id"] == "Awe000001"
    assert record["joined_triplet"] == "b-a-s"
    assert (record["annotator"], record["model"], record["method"]) == ("a", "one/1", "m")


def test_each_text_names_the_annotator_who_wrote_it():
    one = reply("i", "a", background="beach", attribute="x", subject="dog")
    two = reply("i", "b", background="sea", attribute="x", subject=None)
    later = reply("i", "b", round=2, background="sea", attribute="x", subject="wave")
    held = {"image_id": "i", "source": "folder", "split": "train", "state": "human", "reason": "r"}
    words = {"description": None, "background": "sea", "attribute": "x", "subject": "wave"}
    record = table("records__emoverse", [held | words | {"annotator": "a", "image_path": "p"}])
    row = describe(record, [one, two], later=[later]).row(0, named=True)
    assert row["word_annotators"] == ["", "b", "a", "b"]


@pytest.mark.parametrize(
    ("told", "types", "seen", "image_type", "origin"),
    [
        (['{"image_type":"Nature"}'], {"folder": "Artistic"}, {}, "Nature", "source"),
        (['{"category":"Person"}'], {}, {"style": "painting"}, "Social", "source"),
        (['{"category":"Person"}', '{"category":"Animal"}'], {}, {}, None, None),
        (['{"category":"Scene"}'], {"folder": "Artistic"}, {}, "Artistic", "source"),
        ([], {}, {"style": "painting", "human_action": "sitting"}, "Artistic", "style"),
        ([], {}, {"style": "photograph", "human_action": "sitting"}, "Social", "people"),
        ([], {}, {"facial_expression": "absent", "scene": "outdoor/beach"}, "Nature", "place"),
        ([], {}, {"human_action": "unknown", "scene": "indoor/kitchen"}, None, None),
        ([], {}, {}, None, None),
    ],
)
def test_the_type_of_an_image_is_the_sources_or_what_an_annotator_saw(
    told, types, seen, image_type, origin
):
    record = described(told, types, **seen)
    assert (record["image_type"], record["image_type_origin"]) == (image_type, origin)


def test_boxes_enclose_the_regions_in_whole_pixels_and_go_with_a_discarded_box():
    region = {"image_id": "i", "status": "ok", "x1_px": 1.5, "y1_px": 2.0, "x2_px": 3.2}
    regions = [region | {"region_no": 2, "y2_px": 9.0}, region | {"region_no": 1, "y2_px": 8.5}]
    record = build_one(verdict_rows("i"), regions=regions)
    assert record["boxes_px"] == [1, 2, 4, 9, 1, 2, 4, 9]
    discarded = build_one(verdict_rows("i", box="discarded"), regions=regions)
    assert (discarded["boxes_px"], discarded["region_count"]) == (None, 2)
    assert build_one(verdict_rows("i"))["boxes_px"] == []


VERDICTS = st.dictionaries(
    st.sampled_from(FIELDS), st.sampled_from(["valid", "revisable", "discarded"])
)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["i1", "i2", "i3", "stranger"]),
            st.sampled_from("ab"),
            st.sampled_from(["awe", "fear", None]),
        ),
        unique_by=lambda row: row[:2],
    ),
    st.dictionaries(st.sampled_from(["i1", "i2"]), st.lists(VERDICTS, min_size=1, max_size=3)),
    st.randoms(),
)
def test_laws(votes, judged, random):
    replies = [reply(image, name, emotion=emotion) for image, name, emotion in votes]
    verdicts = [
        row
        for image, rounds in judged.items()
        for number, given_verdicts in enumerate(rounds, 1)
        for row in verdict_rows(image, number, **given_verdicts)
    ]

    def build(images: list[str], some: list[dict[str, Any]], rows: list[dict[str, Any]]):
        return build_records(
            image_rows(*images),
            table("annotation__replies", some),
            TABLES["_critic__replies"].empty(),
            TABLES["verification__replies"].empty(),
            table("critic__verdicts", rows),
            TABLES["grounding__regions"].empty(),
        )

    images = ["i1", "i2", "i3"]
    records = build(images, replies, verdicts)
    assert records["image_id"].to_list() == images
    described = describe(records, replies)
    lazy = conform(described, RECORDS).lazy()
    for check in (key_violations, null_violations, range_violations, vocabulary_violations):
        assert check(lazy, RECORDS) == []
    for rows in (images, replies, verdicts):
        random.shuffle(rows)
    assert build(images, replies, verdicts).equals(records)
    decisions = decide(
        latest_replies(table("annotation__replies", replies), TABLES["_critic__replies"].empty()),
        TABLES["verification__replies"].empty(),
    )
    decided = dict(decisions.select("image_id", "emotion").iter_rows())
    for row in records.iter_rows(named=True):
        last = judged.get(row["image_id"], [{}])[-1]
        assert row["state"] == "preserved" or row["reason"] is not None
        if row["image_id"] not in judged:
            assert row["state"] == "human"
        elif row["state"] == "preserved":
            assert "revisable" not in last.values()
            assert row["emotion"] == decided.get(row["image_id"])
        for name in ("description", "background", "attribute", "subject"):
            assert last.get(name) != "discarded" or row[name] is None
