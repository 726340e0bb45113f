"""The choice of images for the dominant-emotion task, in the label set of each image's own dataset.

The published rule (EEmoDB, appendix C.7): labels stay as they are, minority classes are kept
whole and majority classes capped. The published cap is lost; ours is a multiple of the median
class size. The lists of candidates are in `emotion/candidate_lists.py`.
"""

import polars as pl

from eemo_pipeline.aggregation.native_votes import spread_votes
from eemo_pipeline.emotion.candidate_lists import CANDIDATE_LISTS
from eemo_pipeline.emotion.taxonomies import canonical
from eemo_pipeline.stats.hash_draws import draw

_SMALLEST_LEAD = 1e-9  # a smaller lead is the rounding error of a sum


def choose_dominant(
    pictures: pl.DataFrame, annotations: pl.DataFrame, class_cap: float, seed: str
) -> pl.DataFrame:
    """Return one row per image with a dominant emotion, and whether it is selected.

    Each image is assigned one label set: evoked before apparent, then the one with most
    annotations, then by name. Its dominant emotion has strictly the largest share of that set's
    votes. A class keeps at most `class_cap` times the median class size of its label set; a seeded
    draw decides which images.

    Args:
        pictures: image_id and split.
        annotations: rows of `ingest__annotations`.
        class_cap: multiple of the median class size.
        seed: the seed of the draw.

    Returns:
        image_id, split, source, semantics, label_space, emotion (in the spelling of its
        candidates), cap, is_selected and reason (class_full). An image with a tie has no row.
    """
    numbered = pictures.sort("image_id").with_row_index("picture")
    in_sets = annotations.filter(pl.col("label_space").is_in(list(CANDIDATE_LISTS)))
    votes = spread_votes(in_sets.join(numbered, on="image_id"))
    members = pl.DataFrame(
        [
            (space, canonical(spelled), spelled)
            for space, listed in CANDIDATE_LISTS.items()
            for spelled in listed
        ],
        schema={"label_space": pl.String, "label": pl.String, "emotion": pl.String},
        orient="row",
    )
    named = _dominant(votes).join(members, on=["label_space", "label"]).join(numbered, on="picture")
    sizes = named.group_by("label_space", "emotion").len()
    caps = sizes.group_by("label_space").agg(
        (pl.col("len").median() * class_cap).ceil().cast(pl.Int64).alias("cap")
    )
    place = pl.int_range(pl.len()).over("label_space", "emotion")
    return (
        named.join(caps, on="label_space")
        .with_columns(draw(pl.col("image_id"), f"{seed}:cap").alias("drawn"))
        .sort("drawn", "image_id")
        .with_columns((place < pl.col("cap")).alias("is_selected"))
        .with_columns(pl.when(~pl.col("is_selected")).then(pl.lit("class_full")).alias("reason"))
        .select(
            "image_id",
            "split",
            "source",
            "semantics",
            "label_space",
            "emotion",
            "cap",
            "is_selected",
            "reason",
        )
        .sort("image_id")
    )


def _dominant(votes: pl.DataFrame) -> pl.DataFrame:
    """Return picture, source, semantics, label_space and label of images with a dominant emotion.

    An image has evoked labels, or apparent ones where it has no evoked ones: what viewers felt and
    what depicted people seem to feel are never added.
    """
    weight = pl.col("share") * pl.col("rater_count").fill_null(1)
    group = ["picture", "semantics", "label_space"]
    best_set = (
        votes.group_by(group)
        .agg(
            pl.col("annotation").n_unique().alias("annotations"),
            pl.col("source").min(),
        )
        .sort(
            # "evoked" comes after "apparent" in the alphabet
            ["picture", "semantics", "annotations", "label_space"],
            descending=[False, True, True, False],
        )
        .unique("picture", keep="first", maintain_order=True)
    )
    masses = (
        votes.sort("annotation", "label")
        .group_by([*group, "label"], maintain_order=True)
        .agg(weight.sum().alias("mass"))
        .sort([*group, "mass", "label"], descending=[False, False, False, True, False])
        .group_by(group, maintain_order=True)
        .agg(
            pl.col("label").first(),
            (pl.col("mass").first() - pl.col("mass").get(1, null_on_oob=True).fill_null(0)).alias(
                "lead"
            ),
        )
    )
    return (
        best_set.join(masses, on=group)
        .filter(pl.col("lead") > _SMALLEST_LEAD)
        .select("picture", "source", "semantics", "label_space", "label")
    )
