"""The regions of each record, and which of its words each of them shows.

A box and a mask tie words to pixels. The links say what they rest on: words that a detector found,
or only the assumption that what stands out is the subject.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.detection_phrases import contains, plain_words
from eemo_pipeline.schema.tables import TABLES

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


def build_regions(records: pl.DataFrame, regions: pl.DataFrame) -> pl.DataFrame:
    """Return `records__regions`: one row per box of a record, with its mask.

    Args:
        records: rows of `records__emoverse`; one whose boxes were discarded has no regions.
        regions: result of `latest_regions`.
    """
    boxed = records.filter(pl.col("boxes_px").is_not_null()).select("image_id")
    found = regions.filter((pl.col("region_no") > 0) & (pl.col("status") == "ok"))
    return found.join(boxed, on="image_id", how="semi").select(_REGIONS.columns).sort(_REGIONS.key)


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
