"""The trusted verifier's embedded default: a linear probe fitted on the human labels in the lake.

Holds the feature table, the probe, its cross-fitting and its abstentions. Features are computed in
`imaging/features.py`, folds in `folds.py`.

A linear probe is a linear classifier on fixed features (Alain and Bengio 2016, arXiv 1610.01644).
It is cross-fitted (Stone 1974; Chernozhukov et al. 2018): the probe that judges an image was fitted
without that image and its near-duplicate cluster. Its probabilities are not calibrated by a
temperature (Guo et al. 2017): a single temperature would let an image's own label affect its
judgement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.aggregation.calibration import FOLDS
from eemo_pipeline.aggregation.decide import round_shares
from eemo_pipeline.aggregation.human_labels import find_human_labels
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.execution.process_pool import Workers, perform_on_pictures
from eemo_pipeline.imaging.features import FEATURE_METHOD, extract_features
from eemo_pipeline.lake.picture_files import locate_files
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.answering import Answers, Inquiry, answer_all
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.roles.verifier import THIS_LAKE, VerificationRequest, VerifierDescription
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.verification.folds import assign_folds

VERIFIER = "linear_probe"
METHOD = (
    "linear probe (Alain and Bengio 2016) on standardised pixel features: multinomial logistic "
    "regression, cross-fitted in 5 folds of whole near-duplicate clusters"
)
MIN_TRAINING = 40
MIN_CLASSES = 2
MIN_PER_CLASS = 5
# Strength of the L2 penalty, as scikit-learn's inverse; fixed, not tuned.
INVERSE_PENALTY = 0.1

_FEATURES = TABLES["_verification__features"]


@dataclass(frozen=True)
class Probe:
    """A fitted probe: logits = (features - mean) / scale @ weights + bias, one per class."""

    classes: tuple[str, ...]
    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: np.ndarray


def extract(
    images: pl.DataFrame, ledger: Ledger, workers: Workers, sources_dir: Path
) -> AnsweredTable:
    """Build `_verification__features` through the ledger: one row per row of `dedup__images`."""
    asks = [Ask(image_id, (path, image_id)) for image_id, path in locate_files(images, sources_dir)]
    perform = perform_on_pictures(workers, answer_features, "features")
    inquiry = Inquiry("features", FEATURE_METHOD, asks, perform, stage="verification")
    answers = answer_all(ledger, inquiry)
    rows = [
        {
            "image_id": ask.image_id,
            "method": FEATURE_METHOD,
            "status": answer["status"],
            "reason": answer.get("reason"),
            "features": answer.get("features"),
        }
        for ask, answer in zip(asks, answers.values, strict=True)
    ]
    frame = pl.DataFrame(rows, schema=_FEATURES.polars_schema).sort("image_id")
    return AnsweredTable(frame, answers.work)


def answer_features(payload: tuple[Path, str]) -> dict[str, Any]:
    """Return the features of the image (path, image_id); runs in a worker process."""
    path, image_id = payload
    return extract_features(path, image_id)


@dataclass(frozen=True)
class ProbeVerifier:
    """The probe as a verifier; implements `Verifier`.

    The probe is refitted in every run. That takes less time than the ledger would, so its answers
    are not stored there. An answer also has `training_count`.

    Attributes:
        images: rows of `dedup__images`.
        features: rows of `_verification__features`.
        labels: rows of `labels__emotions`.
    """

    images: pl.DataFrame
    features: pl.DataFrame
    labels: pl.DataFrame

    def describe(self) -> VerifierDescription:
        """Describe a multinomial logistic regression fitted on this lake."""
        # Read from the package metadata, because importing scikit-learn takes longer than fitting
        # the probe does in most lakes.
        model = f"multinomial logistic regression, scikit-learn {version('scikit-learn')}"
        return VerifierDescription(VERIFIER, model, METHOD, ("label", "scores"), (THIS_LAKE,))

    def answer(self, requests: Sequence[VerificationRequest], ledger: Ledger) -> Answers:  # noqa: ARG002
        """Judge each image by a probe fitted without it and its near-duplicates.

        An image in a cluster with a label is judged by the probe fitted on the other four folds,
        any other image by the probe fitted on all labels (fold 0). The probe abstains with reason
        `too_few_labels` if it would be fitted on fewer than 40 labelled images or on fewer than two
        emotions with five each, and with `features_missing` if the image has no features. An
        emotion without a training image gets probability 0.
        """
        answers = judge(self.images, self.features, self.labels)
        return Answers([answers[request.image_id] for request in requests])


def judge(
    images: pl.DataFrame, features: pl.DataFrame, labels: pl.DataFrame
) -> dict[str, dict[str, Any]]:
    """Return image_id -> answer for every row of `images`; see `ProbeVerifier.answer`."""
    pictures = _assemble(images, features, labels)
    matrix = _feature_matrix(pictures["features"])
    is_usable = np.isfinite(matrix).all(axis=1) & (matrix.shape[1] > 0)
    is_training = is_usable & pictures["label"].is_not_null().to_numpy()
    assigned = pictures["cluster_fold"].to_numpy()
    answers: dict[str, dict[str, Any]] = {}
    for fold in range(FOLDS + 1):
        chosen = pictures["fold"].to_numpy() == fold
        if not chosen.any():
            continue
        training = is_training & (assigned != fold)  # no cluster has fold 0, so it uses all labels
        names = pictures["label"].filter(pl.Series(training)).to_list()
        probe = _fit(matrix[training], names)
        judged = chosen & is_usable
        ids = pictures["image_id"].filter(pl.Series(judged)).to_list()
        if probe is None:
            answers |= dict.fromkeys(ids, _abstain("too_few_labels", len(names)))
        else:
            answers |= _judgements(ids, probe, matrix[judged], len(names))
        unusable = pictures["image_id"].filter(pl.Series(chosen & ~is_usable)).to_list()
        answers |= dict.fromkeys(unusable, _abstain("features_missing", len(names)))
    return answers


def _assemble(images: pl.DataFrame, features: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, features, label, cluster_fold (1-5) and fold (0-5), in key order."""
    human = find_human_labels(labels)
    answered = features.filter(pl.col("status") == "ok").select("image_id", "features")
    return (
        assign_folds(images, human)
        .join(human.rename({"emotion": "label"}), on="image_id", how="left")
        .join(answered, on="image_id", how="left")
        .sort("image_id")
    )


def _feature_matrix(features: pl.Series) -> np.ndarray:
    """Return the features, shape (images, features).

    The row of an image without features, or with another number of them than most, is NaN.
    """
    widths = features.list.len().drop_nulls()
    width = int(widths.mode().max()) if len(widths) else 0  # pyright: ignore[reportArgumentType]
    matrix = np.full((len(features), width), np.nan)
    fits = (features.list.len() == width).fill_null(value=False)
    if width and fits.any():
        flat = features.filter(fits).explode().cast(pl.Float64).to_numpy()
        matrix[fits.to_numpy()] = flat.reshape(-1, width)
    return matrix


def _fit(features: np.ndarray, names: list[str]) -> Probe | None:
    """Return the probe fitted on rows in key order, on one thread; None if labels are too few."""
    classes, counts = np.unique(np.asarray(names, dtype=str), return_counts=True)
    if len(names) < MIN_TRAINING or (counts >= MIN_PER_CLASS).sum() < MIN_CLASSES:
        return None
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    mean = features.mean(axis=0)
    spread = features.std(axis=0)
    # A feature that is constant in training carries no information, so it is ignored in new images.
    scale = np.where(spread > 1e-9, spread, np.inf)
    # Several threads sum in varying order; one thread makes the result reproducible to the byte.
    with threadpool_limits(1):
        # Newton's method reaches the optimum to the last digits. A quasi-Newton solver stops near
        # it, at a point that depends on the processor's order of summation.
        model = LogisticRegression(
            C=INVERSE_PENALTY, solver="newton-cholesky", max_iter=100, tol=1e-12
        )
        model.fit((features - mean) / scale, names)
    weights, bias = np.asarray(model.coef_), np.asarray(model.intercept_)
    if len(classes) == 2:  # scikit-learn keeps one logit of two; the other is zero
        weights, bias = np.vstack([0 * weights, weights]), np.concatenate([0 * bias, bias])
    return Probe(tuple(classes.tolist()), mean, scale, weights.T, bias)


def _judgements(
    ids: Sequence[str], probe: Probe, features: np.ndarray, training_count: int
) -> dict[str, dict[str, Any]]:
    logits = np.einsum("if,fc->ic", (features - probe.mean) / probe.scale, probe.weights)
    logits = logits + probe.bias
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    places = [MIKELS_8.index(name) for name in probe.classes]
    shares = np.zeros((len(features), len(MIKELS_8)))
    shares[:, places] = odds / odds.sum(axis=1, keepdims=True)
    return {
        image_id: {
            "status": "ok",
            "emotion": MIKELS_8[int(row.argmax())],
            "probability": float(row.max()),
            "distribution": row.tolist(),
            "training_count": training_count,
        }
        for image_id, row in zip(ids, round_shares(shares), strict=True)
    }


def _abstain(reason: str, training_count: int) -> dict[str, Any]:
    return {"status": "abstain", "reason": reason, "training_count": training_count}
