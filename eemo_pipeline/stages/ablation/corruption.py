"""Values corrupted on purpose, to test whether a critic notices.

Applies one kind of corruption (`corruption_kinds.py`) at a time to decisions. Shares and intervals
are in `scoring.py`.

One value of each copy is corrupted and all others stay. Votes are not corrupted: no copy counts as
contested.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.decide import intensity_level
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.critic import Case, Critic
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.ablation.corruption_kinds import CORRUPTIONS, Corruption, Row
from eemo_pipeline.stages.ablation.outcomes import CORNERS, find_boxes
from eemo_pipeline.stages.ablation.synthetic_records import Records
from eemo_pipeline.stages.critic.review_pass import gather_facts
from eemo_pipeline.stats.hash_draws import unit_interval

MOST_PER_KIND = 300


def corrupt(records: Records, decisions: pl.DataFrame, critic: Critic) -> pl.DataFrame:
    """Return `ablation__corruptions`: every corrupted copy, and the critic's judgement of it.

    Args:
        records: the images, replies and regions that belong to the decisions.
        decisions: the values before corruption; rows of `verification__decisions`.
        critic: the critic under test.
    """
    boxes = find_boxes(records.regions)
    values = [
        {**row, "box": boxes.get(row["image_id"])}
        for row in decisions.drop_nulls("emotion")
        .join(records.images.select("image_id", "width_px", "height_px"), on="image_id")
        .sort("image_id")
        .iter_rows(named=True)
    ]
    changes = {kind: dict(_draw(kind, values)) for kind in CORRUPTIONS}
    judged = _judge(records, decisions, critic, changes)
    rows = [
        {
            "experiment": records.name,
            "image_id": image_id,
            "part": kind.part,
            "severity": kind.severity,
            "corruption": kind.name,
            "before": _write(before for before, _ in change.values()),
            "after": _write(after for _, after in change.values()),
            "is_flagged": any(fields[name].verdict != "valid" for name in kind.judged),
            "codes": sorted({code for name in kind.judged for code in fields[name].codes}),
        }
        for kind, spoilt in changes.items()
        for image_id, change in spoilt.items()
        for fields in [judged[f"{kind.name} {image_id}"]]
    ]
    table = TABLES["ablation__corruptions"]
    return pl.DataFrame(rows, schema=table.polars_schema).sort(table.key)


def judge_clean(
    records: Records, decisions: pl.DataFrame, critic: Critic
) -> dict[str, Mapping[str, Any]]:
    """Return image_id -> field -> judgement of unchanged values, with nothing contested."""
    plain = decisions.with_columns(pl.lit(value=False).alias("is_contested"))
    facts = gather_facts(records.images, plain, records.replies, records.regions)
    cases = [Case(image_id, Path(), fact) for image_id, fact in facts.items()]
    nobody: Ledger = None  # pyright: ignore[reportAssignmentType] (these critics ask nobody)
    return dict(critic.judge(cases, nobody).judgements)


def _draw(kind: Corruption, values: Sequence[Row]) -> Iterable[tuple[str, Row]]:
    """Yield image_id and column -> (before, after), for images to which the kind applies."""
    made = 0
    for row in sorted(values, key=lambda row: unit_interval(kind.name, row["image_id"])):
        chance = unit_interval(kind.name, "other", row["image_id"])
        other = values[int(chance * len(values))]
        changed = kind.spoil(row, other, unit_interval(kind.name, "value", row["image_id"]))
        if changed and any(changed[name] != row.get(name) for name in changed):
            yield row["image_id"], {name: (row.get(name), changed[name]) for name in changed}
            made += 1
        if made == MOST_PER_KIND:
            return


def _judge(
    records: Records,
    decisions: pl.DataFrame,
    critic: Critic,
    changes: Mapping[Corruption, Mapping[str, Row]],
) -> dict[str, Mapping[str, Any]]:
    """Return "corruption image_id" -> field -> judgement, for every corrupted copy."""
    copies: list[tuple[pl.DataFrame, ...]] = []
    for kind, spoilt in changes.items():
        rows = [
            {name: after for name, (_, after) in change.items()} | {"image_id": image_id}
            for image_id, change in spoilt.items()
        ]
        if rows:
            of_them = pl.col("image_id").is_in(list(spoilt))
            frames = (records.images, decisions, records.replies, records.regions)
            images, decided, replies, regions = (frame.filter(of_them) for frame in frames)
            changed = (images, _overwrite(decided, rows), replies, _move_boxes(regions, rows))
            name = pl.format("{} {}", pl.lit(kind.name), "image_id").alias("image_id")
            copies.append(tuple(frame.with_columns(name) for frame in changed))
    if not copies:
        return {}
    images, decided, replies, regions = map(pl.concat, zip(*copies, strict=True))
    named = replace(records, images=images, replies=replies, regions=regions)
    return judge_clean(named, decided, critic)


def _overwrite(decisions: pl.DataFrame, rows: Sequence[Row]) -> pl.DataFrame:
    named = [name for name in rows[0] if name not in ("box", "image_id")]
    if not named:
        return decisions
    schema = {name: decisions.schema[name] for name in ("image_id", *named)}
    spoilt = pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)
    changed = decisions.update(spoilt, on="image_id")
    return changed.with_columns(intensity_level(pl.col("intensity")).alias("intensity_level"))


def _move_boxes(regions: pl.DataFrame, rows: Sequence[Row]) -> pl.DataFrame:
    if "box" not in rows[0]:
        return regions
    if rows[0]["box"] is None:
        return regions.filter(~pl.col("image_id").is_in([row["image_id"] for row in rows]))
    moved = pl.DataFrame(
        [
            {"image_id": row["image_id"], "region_no": 1}
            | dict(zip(CORNERS, map(float, row["box"]), strict=True))
            for row in rows
        ],
        schema={name: regions.schema[name] for name in ("image_id", "region_no", *CORNERS)},
    )
    return regions.update(moved, on=["image_id", "region_no"])


def _write(values: Iterable[Any]) -> str:
    return " | ".join(
        " ".join(f"{side:g}" for side in value) if isinstance(value, list) else str(value)
        for value in values
    )
