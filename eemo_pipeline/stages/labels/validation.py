"""The sheet for expert validation of the lexicon's values: `labels__validation_items`.

Holds the cut at tertiles, the stratified sample and its blind form. The experts' answers are in
`validation_answers.py`.

EEmoDB (arXiv 2602.01173, appendix C.2): scores are cut at tertiles into low, medium and high, a
stratified sample is drawn, and experts label it blind.
"""

import polars as pl

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.labels.lexicon_words import DIMENSIONS
from eemo_pipeline.stats.hash_draws import draw

PER_TERTILE = 20
TERTILES = ("low", "medium", "high")


def build_validation_items(
    labels__vad: pl.DataFrame, seed: str, per_tertile: int = PER_TERTILE
) -> pl.DataFrame:
    """One row per image and dimension on the sheet, in a random order.

    Up to `per_tertile` images per dimension and tertile; a dimension without variation has one
    tertile. The draw depends only on the seed, the image and the dimension.

    Returns:
        A frame of `labels__validation_items`.
    """
    chance = draw(pl.concat_str("dimension", "image_id", separator="/"), f"{seed}/validation")
    place = draw(pl.concat_str("image_id", "dimension", separator="/"), f"{seed}/sheet")
    sampled = (
        cut_tertiles(labels__vad)
        .with_columns(chance.alias("chance"))
        .sort("chance", "image_id")
        .filter(pl.int_range(pl.len()).over("dimension", "tertile") < per_tertile)
    )
    return (
        sampled.with_columns(place.alias("place"))
        .sort("place", "image_id")
        .with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("sheet_no"))
        .select(TABLES["labels__validation_items"].columns)
    )


def cut_tertiles(labels__vad: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, dimension, lexicon_value, tertile and lexicon_word_count of every score.

    An image with comments from several sources counts once, by those with most lexicon words.
    """
    scored = (
        labels__vad.filter(pl.col("origin").str.starts_with("lexicon:"))
        .sort("image_id", "lexicon_word_count", "origin", descending=[False, True, False])
        .unique("image_id", keep="first", maintain_order=True)
        .select("image_id", "lexicon_word_count", *DIMENSIONS)
        .unpivot(
            index=["image_id", "lexicon_word_count"],
            variable_name="dimension",
            value_name="lexicon_value",
        )
        .drop_nulls("lexicon_value")
    )
    value = pl.col("lexicon_value")
    first, second = (
        value.quantile(share, interpolation="lower").over("dimension") for share in (1 / 3, 2 / 3)
    )
    tertile = (
        pl.when(value <= first)
        .then(pl.lit(TERTILES[0]))
        .when(value <= second)
        .then(pl.lit(TERTILES[1]))
        .otherwise(pl.lit(TERTILES[2]))
    )
    return scored.with_columns(tertile.alias("tertile"))


def write_blind_sheet(items: pl.DataFrame, images: pl.DataFrame) -> bytes:
    """Return the sheet for the experts: CSV of number, image, question, empty answer, image_id.

    The last column finds the image again when the answers are read, whatever it is called by then.

    Args:
        items: `labels__validation_items`.
        images: `dedup__images`, for the image's path below the data root.
    """
    return (
        items.join(images.select("image_id", "source", "path"), on="image_id", how="left")
        .sort("sheet_no")
        .select(
            "sheet_no",
            pl.format("sources/{}/{}", "source", "path").alias("picture"),
            pl.col("dimension").alias("rate"),
            pl.lit("").alias("answer"),
            "image_id",
        )
        .write_csv()
        .encode()
    )
