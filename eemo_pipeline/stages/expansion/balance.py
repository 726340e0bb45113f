"""Balance of the dataset before and after its expansion: emotions, and rare triplets.

EmoVerse (arXiv 2511.12554, figure 5, and the card of its release) publishes the largest minus the
smallest class share, 6.6, and the variance of the shares, 8.18, both in percentage points. The
paper does not say whether the variance is divided by eight or by seven; here it is by eight.
"""

from collections import Counter

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.expansion.verified_triplets import (
    FOUND,
    GENERATED,
    PARTS,
    preserved,
)

Element = tuple[str, str]
_BALANCE, _SHARES = TABLES["expansion__balance"], TABLES["expansion__class_shares"]
# scope -> the sources that do not count
_SCOPES = {
    "before": (FOUND, GENERATED),
    "with_web": (GENERATED,),
    "with_web_and_generated": (),
}


def build_balance(records: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return `expansion__class_shares` and `expansion__balance`.

    The tail are the backgrounds, attributes and subjects that exactly one record has before the
    expansion; one of them is covered where an image of `web` or `aigc` has it, too.

    Args:
        records: `records__emoverse`; preserved records with an emotion count.
    """
    counted = preserved(records).select("source", "emotion", *PARTS)
    scopes = {
        scope: counted.filter(~pl.col("source").is_in(left_out))
        for scope, left_out in _SCOPES.items()
    }
    elements = _count_elements(scopes["before"])
    tail = {element for element, count in elements.items() if count == 1}
    shares = [row for scope, frame in scopes.items() for row in _share_classes(scope, frame)]
    rows = [_weigh(scope, frame, tail) for scope, frame in scopes.items()]
    return {
        table.name: pl.DataFrame(found, schema=table.polars_schema).sort(table.key)
        for table, found in ((_SHARES, shares), (_BALANCE, rows))
    }


def _share_classes(scope: str, frame: pl.DataFrame) -> list[dict[str, object]]:
    counts = dict(frame["emotion"].value_counts().iter_rows())
    return [
        {
            "scope": scope,
            "emotion": emotion,
            "image_count": counts.get(emotion, 0),
            "class_share": counts.get(emotion, 0) / frame.height if frame.height else None,
        }
        for emotion in MIKELS_8
    ]


def _weigh(scope: str, frame: pl.DataFrame, tail: set[Element]) -> dict[str, object]:
    counts = dict(frame["emotion"].value_counts().iter_rows())
    points = [100 * counts.get(emotion, 0) / max(1, frame.height) for emotion in MIKELS_8]
    mean = sum(points) / len(points)
    variance = sum((point - mean) ** 2 for point in points) / len(points)
    triplets = _lower(frame).drop_nulls()
    added = frame.filter(pl.col("source").is_in((FOUND, GENERATED)))
    covered = tail & set(_count_elements(added))
    return {
        "scope": scope,
        "image_count": frame.height,
        "share_range_points": round(max(points) - min(points), 6) if frame.height else None,
        "share_variance": round(variance, 6) if frame.height else None,
        "triplet_count": triplets.n_unique(),
        "pair_count": triplets.select("attribute", "subject").n_unique(),
        "tail_count": len(tail),
        "tail_covered_count": len(covered),
        "tail_coverage": len(covered) / len(tail) if tail else None,
    }


def _count_elements(frame: pl.DataFrame) -> Counter[Element]:
    """Return (part, words) -> number of records that have it."""
    lower = _lower(frame)
    return Counter((part, words) for part in PARTS for words in lower[part].drop_nulls())


def _lower(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(pl.col(*PARTS).str.strip_chars().str.to_lowercase())
