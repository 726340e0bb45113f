"""The images that studies fit on and test: people's emotion and ratings, cluster, features."""

from dataclasses import dataclass, fields

import numpy as np
import polars as pl

from eemo_pipeline.aggregation.human_labels import find_human_labels, prefer_reviews
from eemo_pipeline.stats.hash_draws import unit_interval

TEST_SHARE = 0.3
# With fewer images of a source, its test part would be a handful.
SMALLEST_SOURCE = 30


@dataclass(frozen=True)
class LabelledImages:
    """Images with one evoked emotion on which people agree, in the order of their ids.

    Attributes:
        image_ids: one per image.
        emotions: of Mikels' eight.
        sources: the source of each image.
        units: near-duplicate clusters.
        splits: train, validation or test, as published.
        may_train: False for images of evaluation sets and their near-duplicates.
        features: images x features, finite.
        valence: the mean rating of people who felt it, 0-1; NaN where nobody rated.
        arousal: likewise.
    """

    image_ids: np.ndarray
    emotions: np.ndarray
    sources: np.ndarray
    units: np.ndarray
    splits: np.ndarray
    may_train: np.ndarray
    features: np.ndarray
    valence: np.ndarray
    arousal: np.ndarray

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.image_ids)

    def held_out(self, seed: int) -> np.ndarray:
        """Return whether each image is in the test part of a seed; whole clusters are.

        The draw is a hash of seed and cluster. What may not train is always tested.
        """
        drawn = {
            unit: unit_interval("study split", str(seed), unit) < TEST_SHARE
            for unit in np.unique(self.units)
        }
        return np.array([drawn[unit] for unit in self.units], dtype=bool) | ~self.may_train

    def published_parts(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the places of the published splits train and test, without evaluation sets."""
        train, test = (self.may_train & (self.splits == split) for split in ("train", "test"))
        return np.flatnonzero(train), np.flatnonzero(test)

    def large_sources(self) -> list[str]:
        """Return the sources with enough images, by their number of images that may train."""
        names, counts = np.unique(self.sources, return_counts=True)
        trained = {name: int((self.may_train & (self.sources == name)).sum()) for name in names}
        enough = [
            str(name) for name, count in zip(names, counts, strict=True) if count >= SMALLEST_SOURCE
        ]
        return sorted(enough, key=lambda name: (-trained[name], name))


def label_images(images: pl.DataFrame, labels: pl.DataFrame, reviews: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, cluster_id, source, split, is_evaluation and emotion, sorted by image_id.

    Args:
        images: rows of `dedup__images`.
        labels: rows of `labels__emotions`; only what viewers feel counts.
        reviews: rows of `labels__reviews`, which come before labels of the source.
    """
    evoked = labels.filter(pl.col("semantics") == "evoked")
    human = find_human_labels(prefer_reviews(evoked, reviews))
    return (
        images.select("image_id", "cluster_id", "source", "split", "is_evaluation")
        .join(human, on="image_id")
        .sort("image_id")
    )


def gather_images(
    images: pl.DataFrame,
    labels: pl.DataFrame,
    reviews: pl.DataFrame,
    features: pl.DataFrame,
    vad: pl.DataFrame,
) -> LabelledImages:
    """Return the labelled images that have features; see `label_images`.

    Args:
        images: rows of `dedup__images`.
        labels: rows of `labels__emotions`.
        reviews: rows of `labels__reviews`.
        features: rows of `_verification__features`, or others with image_id, status and features.
        vad: rows of `labels__vad`; values of lexicons do not count.
    """
    length = pl.col("features").list.len()
    usable = features.filter((pl.col("status") == "ok") & (length > 0)).filter(
        length == length.max()
    )
    rows = label_images(images, labels, reviews).join(
        usable.select("image_id", "features"), on="image_id", maintain_order="left"
    )
    is_rated = pl.col("origin").str.starts_with("rated:") & (pl.col("semantics") == "evoked")
    ratings = vad.filter(is_rated).group_by("image_id").agg(pl.mean("valence", "arousal"))
    rows = rows.join(ratings, on="image_id", how="left", maintain_order="left")
    matrix = matrix_of(rows["features"])
    texts = {
        name: np.array(rows[name].to_list(), dtype=str)
        for name in ("image_id", "emotion", "source", "cluster_id", "split")
    }
    found = LabelledImages(
        image_ids=texts["image_id"],
        emotions=texts["emotion"],
        sources=texts["source"],
        units=texts["cluster_id"],
        splits=texts["split"],
        may_train=~np.array(rows["is_evaluation"].to_list(), dtype=bool),
        features=matrix,
        valence=rows["valence"].cast(pl.Float64).fill_null(np.nan).to_numpy(),
        arousal=rows["arousal"].cast(pl.Float64).fill_null(np.nan).to_numpy(),
    )
    return take(found, np.flatnonzero(np.isfinite(matrix).all(axis=1)))


def take(images: LabelledImages, places: np.ndarray) -> LabelledImages:
    """Return the images at some places."""
    return LabelledImages(*(getattr(images, field.name)[places] for field in fields(images)))


def matrix_of(lists: pl.Series) -> np.ndarray:
    """Return lists of equal length as a matrix; null numbers are NaN."""
    width = int(lists.list.len().max() or 0) if len(lists) else 0  # pyright: ignore[reportArgumentType]
    if not width:
        return np.zeros((len(lists), 0))
    return lists.explode().cast(pl.Float64).to_numpy().reshape(len(lists), width)
