"""What people decided goes before what machines decided, in every record that it is about.

A value that a person gave is never overwritten: this is applied last, to the finished records.
"""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from eemo_pipeline.readers.emoverse_records import join_triplet
from eemo_pipeline.schema.tables import TABLES

PEOPLE = "people"  # the author of a text that people corrected
_TABLE = TABLES["records__emoverse"]
_TEXTS = ("description", "background", "attribute", "subject")
_CORNERS = ("x1_px", "y1_px", "x2_px", "y2_px")


def decide_by_people(
    records: pl.DataFrame, people: pl.DataFrame, disputes: pl.DataFrame
) -> pl.DataFrame:
    """Return `records__emoverse` with the values that people gave.

    - An emotion that people decided, or an adjudicator chose, is the record's; so is their
      distribution. The record is then preserved, unless other fields wait for a person.
    - Where people differ, the record keeps their distribution and no emotion (`people_differ`). It
      waits for an adjudicator, and its state is plural once one has said so.
    - Where most people feel nothing (`neutral`) or cannot tell, or an adjudicator dropped the
      image, the record is dropped (`people_feel_nothing`, `dropped_by_people`).
    - A draft that most confirmed or corrected is the field's value; one that most refused is
      emptied, and its record is preserved without it (`decided_by_people`). The column
      `decided_by_people` lists all fields of which people decided.

    Args:
        records: rows of `records__emoverse`, as machines decided.
        people: rows of `review__records`.
        disputes: rows of `critic__queue`, the fields that wait for a person.
    """
    if people.is_empty():
        return records
    decided = {row["image_id"]: row for row in people.iter_rows(named=True)}
    is_open: dict[str, set[str]] = {}
    for image_id, field in disputes.select("image_id", "field").iter_rows():
        is_open.setdefault(image_id, set()).add(field)
    rows = [
        _decide(row, decided[name], is_open.get(name, set())) if name in decided else row
        for row in records.iter_rows(named=True)
        if (name := row["image_id"])
    ]
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)


def _decide(
    record: Mapping[str, Any], people: Mapping[str, Any], is_open: set[str]
) -> dict[str, Any]:
    row = dict(record)
    if row["reason"] == "image_unreadable":
        return row
    settled = json.loads(people["settled_json"])
    fields = set(settled) & {*_TEXTS, "box"}
    for name in _TEXTS:
        if name in settled:
            _set_text(row, name, settled[name])
        elif name in people["refused_fields"]:
            _set_text(row, name, None)
            fields.add(name)
    row["joined_triplet"] = join_triplet(row["background"], row["attribute"], row["subject"])
    if "box" in settled:
        row["boxes_px"] = [box[corner] for box in settled["box"] for corner in _CORNERS]
        row["region_count"] = len(settled["box"])
    elif "box" in people["refused_fields"]:
        row |= {"boxes_px": None, "region_count": 0}
        fields.add("box")
    if people["outcome"] != "too_few":
        fields.add("emotion")
        _set_emotion(row, people)
    row["decided_by_people"] = sorted(fields)
    row |= _state(row, people["outcome"], fields, is_open)
    if row["reason"] is None and any(name in people["refused_fields"] for name in _TEXTS):
        row["reason"] = "decided_by_people"
    return row


def _set_text(row: dict[str, Any], name: str, value: str | None) -> None:
    if row[name] == value:
        return
    row[name] = value
    authors = list(row["word_annotators"] or [""] * len(_TEXTS))
    authors[_TEXTS.index(name)] = PEOPLE if value is not None else ""
    row["word_annotators"] = authors
    if name == "description":
        row |= {"annotator": PEOPLE if value is not None else None, "model": None, "method": None}


def _set_emotion(row: dict[str, Any], people: Mapping[str, Any]) -> None:
    """Set what people felt. Confidence is their share on its scale, not a machine's clarity."""
    row |= {
        "emotion": people["emotion"],
        "distribution": people["distribution"],
        "confidence": max(1.0, round(10 * people["emotion_share"], 2)),
        "is_contested": people["outcome"] == "plural",
    }


def _state(
    row: Mapping[str, Any], outcome: str, fields: set[str], is_open: set[str]
) -> dict[str, Any]:
    """Return state and reason after what people decided."""
    if outcome == "dropped":
        return {"state": "dropped", "reason": "dropped_by_people"}
    if outcome in ("decided", "adjudicated", "imported") and row["emotion"] is None:
        return {"state": "dropped", "reason": "people_feel_nothing"}
    if outcome == "plural":
        return {"state": "human", "reason": "people_differ"}
    if outcome == "kept_plural":
        return {"state": "plural", "reason": "people_differ"}
    waiting = sorted(is_open - fields)
    if row["state"] == "human" and not waiting:
        return {"state": "preserved", "reason": "decided_by_people"}
    if row["state"] == "human" and "emotion" not in waiting:
        return {"state": "human", "reason": "_".join(["revisable", *waiting])}
    if row["state"] == "dropped" and "emotion" in fields:
        return {"state": "preserved", "reason": "decided_by_people"}
    return {"state": row["state"], "reason": row["reason"]}
