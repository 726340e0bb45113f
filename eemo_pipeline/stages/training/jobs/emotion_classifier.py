"""Fits a small classifier of the dominant emotion: `python -m ...emotion_classifier FOLDER`.

The rows are selected by `classifier_inputs.py`.

The model is multinomial logistic regression (softmax) on standardised features (Bishop 2006,
"Pattern Recognition and Machine Learning", section 4.3.4), fitted by mini-batch gradient descent
with momentum (Polyak 1964, "Some methods of speeding up the convergence of iteration methods")
and an L2 penalty on the weights. With validation items, the weights of the epoch with the lowest
validation loss are kept, and the fit stops after `patience_epochs` epochs without improvement
(Prechelt 1998, "Early stopping - but when?"). Without them, the weights of the last epoch are kept.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from eemo_pipeline.stages.training.job_failures import explain_failures
from eemo_pipeline.stages.training.job_folder import encode_json
from eemo_pipeline.stages.training.job_reporting import Reporter, open_job
from eemo_pipeline.stats.hash_draws import draw

if TYPE_CHECKING:
    import numpy as np

ARTEFACT = "model.json"
_DECIMALS = 6


@dataclass(frozen=True)
class Softmax:
    """The model: classes in alphabetical order, standardisation, weights and bias."""

    classes: tuple[str, ...]
    mean: "np.ndarray"
    scale: "np.ndarray"
    weights: "np.ndarray"
    bias: "np.ndarray"

    def predict(self, features: "np.ndarray") -> list[str]:
        """Return the most probable emotion of each row; ties go to the first alphabetically."""
        scores = (features - self.mean) / self.scale @ self.weights + self.bias
        return [self.classes[place] for place in scores.argmax(axis=1)]

    def rounded(self) -> "Softmax":
        """Return the model rounded as in the artefact, so that scores apply to the artefact."""
        return Softmax(
            self.classes,
            *(part.round(_DECIMALS) for part in (self.mean, self.scale, self.weights, self.bias)),
        )


def main(folder: Path) -> None:
    """Run the job that `folder` describes.

    Raises:
        IncompleteRun: the folder holds no job, or its inputs were altered.
        JobFailed: memory or disk are full.
    """
    # A single thread, so that the order of summation does not depend on the number of cores.
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = "1"
    with open_job(folder) as reporter, explain_failures(reporter.job["parameters"], folder):
        parts = {
            name: pl.read_parquet(folder / f"{name}.parquet", glob=False, hive_partitioning=False)
            for name in ("train", "validation", "test")
        }
        model = fit(parts["train"], parts["validation"], reporter).rounded()
        truth = parts["test"]["label"].to_list()
        predicted = model.predict(_matrix(parts["test"], len(model.mean)))
        result = {
            "status": "ok",
            "train_count": parts["train"].height,
            "validation_count": parts["validation"].height,
            "test_count": parts["test"].height,
            **score(truth, predicted, majority_label(parts["train"]["label"].to_list())),
        }
        reporter.finish(result, ARTEFACT, _encode(model, reporter.job))


def fit(train: pl.DataFrame, validation: pl.DataFrame, reporter: Reporter) -> Softmax:
    """Fit the model and report the losses every `report_epochs` epochs.

    The rows are shuffled once, by the seed and their image_id; all epochs use the same batches.
    """
    import numpy as np

    parameters = reporter.job["parameters"]
    shuffled = train.sort(draw(pl.col("image_id"), str(reporter.job["seed"])), "image_id")
    classes = tuple(sorted(set(train["label"])))
    width = len(shuffled["features"][0])
    features = _matrix(shuffled, width)
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale < 1e-9] = 1.0  # avoid division by zero for constant features
    seen = (features - mean) / scale
    wanted = _one_hot(shuffled["label"].to_list(), classes)
    known = validation.filter(pl.col("label").is_in(classes))
    held = ((_matrix(known, width) - mean) / scale, _one_hot(known["label"].to_list(), classes))

    weights, bias = np.zeros((seen.shape[1], len(classes))), np.zeros(len(classes))
    velocity = (np.zeros_like(weights), np.zeros_like(bias))
    best, best_loss, best_epoch = (weights, bias), np.inf, 0
    for epoch in range(1, parameters["epochs"] + 1):
        weights, bias, velocity = _run_epoch(seen, wanted, weights, bias, velocity, parameters)
        watched = _loss(*held, weights, bias) if known.height else -float(epoch)
        if watched < best_loss:
            best, best_loss, best_epoch = (weights, bias), watched, epoch
        is_last = epoch == parameters["epochs"] or (
            epoch - best_epoch >= parameters["patience_epochs"]
        )
        if epoch % parameters["report_epochs"] == 0 or is_last:
            reporter.report_progress(
                {
                    "epoch": epoch,
                    "epochs": parameters["epochs"],
                    "train_loss": round(_loss(seen, wanted, weights, bias), _DECIMALS),
                    "validation_loss": round(watched, _DECIMALS) if known.height else None,
                    "best_epoch": best_epoch,
                }
            )
        if is_last:
            break
    return Softmax(classes, mean, scale, *best)


def score(truth: list[str], predicted: list[str], majority: str) -> dict[str, Any]:
    """Return accuracy, macro F1, the baseline's accuracy, F1 per emotion and the confusion matrix.

    Macro F1 is the unweighted mean of F1 over the emotions that occur in the truth or among the
    predictions. An emotion that is never predicted correctly has F1 0.

    Args:
        truth: labels of the held-out items, at least one.
        predicted: the model's labels, in the same order.
        majority: the most frequent training label.
    """
    pairs = list(zip(truth, predicted, strict=True))
    emotions = sorted({*truth, *predicted})
    f1 = []
    for emotion in emotions:
        right = sum(true == guess == emotion for true, guess in pairs)
        f1.append(2 * right / (truth.count(emotion) + predicted.count(emotion)))
    return {
        "accuracy": round(sum(true == guess for true, guess in pairs) / len(pairs), _DECIMALS),
        "macro_f1": round(sum(f1) / len(f1), _DECIMALS),
        "baseline_accuracy": round(truth.count(majority) / len(truth), _DECIMALS),
        "f1": {
            emotion: round(value, _DECIMALS) for emotion, value in zip(emotions, f1, strict=True)
        },
        "confusion": {
            true: {guess: count for guess in emotions if (count := pairs.count((true, guess)))}
            for true in sorted(set(truth))
        },
    }


def majority_label(labels: list[str]) -> str:
    """Return the most frequent label; ties go to the first alphabetically."""
    return max(sorted(set(labels)), key=labels.count)


def _run_epoch(
    seen: "np.ndarray",
    wanted: "np.ndarray",
    weights: "np.ndarray",
    bias: "np.ndarray",
    velocity: tuple["np.ndarray", "np.ndarray"],
    parameters: dict[str, Any],
) -> tuple["np.ndarray", "np.ndarray", tuple["np.ndarray", "np.ndarray"]]:
    size, rate, momentum = (parameters[k] for k in ("batch_size", "learning_rate", "momentum"))
    for start in range(0, len(seen), size):
        batch, target = seen[start : start + size], wanted[start : start + size]
        error = (_probabilities(batch, weights, bias) - target) / len(batch)
        gradient = batch.T @ error + parameters["weight_decay"] * weights
        velocity = (
            momentum * velocity[0] - rate * gradient,
            momentum * velocity[1] - rate * error.sum(axis=0),
        )
        weights, bias = weights + velocity[0], bias + velocity[1]
    return weights, bias, velocity


def _probabilities(
    features: "np.ndarray", weights: "np.ndarray", bias: "np.ndarray"
) -> "np.ndarray":
    import numpy as np

    scores = features @ weights + bias
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _loss(
    features: "np.ndarray", wanted: "np.ndarray", weights: "np.ndarray", bias: "np.ndarray"
) -> float:
    """Return the mean cross-entropy in nats, without the L2 penalty."""
    import numpy as np

    right = (_probabilities(features, weights, bias) * wanted).sum(axis=1)
    return float(-np.log(np.maximum(right, 1e-12)).mean())


def _matrix(rows: pl.DataFrame, width: int) -> "np.ndarray":
    import numpy as np

    # The width is an argument because it cannot be inferred from an empty split.
    return np.array(rows["features"].to_list(), dtype=np.float64).reshape(rows.height, width)


def _one_hot(labels: list[str], classes: tuple[str, ...]) -> "np.ndarray":
    import numpy as np

    places = {label: place for place, label in enumerate(classes)}
    return np.eye(len(classes))[[places[label] for label in labels]]


def _encode(model: Softmax, job: Any) -> bytes:
    return encode_json(
        {
            "run_id": job["run_id"],
            "method": job["method"],
            "classes": list(model.classes),
            **{
                name: getattr(model, name).tolist() for name in ("mean", "scale", "weights", "bias")
            },
        }
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
