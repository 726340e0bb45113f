"""The pairs of images that questions are about.

Pairs neighbours in seeded orders and sets the share of pairs with like content. The facts of an
image are in `facts.py`.
"""

import polars as pl

from eemo_pipeline.stages.qa.column_draws import mix, unit

# The maximum number of pairs of one kind per image: two neighbours in each of the four orders.
MOST_PAIRS = 8
# In EEmo-Bench 764 of 1,006 pairs share the category of content: three times as many as do not.
_SAME_PER_OTHER = 3


def choose_pairs(pictures: pl.DataFrame, needed: str, label: str, subject: str) -> pl.DataFrame:
    """Return pairs of images of one split that both have `needed`, about viewers' feelings.

    Images whose category of content is known are neighbours in four seeded orders: within a
    category, and across categories, each at random and among equals of `label`. Of the pairs with
    different categories so many are kept that three quarters share theirs. Images of unknown
    content are neighbours among themselves. Evaluation images are left out, and so are images of
    which only the feelings of depicted people are known: they are never compared.

    Args:
        pictures: see `facts.Facts`.
        needed: the column that both images must have.
        label: the column that half of the pairs share.
        subject: the column that says whose feelings `needed` is about.

    Returns:
        first, second (rows of `pictures`), base and split; each pair once, in a seeded order.
    """
    eligible = (
        pictures.filter(
            ~pl.col("is_evaluation") & pl.col(needed).is_not_null() & (pl.col(subject) == "viewers")
        )
        .select(
            pl.col("row").cast(pl.UInt32),
            "split",
            "base",
            pl.col("content_category").alias("category"),
            pl.col(label).alias("label"),
            mix(pl.col("base"), "pairs", needed).alias("place"),
        )
        .sort("place", "row")
    )
    known = eligible.drop_nulls("category")
    unknown = eligible.filter(pl.col("category").is_null())
    both = pl.concat(
        [
            _neighbours(known, "split", "category"),
            _neighbours(known.drop_nulls("label"), "split", "category", "label"),
            _neighbours(_mixed(known, "split"), "split"),
            _neighbours(_mixed(known.drop_nulls("label"), "split", "label"), "split", "label"),
            _neighbours(unknown, "split"),
            _neighbours(unknown.drop_nulls("label"), "split", "label"),
        ]
    )
    return _drawn(both.unique(["low", "high"]).sort("low", "high"), pictures)


def _mixed(pictures: pl.DataFrame, *within: str) -> pl.DataFrame:
    """Return the images in an order in which the categories alternate in proportion to their size.

    An image's place is its rank within its category over the size of the category.
    """
    group = [*within, "category"]
    rank = pl.int_range(pl.len()).over(group)
    along = ((2 * rank + 1) / pl.len().over(group)).alias("along")
    return pictures.with_columns(along).sort("along", "category", "row").drop("along")


def _neighbours(pictures: pl.DataFrame, *within: str) -> pl.DataFrame:
    """Pair each image with the next one that has equal values in the columns `within`."""
    ordered = pictures.sort(within, maintain_order=True)
    following = ordered.select(pl.all().shift(-1))
    is_alike = pl.all_horizontal(ordered[column] == following[column] for column in within)
    row, other = ordered["row"], following["row"]
    return (
        pl.DataFrame({"row": row, "other": other})
        .with_columns(is_alike.alias("is_alike"))
        .filter("is_alike")
        .select(
            pl.min_horizontal("row", "other").alias("low"),
            pl.max_horizontal("row", "other").alias("high"),
        )
    )


def _drawn(both: pl.DataFrame, pictures: pl.DataFrame) -> pl.DataFrame:
    """Give each pair random bits that decide whether it is kept and which image is first."""
    low, high = (
        pictures.select("base", pl.col("content_category").alias("category"))[both[side]]
        for side in ("low", "high")
    )
    seeded = both.with_columns(
        low["base"].alias("a"), high["base"].alias("b"), pictures["split"][both["low"]]
    ).with_columns(
        mix(mix(pl.col("a"), "pair") ^ pl.col("b"), "pair").alias("base"),
        (low["category"] != high["category"]).alias("differs"),
    )
    differs = pl.col("differs").fill_null(value=False)
    same = pl.col("differs").not_().sum()
    kept = (same / _SAME_PER_OTHER / differs.sum()).fill_nan(1.0)
    is_swapped = pl.col("base") % 2 == 0
    return seeded.filter(~differs | (unit(pl.col("base"), "other content") < kept)).select(
        pl.when(is_swapped).then("high").otherwise("low").alias("first"),
        pl.when(is_swapped).then("low").otherwise("high").alias("second"),
        "base",
        "split",
    )
