"""The mixing study: does adding another source help, or only adding images?

The base is the source with the most images. Shares of another source's training images are added
to it, as AIGIEmo adds generated images to EmoSet. In a second arm as many images of the base are
taken out, so that the size stays: what then changes is the data and not their amount.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from eemo_pipeline.stages.evaluation.studies.labelled_images import (
    SMALLEST_SOURCE,
    LabelledImages,
)
from eemo_pipeline.stages.evaluation.studies.study_table import Study, tabulate_study
from eemo_pipeline.stages.evaluation.studies.trials import Missing, Trial, try_arm
from eemo_pipeline.stats.hash_draws import unit_interval

PERCENTAGES = (10, 25, 50, 75, 100)
SEEDS = (1, 2, 3, 4, 5)
_MOST_ADDED = 3


STUDY = Study("data_mixing", lambda trial: trial.arm.partition(",")[0])


def mix_data(images: LabelledImages) -> pl.DataFrame:
    """Return the rows of the study."""
    trained = [
        name
        for name in images.large_sources()
        if (images.may_train & (images.sources == name)).sum() >= SMALLEST_SOURCE
    ]
    if len(trained) < 2:
        return tabulate_study(STUDY, (), [Missing("two sources", "too_few_images")])
    base, *others = trained
    trials = [
        trial for seed in SEEDS for trial in _try_seed(images, base, others[:_MOST_ADDED], seed)
    ]
    return tabulate_study(STUDY, trials)


def _try_seed(images: LabelledImages, base: str, others: list[str], seed: int) -> Iterator[Trial]:
    held = images.held_out(seed)
    tests = {name: np.flatnonzero(held & (images.sources == name)) for name in (base, *others)}
    own = _shuffled(images, base, held, seed)
    yield from try_arm(base, images, np.sort(own), tests, seed)
    for name in others:
        more = _shuffled(images, name, held, seed)
        both = {one: tests[one] for one in (base, name)}
        for percentage in PERCENTAGES:
            added = more[: round(len(more) * percentage / 100)]
            left = own[min(len(added), len(own)) :]
            said = f"{base}, {percentage} % of {name}"
            for arm, train in (
                (f"{said} added", np.concatenate([own, added])),
                (f"{said} instead", np.concatenate([left, added])),
            ):
                yield from try_arm(arm, images, np.sort(train), both, seed)


def _shuffled(images: LabelledImages, source: str, held: np.ndarray, seed: int) -> np.ndarray:
    """Return the places of a source's training images, in an order drawn by their ids."""
    places = np.flatnonzero(~held & (images.sources == source))
    drawn = [unit_interval("study draw", str(seed), images.image_ids[place]) for place in places]
    return places[np.argsort(drawn, kind="stable")]
