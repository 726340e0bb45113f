"""The pairs of images that questions are about.

Pairs neighbours in seeded orders and sets the share of pairs with like content. The facts of an
image are in `facts.py`.
"""

import polars as pl

from eemo_pipeline.stages.qa.column_draws import mix, unit

# The maximum number of pairs of one kind per image: two neighbours in each of the four orders.
MOST_PAIRS = 8
# In EEmo-Bench 764 of 1,006 pairs share the category of content. Two of the four orders here run
# within a category; if all pairs of the other two were kept, only about half would share it.
_OTHER_CONTENT = 1 / 3


def choose_pairs(pictures: pl.DataFrame, needed: str, label: str) -> pl.DataFrame:
    """Return pairs of images of one split that both have `needed`.

    Pairs are neighbours in four seeded orders: at random and among equals of `label`, each across
    all images and within a category of content. A third of the pairs with different categories is
    kept, so that about three quarters share theirs. Evaluation images are left out.

    Returns:
        first, second (rows of `pictures`), base and split; each pair once, in a seeded order.
    """
    eligible = (
        pictures.filter(~pl.col("is_evaluation") & pl.col(needed).is_not_null())
        .select(
            pl.col("row").cast(pl.UInt32),
            "split",
            "base",
            "category",
            pl.col(label).alias("label"),
            mix(pl.col("base"), "pairs", needed).alias("place"),
        )
        .sort("place", "row")
    )
    categorised = eligible.drop_nulls("category")
    both = pl.concat(
        [
            _neighbours(eligible, "split"),
            _neighbours(eligible.drop_nulls("label"), "split", "label"),
            _neighbours(categorised, "split", "category"),
            _neighbours(categorised.drop_nulls("label"), "split", "category", "label"),
        ]
    )
    return _drawn(both.unique(["low", "high"]).sort("low", "high"), pictures)


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
    low, high = (pictures.select("base", "category")[both[side]] for side in ("low", "high"))
    seeded = both.with_columns(
        low["base"].alias("a"), high["base"].alias("b"), pictures["split"][both["low"]]
    ).with_columns(
        mix(mix(pl.col("a"), "pair") ^ pl.col("b"), "pair").alias("base"),
        (low["category"] != high["category"]).alias("differs"),
    )
    is_swapped = pl.col("base") % 2 == 0
    return seeded.filter(
        ~pl.col("differs").fill_null(value=False)
        | (unit(pl.col("base"), "other content") < _OTHER_CONTENT)
    ).select(
        pl.when(is_swapped).then("high").otherwise("low").alias("first"),
        pl.when(is_swapped).then("low").otherwise("high").alias("second"),
        "base",
        "split",
    )
