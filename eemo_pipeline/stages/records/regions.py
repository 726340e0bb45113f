"""The regions of each record, and which of its words each of them shows.

A box and a mask tie words to pixels. The links say what they rest on: words that a detector found,
or only the assumption that what stands out is the subject.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.detection_phrases import contains, plain_words
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.records.human_decisions import PEOPLE

_CORNERS = ("x1_px", "y1_px", "x2_px", "y2_px")
_REGIONS, _LINKS = TABLES["records__regions"], TABLES["records__links"]


def latest_regions(first: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    """Return rows of `grounding__regions` with their round: of each image, those of its latest.

    Args:
        first: rows of `grounding__regions`.
        later: rows of `_critic__regions`: of images whose words changed in a round.
    """
    is_latest = pl.col("round") == pl.col("round").max().over("image_id")
    kept = first.join(later, on="image_id", how="anti")
    return pl.concat(
        [kept.with_columns(round=pl.lit(1, dtype=pl.Int64)), later.filter(is_latest)],
        how="diagonal",
    ).sort("image_id", "region_no")


def enclose_regions(regions: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, region_count and boxes_px: whole px that enclose each region, in order."""
    corners = [pl.col(name).round(6).floor().cast(pl.Int64) for name in ("x1_px", "y1_px")] + [
        pl.col(name).round(6).ceil().cast(pl.Int64) for name in ("x2_px", "y2_px")
    ]
    return (
        regions.filter((pl.col("region_no") > 0) & (pl.col("status") == "ok"))
        .sort("image_id", "region_no")
        .group_by("image_id", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("region_count"),
            pl.concat_list(corners)
            .list.explode(keep_nulls=False, empty_as_null=False)
            .alias("boxes_px"),
        )
    )


def build_regions(records: pl.DataFrame, regions: pl.DataFrame) -> pl.DataFrame:
    """Return `records__regions`: one row per box of a record, with its mask.

    Args:
        records: rows of `records__emoverse`; one whose boxes were discarded has no regions.
        regions: result of `latest_regions`.
    """
    drawn = _boxes_of_people(records, regions)
    boxed = records.filter(pl.col("boxes_px").is_not_null()).select("image_id")
    found = regions.filter((pl.col("region_no") > 0) & (pl.col("status") == "ok"))
    detected = found.join(boxed, on="image_id", how="semi")
    others = detected.join(drawn, on="image_id", how="anti").select(_REGIONS.columns)
    return pl.concat([others, drawn]).sort(_REGIONS.key)


def _boxes_of_people(records: pl.DataFrame, regions: pl.DataFrame) -> pl.DataFrame:
    """Return the regions of the records whose boxes people drew; they draw no mask.

    Boxes that people confirmed stay the detector's, with their masks.
    """
    detected = enclose_regions(regions).select("image_id", detected_px="boxes_px")
    decided = records.join(detected, on="image_id", how="left").filter(
        pl.col("decided_by_people").list.contains("box")
        & pl.col("boxes_px").is_not_null()
        & pl.col("boxes_px").ne_missing(pl.col("detected_px"))
    )
    rows = [
        {
            **dict(zip(_CORNERS, map(float, boxes[start : start + 4]), strict=True)),
            "image_id": image_id,
            "region_no": start // 4 + 1,
            "round": round_count,
            **dict.fromkeys(("detector", "segmenter", "model"), PEOPLE),
            "method": "boxes of people",
            "reason": "drawn_by_people",
        }
        for image_id, round_count, boxes in decided.select(
            "image_id", "round_count", "boxes_px"
        ).iter_rows()
        for start in range(0, len(boxes), 4)
    ]
    return pl.DataFrame(rows, schema=_REGIONS.polars_schema)


def link_words(records: pl.DataFrame, regions: pl.DataFrame) -> pl.DataFrame:
    """Return `records__links`: one row per record, field of its triplet, and region.

    - named: the grounder searched for these words and found the region.
    - head_noun: it found the region for the head noun of the subject alone.
    - unnamed: it does not search for words; what it found stands for the subject.
    - of_subject: the attribute is the subject's, so it is seen in the subject's region.
    - around: the background is what lies outside of the region.

    Args:
        records: rows of `records__emoverse`.
        regions: rows of `records__regions`.
    """
    words = records.select("image_id", "background", "attribute", "subject")
    joined = regions.select("image_id", "region_no", "phrase").join(words, on="image_id")
    rows = [row for found in joined.iter_rows(named=True) for row in _link(found)]
    return pl.DataFrame(rows, schema=_LINKS.polars_schema).sort(_LINKS.key)


def _link(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for field in ("background", "attribute", "subject"):
        if found[field] is not None:
            yield {
                "image_id": found["image_id"],
                "field": field,
                "region_no": found["region_no"],
                "linked_text": found[field],
                "link": _name_link(field, found),
            }


def _name_link(field: str, found: dict[str, Any]) -> str:
    if field == "background":
        return "around"
    searched, words = plain_words(found["phrase"]), plain_words(found[field])
    # A phrase is cut after eight words, so a longer subject is named by its beginning.
    is_named = bool(searched and words) and (
        contains(searched, words)
        or (len(words) > len(searched) > 1 and words[: len(searched)] == searched)
    )
    if is_named:
        return "named"
    if field == "attribute":
        return "of_subject"
    return "head_noun" if searched and contains(words, searched) else "unnamed"
