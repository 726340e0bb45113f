"""The transfer study: fitted on one source and tested on every other, as AIGIEmo does.

All sources have the same labels, Mikels' eight, and the same features. An arm is the source that
was fitted on; `all but` one is every source but the tested one. A source of an evaluation set is
only tested on.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from eemo_pipeline.stages.evaluation.studies.labelled_images import LabelledImages
from eemo_pipeline.stages.evaluation.studies.study_table import Study, tabulate_study
from eemo_pipeline.stages.evaluation.studies.trials import Missing, Trial, try_arm

SEEDS = (1, 2, 3, 4, 5)


STUDY = Study("source_transfer", lambda trial: trial.tested_on)


def transfer_between(images: LabelledImages) -> pl.DataFrame:
    """Return the rows of the study."""
    names = images.large_sources()
    if len(names) < 2:
        return tabulate_study(STUDY, (), [Missing("two sources", "too_few_images")])
    trials = [trial for seed in SEEDS for trial in _try_seed(images, names, seed)]
    return tabulate_study(STUDY, trials)


def _try_seed(images: LabelledImages, names: list[str], seed: int) -> Iterator[Trial]:
    held = images.held_out(seed)
    tests = {name: np.flatnonzero(held & (images.sources == name)) for name in names}
    for name in names:
        yield from try_arm(
            name, images, np.flatnonzero(~held & (images.sources == name)), tests, seed
        )
    for name in names if len(names) > 2 else ():
        others = np.flatnonzero(~held & (images.sources != name))
        yield from try_arm(f"all but {name}", images, others, {name: tests[name]}, seed)
