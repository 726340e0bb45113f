"""Agreement of people on sets, classes and boxes, and of people and models together."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.imaging.box_matching import ious, match_best
from eemo_pipeline.imaging.boxes import Box
from eemo_pipeline.stages.review.estimates import Level, estimate, estimate_alpha, rating_matrix
from eemo_pipeline.stats.agreement import two_way_icc, weighted_kappa

_ANSWERS = (*MIKELS_8, "neutral", "cannot_tell")
_RATED = ("valence", "arousal")
_CORNERS = ("x1_px", "y1_px", "x2_px", "y2_px")
_LEVELS = 3  # of the nine steps: three low, three in the middle, three high


def compare_sets(votes: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield alpha with the MASI distance of all emotions that a person felt, the others included.

    Args:
        votes: counted rows of `review__votes`.
    """
    sets: dict[tuple[str, str], int] = {}
    felt = votes.filter(
        (pl.col("phase") == "blind") & pl.col("reviewed_field").is_in(["emotion", "also_felt"])
    )
    for image_id, rater_id, said in felt.select("image_id", "rater_id", "said_json").iter_rows():
        given = json.loads(said)
        for name in given if isinstance(given, dict) else [given]:
            bit = 1 << _ANSWERS.index(name)
            sets[image_id, rater_id] = sets.get((image_id, rater_id), 0) | bit
    rows = [(*key, float(bits)) for key, bits in sorted(sets.items())]
    yield estimate_alpha("alpha_masi", "also_felt", rating_matrix(_frame(rows)), "masi")


def compare_classes(votes: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield alpha of each emotion against all others.

    Args:
        votes: counted rows of `review__votes`.
    """
    felt = votes.filter((pl.col("phase") == "blind") & (pl.col("reviewed_field") == "emotion"))
    for emotion in MIKELS_8:
        is_it = (pl.col("said_json") == json.dumps(emotion)).cast(pl.Float64).alias("rating")
        yield estimate_alpha(
            "alpha_class", emotion, rating_matrix(felt.with_columns(is_it)), "nominal"
        )


def compare_with_models(
    votes: pl.DataFrame, replies: pl.DataFrame, verifier_replies: pl.DataFrame
) -> Iterator[dict[str, Any]]:
    """Yield how far people and models agree, every model as one more rater.

    - alpha_with_models: alpha over people, annotators and the verifier, of images that people
      judged.
    - weighted_kappa: Cohen's kappa with linear weights of the mean rating of people and that of the
      annotators, as levels: the nine steps in threes.

    Args:
        votes: counted rows of `review__votes`.
        replies: rows of `annotation__replies`.
        verifier_replies: rows of `verification__replies`.
    """
    blind = votes.filter(pl.col("phase") == "blind")
    answered = replies.filter((pl.col("status") == "ok") & (pl.col("round") == 1))
    emotion = pl.col("emotion").replace_strict(
        {name: float(place) for place, name in enumerate(_ANSWERS)}, return_dtype=pl.Float64
    )
    models = [
        answered.select("image_id", rater_id="annotator", rating=emotion),
        verifier_replies.filter(pl.col("status") == "ok").select(
            "image_id", rater_id="verifier", rating=emotion
        ),
    ]
    own = _of_field(blind, "emotion").with_columns(
        pl.col("said_json").str.strip_chars('"').alias("emotion")
    )
    people = own.select("image_id", "rater_id", rating=emotion)
    yield _mixed("emotion", people, pl.concat(models))
    for field in _RATED:
        own = _of_field(blind, field).select("image_id", "rater_id", "rating")
        said = answered.select(
            "image_id", rater_id="annotator", rating=pl.col(field) * 8 - 4
        ).drop_nulls()
        yield _mixed(field, own, said)
        means = [
            frame.group_by("image_id").agg(pl.col("rating").mean().alias(name))
            for frame, name in ((own, "people"), (said, "models"))
        ]
        both = means[0].join(means[1], on="image_id").sort("image_id")
        levels = _level(both.select("people", "models").to_numpy())
        yield estimate("weighted_kappa", field, levels, _kappa)


def compare_crossed(votes: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield ICC(2,1) and ICC(2,k) of the largest block of images that the same people rated.

    Args:
        votes: counted rows of `review__votes`.
    """
    blind = votes.filter(pl.col("phase") == "blind")
    for field in _RATED:
        block = _crossed_block(_of_field(blind, field))
        yield estimate("icc_crossed_single", field, block, lambda rows: two_way_icc(rows)[0])
        yield estimate("icc_crossed_mean", field, block, lambda rows: two_way_icc(rows)[1])


def compare_boxes(votes: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the mean IoU of matched boxes; a box without a partner counts 0 (Kuhn 1955 matches).

    - matched_iou: of every two people who checked the boxes of an image.
    - matched_iou_with_models: of a person and the draft.

    Args:
        votes: counted rows of `review__votes`.
    """
    checked = votes.filter((pl.col("phase") == "drafts") & (pl.col("reviewed_field") == "box"))
    people: dict[str, list[list[Box]]] = {}
    drafts: dict[str, list[float]] = {}
    for image_id, act, said, draft in (
        checked.sort("image_id", "rater_id")
        .select("image_id", "vote", "said_json", "draft_json")
        .iter_rows()
    ):
        drafted = _boxes(json.loads(draft or "[]"))
        own = (
            drafted
            if act == "confirmed"
            else _boxes(json.loads(said))
            if act == "corrected"
            else []
        )
        people.setdefault(image_id, []).append(own)
        drafts.setdefault(image_id, []).append(_overlap(own, drafted))
    pairs = [
        [float(np.mean([_overlap(*pair) for pair in combinations(given, 2)]))]
        for _, given in sorted(people.items())
        if len(given) > 1
    ]
    yield estimate("matched_iou", "box", np.array(pairs).reshape(-1, 1), _mean)
    with_models = [[float(np.mean(given))] for _, given in sorted(drafts.items())]
    yield estimate("matched_iou_with_models", "box", np.array(with_models).reshape(-1, 1), _mean)


def _mixed(field: str, people: pl.DataFrame, models: pl.DataFrame) -> dict[str, Any]:
    level: Level = "nominal" if field == "emotion" else "interval"
    asked = models.join(people.select("image_id").unique(), on="image_id", how="semi")
    ratings = rating_matrix(pl.concat([people, asked]))
    return estimate_alpha("alpha_with_models", field, ratings, level)


def _of_field(votes: pl.DataFrame, field: str) -> pl.DataFrame:
    return votes.filter(pl.col("reviewed_field") == field)


def _frame(rows: Sequence[tuple[str, str, float]]) -> pl.DataFrame:
    schema = {"image_id": pl.String, "rater_id": pl.String, "rating": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _crossed_block(votes: pl.DataFrame) -> np.ndarray:
    """Return images x people of the set of people who together rated most; empty without one."""
    lists = (
        votes.sort("image_id", "rater_id")
        .group_by("image_id", maintain_order=True)
        .agg("rater_id", "rating")
    )
    blocks: dict[tuple[str, ...], list[list[float]]] = {}
    for _, raters, ratings in lists.iter_rows():
        if len(raters) > 1:
            blocks.setdefault(tuple(raters), []).append(ratings)
    largest = max(blocks.items(), key=lambda block: (len(block[1]), block[0]), default=((), []))
    return np.array(largest[1], dtype=float) if largest[1] else np.empty((0, 2))


def _level(ratings: np.ndarray) -> np.ndarray:
    """Return the level of each rating from -4 to 4: 0 below -1.5, 2 above 1.5, 1 between."""
    return 1.0 + (ratings > 1.5) - (ratings < -1.5)


def _kappa(levels: np.ndarray) -> float | None:
    return weighted_kappa(levels[:, 0].astype(int), levels[:, 1].astype(int), _LEVELS)


def _mean(values: np.ndarray) -> float:
    return float(values.mean())


def _boxes(said: Sequence[Mapping[str, Any]]) -> list[Box]:
    return [Box(*(float(box[corner]) for corner in _CORNERS)) for box in said]


def _overlap(one: Sequence[Box], other: Sequence[Box]) -> float:
    if not one or not other:
        return float(not one and not other)
    scores = ious(one, other)
    matched = sum(float(scores[pair]) for pair in match_best(scores))
    return matched / max(len(one), len(other))
