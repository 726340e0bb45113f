"""EEmoDB-Assess: the cleanest labels as ranking, scoring and dominant-emotion tasks.

Builds the items of the three tasks, and a row per image and task with the reason if it was not
selected. The balancing rules of single tasks are in `scores.py` and `dominant.py`.

The sizes, bins and caps of the published subset are lost (PAPER appendix C.7). Those used here are
our own and configurable. EEmoDB takes rankings from Emotion6 alone; set `ranking_sources` to match.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from eemo_pipeline.emotion.candidate_lists import CANDIDATE_LISTS, EKMAN_7_LIST
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.assess.dominant import choose_dominant
from eemo_pipeline.stages.assess.scores import choose_scores, score_bin
from eemo_pipeline.stats.hash_draws import short_hash

TASKS = ("ranking", "vad", "dominant_emotion")
_ITEM_SCHEMA = TABLES["assess__items"].polars_schema
# What viewers feel and what depicted people seem to feel are different questions.
_RANKING_QUESTIONS = {
    "evoked": "Which three emotions does this picture evoke most, from the strongest to the "
    "weakest? Choose from {}.",
    "apparent": "Which three emotions do the people in this picture seem to feel most, from the "
    "strongest to the weakest? Choose from {}.",
}
_SCORE_QUESTIONS = {
    "evoked": "How high is the {} that this picture evokes, on a scale from 0 to 1?",
    "apparent": "How high is the {} that the people in this picture seem to feel, on a scale from "
    "0 to 1?",
}
_DOMINANT_QUESTIONS = {
    "evoked": "Which one of these emotions does this picture evoke most strongly: {}?",
    "apparent": "Which one of these emotions do the people in this picture seem to feel most "
    "strongly: {}?",
}


@dataclass(frozen=True)
class Choices:
    """The settings that determine the subset, apart from the labels.

    Attributes:
        seed: the seed of all draws.
        bins: number of equal parts of 0-1 over which a dimension's scores are balanced.
        class_cap: upper limit of a class, as a multiple of the label set's median class size.
        bin_cap: upper limit of a bin of scores, as a multiple of the dimension's median bin.
        ranking_sources: the sources whose rankings are used; empty means all.
    """

    seed: str = "eemodb"
    bins: int = 10
    class_cap: float = 3.0
    bin_cap: float = 1.0
    ranking_sources: Sequence[str] = ()


@dataclass(frozen=True)
class Assessed:
    """`assess__items`, `_assess__candidates` and `assess__balance`."""

    items: pl.DataFrame
    candidates: pl.DataFrame
    balance: pl.DataFrame


def build_assess(
    dedup__images: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__vad: pl.DataFrame,
    labels__rankings: pl.DataFrame,
    choices: Choices,
) -> Assessed:
    """Choose the items of the three tasks, excluding images of evaluation sets.

    `_assess__candidates` has one row per kept image and task. Its reasons are those of the ranking,
    no_rating, bin_full, no_dominant_emotion, class_full, source_not_chosen, evaluation_picture.
    """
    pictures = dedup__images.select("image_id", "split", "is_evaluation").sort("image_id")
    considered = pictures.filter(~pl.col("is_evaluation")).drop("is_evaluation")
    rankings = _rankings(considered, labels__emotions, labels__rankings, choices)
    scores = choose_scores(considered, labels__vad, choices.bins, choices.bin_cap, choices.seed)
    dominant = choose_dominant(considered, ingest__annotations, choices.class_cap, choices.seed)
    chosen = {
        "ranking": rankings.filter("is_selected"),
        "vad": scores.filter("is_selected"),
        "dominant_emotion": dominant.filter("is_selected"),
    }
    items = pl.concat(
        [
            _ranking_items(chosen["ranking"]),
            _score_items(chosen["vad"]),
            _dominant_items(chosen["dominant_emotion"]),
        ]
    )
    identity = pl.concat_str(
        "task", pl.col("dimension").fill_null(""), "image_id", separator="\x1f"
    )
    identified = items.with_columns(
        identity.map_elements(short_hash, return_dtype=pl.String).alias("item_id")
    )
    return Assessed(
        identified.select(_ITEM_SCHEMA.names()).sort("item_id"),
        _candidates(pictures, {"ranking": rankings, "vad": scores, "dominant_emotion": dominant}),
        _balance(rankings, scores, dominant, choices.bins),
    )


def _rankings(
    pictures: pl.DataFrame, emotions: pl.DataFrame, rankings: pl.DataFrame, choices: Choices
) -> pl.DataFrame:
    """Return every image with its ranking, the sources of its labels, is_selected and reason."""
    sources = (
        emotions.filter(pl.col("taxonomy") == "ekman7")
        .group_by("image_id")
        .agg(pl.col("sources", "semantics").first())
    )
    allowed = pl.lit(value=True)
    if choices.ranking_sources:
        wanted = list(choices.ranking_sources)
        allowed = pl.col("sources").list.eval(pl.element().is_in(wanted)).list.all()
    ranked = pl.col("status") == "ok"
    reason = (
        pl.when(~ranked.fill_null(value=False))
        .then(pl.coalesce("reason", pl.lit("no_ranking")))
        .when(~allowed)
        .then(pl.lit("source_not_chosen"))
    )
    return (
        pictures.join(
            rankings.select("image_id", "status", "reason", "ranking"), on="image_id", how="left"
        )
        .join(sources, on="image_id", how="left")
        .with_columns(pl.col("sources").list.first().alias("source"), reason.alias("reason"))
        .with_columns(pl.col("reason").is_null().alias("is_selected"))
        .sort("image_id")
    )


def _ranking_items(ranked: pl.DataFrame) -> pl.DataFrame:
    *others, last = EKMAN_7_LIST
    listed = f"{', '.join(others)} and {last}"
    return _items(
        ranked.with_columns(
            pl.lit("ranking").alias("task"),
            _asked(_RANKING_QUESTIONS, pl.lit(listed)).alias("question"),
            pl.format("Emotion ranking: {}", pl.col("ranking").list.join(", ")).alias("answer"),
            pl.lit(list(EKMAN_7_LIST), dtype=pl.List(pl.String)).alias("candidates"),
        )
    )


def _score_items(scores: pl.DataFrame) -> pl.DataFrame:
    # four decimals, matching the answer text
    steps = (pl.col("target") * 10_000).round().cast(pl.Int64)
    shown = pl.format("{}.{}", steps // 10_000, (steps % 10_000).cast(pl.String).str.zfill(4))
    return _items(
        scores.with_columns(
            pl.lit("vad").alias("task"),
            _asked(_SCORE_QUESTIONS, pl.col("dimension")).alias("question"),
            pl.format("{}: {}", pl.col("dimension").str.to_titlecase(), shown).alias("answer"),
            (steps / 10_000).round(4).alias("target"),
        )
    )


def _dominant_items(dominant: pl.DataFrame) -> pl.DataFrame:
    """Build items whose candidates are the one list of their dataset's label set."""
    lists = pl.DataFrame(
        {"label_space": list(CANDIDATE_LISTS), "candidates": map(list, CANDIDATE_LISTS.values())},
        schema={"label_space": pl.String, "candidates": pl.List(pl.String)},
    )
    return _items(
        dominant.join(lists, on="label_space", maintain_order="left").with_columns(
            pl.lit("dominant_emotion").alias("task"),
            _asked(_DOMINANT_QUESTIONS, pl.col("candidates").list.join(", ")).alias("question"),
            pl.format("Dominant emotion: {}", "emotion").alias("answer"),
        )
    )


def _asked(questions: Mapping[str, str], filling: pl.Expr) -> pl.Expr:
    """Return the question for the semantics of each row's label."""
    is_apparent = pl.col("semantics") == "apparent"
    evoked, apparent = (pl.format(questions[name], filling) for name in ("evoked", "apparent"))
    return pl.when(is_apparent).then(apparent).otherwise(evoked)


def _items(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of an item except item_id; missing ones are null or an empty list."""
    absent = {
        "candidates": pl.lit([], dtype=pl.List(pl.String)),
        "dimension": pl.lit(None, dtype=pl.String),
        "target": pl.lit(None, dtype=pl.Float64),
    }
    columns = [name for name in _ITEM_SCHEMA if name != "item_id"]
    return frame.with_columns(
        value.alias(name) for name, value in absent.items() if name not in frame.columns
    ).select(pl.col(name).cast(_ITEM_SCHEMA[name]) for name in columns)


def _candidates(pictures: pl.DataFrame, judged: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Mark an image as selected for a task if any item is, else give the first reason by name."""
    verdicts = pl.concat(
        [
            frame.select(
                "image_id",
                pl.lit(task).alias("task"),
                "is_selected",
                pl.col("reason").cast(pl.String),
            )
            for task, frame in judged.items()
        ]
    )
    summed = verdicts.group_by("image_id", "task").agg(
        pl.col("is_selected").any(), pl.col("reason").min()
    )
    reason = (
        pl.when("is_evaluation")
        .then(pl.lit("evaluation_picture"))
        .when(~pl.col("is_selected"))
        .then(
            pl.coalesce(
                "reason",
                pl.col("task").replace_strict(
                    {
                        "ranking": "no_ranking",
                        "vad": "no_rating",
                        "dominant_emotion": "no_dominant_emotion",
                    }
                ),
            )
        )
    )
    return (
        pictures.join(pl.DataFrame({"task": TASKS}), how="cross")
        .join(summed, on=["image_id", "task"], how="left")
        .with_columns(pl.col("is_selected").fill_null(value=False))
        .with_columns(reason.alias("reason"))
        .select(TABLES["_assess__candidates"].columns)
        .sort("image_id", "task")
    )


def _balance(
    rankings: pl.DataFrame, scores: pl.DataFrame, dominant: pl.DataFrame, bins: int
) -> pl.DataFrame:
    """Return the items of each class or score bin before and after, and the limit between them."""
    strata = [
        rankings.drop_nulls("ranking").select(
            pl.lit("ranking").alias("task"),
            pl.lit("ekman7").alias("balanced_over"),
            pl.col("ranking").list.first().alias("stratum"),
            pl.lit(None, pl.Int64).alias("cap"),
            "is_selected",
        ),
        scores.select(
            pl.lit("vad").alias("task"),
            pl.col("dimension").alias("balanced_over"),
            score_bin(pl.col("target"), bins).alias("stratum"),
            "cap",
            "is_selected",
        ),
        dominant.select(
            pl.lit("dominant_emotion").alias("task"),
            pl.col("label_space").alias("balanced_over"),
            pl.col("emotion").alias("stratum"),
            "cap",
            "is_selected",
        ),
    ]
    return (
        pl.concat(strata)
        .group_by("task", "balanced_over", "stratum")
        .agg(
            pl.len().cast(pl.Int64).alias("available_count"),
            pl.col("cap").first(),
            pl.col("is_selected").sum().cast(pl.Int64).alias("selected_count"),
        )
        .select(TABLES["assess__balance"].columns)
        .sort(TABLES["assess__balance"].key)
    )
