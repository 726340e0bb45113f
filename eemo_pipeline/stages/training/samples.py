"""Samples of training from the tables, and the reasons of those that are refused.

Every sample is judged here, before a GPU is taken: its split, its images on disk, its size in
tokens. An image of an evaluation set, or a near-duplicate of one, never trains.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from eemo_pipeline.emotion.rewards import build_gold
from eemo_pipeline.emotion.similarity import RewardMatrix
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.lake.picture_files import locate_files
from eemo_pipeline.stats.hash_draws import draw

# An image token of Qwen2.5-VL stands for 28 x 28 pixels.
TOKEN_PX = 28 * 28
# Fewer characters per token than English has (about 4), so that the estimate is an upper one.
_CHARACTERS_PER_TOKEN = 3
_OPTION_LETTERS = "ABCDEFGH"

RECORD_QUESTION = (
    "Describe this image as an emotion record: one JSON object with the keys description, "
    "background, adjective, noun, emotion, intensity and bbox, where bbox lists the boxes "
    "[left, top, right, bottom] in pixels of the regions that convey the emotion."
)
EMOTION_QUESTION = f"Which one of these emotions does this image evoke: {', '.join(MIKELS_8)}?"
# How an Assess answer is to be given, with reasons before it.
ANSWER_FORMS = {
    "ranking": "Emotion ranking: first, second, third",
    "dominant_emotion": "Dominant emotion: label",
}
_THINK = (
    "\nReason first, between <think> and </think>. Then answer between <answer> and </answer>, "
    "in exactly this form: "
)

SAMPLE_SCHEMA = pl.Schema(
    {
        "sample_id": pl.String,
        "split": pl.String,
        "image_ids": pl.List(pl.String),
        "question": pl.String,
        "answer": pl.String,
    }
)
REFUSAL_SCHEMA = pl.Schema({"sample_id": pl.String, "reason": pl.String, "detail": pl.String})


@dataclass(frozen=True)
class ImageBudget:
    """Limits of a sample.

    Attributes:
        min_pixels: smaller images are enlarged to this area.
        max_pixels: larger images are reduced to this area.
        largest_image_px: images of a larger area are refused.
        max_tokens: samples with more tokens of images and text are refused; 0 for no limit.
        max_samples: a draw of so many training samples; 0 for all.
    """

    min_pixels: int
    max_pixels: int
    largest_image_px: int
    max_tokens: int = 0
    max_samples: int = 0


@dataclass(frozen=True)
class Judged:
    """Samples that may be used, refused ones, and the files of the images of the former.

    Attributes:
        accepted: the columns of the samples, sorted by sample_id.
        refused: REFUSAL_SCHEMA; together with `accepted` all samples but those not drawn.
        images: image_id -> its file.
    """

    accepted: pl.DataFrame
    refused: pl.DataFrame
    images: Mapping[str, Path]


def qa_samples(qa__items: pl.DataFrame) -> pl.DataFrame:
    """Return EEmoDB-QA as SAMPLE_SCHEMA; options stand below the question with their letters."""
    options = [
        pl.concat_str(
            pl.lit(f"\n{letter}. "), pl.col("options").list.get(place, null_on_oob=True)
        ).fill_null("")
        for place, letter in enumerate(_OPTION_LETTERS)
    ]
    lettered = pl.concat_str("answer_letter", pl.lit(". "), "answer")
    return qa__items.select(
        pl.col("item_id").alias("sample_id"),
        "split",
        "image_ids",
        pl.concat_str("question", *options).alias("question"),
        pl.coalesce(lettered, "answer").alias("answer"),
    ).match_to_schema(SAMPLE_SCHEMA)


def record_samples(records: pl.DataFrame) -> pl.DataFrame:
    """Return the preserved EmoVerse records as SAMPLE_SCHEMA, with every field in the answer."""
    return _of_records(records, RECORD_QUESTION, _encode_record)


def emotion_samples(records: pl.DataFrame) -> pl.DataFrame:
    """Return the preserved EmoVerse records as SAMPLE_SCHEMA, with the emotion as the answer."""
    return _of_records(records, EMOTION_QUESTION, lambda row: str(row["emotion"]))


def assess_samples(
    assess__items: pl.DataFrame,
    matrices: Mapping[str, RewardMatrix],
    lacking: Mapping[str, str],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the Assess items as samples, and those whose completions cannot be rewarded.

    Samples have SAMPLE_SCHEMA, and task, dimension, candidates and target for the rewards. An item
    is refused with `no_reward` where its truth or its matrix is missing.

    Args:
        assess__items: rows of `assess__items`.
        matrices: candidates joined by ", " -> rewards.
        lacking: candidates joined by ", " -> why they have no rewards.
    """
    refused = []
    for row in assess__items.iter_rows(named=True):
        try:
            build_gold(
                row["task"], row["dimension"], row["answer"], row["target"], row["candidates"],
                matrices,
            )  # fmt: skip
        except ValueError as error:
            reason = lacking.get(", ".join(row["candidates"]), str(error))
            refused.append((row["item_id"], "no_reward", reason))
    form = (
        pl.when(pl.col("task") == "vad")
        .then(pl.concat_str(pl.col("dimension").str.to_titlecase(), pl.lit(": 0.0000")))
        .otherwise(pl.col("task").replace_strict(ANSWER_FORMS, default=""))
    )
    refusals = pl.DataFrame(refused, schema=REFUSAL_SCHEMA, orient="row")
    samples = assess__items.filter(
        ~pl.col("item_id").is_in(refusals["sample_id"].implode())
    ).select(
        pl.col("item_id").alias("sample_id"),
        "split",
        pl.concat_list("image_id").alias("image_ids"),
        pl.concat_str("question", pl.lit(_THINK), form).alias("question"),
        "answer",
        "task",
        "dimension",
        "candidates",
        "target",
    )
    return samples, refusals


def image_samples(images: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Return one sample per kept image, with people's emotions as a soft label where there are any.

    Args:
        images: rows of `dedup__images`.
        labels: rows of `labels__emotions`.

    Returns:
        SAMPLE_SCHEMA without texts, cluster_id, and `target`: the mass of each Mikels emotion in
        alphabetical order, summing to 1; null without a label.
    """
    masses = labels.filter(
        (pl.col("taxonomy") == "mikels8") & (pl.col("semantics") == "evoked")
    ).pivot(on="emotion", index="image_id", values="mass", aggregate_function="sum")
    present = [name for name in MIKELS_8 if name in masses.columns]
    shares = [pl.col(name).fill_null(0.0) if name in present else pl.lit(0.0) for name in MIKELS_8]
    total = pl.sum_horizontal(shares)
    targets = masses.select("image_id", total.alias("total"), *(
        (share / total).alias(f"share_{name}") for name, share in zip(MIKELS_8, shares, strict=True)
    )).filter(pl.col("total") > 0).select(
        "image_id", pl.concat_list([f"share_{name}" for name in MIKELS_8]).alias("target")
    )  # fmt: skip
    return (
        images.join(targets, on="image_id", how="left")
        .select(
            pl.col("image_id").alias("sample_id"),
            "split",
            pl.concat_list("image_id").alias("image_ids"),
            pl.lit("").alias("question"),
            pl.lit("").alias("answer"),
            "cluster_id",
            "target",
        )
        .sort("sample_id")
    )


def dominant_of(column: str) -> pl.Expr:
    """Return the emotion of the largest share; of equal ones the first in alphabetical order."""
    place = pl.col(column).list.arg_max()
    return place.replace_strict(
        list(range(len(MIKELS_8))), list(MIKELS_8), return_dtype=pl.String, default=None
    )


def judge_samples(
    samples: pl.DataFrame,
    images: pl.DataFrame,
    sources_dir: Path,
    budget: ImageBudget,
    seed: int,
    splits: Sequence[str] = ("train", "validation"),
) -> Judged:
    """Judge every sample of the given splits; see `Judged`.

    Reasons: `evaluation_image` (an image of an evaluation set, or of a split that is not among
    `splits` in another sample's place), `image_unknown` (not among the kept images), `no_text`,
    `image_too_large`, `too_many_tokens`, `image_gone` (no file), `image_changed` (the file is no
    longer the image of that hash).

    Args:
        samples: SAMPLE_SCHEMA and more; other splits are left out and not refused.
        images: rows of `dedup__images`.
        sources_dir: the folder of the sources.
        budget: the limits.
        seed: the seed of the draw of `max_samples`.
        splits: the splits that the job may see.
    """
    chosen = _draw_samples(samples.filter(pl.col("split").is_in(splits)), budget, seed)
    reasons = _judge_tables(chosen, images, budget, splits)
    wanted = chosen.filter(~pl.col("sample_id").is_in(reasons["sample_id"].implode()))
    ids = wanted["image_ids"].explode().unique()
    files = dict(locate_files(images.filter(pl.col("image_id").is_in(ids.implode())), sources_dir))
    broken = {
        image_id: reason
        for image_id, path in files.items()
        if (reason := _judge_file(image_id, path))
    }
    by_file = _first_reason(wanted, broken)
    refused = pl.concat([reasons, by_file]).sort("sample_id")
    accepted = wanted.filter(~pl.col("sample_id").is_in(by_file["sample_id"].implode()))
    used = set(accepted["image_ids"].explode().drop_nulls())
    return Judged(
        accepted.with_columns(_inert("question"), _inert("answer")).sort("sample_id"),
        refused,
        {image_id: path for image_id, path in files.items() if image_id in used},
    )


def count_image_tokens(width_px: pl.Expr, height_px: pl.Expr, budget: ImageBudget) -> pl.Expr:
    """Return the image tokens of an image after it is scaled into the budget."""
    area = (width_px * height_px).clip(budget.min_pixels, budget.max_pixels)
    return (area / TOKEN_PX).ceil().cast(pl.Int64)


def _draw_samples(samples: pl.DataFrame, budget: ImageBudget, seed: int) -> pl.DataFrame:
    if not budget.max_samples:
        return samples
    return samples.sort(draw(pl.col("sample_id"), f"{seed}:samples"), "sample_id").head(
        budget.max_samples
    )


def _judge_tables(
    samples: pl.DataFrame, images: pl.DataFrame, budget: ImageBudget, splits: Sequence[str]
) -> pl.DataFrame:
    """Return the refusals that follow from the tables alone, one per sample."""
    known = images.select(
        "image_id",
        pl.col("is_evaluation"),
        pl.col("split").alias("image_split"),
        (pl.col("width_px") * pl.col("height_px")).alias("area"),
        count_image_tokens(pl.col("width_px"), pl.col("height_px"), budget).alias("tokens"),
    )
    text = pl.col("question").str.len_chars() + pl.col("answer").str.len_chars()
    shown = (
        samples.select("sample_id", "image_ids", "question", "answer")
        .explode("image_ids")
        .join(known, left_on="image_ids", right_on="image_id", how="left")
        .group_by("sample_id", maintain_order=True)
        .agg(
            pl.col("image_split").is_null().any().alias("is_unknown"),
            (pl.col("is_evaluation") | ~pl.col("image_split").is_in(splits))
            .fill_null(value=False)
            .any()
            .alias("is_evaluation"),
            (pl.col("area") > budget.largest_image_px).any().alias("is_large"),
            pl.col("tokens").sum().alias("image_tokens"),
            (pl.col("question").first().is_null() | pl.col("answer").first().is_null()).alias(
                "is_empty"
            ),
            text.first().alias("characters"),
        )
        .with_columns(
            (pl.col("image_tokens") + pl.col("characters") // _CHARACTERS_PER_TOKEN).alias("tokens")
        )
    )
    limit = budget.max_tokens
    reason = (
        pl.when("is_unknown")
        .then(pl.lit("image_unknown"))
        .when("is_evaluation")
        .then(pl.lit("evaluation_image"))
        .when("is_empty")
        .then(pl.lit("no_text"))
        .when(pl.col("is_large").fill_null(value=False))
        .then(pl.lit("image_too_large"))
        .when(pl.lit(limit > 0) & (pl.col("tokens") > limit))
        .then(pl.lit("too_many_tokens"))
    )
    return (
        shown.with_columns(reason.alias("reason"))
        .filter(pl.col("reason").is_not_null())
        .select(
            "sample_id",
            "reason",
            pl.when(pl.col("reason") == "too_many_tokens")
            .then(pl.format("{} tokens", "tokens"))
            .alias("detail"),
        )
        .match_to_schema(REFUSAL_SCHEMA)
    )


def _judge_file(image_id: str, path: Path) -> str | None:
    """Return why the file is not the image of that hash, or None."""
    try:
        return None if file_sha256(path) == image_id else "image_changed"
    except OSError:
        return "image_gone"


def _first_reason(samples: pl.DataFrame, broken: Mapping[str, str]) -> pl.DataFrame:
    rows = [
        (sample_id, broken[bad[0]], bad[0])
        for sample_id, image_ids in samples.select("sample_id", "image_ids").iter_rows()
        if (bad := [image_id for image_id in image_ids if image_id in broken])
    ]
    return pl.DataFrame(rows, schema=REFUSAL_SCHEMA, orient="row")


def _of_records(
    records: pl.DataFrame, question: str, encode: Callable[[Mapping[str, object]], str]
) -> pl.DataFrame:
    kept = records.filter((pl.col("state") == "preserved") & pl.col("emotion").is_not_null())
    rows = [
        (row["image_id"], row["split"], [row["image_id"]], question, encode(row))
        for row in kept.iter_rows(named=True)
    ]
    return pl.DataFrame(rows, schema=SAMPLE_SCHEMA, orient="row")


def _encode_record(row: Mapping[str, object]) -> str:
    """Return the record as one JSON object; a field without a value has no key."""
    boxes = row["boxes_px"] if isinstance(row["boxes_px"], list) else []
    fields = {
        "description": row["description"],
        "background": row["background"],
        "adjective": row["attribute"],
        "noun": row["subject"],
        "emotion": row["emotion"],
        "intensity": row["intensity"],
        "bbox": [boxes[place : place + 4] for place in range(0, len(boxes), 4)] or None,
    }
    stated = {name: value for name, value in fields.items() if value is not None}
    return json.dumps(stated, ensure_ascii=False)


def _inert(text: str) -> pl.Expr:
    """Return a text in which nothing is a special token of a chat, such as <|im_end|>."""
    return pl.col(text).str.replace_all("<|", "< |", literal=True)
