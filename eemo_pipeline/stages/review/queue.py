"""The tasks for people: images whose record is in dispute, and images that were drawn.

The audit is drawn by a hash of the image alone, so that no verdict of a machine decides who is
audited, and its labels estimate the quality of all records (`sampling.py` has all draws). In a few
audited tasks one draft is replaced by that of another image: whether people notice measures how far
they accept what they are shown. Such a draft never becomes data.
"""

import json
from typing import Any

import polars as pl

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.hash_draws import short_hash, unit_interval

PROBE_SHARE = 0.15  # of the audited tasks that have two drafts or more
_QUEUE = TABLES["review__queue"]
_DRAFTS = TABLES["review__drafts"]
# A draft of one of these can be exchanged for another image's without looking odd by itself.
_EXCHANGED = ("description", "background", "subject", "attribute")
_FROM_RECORDS = ("description", "background", "attribute", "subject", "boxes_px")
_FROM_REPLIES = ("style", "scene", "objects", "facial_expression", "human_action", "reason")


def draft_fields(
    records: pl.DataFrame, replies: pl.DataFrame, regions: pl.DataFrame, disputes: pl.DataFrame
) -> pl.DataFrame:
    """Return `review__drafts`: the value of every field that a person checks after judging.

    A box in dispute is a draft also where none was found: an empty list.

    Args:
        records: rows of `records__emoverse`; emptied fields have no draft.
        replies: rows of `annotation__replies`; the further fields come from the record's annotator.
        regions: rows of `grounding__regions`, for the name of the detector.
        disputes: rows of `critic__queue`.
    """
    detectors = dict(regions.sort("region_no").select("image_id", "detector").iter_rows())
    findings = {
        (image_id, field): finding
        for image_id, field, finding in disputes.select("image_id", "field", "finding").iter_rows()
    }
    # The cues that the annotator names for its emotion are the draft of a person's reason.
    seen = (
        replies.filter(pl.col("status") == "ok")
        .with_columns(pl.col("evidence").cast(pl.List(pl.String)).list.join("; ").alias("cues"))
        .with_columns(pl.when(pl.col("cues") != "").then("cues").alias("reason"))
        .select("image_id", "annotator", *_FROM_REPLIES)
    )
    joined = records.select("image_id", "annotator", *_FROM_RECORDS).join(
        seen, on=["image_id", "annotator"], how="left"
    )
    rows: list[dict[str, Any]] = []
    for record in joined.iter_rows(named=True):
        author = record["annotator"] or "nobody"
        values = {name: record[name] for name in (*_FROM_RECORDS[:-1], *_FROM_REPLIES)}
        values["box"] = _boxes(record["boxes_px"] or []) or None
        if values["box"] is None and (record["image_id"], "box") in findings:
            values["box"] = []
        rows += [
            {
                "image_id": record["image_id"],
                "reviewed_field": field,
                "draft_json": (text := _write(value)),
                "annotator": detectors[record["image_id"]] if field == "box" else author,
                "finding": findings.get((record["image_id"], field), ""),
                "draft_version": short_hash(text),
            }
            for field, value in values.items()
            if value is not None
        ]
    return pl.DataFrame(rows, schema=_DRAFTS.polars_schema).sort(_DRAFTS.key)


def build_queue(
    sampled: pl.DataFrame,
    drafts: pl.DataFrame,
    disputes: pl.DataFrame,
    records: pl.DataFrame,
    replies: pl.DataFrame,
    stops: pl.DataFrame,
) -> pl.DataFrame:
    """Return `review__queue`: at most one task per image.

    Every task begins with the person's own emotion, valence and arousal. A disputed image is then
    asked for the fields in dispute, one that was drawn for the audit, for an inspection or as rare
    for all of its drafts, one with a gold distribution for nothing more. Of several reasons the
    first counts: audit, inspection, disputed, rare, gold. The priority of a disputed task is the
    probability that a person changes any of its fields, taken as independent; the others have no
    priority but their draw. Nor has a disputed task whose emotion people found often enough, as the
    machines decided it.

    Args:
        sampled: result of `sample_images`.
        drafts: result of `draft_fields`.
        disputes: rows of `critic__queue`.
        records: rows of `records__emoverse`.
        replies: rows of `annotation__replies`.
        stops: rows of `records__class_stops`.
    """
    stopped = stops.filter("is_stopped")["emotion"].to_list()
    asked = drafts.group_by("image_id").agg(pl.col("reviewed_field").sort().alias("drafted"))
    disputed = disputes.group_by("image_id").agg(
        pl.col("field").alias("in_dispute"),
        (1 - (1 - pl.col("priority")).product()).round(6).alias("priority"),
    )
    valence = replies.group_by("image_id").agg(
        (pl.col("valence").mean() * 8 - 4).round(6).alias("machine_valence")
    )
    joined = (
        sampled.with_columns(_queue().alias("queue"))
        .drop_nulls("queue")
        .join(asked, on="image_id", how="left")
        .join(disputed, on="image_id", how="left")
        .join(valence, on="image_id", how="left")
        .join(records.select("image_id", "machine_emotion"), on="image_id", how="left")
        .with_columns(
            pl.when(pl.col("machine_emotion").is_in(stopped))
            .then(0.0)
            .otherwise("priority")
            .alias("priority")
        )
        .sort("image_id")
    )
    probes = _Probes(drafts)
    rows = [_task(row, probes) for row in joined.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=_QUEUE.polars_schema).sort(_QUEUE.key)


class _Probes:
    """Draws wrong drafts: the values that other images have in the same field."""

    def __init__(self, drafts: pl.DataFrame) -> None:
        self._values = {
            field: sorted(set(drafts.filter(pl.col("reviewed_field") == field)["draft_json"]))
            for field in _EXCHANGED
        }
        self._own = {
            (image_id, field): text
            for image_id, field, text in drafts.select(
                "image_id", "reviewed_field", "draft_json"
            ).iter_rows()
        }

    def draw(self, image_id: str, fields: list[str]) -> tuple[str | None, str | None]:
        """Return the field and the wrong value of a task; None for most tasks."""
        if len(fields) < 2 or unit_interval("probe", image_id) >= PROBE_SHARE:
            return None, None
        choices = [field for field in _EXCHANGED if field in fields]
        if not choices:
            return None, None
        field = choices[int(unit_interval("probe field", image_id) * len(choices))]
        others = [text for text in self._values[field] if text != self._own[image_id, field]]
        if not others:
            return None, None
        return field, others[int(unit_interval("probe value", image_id) * len(others))]


def _queue() -> pl.Expr:
    """The first reason to ask people about an image; null where there is none."""
    return (
        pl.when("is_audited")
        .then(pl.lit("audit"))
        .when("is_stratified")
        .then(pl.lit("inspection"))
        .when("is_disputed")
        .then(pl.lit("disputed"))
        .when("is_rare")
        .then(pl.lit("rare"))
        .when("is_gold")
        .then(pl.lit("gold"))
    )


def _task(row: dict[str, Any], probes: _Probes) -> dict[str, Any]:
    """Return the task of an image."""
    image_id, queue = row["image_id"], row["queue"]
    drafted = row["drafted"] or []
    asked = {"gold": [], "disputed": sorted(set(drafted) & set(row["in_dispute"] or []))}
    fields = asked.get(queue, drafted)
    probe_field, probe_value = probes.draw(image_id, fields) if queue == "audit" else (None, None)
    return {
        "image_id": image_id,
        "task_id": short_hash("review", image_id),
        "queue": queue,
        "fields": fields,
        "priority": row["priority"] if queue == "disputed" else 0.0,
        "asked_share": row["asked_share"],
        "machine_emotion": row["machine_emotion"],
        "machine_valence": row["machine_valence"],
        "gold_distribution": row["gold_distribution"],
        "probe_field": probe_field,
        "probe_json": probe_value,
    }


def _boxes(corners: list[int]) -> list[dict[str, int]]:
    names = ("x1_px", "y1_px", "x2_px", "y2_px")
    return [
        dict(zip(names, corners[start : start + 4], strict=True))
        for start in range(0, len(corners), 4)
    ]


def _write(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
