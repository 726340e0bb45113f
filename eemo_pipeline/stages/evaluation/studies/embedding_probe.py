"""EmoVerse's Table 6 on frozen features: what a linear layer reads from an emotion embedding.

An embedding head has seen the labels of its training images, so only images of the split `test` are
tested here. A seed draws four fifths of the training clusters. Classes count evenly, as in the
published probe, and the penalty is chosen by cross-validation over whole clusters. The embedded
pixel features are probed in the same way.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from eemo_pipeline.stages.evaluation.studies.labelled_images import (
    LabelledImages,
    matrix_of,
    take,
)
from eemo_pipeline.stages.evaluation.studies.study_table import (
    ACCURACY,
    MACRO_F1,
    MACRO_PRECISION,
    MACRO_RECALL,
    Study,
    tabulate_study,
)
from eemo_pipeline.stages.evaluation.studies.trials import (
    ALL_SOURCES,
    Missing,
    Trial,
    answer,
    can_fit,
)
from eemo_pipeline.stages.evaluation.studies.visual_baselines import PIXELS
from eemo_pipeline.stats.hash_draws import unit_interval
from eemo_pipeline.stats.linear_classifier import even_weights, fit_classifier

SEEDS = (1, 2, 3, 4, 5)
PENALTIES = (1.0, 10.0, 100.0, 1000.0)
# How the table calls its rows -> the recipes that a run's bases went through.
ROUNDS: Mapping[str, tuple[str, ...]] = {
    "embedding, attributes then emotion": ("emoverse_attribute", "emoverse_emotion"),
    "embedding, emotion": ("emoverse_emotion",),
    "embedding, no training": (),
}
_TRAIN_SHARE = 0.8
_FOLDS = 5
_RECIPE = "des_head"


STUDY = Study(
    "embedding_probe", lambda _: PIXELS, (ACCURACY, MACRO_PRECISION, MACRO_RECALL, MACRO_F1)
)


def probe_embeddings(
    images: LabelledImages, embeddings: pl.DataFrame, runs: pl.DataFrame
) -> pl.DataFrame:
    """Return the rows of the study.

    Args:
        images: the labelled images, with their pixel features.
        embeddings: rows of `training__embeddings`.
        runs: rows of `training__runs`, for what an embedding's model was trained on.
    """
    shared, features = gather_features(images, embeddings, runs)
    missing = [Missing(name, "no_embeddings") for name in ROUNDS if name not in features]
    train, test = shared.published_parts()
    if not len(test) or not can_fit(shared.emotions[train]):
        return tabulate_study(STUDY, (), [Missing(PIXELS, "too_few_images"), *missing])
    trials = [
        trial
        for seed in SEEDS
        for trial in _try_seed(shared, features, _draw(shared, train, seed), test, seed)
    ]
    return tabulate_study(STUDY, trials, missing)


def gather_features(
    images: LabelledImages, embeddings: pl.DataFrame, runs: pl.DataFrame
) -> tuple[LabelledImages, Mapping[str, np.ndarray]]:
    """Return the images that all runs have embedded, and name -> their features.

    Without a run they are all images, with their pixel features alone.
    """
    known = runs.filter((pl.col("job") == _RECIPE) & (pl.col("status") == "ok"))
    found = {
        name: embeddings.filter(pl.col("run_id") == run_id)
        for run_id, name in sorted(name_runs(known, runs).items())
    }
    found = {name: rows for name, rows in found.items() if rows.height}
    has_all = np.ones(len(images), dtype=bool)
    for rows in found.values():
        has_all &= np.isin(images.image_ids, rows["image_id"].to_list())
    shared = take(images, np.flatnonzero(has_all))
    features = {PIXELS: shared.features}
    for name, rows in found.items():
        ordered = pl.DataFrame({"image_id": shared.image_ids.tolist()}).join(
            rows.select("image_id", "embedding"), on="image_id", how="left", maintain_order="left"
        )
        features[name] = matrix_of(ordered["embedding"])
    return shared, features


def name_runs(heads: pl.DataFrame, runs: pl.DataFrame) -> dict[str, str]:
    """Return run_id -> name of an embedding: the rounds of training before its head.

    A head of another recipe, such as a trial with a tiny model, has the recipe in its name; of two
    heads with one name the later has its run.

    Args:
        heads: rows of `training__runs` to be named.
        runs: all of them.
    """
    recipes = dict(runs.select("run_id", "recipe").iter_rows())
    bases = dict(runs.select("run_id", "base_run_id").iter_rows())
    named: dict[str, str] = {}
    for run_id in heads["run_id"].sort():
        trained, base = set(), bases.get(run_id)
        while base is not None and base not in trained:
            trained.add(base)
            base = bases.get(base)
        rounds = {recipes.get(one, "").partition(".")[0] for one in trained}
        name = next(name for name, needed in ROUNDS.items() if set(needed) <= rounds)
        if recipes[run_id] != _RECIPE:
            name = f"{name} ({recipes[run_id]})"
        named[run_id] = f"{name} {run_id[:8]}" if name in named.values() else name
    return named


def probe(
    features: np.ndarray,
    emotions: np.ndarray,
    units: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
) -> np.ndarray:
    """Return the probe's answers at the places to test; the penalty is chosen on the others."""
    folds = np.array([int(unit_interval("probe fold", unit) * _FOLDS) for unit in units[train]])
    right = dict.fromkeys(PENALTIES, 0)
    for fold in range(_FOLDS):
        held, rest = train[folds == fold], train[folds != fold]
        if len(held) and can_fit(emotions[rest]):
            for penalty in PENALTIES:
                model = fit_classifier(
                    features[rest], emotions[rest], penalty, even_weights(emotions[rest])
                )
                right[penalty] += int((model.decide(features[held]) == emotions[held]).sum())
    # Of equals the largest, which fits least of the noise.
    chosen = max(PENALTIES, key=lambda penalty: (right[penalty], penalty))
    weights = even_weights(emotions[train])
    return fit_classifier(features[train], emotions[train], chosen, weights).decide(features[test])


def _try_seed(
    images: LabelledImages,
    features: Mapping[str, np.ndarray],
    train: np.ndarray,
    test: np.ndarray,
    seed: int,
) -> Iterator[Trial]:
    if can_fit(images.emotions[train]):
        for name, matrix in features.items():
            answers = probe(matrix, images.emotions, images.units, train, test)
            yield answer(name, images, ALL_SOURCES, test, answers, seed, len(train))


def _draw(images: LabelledImages, train: np.ndarray, seed: int) -> np.ndarray:
    """Return four fifths of the training images, drawn by cluster."""
    drawn = [unit_interval("probe draw", str(seed), unit) for unit in images.units[train]]
    return train[np.array(drawn) < _TRAIN_SHARE]
