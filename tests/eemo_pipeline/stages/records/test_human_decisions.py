"""What people decided is the record's, whatever machines said of it."""

import json
from importlib.resources import files
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.records.human_decisions import decide_by_people

CHECKS = (
    *("preserved_records_are_whole", "joined_triplet_follows", "texts_have_authors"),
    "distribution_sums_to_one",
)
SHARES = [0.5, 0, 0.5, 0, 0, 0, 0, 0]
RECORD = {
    "image_id": "a",
    "source": "folder",
    "split": "train",
    "image_path": "sources/folder/a.png",
    "state": "human",
    "reason": "emotion_contested",
    "description": "a dog",
    "background": "grass",
    "attribute": "happy",
    "subject": "dog",
    "joined_triplet": "grass-happy-dog",
    "annotator": "one",
    "model": "m",
    "method": "n",
    "word_annotators": ["one", "one", "one", "one"],
    "decided_by_people": [],
    "emotion": "fear",
    "confidence": 7.0,
    "distribution": [0.0] * 7 + [1.0],
    "is_contested": True,
    "region_count": 1,
    "boxes_px": [1, 2, 3, 4],
    "round_count": 1,
}
PEOPLE = {
    "image_id": "a",
    "outcome": "decided",
    "judgement_count": 3,
    "emotion": "awe",
    "emotion_share": 0.7,
    "distribution": SHARES,
    "settled_json": "{}",
    "refused_fields": [],
}


def frame(name: str, *rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


def decide(
    record: dict[str, Any] | None = None, open_fields: str = "emotion", **said: Any
) -> dict[str, Any]:
    records = frame("records__emoverse", RECORD | (record or {}))
    people = frame("review__records", PEOPLE | said)
    disputes = frame(
        "critic__queue", *({"image_id": "a", "field": field} for field in open_fields.split())
    )
    (row,) = decide_by_people(records, people, disputes).to_dicts()
    return row


PRESERVED = {"state": "preserved", "reason": None, "is_contested": False, "intensity": 5}
TEXTS = ("description", "background", "attribute", "subject")


@given(
    machine=st.sampled_from(
        [
            PRESERVED,
            PRESERVED | {"background": None, "reason": "discarded_background"},
            {"intensity": 5},
            {"intensity": 5, "is_contested": False, "reason": "revisable_box"},
            {"state": "dropped", "reason": "attributes_discarded", "intensity": 5},
        ]
    ),
    outcome=st.sampled_from(["decided", "too_few", "plural", "kept_plural", "dropped"]),
    acts=st.dictionaries(st.sampled_from([*TEXTS, "box"]), st.sampled_from(["settled", "refused"])),
    still_open=st.sets(st.sampled_from(["emotion", "box", "subject"])),
)
@settings(max_examples=60, deadline=None)
def test_whatever_people_decide_the_record_passes_its_checks(
    machine: dict[str, Any], outcome: str, acts: dict[str, str], still_open: set[str]
):
    """A blocking check that people's answers could fail would end every run after them."""
    said = {"box": [{"x1_px": 1, "y1_px": 2, "x2_px": 3, "y2_px": 4}]}
    settled = {name: said.get(name, name) for name, act in acts.items() if act == "settled"}
    authors = ["one" if (RECORD | machine)[name] else "" for name in TEXTS]
    triplet = "grass-happy-dog" if "background" not in machine else None
    waiting = {"box"} if machine.get("reason") == "revisable_box" else still_open | {"emotion"}
    row = decide(
        machine | {"word_annotators": authors, "joined_triplet": triplet},
        " ".join(sorted(waiting)) if "state" not in machine else "",
        outcome=outcome,
        emotion="awe" if outcome == "decided" else None,
        settled_json=json.dumps(settled),
        refused_fields=sorted(name for name, act in acts.items() if act == "refused"),
    )
    records__emoverse = frame("records__emoverse", row)
    with duckdb.connect() as connection:
        connection.register("records__emoverse", records__emoverse.to_arrow())
        for name in CHECKS:
            sql = (files("sql") / "checks" / "records__emoverse" / f"{name}.sql").read_text()
            assert connection.execute(sql).fetchall() == [], name


def test_an_emotion_of_people_settles_a_contested_record():
    row = decide()
    assert (row["emotion"], row["state"], row["reason"]) == (
        "awe",
        "preserved",
        "decided_by_people",
    )
    assert row["decided_by_people"] == ["emotion"]
    assert (row["distribution"], row["confidence"]) == (SHARES, 7.0)
    assert not row["is_contested"]
    assert row["description"] == "a dog"


@pytest.mark.parametrize(
    ("said", "state", "reason", "emotion"),
    [
        ({"outcome": "plural", "emotion": None}, "human", "people_differ", None),
        ({"outcome": "kept_plural", "emotion": None}, "plural", "people_differ", None),
        ({"outcome": "adjudicated"}, "preserved", "decided_by_people", "awe"),
        ({"outcome": "decided", "emotion": None}, "dropped", "people_feel_nothing", None),
        ({"outcome": "dropped", "emotion": None}, "dropped", "dropped_by_people", None),
        ({"outcome": "too_few", "emotion": None}, "human", "emotion_contested", "fear"),
    ],
)
def test_every_outcome_has_its_state(
    said: dict[str, Any], state: str, reason: str, emotion: str | None
):
    row = decide(**said)
    assert (row["state"], row["reason"], row["emotion"]) == (state, reason, emotion)


def test_a_record_waits_for_the_fields_that_nobody_has_settled():
    row = decide(open_fields="emotion box")
    assert (row["state"], row["reason"], row["emotion"]) == ("human", "revisable_box", "awe")
    boxes = [{"x1_px": 5, "y1_px": 6, "x2_px": 7, "y2_px": 8}]
    row = decide(open_fields="emotion box", settled_json=json.dumps({"box": boxes}))
    assert (row["state"], row["boxes_px"], row["region_count"]) == ("preserved", [5, 6, 7, 8], 1)
    assert row["decided_by_people"] == ["box", "emotion"]


def test_a_corrected_text_names_people_and_a_refused_one_is_emptied():
    settled = json.dumps({"description": "a wolf", "background": "grass", "objects": ["x"]})
    row = decide(settled_json=settled, refused_fields=["subject", "style"])
    assert (row["description"], row["annotator"], row["model"]) == ("a wolf", "people", None)
    assert row["word_annotators"] == ["people", "one", "one", ""]
    assert (row["subject"], row["joined_triplet"]) == (None, None)
    assert row["decided_by_people"] == ["background", "description", "emotion", "subject"]


def test_an_image_that_cannot_be_seen_stays_dropped():
    row = decide({"state": "dropped", "reason": "image_unreadable"})
    assert (row["state"], row["reason"], row["emotion"]) == ("dropped", "image_unreadable", "fear")


def test_a_record_that_a_machine_dropped_comes_back_with_people():
    row = decide({"state": "dropped", "reason": "emotion_discarded", "emotion": None})
    assert (row["state"], row["emotion"]) == ("preserved", "awe")


def test_without_people_nothing_changes():
    records = frame("records__emoverse", RECORD)
    none = frame("review__records")
    assert_frame_equal(decide_by_people(records, none, frame("critic__queue")), records)
    other = frame("review__records", PEOPLE | {"image_id": "b"})
    assert_frame_equal(decide_by_people(records, other, frame("critic__queue")), records)
