"""The trusted verifier's embedded default: a linear probe fitted on the human labels in the lake.

Belongs here: pixel features of all pictures, the probe, its cross-fitting, and its abstentions.
Does not belong here: how a feature is computed (`features.py`), or how the verifier's word is
weighed against the annotators' (`decisions.py`).

A linear probe is a linear classifier on fixed features (Alain and Bengio 2016, arXiv 1610.01644).
It is cross-fitted (Stone 1974; Chernozhukov et al. 2018): no picture is judged by a probe that
saw it or a picture of its near-duplicate cluster. Its probabilities are not calibrated by a
temperature (Guo et al. 2017): one temperature for all would let a picture's own label reach
its judgement.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.decisions import round_shares
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.features import FEATURE_METHOD, extract_features
from eemo_pipeline.ledger import AnsweredTable, Ask, Ledger
from eemo_pipeline.sampling import draw
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.workers import Workers, perform_on_pictures

VERIFIER = "linear_probe"
METHOD = (
    "linear probe (Alain and Bengio 2016) on standardised pixel features: multinomial logistic "
    "regression, cross-fitted in 5 folds of whole near-duplicate clusters"
)
FOLDS = 5
MIN_TRAINING = 40
MIN_CLASSES = 2
MIN_PER_CLASS = 5
# Strength of the L2 penalty, as scikit-learn's inverse; fixed, not tuned.
INVERSE_PENALTY = 0.1

_FEATURES = TABLES["_verification__features"]
_REPLIES = TABLES["verification__replies"]


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
    """`_verification__features`: one row per row of `dedup__images`, through the ledger."""
    asks = [
        Ask(image_id, (sources_dir / source / path, image_id))
        for image_id, source, path in images.select("image_id", "source", "path").iter_rows()
    ]
    perform = perform_on_pictures(workers, answer_features, "features")
    answers = ledger.answer_all("features", FEATURE_METHOD, asks, perform)
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
    return AnsweredTable(frame, answers.asked, answers.reused)


def answer_features(payload: tuple[Path, str]) -> dict[str, Any]:
    """Features of the picture (path, image_id); runs in a worker process."""
    path, image_id = payload
    return extract_features(path, image_id)


def verify(images: pl.DataFrame, features: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """`verification__replies`: one row per picture, judged or abstained on.

    The label of a picture is the Mikels emotion with the largest mass; where two share it there
    is none. A cluster's fold, 1 to 5, follows from the hash of its name. A picture of a cluster
    with a label is judged by the probe fitted on the other four folds; any other picture by the
    probe fitted on all labels (fold 0). The probe abstains with reason `too_few_labels` where
    it would be fitted on fewer than 40 labelled pictures or fewer than two emotions with five
    each, and with `features_missing` where the picture has no features. An emotion that no
    training picture has gets probability 0.

    Args:
        images: rows of `dedup__images`.
        features: rows of `_verification__features`.
        labels: rows of `labels__emotions`.
    """
    from sklearn import __version__

    model = f"multinomial logistic regression, scikit-learn {__version__}"
    pictures = _assemble(images, features, labels)
    matrix = _feature_matrix(pictures["features"])
    is_usable = np.isfinite(matrix).all(axis=1) & (matrix.shape[1] > 0)
    is_training = is_usable & pictures["label"].is_not_null().to_numpy()
    assigned = pictures["cluster_fold"].to_numpy()
    rows: list[dict[str, Any]] = []
    for fold in range(FOLDS + 1):
        chosen = pictures["fold"].to_numpy() == fold
        if not chosen.any():
            continue
        training = is_training & (assigned != fold)  # fold 0 is nobody's: all labels are used
        names = pictures["label"].filter(pl.Series(training)).to_list()
        probe = _fit(matrix[training], names)
        judged = chosen & is_usable
        ids = pictures["image_id"]
        common = {"model": model, "fold": fold, "training_count": len(names)}
        if probe is None:
            rows += _abstentions(ids.filter(pl.Series(judged)), "too_few_labels", common)
        else:
            rows += _judgements(ids.filter(pl.Series(judged)), probe, matrix[judged], common)
        rows += _abstentions(ids.filter(pl.Series(chosen & ~is_usable)), "features_missing", common)
    return pl.DataFrame(rows, schema=_REPLIES.polars_schema).sort("image_id")


def _assemble(images: pl.DataFrame, features: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """image_id, features, label, cluster_fold 1-5, and the fold that judges, in key order."""
    mass = labels.filter((pl.col("taxonomy") == "mikels8") & (pl.col("mass") > 0))
    is_largest = pl.col("mass") == pl.col("mass").max().over("image_id")
    human = (
        mass.filter(is_largest)
        .filter(pl.len().over("image_id") == 1)
        .select("image_id", pl.col("emotion").alias("label"))
    )
    answered = features.filter(pl.col("status") == "ok").select("image_id", "features")
    clusters = images.select("cluster_id").unique().sort("cluster_id")
    folds = clusters.with_columns(
        (draw(pl.col("cluster_id"), "verification fold") * FOLDS + 1)
        .cast(pl.Int64)
        .alias("cluster_fold")
    )
    return (
        images.select("image_id", "cluster_id")
        .join(human, on="image_id", how="left")
        .join(answered, on="image_id", how="left")
        .join(folds, on="cluster_id", how="left")
        .with_columns(
            pl.when(pl.col("label").is_not_null().any().over("cluster_id"))
            .then("cluster_fold")
            .otherwise(0)
            .alias("fold")
        )
        .sort("image_id")
    )


def _feature_matrix(features: pl.Series) -> np.ndarray:
    """Pictures x features; a row of NaN where there are none or their number is unusual."""
    widths = features.list.len().drop_nulls()
    width = int(widths.mode().max()) if len(widths) else 0  # pyright: ignore[reportArgumentType]
    matrix = np.full((len(features), width), np.nan)
    fits = (features.list.len() == width).fill_null(value=False)
    if width and fits.any():
        flat = features.filter(fits).explode().cast(pl.Float64).to_numpy()
        matrix[fits.to_numpy()] = flat.reshape(-1, width)
    return matrix


def _fit(features: np.ndarray, names: list[str]) -> Probe | None:
    """The probe fitted on rows in key order, on one thread; None where the labels are too few."""
    classes, counts = np.unique(np.asarray(names, dtype=str), return_counts=True)
    if len(names) < MIN_TRAINING or (counts >= MIN_PER_CLASS).sum() < MIN_CLASSES:
        return None
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    mean = features.mean(axis=0)
    spread = features.std(axis=0)
    # A feature that never varies in training says nothing, also where a new picture differs.
    scale = np.where(spread > 1e-9, spread, np.inf)
    # Reductions over several threads add in another order; one thread gives the same bytes.
    with threadpool_limits(1):
        model = LogisticRegression(C=INVERSE_PENALTY, max_iter=2000, tol=1e-8)
        model.fit((features - mean) / scale, names)
    weights, bias = np.asarray(model.coef_), np.asarray(model.intercept_)
    if len(classes) == 2:  # scikit-learn keeps one logit of two; the other is zero
        weights, bias = np.vstack([0 * weights, weights]), np.concatenate([0 * bias, bias])
    return Probe(tuple(classes.tolist()), mean, scale, weights.T, bias)


def _judgements(
    ids: pl.Series, probe: Probe, features: np.ndarray, common: dict[str, Any]
) -> list[dict[str, Any]]:
    logits = np.einsum("if,fc->ic", (features - probe.mean) / probe.scale, probe.weights)
    logits = logits + probe.bias
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    places = [MIKELS_8.index(name) for name in probe.classes]
    shares = np.zeros((len(features), len(MIKELS_8)))
    shares[:, places] = odds / odds.sum(axis=1, keepdims=True)
    return [
        {
            **_row(image_id, common),
            "status": "ok",
            "emotion": MIKELS_8[int(row.argmax())],
            "probability": float(row.max()),
            "distribution": row.tolist(),
        }
        for image_id, row in zip(ids, round_shares(shares), strict=True)
    ]


def _abstentions(ids: pl.Series, reason: str, common: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**_row(image_id, common), "status": "abstain", "reason": reason} for image_id in ids]


def _row(image_id: str, common: dict[str, Any]) -> dict[str, Any]:
    return {
        "image_id": image_id,
        "verifier": VERIFIER,
        "method": METHOD,
        "reason": None,
        "emotion": None,
        "probability": None,
        "distribution": None,
        **common,
    }
