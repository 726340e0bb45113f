"""The similarity rewards of the label sets of a lake, as an input of the GRPO job.

The formulas are in `eemo_pipeline/emotion/similarity.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.emotion.similarity import RewardMatrix, build_matrix, explain_no_matrix
from eemo_pipeline.emotion.vad import (
    MIKELS_ANCHORS,
    PUBLISHED_CENTROIDS,
    Vad,
    normalised_ratings,
)


@dataclass(frozen=True)
class RewardMatrices:
    """The rewards of the label sets of a lake.

    Attributes:
        built: candidates joined by ", " -> rewards.
        lacking: candidates joined by ", " -> why this set has none.
    """

    built: Mapping[str, RewardMatrix]
    lacking: Mapping[str, str]


def build_matrices(
    items: pl.DataFrame, words: pl.DataFrame, similarity: TextSimilarity
) -> RewardMatrices:
    """Return the rewards of the sets whose labels have V-A-D values.

    V-A-D comes from the lexicons of the lake, by x/10, and else from the published anchors of
    Mikels' and Ekman's emotions.
    """
    value = {
        name: normalised_ratings(
            pl.col(f"native_{name}"), pl.col("scale_min"), pl.col("scale_max")
        ).struct.field("value")
        for name in ("valence", "arousal", "dominance")
    }
    rated = (
        words.sort("source", "word")
        .select(pl.col("word").str.to_lowercase(), **value)
        .drop_nulls()
        .unique("word", keep="last", maintain_order=True)
    )
    lexicon = {**PUBLISHED_CENTROIDS, **MIKELS_ANCHORS}
    lexicon |= {word: Vad(*point) for word, *point in rated.iter_rows()}
    sets = items.filter(pl.col("task") == "dominant_emotion")["candidates"].unique().to_list()
    built, lacking = {}, {}
    for labels in sorted(sets):
        matrix = build_matrix(labels, lexicon, similarity.compare)
        if matrix is not None:
            built[", ".join(labels)] = matrix
        elif reason := explain_no_matrix(labels, lexicon):
            lacking[", ".join(labels)] = reason
    return RewardMatrices(built, lacking)


def as_frame(matrices: Mapping[str, RewardMatrix]) -> pl.DataFrame:
    """Return one row per label set: key, labels, and the values row by row."""
    return pl.DataFrame(
        [
            {"key": key, "labels": list(matrix.labels), "values": matrix.values.ravel().tolist()}
            for key, matrix in matrices.items()
        ],
        schema={"key": pl.String, "labels": pl.List(pl.String), "values": pl.List(pl.Float64)},
    )
