"""A linear probe and a map of frozen embeddings: `python -m ...jobs.linear_probe FOLDER`.

Multinomial logistic regression on standardised embeddings (Alain and Bengio 2016, arXiv
1610.01644). Test parts are whole near-duplicate clusters; the penalty is chosen by cross-validation
over the clusters of the training part. Scores are means over several splits, with 95 % intervals by
a bootstrap over clusters (Efron 1979). The map is metric MDS by SMACOF on cosine distances
(Borg and Groenen 2005) with its stress-1; silhouette (Rousseeuw 1987) and trustworthiness (Venna
and Kaski 2001) say how compact and how faithful it is.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.stages.training.job_failures import explain_failures
from eemo_pipeline.stages.training.job_folder import encode_json
from eemo_pipeline.stages.training.job_reporting import Reporter, open_job

ARTEFACT, MAP = "probe.json", "map.parquet"
_RESAMPLES = 1000
_NEIGHBOURS = 5
_DECIMALS = 6


def main(folder: Path) -> None:
    """Run the job that `folder` describes.

    Raises:
        IncompleteRun: the folder holds no job, or its inputs were altered.
        JobFailed: memory or disk are full.
    """
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = "1"
    with open_job(folder) as reporter, explain_failures(reporter.job["parameters"], folder):
        _run(reporter)


def _run(reporter: Reporter) -> None:
    folder, parameters = reporter.folder, reporter.job["parameters"]
    rows = pl.read_parquet(folder / "labelled.parquet", glob=False, hive_partitioning=False)
    features = np.array(rows["embedding"].to_list(), dtype=np.float64)
    labels, clusters = rows["emotion"].to_numpy(), rows["cluster_id"].to_numpy()
    predicted = []
    for split in range(parameters["splits"]):
        part = _predict_split(features, labels, clusters, parameters, split)
        predicted.append(part)
        right = (part["truth"] == part["guess"]).mean()
        reporter.report_progress(
            {
                "step": split + 1,
                "steps": parameters["splits"],
                "accuracy": round(float(right), _DECIMALS),
                "inverse_penalty": part["inverse_penalty"],
            }
        )
    scores = _score(predicted)
    mapped, measures = _map(rows, features, parameters)
    mapped.write_parquet(folder / MAP, compression="zstd")
    tests = predicted[0]
    result = {
        "status": "ok",
        "train_count": rows.height - len(tests["truth"]),
        "test_count": len(tests["truth"]),
        "accuracy": scores["accuracy"],
        "macro_f1": scores["macro_f1"],
        "baseline_accuracy": scores["baseline_accuracy"],
        "step_count": parameters["splits"],
        "measures": {**scores, **measures},
    }
    content = {name: value for name, value in result.items() if name != "status"}
    (folder / ARTEFACT).write_bytes(encode_json(content))
    reporter.complete(result, ARTEFACT, (MAP,))


def _predict_split(
    features: np.ndarray,
    labels: np.ndarray,
    clusters: np.ndarray,
    parameters: Mapping[str, Any],
    split: int,
) -> dict[str, Any]:
    """Fit on one part of the clusters and predict the other."""
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, GroupKFold, GroupShuffleSplit
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    shuffle = GroupShuffleSplit(
        1, test_size=parameters["test_share"], random_state=parameters["seed"] + split
    )
    train, test = next(shuffle.split(features, labels, clusters))
    folds = min(parameters["folds"], len(set(clusters[train])))
    # Rotating features changes no L2-penalised fit. In the span of the training rows there are as
    # many as rows, which is far fewer than the width of an embedding in most lakes.
    model = make_pipeline(
        StandardScaler(),
        PCA(svd_solver="full"),
        # Newton's method, because the components differ in variance by orders of magnitude, on
        # which lbfgs stops at its limit of steps.
        LogisticRegression(solver="newton-cg", max_iter=1000, tol=1e-5),
    )
    search = GridSearchCV(
        model,
        {"logisticregression__C": list(parameters["inverse_penalties"])},
        cv=list(GroupKFold(folds).split(features[train], labels[train], clusters[train])),
        scoring="accuracy",
    )
    search.fit(features[train], labels[train])
    names, counts = np.unique(labels[train], return_counts=True)
    return {
        "truth": labels[test],
        "guess": np.asarray(search.predict(features[test])),
        "clusters": clusters[test],
        "majority": names[counts.argmax()],
        "inverse_penalty": float(search.best_params_["logisticregression__C"]),
    }


def _score(parts: list[dict[str, Any]]) -> dict[str, float]:
    """Return means over the splits, and bounds of accuracy and macro F1 over resampled clusters."""
    from sklearn.metrics import precision_recall_fscore_support

    measured = []
    macro: Any = {"average": "macro", "zero_division": 0}
    for part in parts:
        precision, recall, f1, _ = precision_recall_fscore_support(
            part["truth"], part["guess"], **macro
        )
        measured.append(
            (
                (part["truth"] == part["guess"]).mean(), precision, recall, f1,
                (part["truth"] == part["majority"]).mean(),
            )
        )  # fmt: skip
    means = np.array(measured, dtype=float).mean(axis=0)
    names = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "baseline_accuracy")
    scores = {name: round(float(v), _DECIMALS) for name, v in zip(names, means, strict=True)}
    low, high = _bootstrap(parts)
    return scores | {"accuracy_low": low, "accuracy_high": high}


def _bootstrap(parts: list[dict[str, Any]]) -> tuple[float, float]:
    """Return the 95 % bounds of the accuracy over resampled clusters, pooled over the splits."""
    hits: dict[str, list[float]] = {}
    for part in parts:
        right = part["truth"] == part["guess"]
        for cluster, hit in zip(part["clusters"], right, strict=True):
            hits.setdefault(str(cluster), []).append(float(hit))
    sums = np.array([(sum(values), len(values)) for _, values in sorted(hits.items())])
    draws = np.random.default_rng(0).integers(len(sums), size=(_RESAMPLES, len(sums)))
    resampled = sums[draws].sum(axis=1)
    low, high = np.percentile(resampled[:, 0] / resampled[:, 1], [2.5, 97.5])
    return round(float(low), _DECIMALS), round(float(high), _DECIMALS)


def _map(
    rows: pl.DataFrame, features: np.ndarray, parameters: Mapping[str, Any]
) -> tuple[pl.DataFrame, dict[str, float]]:
    """Return the map of a draw that is even over emotions, and its measures."""
    from sklearn.manifold import MDS, trustworthiness
    from sklearn.metrics import silhouette_score
    from sklearn.metrics.pairwise import cosine_distances

    numbers = np.random.default_rng(parameters["seed"])
    emotions = rows["emotion"].to_numpy()
    names = sorted(set(emotions))
    most = max(1, parameters["mapped"] // len(names))
    chosen = np.sort(
        np.concatenate(
            [numbers.permutation(np.flatnonzero(emotions == name))[:most] for name in names]
        )
    )
    distances = cosine_distances(features[chosen])
    np.fill_diagonal(distances, 0.0)
    scaling: Any = MDS(
        n_components=2,
        metric="precomputed",
        init="random",
        n_init=2,
        max_iter=300,
        normalized_stress=True,  # pyright: ignore[reportArgumentType] (stress-1)
        random_state=parameters["seed"],
    )
    places = scaling.fit_transform(distances)
    measures = {"stress_1": float(scaling.stress_)}
    shown = emotions[chosen]
    if 2 <= len(names) < len(chosen):
        measures["silhouette"] = float(silhouette_score(distances, shown, metric="precomputed"))
    if len(chosen) > 2 * _NEIGHBOURS:
        measures["trustworthiness"] = float(
            trustworthiness(distances, places, n_neighbors=_NEIGHBOURS, metric="precomputed")
        )
    frame = pl.DataFrame(
        {
            "image_id": rows["image_id"].to_numpy()[chosen].tolist(),
            "emotion": shown.tolist(),
            "x": places[:, 0].round(_DECIMALS),
            "y": places[:, 1].round(_DECIMALS),
        }
    )
    return frame, {name: round(value, _DECIMALS) for name, value in measures.items()}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
