"""Asks a verifier about images, checks and calibrates its answers, and converts them to rows.

The contract of a verifier is in `roles/verifier.py`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.aggregation.calibration import FOLDS
from eemo_pipeline.aggregation.decide import fit_patterns, round_shares
from eemo_pipeline.aggregation.human_labels import find_human_labels
from eemo_pipeline.aggregation.limits import DECISION_LIMITS, DecisionLimits
from eemo_pipeline.emotion.taxonomies import MIKELS_8, canonical
from eemo_pipeline.lake.picture_files import locate_files
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.verifier import THIS_LAKE, VerificationRequest, Verifier
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.verification.answer_parsing import fit_temperature, temper
from eemo_pipeline.stages.verification.folds import assign_folds

_TABLE = TABLES["verification__replies"]


def ask_verifier(
    verifier: Verifier,
    images: pl.DataFrame,
    labels: pl.DataFrame,
    ledger: Ledger,
    sources_dir: Path,
    limits: DecisionLimits = DECISION_LIMITS,
) -> AnsweredTable:
    """Build `verification__replies`: one row per image of `images`, with or without a label.

    If the verifier was not fitted on the labels of this lake and enough images have a label (300),
    its scores are calibrated by a temperature fitted on the labels. The temperature of an image is
    fitted without the labels of its own fold.

    Args:
        verifier: the verifier; it sees no label.
        images: rows of `dedup__images`.
        labels: rows of `labels__emotions`.
        ledger: where answers are looked up and stored.
        sources_dir: the folder with one folder of images per source.
        limits: thresholds.
    """
    description = verifier.describe()
    human = find_human_labels(labels)
    places = images.select("image_id", "source", "path").join(
        assign_folds(images, human).select("image_id", "fold"), on="image_id"
    )
    places = places.sort("image_id")
    requests = [
        VerificationRequest(image_id, path) for image_id, path in locate_files(places, sources_dir)
    ]
    answers = verifier.answer(requests, ledger)
    rows = [
        {
            "image_id": image_id,
            "verifier": description.name,
            "source": source,
            "model": description.model,
            "method": description.method,
            "fold": fold,
            "training_count": answer.get("training_count"),
            **_check(answer),
        }
        for (image_id, source, _, fold), answer in zip(
            places.iter_rows(), answers.values, strict=True
        )
    ]
    frame = pl.DataFrame(rows, schema=_TABLE.polars_schema)
    if THIS_LAKE not in description.trained_on:
        frame = _calibrate(frame, human, limits.min_labelled)
    return AnsweredTable(frame, answers.work)


def count_patterns(
    replies: pl.DataFrame,
    verifier_replies: pl.DataFrame,
    labels: pl.DataFrame,
    limits: DecisionLimits = DECISION_LIMITS,
) -> pl.DataFrame:
    """Build `verification__patterns`, fitted on human labels.

    Args:
        replies: rows of `annotation__replies`.
        verifier_replies: rows of `verification__replies`.
        labels: rows of `labels__emotions`.
        limits: thresholds.
    """
    return fit_patterns(replies, verifier_replies, find_human_labels(labels), limits)


def _check(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of an answer; one that breaks the contract becomes status "error"."""
    row: dict[str, Any] = dict.fromkeys(("emotion", "probability", "distribution", "reason"))
    if answer["status"] != "ok":
        return {**row, "status": answer["status"], "reason": answer.get("reason")}
    emotion = canonical(str(answer.get("emotion")))
    shares = answer.get("distribution")
    if emotion not in MIKELS_8:
        return {**row, "status": "error", "reason": "bad_label"}
    if shares is not None and not _is_distribution(shares):
        return {**row, "status": "error", "reason": "bad_scores"}
    probability = answer.get("probability")
    return {
        **row,
        "status": "ok",
        "emotion": emotion,
        "probability": None if probability is None else round(float(probability), 6),
        "distribution": shares,
    }


def _is_distribution(shares: Sequence[float]) -> bool:
    values = np.asarray(shares, dtype=float)
    is_shaped = values.shape == (len(MIKELS_8),) and bool(np.isfinite(values).all())
    return is_shaped and bool((values >= 0).all()) and abs(values.sum() - 1) <= 1e-6


def _calibrate(frame: pl.DataFrame, human: pl.DataFrame, min_labelled: int) -> pl.DataFrame:
    """Apply to each fold the temperature fitted on the labels of the other folds."""
    scored = frame.drop_nulls("distribution").join(
        human.rename({"emotion": "_human"}), on="image_id", how="left"
    )
    if scored["_human"].count() < min_labelled:
        return frame
    shares = np.array(scored["distribution"].to_list())
    truth = scored["_human"].to_list()
    labels = np.array([-1 if label is None else MIKELS_8.index(label) for label in truth])
    folds = scored["fold"].to_numpy()
    cooled = shares.copy()
    for fold in range(FOLDS + 1):
        fitting = (labels >= 0) & (folds != fold)
        if fitting.sum() >= min_labelled:
            temperature = fit_temperature(shares[fitting], labels[fitting])
            cooled[folds == fold] = temper(shares[folds == fold], temperature)
    rounded = round_shares(cooled)
    tempered = scored.select("image_id").with_columns(
        pl.Series("_distribution", rounded.tolist(), dtype=pl.List(pl.Float64)),
        pl.Series("_probability", rounded.max(axis=1)),
    )
    return frame.join(tempered, on="image_id", how="left").select(
        *(
            pl.coalesce(f"_{name}", name).alias(name)
            if name in ("distribution", "probability")
            else name
            for name in frame.columns
        )
    )
