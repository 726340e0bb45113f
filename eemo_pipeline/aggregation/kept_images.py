"""Annotations and votes of dropped near-duplicates follow to the image that is kept for them."""

import polars as pl

from eemo_pipeline.schema.tables import TABLES


def move_to_kept(rows: pl.DataFrame, clusters: pl.DataFrame) -> pl.DataFrame:
    """Return the rows in their order, with the kept image in place of a dropped one.

    Args:
        rows: any table with `image_id`.
        clusters: `dedup__clusters`.
    """
    dropped = clusters.filter(~pl.col("is_kept")).select("image_id", "kept_image_id")
    return (
        rows.join(dropped, on="image_id", how="left", maintain_order="left")
        .with_columns(pl.coalesce("kept_image_id", "image_id").alias("image_id"))
        .drop("kept_image_id")
    )


def move_votes_to_kept(votes: pl.DataFrame, clusters: pl.DataFrame) -> pl.DataFrame:
    """Return what people said, with the kept image in place of a dropped one.

    A larger copy of a judged image may come with another source, and is kept from then on: what
    people felt at the one, they felt at the other. Where a person answered the same about both,
    what they said of the kept image stands, else what they said last. Boxes do not follow, since
    their pixels are those of another file. Votes about images that are in no source any more stay
    as they are.

    Args:
        votes: rows of `review__votes`.
        clusters: `dedup__clusters`.
    """
    key = TABLES["review__votes"].key
    moved = move_to_kept(votes.with_columns(given_for=pl.col("image_id")), clusters)
    is_own = pl.col("given_for") == pl.col("image_id")
    return (
        moved.filter(is_own | (pl.col("reviewed_field") != "box"))
        .sort(*key, is_own, "event_no", descending=[False] * len(key) + [True, True])
        .unique(key, keep="first", maintain_order=True)
        .drop("given_for")
    )
