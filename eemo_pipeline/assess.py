"""EEmoDB-Assess: the cleanest labels as ranking, scoring and dominant-emotion tasks.

Belongs here: which picture becomes an item of which task, and why not. Does not belong here: the
labels themselves, or how answers of models are scored.

The dominant-emotion task is balanced: a class keeps everything up to three times the median
class size, and a seeded draw decides what a larger one keeps (the published cap is lost).
"""

from statistics import median

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.sampling import draw, short_hash
from eemo_pipeline.schema.tables import TABLES

CLASS_CAP = 3.0
_DIMENSIONS = ("valence", "arousal", "dominance")
_ITEM_SCHEMA = TABLES["assess__items"].polars_schema
_RANKING_QUESTION = (
    "Which three emotions does this picture evoke most, from the strongest to the weakest? Choose "
    "from anger, disgust, fear, joy, neutral, sadness and surprise."
)
_SCORE_QUESTION = "How high is the {} that this picture evokes, on a scale from 0 to 1?"
_DOMINANT_QUESTION = "Which one of these emotions does this picture evoke most strongly: {}?"


def build_assess(
    dedup__images: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__vad: pl.DataFrame,
    labels__rankings: pl.DataFrame,
    seed: str,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Choose the items of the three tasks.

    Returns:
        A frame of `assess__items` and one of `_assess__candidates` with one row per kept picture
        and task; reasons: that of the ranking, no_rating, no_dominant_emotion, class_capped.
    """
    sources = (
        labels__emotions.filter(pl.col("taxonomy") == "ekman7")
        .group_by("image_id")
        .agg(pl.col("sources").first().list.first().alias("label_source"))
    )
    labelled = (
        dedup__images.select("image_id", "split", "source")
        .join(labels__rankings.drop("lost_mass"), on="image_id", how="left")
        .join(sources, on="image_id", how="left")
        .with_columns(source=pl.coalesce("label_source", "source"))
        .sort("image_id")
    )
    balanced = _capped(labelled, seed)
    items = pl.concat(
        [
            _ranking_items(labelled),
            _score_items(dedup__images, labels__vad),
            _dominant_items(balanced.filter("is_selected"), seed),
        ]
    )
    identity = pl.concat_str(
        "task", pl.col("dimension").fill_null(""), "image_id", separator="\x1f"
    )
    identified = items.with_columns(
        identity.map_elements(short_hash, return_dtype=pl.String).alias("item_id")
    )
    return (
        identified.select(_ITEM_SCHEMA.names()).sort("item_id"),
        _candidates(labelled, items, balanced),
    )


def _ranking_items(labelled: pl.DataFrame) -> pl.DataFrame:
    ranked = labelled.filter(pl.col("status") == "ok")
    answer = pl.format("Emotion ranking: {}", pl.col("ranking").list.join(", "))
    return _items(
        ranked.with_columns(
            pl.lit("ranking").alias("task"),
            pl.lit(_RANKING_QUESTION).alias("question"),
            answer.alias("answer"),
            pl.lit(list(EKMAN_7), dtype=pl.List(pl.String)).alias("candidates"),
        )
    )


def _score_items(images: pl.DataFrame, vad: pl.DataFrame) -> pl.DataFrame:
    """One item per picture and rated dimension, from the origin that knows it best.

    Evoked ratings come before apparent ones, more raters before fewer, then by name.
    """
    best = (
        vad.filter(pl.col("origin").str.starts_with("rated:"))
        .with_columns(
            (pl.col("semantics") == "evoked").alias("is_evoked"),
            pl.col("rater_count").fill_null(1),
        )
        .unpivot(
            on=list(_DIMENSIONS),
            index=["image_id", "source", "origin", "is_evoked", "rater_count"],
            variable_name="dimension",
            value_name="target",
        )
        .drop_nulls("target")
        .sort(
            ["image_id", "dimension", "is_evoked", "rater_count", "origin"],
            descending=[False, False, True, True, False],
        )
        .unique(["image_id", "dimension"], keep="first", maintain_order=True)
    )
    # four decimals, as the answer shows them
    steps = (pl.col("target") * 10_000).round().cast(pl.Int64)
    shown = pl.format(
        "{}.{}",
        steps // 10_000,
        (steps % 10_000).cast(pl.String).str.zfill(4),
    )
    return _items(
        best.join(images.select("image_id", "split"), on="image_id").with_columns(
            pl.lit("vad").alias("task"),
            pl.format(_SCORE_QUESTION, "dimension").alias("question"),
            pl.format("{}: {}", pl.col("dimension").str.to_titlecase(), shown).alias("answer"),
            (steps / 10_000).round(4).alias("target"),
        )
    )


def _dominant_items(selected: pl.DataFrame, seed: str) -> pl.DataFrame:
    shuffled = (
        selected.select("image_id")
        .join(pl.DataFrame({"candidate": EKMAN_7}), how="cross")
        .with_columns(
            draw(
                pl.concat_str("image_id", "candidate", separator="\x1f"), f"{seed}:candidates"
            ).alias("place")
        )
        .sort("image_id", "place", "candidate")
        .group_by("image_id", maintain_order=True)
        .agg(pl.col("candidate").alias("candidates"))
    )
    return _items(
        selected.join(shuffled, on="image_id").with_columns(
            pl.lit("dominant_emotion").alias("task"),
            pl.format(_DOMINANT_QUESTION, pl.col("candidates").list.join(", ")).alias("question"),
            pl.format("Dominant emotion: {}", "dominant_emotion").alias("answer"),
        )
    )


def _capped(labelled: pl.DataFrame, seed: str) -> pl.DataFrame:
    """Pictures with a dominant emotion, and whether the cap of their class keeps them."""
    named = labelled.drop_nulls("dominant_emotion")
    if named.is_empty():
        return named.with_columns(pl.lit(value=False).alias("is_selected"))
    sizes = named.group_by("dominant_emotion").len()["len"].to_list()
    cap = CLASS_CAP * median(sizes)
    order = draw(pl.col("image_id"), f"{seed}:cap")
    return (
        named.with_columns(order.alias("order"))
        .sort("order", "image_id")
        .with_columns((pl.int_range(pl.len()).over("dominant_emotion") < cap).alias("is_selected"))
        .sort("image_id")
        .drop("order")
    )


def _items(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of an item but its id; what a task does not have is null, or an empty list."""
    absent = {
        "candidates": pl.lit([], dtype=pl.List(pl.String)),
        "dimension": pl.lit(None, dtype=pl.String),
        "target": pl.lit(None, dtype=pl.Float64),
    }
    columns = [name for name in _ITEM_SCHEMA if name != "item_id"]
    return frame.with_columns(
        value.alias(name) for name, value in absent.items() if name not in frame.columns
    ).select(pl.col(name).cast(_ITEM_SCHEMA[name]) for name in columns)


def _candidates(
    labelled: pl.DataFrame, items: pl.DataFrame, balanced: pl.DataFrame
) -> pl.DataFrame:
    selected = (
        items.select("image_id", "task")
        .unique()
        .with_columns(pl.lit(value=True).alias("is_selected"))
    )
    reason = (
        pl.when("is_selected")
        .then(None)
        .when(pl.col("task") == "ranking")
        .then(pl.coalesce("reason", pl.lit("no_ranking")))
        .when(pl.col("task") == "vad")
        .then(pl.lit("no_rating"))
        .when(pl.col("is_named").is_not_null())
        .then(pl.lit("class_capped"))
        .otherwise(pl.lit("no_dominant_emotion"))
    )
    tasks = pl.DataFrame({"task": ["ranking", "vad", "dominant_emotion"]})
    named = balanced.select("image_id", pl.lit(value=True).alias("is_named"))
    return (
        labelled.select("image_id", "reason")
        .join(tasks, how="cross")
        .join(selected, on=["image_id", "task"], how="left")
        .join(named, on="image_id", how="left")
        .with_columns(pl.col("is_selected").fill_null(value=False))
        .with_columns(reason.alias("reason"))
        .select(TABLES["_assess__candidates"].columns)
        .sort("image_id", "task")
    )
