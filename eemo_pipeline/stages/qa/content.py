"""The category of each image's content, and where it is from: by the paper, pairs mostly share it.

A source that names a category (OASIS, EEmo-Bench) is believed first, and a source whose annotations
are about depicted people (EMOTIC) shows a person. Otherwise the annotators' style, first object and
scene decide. The vocabulary is EEmo-Bench's six categories; `content_words.csv` lists the words for
persons, animals and scenery (nouns of WordNet 3.1 by lexicographer file; its licence is in
`stages/texts/things.txt`).
"""

import csv
from functools import cache
from importlib.resources import files

import polars as pl

# A source's word for a category -> ours.
_NAMED = {
    **dict.fromkeys(("person", "human", "people"), "person"),
    **dict.fromkeys(("animal", "animals"), "animal"),
    **dict.fromkeys(("scenery", "natural landscape", "landscape"), "scenery"),
    **dict.fromkeys(("object", "stationary object"), "object"),
    **dict.fromkeys(("daily life scene",), "daily life"),
    **dict.fromkeys(("abstract/cartoon image", "abstract"), "abstract"),
}
_ABSTRACT_STYLES = ("drawing", "illustration", "cartoon", "anime", "pixel_art", "abstract")


@cache
def read_content_words() -> dict[str, str]:
    """Return word -> person, animal or scenery, from `content_words.csv`."""
    text = files("eemo_pipeline.stages.qa").joinpath("content_words.csv").read_text("utf-8")
    return {row["word"]: row["category"] for row in csv.DictReader(text.splitlines())}


def categorise(records: pl.LazyFrame, replies: pl.LazyFrame) -> pl.LazyFrame:
    """Return the images whose content is known.

    Args:
        records: rows of `ingest__records`.
        replies: rows of `annotation__replies`.

    Returns:
        image_id, content_category, category_origin (`source:<name>` or `annotation:<annotator>`).
    """
    named = pl.coalesce(_named_category(), _depicted_person())
    by_source = records.select(
        "image_id",
        named.alias("content_category"),
        pl.format("source:{}", "source").alias("category_origin"),
        pl.lit(0).alias("order"),
        "record_id",
    )
    by_annotation = replies.filter((pl.col("status") == "ok") & (pl.col("round") == 1)).select(
        "image_id",
        _seen_category().alias("content_category"),
        pl.format("annotation:{}", "annotator").alias("category_origin"),
        pl.lit(1).alias("order"),
        pl.lit("").alias("record_id"),
    )
    return (
        pl.concat([by_source, by_annotation])
        .drop_nulls("content_category")
        .group_by("image_id")
        .agg(
            pl.col("content_category", "category_origin")
            .sort_by("order", "category_origin", "record_id")
            .first()
        )
    )


def _named_category() -> pl.Expr:
    word = pl.col("attributes").str.json_path_match("$.category").str.to_lowercase()
    return word.replace_strict(_NAMED, default=None, return_dtype=pl.String)


def _depicted_person() -> pl.Expr:
    return pl.when(pl.col("semantics") == "apparent").then(pl.lit("person"))


def _seen_category() -> pl.Expr:
    """Return the category by style, then by the first object, then by the scene."""
    first = pl.col("objects").list.first().str.to_lowercase().str.extract(r"([a-z]+)\W*$")
    words = read_content_words()
    singular = first.str.replace(r"s$", "")
    shown = pl.coalesce(
        word.replace_strict(words, default=None, return_dtype=pl.String)
        for word in (first, singular)
    )
    scene = pl.col("scene").str.to_lowercase()
    return (
        pl.when(pl.col("style").is_in(_ABSTRACT_STYLES))
        .then(pl.lit("abstract"))
        .when(shown.is_not_null())
        .then(shown)
        .when(scene.str.starts_with("indoor") & first.is_not_null())
        .then(pl.lit("daily life"))
        .when(scene.str.starts_with("outdoor"))
        .then(pl.lit("scenery"))
        .when(first.is_not_null())
        .then(pl.lit("object"))
    )
