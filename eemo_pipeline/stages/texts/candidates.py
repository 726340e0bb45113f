"""Multiple-choice material about a reasoning: `texts__candidates`.

Chooses one element that the reasoning ties to an emotion, and two that it does not mention.

A word from explanations is paired with words from other images' explanations, and a measured cue
with cues that were not measured. Otherwise the kind of option would reveal the answer.
"""

import polars as pl

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.texts.emotion_evidence import CUES, MEASURES, has_cue
from eemo_pipeline.stats.hash_draws import draw

# Images whose words are searched for one that this image's reasoning does not contain.
_NEIGHBOURS = 6


def choose_candidates(
    dedup__images: pl.DataFrame, grounds: pl.DataFrame, texts__reasonings: pl.DataFrame
) -> pl.DataFrame:
    """One row per kept image: an emotion, its element and two distractors, or a reason.

    A draw chooses among all elements that the reasoning ties to emotions.

    Returns:
        A frame of `texts__candidates`; reasons no_reasoning, no_element and too_few_distractors.
    """
    reasonings = texts__reasonings.select(
        "image_id", pl.when(pl.col("status") == "ok").then("text").alias("text")
    )
    ready = (
        dedup__images.select("image_id", *MEASURES)
        .join(reasonings, on="image_id", how="left")
        .join(_elements(grounds), on="image_id", how="left")
        .sort("image_id")
    )
    found = _with_distractors(ready)
    reason = (
        pl.when(pl.col("text").is_null())
        .then(pl.lit("no_reasoning"))
        .when(pl.col("element").is_null())
        .then(pl.lit("no_element"))
        .when(pl.col("distractors").list.len() < 2)
        .then(pl.lit("too_few_distractors"))
    )
    is_ok = pl.col("reason").is_null()
    return (
        found.with_columns(reason=reason)
        .select(
            "image_id",
            pl.when(is_ok).then(pl.lit("ok")).otherwise(pl.lit("refused")).alias("status"),
            "reason",
            *(
                pl.when(is_ok).then(name).alias(name)
                for name in ("emotion", "element", "distractors")
            ),
        )
        .select(TABLES["texts__candidates"].columns)
    )


def _elements(grounds: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, turn (a draw in [0, 1)), emotion, element, is_cue: one row per image."""
    tied = grounds.select(
        "image_id",
        "emotion",
        "cue",
        pl.concat_list(pl.concat_list("cue"), pl.col("words").fill_null([])).alias("element"),
    )
    long = tied.explode("element").drop_nulls("element")
    turns = long.select(pl.col("image_id").unique().sort()).with_columns(
        draw(pl.col("image_id"), "candidates").alias("turn")
    )
    place = pl.int_range(pl.len()).over("image_id")
    count = pl.len().over("image_id")
    return (
        long.join(turns, on="image_id", maintain_order="left")
        .filter(place == (pl.col("turn") * count).floor().cast(pl.Int64))
        .select(
            "image_id",
            "turn",
            "emotion",
            "element",
            pl.col("element").is_in(list(CUES)).alias("is_cue"),
        )
    )


def _with_distractors(pictures: pl.DataFrame) -> pl.DataFrame:
    """Add `distractors`: up to two elements that the image's text does not contain."""
    words = pictures.select(
        pl.when(~pl.col("is_cue")).then("element").alias("word").fill_null(strategy="backward")
    )["word"]
    others = [
        pl.when(~pl.col("is_cue") & ~pl.col("text").str.contains(word, literal=True)).then(word)
        for word in (pl.col(f"_word_{distance}") for distance in range(1, _NEIGHBOURS + 1))
    ]
    turn = (pl.col("turn") * len(CUES)).floor().cast(pl.Int64)
    unmet = pl.concat_list(
        pl.when(~has_cue(name) & ~pl.col("text").str.contains(name, literal=True)).then(
            pl.lit(name)
        )
        for name in CUES
    )
    return (
        pictures.with_columns(
            words.shift(-distance).alias(f"_word_{distance}")
            for distance in range(1, _NEIGHBOURS + 1)
        )
        .with_columns(
            _words=pl.concat_list(others).list.drop_nulls().list.unique(maintain_order=True)
        )
        .with_columns(_unmet=unmet)
        .with_columns(
            pl.concat_list(
                "_words", pl.col("_unmet").list.slice(turn), pl.col("_unmet").list.head(turn)
            )
            .list.drop_nulls()
            .list.head(2)
            .alias("distractors")
        )
    )
