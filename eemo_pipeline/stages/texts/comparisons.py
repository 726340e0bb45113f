"""Similarities and differences of two images: `texts__comparisons`.

Chooses the pairs to compare in each aspect, and writes the paragraphs. The facts of each image come
from `profiles.py`, the rules for finished texts are in `text_rules.py`.

Images of a split that have a ranking and the facts an aspect needs are ordered by hash, and
neighbours are compared, each image once per aspect. Images whose labels report the feelings of
viewers are never compared with those whose labels report what depicted people seem to feel.
"""

from dataclasses import replace

import polars as pl

from eemo_pipeline.emotion.level_words import LEVEL_WORDS
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.roles.writer import Writer
from eemo_pipeline.stages.texts.phrases import joined, uncapitalised
from eemo_pipeline.stages.texts.reasonings import feeling
from eemo_pipeline.stages.texts.writers import write_texts

METHOD = (
    "template realisation, fourth version: both rankings, the things that people's explanations of "
    "the first emotion name, and the levels of valence, arousal and dominance at 0.4 and 0.6; the "
    "same level counts as similar"
)
# The smallest difference of EEmo-Bench's comparisons: hardly one is below 0.56 on 1-9.
SMALLEST_DIFFERENCE = 0.07
# Only images that are equal in these are compared.
_WITHIN = ("split", "is_evoked")
_KEY = ("first_image_id", "second_image_id", "aspect")
_PLACES = ((1, "first"), (2, "second"))


def write_comparisons(
    profiles: pl.DataFrame, texts__reasonings: pl.DataFrame, writer: Writer
) -> AnsweredTable:
    """One row per pair of images and aspect: overall, valence, arousal or dominance.

    Pairs do not depend on what has been written, so a new text of one image changes no pair.

    Returns:
        A table of `texts__comparisons`; reasons gap_too_small (the levels differ, but the values
        hardly do), no_reasoning (one of the two has none) and those of `text_rules.py`.
    """
    reasonings = texts__reasonings.select(
        "image_id", pl.when(pl.col("status") == "ok").then("text").alias("reasoning")
    )
    known = (
        profiles.filter(~pl.col("is_evaluation"))
        .drop_nulls(["description", "emotions"])
        .join(reasonings, on="image_id", how="left")
    )
    levels = [f"{name}_level" for name in LEVEL_WORDS]
    tables = [
        _written(_neighbours(known.drop_nulls(["ranking", *levels]), 0), "overall", writer),
        *(
            _written(_neighbours(known.drop_nulls(["ranking", name]), number), name, writer)
            for number, name in enumerate(LEVEL_WORDS, start=1)
        ),
    ]
    joined_tables = AnsweredTable.join(tables, tables[0].frame.clear())
    return replace(joined_tables, frame=joined_tables.frame.sort(_KEY))


def _neighbours(pictures: pl.DataFrame, number: int) -> pl.DataFrame:
    """Return one pair per row, suffixed _1 and _2; each order uses other digits of the hash."""
    ordered = (
        pictures.with_columns(pl.col("image_id").str.slice(8 * number).alias("digits"))
        .sort("split", "is_evoked", "digits", "image_id")
        .drop("digits")
        .with_columns(pl.int_range(pl.len()).over(_WITHIN).alias("place"))
    )
    halves = [
        ordered.filter(pl.col("place") % 2 == half)
        .with_columns(pl.col("place") // 2)
        .rename(lambda name, end=half + 1: name if name in (*_WITHIN, "place") else f"{name}_{end}")
        for half in (0, 1)
    ]
    return (
        halves[0]
        .join(halves[1], on=[*_WITHIN, "place"])
        .rename({"image_id_1": "first_image_id", "image_id_2": "second_image_id"})
    )


def realise_overall(inputs: pl.DataFrame) -> pl.Series:
    """Write the dominant and other emotions, a cause in each image, and the three dimensions."""
    causes = [
        pl.format(
            f"In the {place} image, {{}}", uncapitalised(pl.col(f"sentences_{side}").list.first())
        )
        for side, place in _PLACES
    ]
    text = pl.concat_str(
        _emotions(), *causes, *(_similar_or_not(name) for name in LEVEL_WORDS), separator=" "
    )
    return inputs.select(text.alias("text")).to_series()


def _emotions() -> pl.Expr:
    def first(side: int) -> pl.Expr:
        return feeling(pl.col(f"ranking_{side}").list.first())

    def others(side: int) -> pl.Expr:
        return joined(pl.col(f"ranking_{side}").list.slice(1).list.eval(feeling(pl.element())))

    both, one, other = (
        pl.when("is_evoked").then(pl.lit(evoked)).otherwise(pl.lit(apparent))
        for evoked, apparent in (
            ("Both images evoke", "The people in both images seem to feel"),
            ("The first image evokes", "The people in the first image seem to feel"),
            ("the second evokes", "those in the second seem to feel"),
        )
    )
    return (
        pl.when(pl.col("ranking_1") == pl.col("ranking_2"))
        .then(
            pl.format(
                "{} {} most strongly, followed by {}, in the same order.",
                both,
                first(1),
                others(1),
            )
        )
        .when(first(1) == first(2))
        .then(
            pl.format(
                "{} {} most strongly; next come {} in the first, but {} in the second.",
                both,
                first(1),
                others(1),
                others(2),
            )
        )
        .otherwise(
            pl.format(
                "{} {} most strongly, followed by {}, whereas {} {} most strongly, followed by {}.",
                one,
                first(1),
                others(1),
                other,
                first(2),
                others(2),
            )
        )
    )


def _similar_or_not(dimension: str) -> pl.Expr:
    one, two = pl.col(f"{dimension}_level_1"), pl.col(f"{dimension}_level_2")
    similar = pl.format(f"Their {dimension} is similar: it is {{}} in both.", one)
    apart = pl.format(
        f"Their {dimension} differs: it is {{}} in the first and {{}} in the second.", one, two
    )
    return pl.when(one == two).then(similar).otherwise(apart)


def realise_dimension(dimension: str, inputs: pl.DataFrame) -> pl.Series:
    """Write the conclusion on one dimension, an analysis of each image, and a closing sentence."""
    one, two = pl.col(f"{dimension}_level_1"), pl.col(f"{dimension}_level_2")
    difference = (pl.col(f"{dimension}_1") - pl.col(f"{dimension}_2")).round(6)
    more, less = (
        pl.when(is_first).then(pl.lit("first")).otherwise(pl.lit("second"))
        for is_first in (difference > 0, difference < 0)
    )
    conclusion = (
        pl.when(one == two)
        .then(pl.format(f"The two images are similar in {dimension}: both are {{}}.", one))
        .otherwise(pl.format(f"The {{}} image is higher in {dimension} than the {{}}.", more, less))
    )
    analysis = [
        pl.format(
            f"In the {place} image, {{}}. {{}}",
            pl.col(f"{dimension}_sentence_{side}"),
            pl.col(f"sentences_{side}").list.first(),
        )
        for side, place in _PLACES
    ]
    closing = (
        pl.when(one == two)
        .then(pl.lit("So both fall into the same range."))
        .otherwise(
            pl.format("So they fall into different ranges, the {} above the {}.", more, less)
        )
    )
    text = pl.concat_str(conclusion, *analysis, closing, separator=" ")
    return inputs.select(text.alias("text")).to_series()


def _written(pairs: pl.DataFrame, aspect: str, writer: Writer) -> AnsweredTable:
    """Return the texts of one aspect; the writer gets both profiles, suffixed _1 and _2."""
    dimensions = tuple(LEVEL_WORDS) if aspect == "overall" else (aspect,)
    is_silent = pl.any_horizontal(pl.col(f"reasoning_{side}").is_null() for side in (1, 2))
    reason = pl.when(is_silent).then(pl.lit("no_reasoning"))
    if aspect != "overall":
        difference = (pl.col(f"{aspect}_1") - pl.col(f"{aspect}_2")).round(6).abs()
        differs = pl.col(f"{aspect}_level_1") != pl.col(f"{aspect}_level_2")
        is_close = differs & (difference < SMALLEST_DIFFERENCE)
        reason = pl.when(is_close).then(pl.lit("gap_too_small")).otherwise(reason)
    inputs = pairs.with_columns(pl.lit(aspect).alias("aspect"), reason.alias("reason"))
    allowed = pl.concat_list(
        pl.col(f"{name}_{side}").fill_null([])
        for name in ("emotions", "ranking")
        for side in (1, 2)
    )
    levels = {name: pl.concat_list(f"{name}_level_1", f"{name}_level_2") for name in dimensions}
    return write_texts(writer, f"compare_{aspect}", inputs, allowed, levels=levels, key=_KEY)
