"""Search queries from verified triplets, those first that are needed most.

Need is the deficit of the emotion over the number of records with the triplet. A person, or a
search of theirs, takes the queries to a place that permits it; `eemo collect` takes the list of
images that comes of it.
"""

import polars as pl

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.expansion.limits import EXPANSION_LIMITS, ExpansionLimits
from eemo_pipeline.stages.expansion.phrases import query
from eemo_pipeline.stages.expansion.verified_triplets import (
    PARTS,
    count_deficits,
    name_triplet,
    select_triplets,
)

_TABLE = TABLES["expansion__queries"]
_IDENTITY = ("emotion", *PARTS)


def build_queries(
    records: pl.DataFrame, images: pl.DataFrame, limits: ExpansionLimits = EXPANSION_LIMITS
) -> pl.DataFrame:
    """Return `expansion__queries`: one row per emotion and triplet.

    Refused are `enough_images` (no emotion has more images), `evaluation_only` (the triplet is
    known from images of evaluation datasets alone), `too_many_words` and `same_query` (a triplet
    that is needed more has the same words).

    Args:
        records: `records__emoverse`.
        images: `dedup__images`; is_evaluation counts.
        limits: the caps.
    """
    deficits = count_deficits(records)
    evaluates = images.select("image_id", "is_evaluation")
    triplets = (
        select_triplets(records)
        .join(evaluates, on="image_id")
        .with_columns(
            pl.struct(_IDENTITY)
            .map_elements(name_triplet, return_dtype=pl.String)
            .alias("triplet_id")
        )
        .group_by("triplet_id", maintain_order=True)
        .agg(
            pl.col(*_IDENTITY).first(),
            pl.len().cast(pl.Int64).alias("record_count"),
            pl.col("is_evaluation").all(),
        )
    )
    rows = []
    for row in triplets.to_dicts():
        deficit = deficits[row["emotion"]]
        need = round(deficit / row["record_count"], 6)
        parts = {part: row[part] for part in PARTS}
        words = query(**parts, most_words=limits.words_per_query)
        reason = "too_many_words" if words is None else None
        if row.pop("is_evaluation"):
            reason = "evaluation_only"
        elif not deficit:
            reason = "enough_images"
        rows.append(
            row | {"class_deficit": deficit, "need": need, "reason": reason, "query": words}
        )
    rows.sort(key=lambda row: (-row["need"], row["triplet_id"]))
    seen: set[str] = set()
    for row in rows:
        if row["reason"] is None and row["query"].lower() in seen:
            row["reason"] = "same_query"
        if row["reason"] is None:
            seen.add(row["query"].lower())
        is_asked = row["reason"] is None
        row |= {
            "status": "ok" if is_asked else "refused",
            "query": row["query"] if is_asked else None,
            "image_cap": limits.images_per_query if is_asked else 0,
        }
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)
