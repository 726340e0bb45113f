"""What the trained classifiers answer to held-out items: their artefact on the images' features.

The artefact is the file that `training__runs` names; it was written by
`stages/training/jobs/emotion_classifier.py`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.stages.evaluation.benchmarks import held_out_assess
from eemo_pipeline.stages.evaluation.responses import Response

_JOB = "emotion_classifier"
_LARGEST_FILE = 50_000_000


def classifiers_of(runs: pl.DataFrame, root: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return recipe -> artefact of the finished runs whose answers can be computed here.

    Args:
        runs: rows of `training__runs`.
        root: the data root that paths are relative to.
    """
    found: dict[str, Mapping[str, Any]] = {}
    finished = runs.filter((pl.col("job") == _JOB) & (pl.col("status") == "ok"))
    for row in finished.sort("recipe").iter_rows(named=True):
        path = root / str(row["path"])
        if row["path"] and path.is_file() and path.stat().st_size <= _LARGEST_FILE:
            found[row["recipe"]] = json.loads(path.read_text("utf-8"))
    return found


def answer_labels(
    rows: Sequence[tuple[dict[str, Any], str]],
    artefact: Mapping[str, Any],
    features: pl.DataFrame,
) -> Iterator[Response]:
    """Yield the classifier's answers to the dominant-emotion items of its label set.

    Args:
        rows: held-out rows of `assess__items`, each with its cluster.
        artefact: classes, mean, scale, weights and bias of a softmax regression.
        features: rows of `_verification__features`.
    """
    classes = artefact["classes"]
    known = dict(
        features.filter(pl.col("status") == "ok").select("image_id", "features").iter_rows()
    )
    mean, scale, weights, bias = (
        np.array(artefact[name], dtype=float) for name in ("mean", "scale", "weights", "bias")
    )
    for row, unit in rows:
        values = known.get(row["image_id"])
        is_asked = row["task"] == "dominant_emotion" and set(classes) <= set(row["candidates"])
        if not is_asked or values is None or len(values) != len(mean):
            continue
        scores = (np.array(values) - mean) / scale @ weights + bias
        powers = np.exp(scores - scores.max())
        place = int(powers.argmax())
        yield Response(
            held_out_assess.item_of(row, unit),
            f"Dominant emotion: {classes[place]}",
            probability=round(float(powers[place] / powers.sum()), 6),
        )
