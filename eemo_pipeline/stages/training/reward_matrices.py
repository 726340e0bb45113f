"""The similarity rewards of the label sets of a lake, as an input of the GRPO job.

The formulas are in `eemo_pipeline/emotion/similarity.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.emotion.similarity import (
    BadMatrix,
    RewardMatrix,
    build_matrix,
    explain_no_matrix,
    read_matrices,
)
from eemo_pipeline.emotion.taxonomies import canonical
from eemo_pipeline.emotion.vad import (
    MIKELS_ANCHORS,
    PUBLISHED_CENTROIDS,
    Vad,
    normalised_ratings,
)
from eemo_pipeline.stages.training.recipe import BadRecipe


@dataclass(frozen=True)
class RewardMatrices:
    """The rewards of the label sets of a lake.

    Attributes:
        built: candidates joined by ", " -> rewards.
        lacking: candidates joined by ", " -> why this set has none.
    """

    built: Mapping[str, RewardMatrix]
    lacking: Mapping[str, str]


def read_released(file: str) -> tuple[RewardMatrix, ...]:
    """Return the matrices of a file that a recipe names; none for "".

    Raises:
        BadRecipe: the file holds no matrices.
    """
    if not file:
        return ()
    try:
        return tuple(read_matrices(Path(file).expanduser()).values())
    except BadMatrix as error:
        raise BadRecipe(f"reward_matrices: {error}") from error


def build_matrices(
    items: pl.DataFrame,
    words: pl.DataFrame,
    similarity: TextSimilarity,
    released: Sequence[RewardMatrix] = (),
) -> RewardMatrices:
    """Return the rewards of the sets whose labels have V-A-D values.

    V-A-D comes from the lexicons of the lake, by x/10, and else from the published anchors of
    Mikels' and Ekman's emotions.

    Args:
        items: a frame of `assess__items`.
        words: a frame of `ingest__words`.
        similarity: compares definitions of emotions.
        released: matrices of a file, which go before those built here.
    """
    given = {frozenset(matrix.labels): matrix for matrix in released}
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
        matrix = given.get(frozenset(map(canonical, labels)))
        if matrix is None:
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
