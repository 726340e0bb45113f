"""Generated images of the lake: their parents, their splits, and whether they met the intention.

The intended emotion stands in the record of the source `aigc` alone. Annotators, verifier and
critic see the pixels, so the decided emotion is blind to it.
"""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8, canonical
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.expansion.verified_triplets import GENERATED, PARTS
from eemo_pipeline.stats.intervals import wilson

_CHILDREN, _MATCHES = TABLES["expansion__children"], TABLES["expansion__intent_matches"]
_UNKNOWN = "unknown"


def list_children(
    source_records: pl.DataFrame,
    clusters: pl.DataFrame,
    images: pl.DataFrame,
    records: pl.DataFrame,
) -> pl.DataFrame:
    """Return `expansion__children`: one row per image of the source `aigc`.

    `reason` says why there is no match to count: `near_duplicate` (dropped for another image),
    `no_intended_emotion`, or `no_emotion` (its record was dropped or has none). `parent_unknown`
    is a child that can be judged, of a parent that the manifest does not name or the lake lacks.

    Args:
        source_records: `ingest__records`.
        clusters: `dedup__clusters`.
        images: `dedup__images`.
        records: `records__emoverse`.
    """
    kept = dict(clusters.filter("is_kept").select("image_id", "is_kept").iter_rows())
    cluster_of = dict(clusters.select("image_id", "cluster_id").iter_rows())
    split_of = dict(images.select("cluster_id", "split").iter_rows())
    emotions = dict(
        records.filter(pl.col("state") != "dropped").select("image_id", "emotion").iter_rows()
    )
    generated = (
        source_records.filter(pl.col("source") == GENERATED)
        .sort("image_id", "record_id")
        .unique("image_id", keep="first", maintain_order=True)
    )
    rows = []
    for image_id, attributes in generated.select("image_id", "attributes").iter_rows():
        told = _read(attributes)
        row = _describe(told) | {"image_id": image_id}
        parent = row["parent_image_id"]
        row["parent_split"] = split_of.get(cluster_of.get(parent))
        is_kept = image_id in kept
        row["split"] = split_of.get(cluster_of.get(image_id)) if is_kept else None
        row["emotion"] = emotions.get(image_id) if is_kept else None
        row["reason"] = _reason(row, is_kept=is_kept)
        is_judged = row["reason"] in (None, "parent_unknown")
        row["is_match"] = row["emotion"] == row["intended_emotion"] if is_judged else None
        rows.append(row)
    return pl.DataFrame(rows, schema=_CHILDREN.polars_schema).sort(_CHILDREN.key)


def count_matches(children: pl.DataFrame) -> pl.DataFrame:
    """Return `expansion__intent_matches`: per generator, each intended emotion and all of them.

    An image without a readable intention counts under `all` alone.
    """
    every = children.with_columns(pl.lit("all").alias("intended"))
    each = children.drop_nulls("intended_emotion").with_columns(intended="intended_emotion")
    counted = (
        pl.concat([every, each])
        .group_by("generator", "intended")
        .agg(
            pl.len().cast(pl.Int64).alias("image_count"),
            pl.col("is_match").is_not_null().sum().cast(pl.Int64).alias("judged_count"),
            pl.col("is_match").sum().cast(pl.Int64).alias("match_count"),
        )
    )
    lower, upper = wilson(counted["match_count"].to_numpy(), counted["judged_count"].to_numpy())
    is_judged = pl.col("judged_count") > 0
    return (
        counted.with_columns(
            (pl.col("match_count") / pl.col("judged_count")).alias("match_share"),
            pl.Series("match_lower", lower),
            pl.Series("match_upper", upper),
        )
        .with_columns(
            pl.when(is_judged).then(pl.col(name)).alias(name)
            for name in ("match_share", "match_lower", "match_upper")
        )
        .select(_MATCHES.columns)
        .sort(_MATCHES.key)
    )


def _read(attributes: str | None) -> dict[str, Any]:
    """Return what ingest kept of a manifest's row; it wrote the JSON itself."""
    told = json.loads(attributes or "{}")
    return told if isinstance(told, dict) else {}


def _describe(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the manifest says about a generated image; what cannot be read is null."""
    replaced = told.get("replaced") or []
    named = replaced if isinstance(replaced, list) else str(replaced).replace(",", " ").split()
    intended = canonical(str(told.get("intended_emotion") or ""))
    return {
        "parent_image_id": _text(told.get("parent_image_id")),
        "generator": _text(told.get("generator")) or _UNKNOWN,
        "seed": _whole(told.get("seed")),
        "prompt": _text(told.get("prompt")),
        "replaced": [part for part in PARTS if part in named],
        "intended_emotion": intended if intended in MIKELS_8 else None,
    }


def _reason(row: Mapping[str, Any], *, is_kept: bool) -> str | None:
    if not is_kept:
        return "near_duplicate"
    if row["intended_emotion"] is None:
        return "no_intended_emotion"
    if row["emotion"] is None:
        return "no_emotion"
    return "parent_unknown" if row["parent_split"] is None else None


def _text(value: object) -> str | None:
    text = str(value or "").strip()
    return text or None


def _whole(value: object) -> int | None:
    try:
        number = int(str(value))
    except ValueError:
        return None
    return number if 0 <= number < 2**63 else None
