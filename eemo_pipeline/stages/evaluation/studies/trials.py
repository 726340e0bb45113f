"""A trial: what one arm of a study answered for one seed, and the arms that could not be tried."""

from dataclasses import dataclass

import numpy as np

from eemo_pipeline.stages.evaluation.studies.labelled_images import LabelledImages
from eemo_pipeline.stats.cluster_bootstrap import P_METHOD
from eemo_pipeline.stats.linear_classifier import fit_classifier

METHOD = (
    "linear classifier by ridge regression on class indicators (Hastie et al. 2009, section 4.2), "
    "penalty 100; ratings by ridge regression; tested on whole near-duplicate clusters; shared "
    "layer by reduced-rank regression (Izenman 1975); paired bootstrap over clusters, "
    f"1000 resamples; {P_METHOD}"
)
# What the weights of 88 or of 1,000 standardised features are worth beside rows; fixed, not tuned.
PENALTY = 100.0
SMALLEST_TRAIN = 20
ALL_SOURCES = "all"


@dataclass(frozen=True)
class Trial:
    """The answers of one arm to the images that a seed holds out.

    Attributes:
        arm: what was left out, added or exchanged, in words.
        tested_on: source of the tested images, or all.
        seed: of the split and of the draws.
        units: near-duplicate cluster of each tested image.
        truth: people's emotion of each, or their value where `number` names one.
        answers: the arm's.
        train_count: images that it was fitted on.
        number: what is measured of values; empty for labels.
    """

    arm: str
    tested_on: str
    seed: int
    units: np.ndarray
    truth: np.ndarray
    answers: np.ndarray
    train_count: int
    number: str = ""


@dataclass(frozen=True)
class Missing:
    """An arm that could not be tried.

    Attributes:
        arm: which.
        reason: why, as a code.
        told: why, in words.
        number: what could not be measured; by default the study's first number.
    """

    arm: str
    reason: str
    told: str = ""
    number: str = ""


def can_fit(labels: np.ndarray) -> bool:
    """Return whether there are enough images, of two emotions or more, to fit anything."""
    return len(labels) >= SMALLEST_TRAIN and len(np.unique(labels)) > 1


def try_arm(
    arm: str,
    images: LabelledImages,
    train: np.ndarray,
    tests: dict[str, np.ndarray],
    seed: int,
    features: np.ndarray | None = None,
) -> list[Trial]:
    """Fit on some images, and return a trial for each set of tested images that is not empty.

    Args:
        arm: its name.
        images: all of them.
        train: places of the images to fit on.
        tests: what is tested -> places of its images.
        seed: of the split.
        features: other features than those of the images.
    """
    if not can_fit(images.emotions[train]):
        return []
    matrix = images.features if features is None else features
    model = fit_classifier(matrix[train], images.emotions[train], PENALTY)
    return [
        answer(arm, images, tested_on, places, model.decide(matrix[places]), seed, len(train))
        for tested_on, places in tests.items()
        if len(places)
    ]


def answer(
    arm: str,
    images: LabelledImages,
    tested_on: str,
    places: np.ndarray,
    answers: np.ndarray,
    seed: int,
    train_count: int,
) -> Trial:
    """Return the trial of an arm that answered about the images at some places."""
    units, truth = images.units[places], images.emotions[places]
    return Trial(arm, tested_on, seed, units, truth, answers, train_count)
