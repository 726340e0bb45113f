"""Visual baselines: how much of the emotion a linear classifier reads from frozen features.

The pixel features are always there. Backbones (ResNet-50, ConvNeXt-T and others) need their weights
on disk; one without them has a row that says so. Beside them stand the majority and chance.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from eemo_pipeline.stages.evaluation.baselines import CHANCE, MAJORITY
from eemo_pipeline.stages.evaluation.studies.labelled_images import LabelledImages
from eemo_pipeline.stages.evaluation.studies.study_table import Study, tabulate_study
from eemo_pipeline.stages.evaluation.studies.trials import (
    ALL_SOURCES,
    Missing,
    Trial,
    answer,
    can_fit,
    try_arm,
)
from eemo_pipeline.stats.hash_draws import unit_interval

PIXELS = "pixel_features"
SEEDS = (1, 2, 3, 4, 5)
# With features of fewer images, means would be compared.
_LEAST = 0.9


STUDY = Study("visual_baselines", lambda _: PIXELS)


def compare_baselines(
    images: LabelledImages, backbones: Mapping[str, np.ndarray], missing: Sequence[Missing]
) -> pl.DataFrame:
    """Return the rows of the study.

    Args:
        images: the labelled images, with their pixel features.
        backbones: name -> features of the same images; NaN where an image has none.
        missing: backbones that could not be asked.
    """
    known = {
        name: matrix
        for name, matrix in backbones.items()
        if np.isfinite(matrix).any(axis=1).sum() > _LEAST * len(images)
    }
    missing = [*missing, *(Missing(name, "no_features") for name in backbones if name not in known)]
    features = {PIXELS: images.features, **known}
    trials = [trial for seed in SEEDS for trial in _try_seed(images, features, seed)]
    if not trials:
        missing = [Missing(PIXELS, "too_few_images"), *missing]
    return tabulate_study(STUDY, trials, missing)


def _try_seed(
    images: LabelledImages, features: Mapping[str, np.ndarray], seed: int
) -> Iterator[Trial]:
    held = images.held_out(seed)
    train, test = np.flatnonzero(~held), np.flatnonzero(held)
    if not len(test) or not can_fit(images.emotions[train]):
        return
    for name, matrix in features.items():
        # The mean of the training images stands for an image without features.
        known = np.where(np.isfinite(matrix), matrix, np.nanmean(matrix[train], axis=0))
        yield from try_arm(name, replace(images, features=known), train, {ALL_SOURCES: test}, seed)
    labels, counts = np.unique(images.emotions[train], return_counts=True)
    drawn = [unit_interval("study chance", str(seed), one) for one in images.image_ids[test]]
    for name, answers in (
        (MAJORITY, np.full(len(test), labels[counts.argmax()])),
        (CHANCE, labels[(np.array(drawn) * len(labels)).astype(int)]),
    ):
        yield answer(name, images, ALL_SOURCES, test, answers, seed, len(train))
