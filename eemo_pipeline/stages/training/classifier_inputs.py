"""Selects the rows that the emotion classifier is fitted and scored on, and prepares its job.

The fit itself is in `jobs/emotion_classifier.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.stages.training.job_folder import prepare_job, skip_job

JOB = "emotion_classifier"
METHOD = (
    "multinomial logistic regression on standardised pixel features (Bishop 2006, section 4.3.4), "
    "mini-batch gradient descent with momentum (Polyak 1964), early stopping (Prechelt 1998)"
)
PARAMETERS = {
    "epochs": 200,
    "patience_epochs": 30,
    "batch_size": 64,
    "learning_rate": 0.02,
    "momentum": 0.9,
    "weight_decay": 0.01,
    "report_epochs": 10,
}
# With fewer items a score is meaningless: there would be fewer train items than an image usually
# has features, or one test item would make up more than a tenth of the accuracy.
SMALLEST_TRAIN = 20
SMALLEST_TEST = 10
TASK = "dominant_emotion"


@dataclass(frozen=True)
class PreparedRun:
    """A prepared classifier run. If `reason` is set, the run is complete and must not be launched.

    Attributes:
        run_id: hash of the job and its inputs.
        train_count: the number of train items.
        test_count: the number of test items.
        left_out_count: the number of dominant-emotion items that were not selected.
        reason: why the run was skipped, else None.
    """

    run_id: str
    train_count: int
    test_count: int
    left_out_count: int
    reason: str | None


def select_rows(assess__items: pl.DataFrame, features: pl.DataFrame) -> pl.DataFrame:
    """Return one row per dominant-emotion item with usable features, sorted by image.

    A classifier has a single label set: of those with enough train and test items, the one with
    the most items; of all where none has enough. Ties go to the first in alphabetical order of the
    labels. The label is parsed from the item's answer, "Dominant
    emotion: joy" with or without the candidates in parentheses. An item is left out if its image
    has no features, too few features or a non-finite one, or if its answer names none of its
    candidates.

    Args:
        assess__items: a frame of `assess__items`.
        features: a frame of `_verification__features`.

    Returns:
        image_id, features, label, split.
    """
    length = pl.col("features").list.len()
    label = pl.col("answer").str.extract(r"^[^:]*:\s*([^(]*?)\s*(?:\(.*)?$", 1)
    usable = features.filter(
        (pl.col("status") == "ok")
        & (length > 0)
        & (length == length.max())
        & pl.col("features")
        .list.eval(pl.element().is_not_null() & pl.element().is_finite())
        .list.all()
    ).select("image_id", "features")
    label_set = pl.col("candidates").list.sort().list.join("\n")
    tasks = assess__items.filter(pl.col("task") == TASK).with_columns(label_set.alias("label_set"))
    is_train, is_test = pl.col("split") == "train", pl.col("split") == "test"
    has_enough = (is_train.sum() >= SMALLEST_TRAIN) & (is_test.sum() >= SMALLEST_TEST)
    sizes = tasks.group_by("label_set").agg(has_enough.alias("has_enough"), pl.len().alias("size"))
    ranked = sizes.sort("has_enough", "size", "label_set", descending=[True, True, False])
    chosen = ranked["label_set"].head(1)
    return (
        tasks.filter(pl.col("label_set").is_in(chosen.implode()))
        .with_columns(label.alias("label"))
        .filter(pl.col("label").is_in(pl.col("candidates")))
        .join(usable, on="image_id", how="inner")
        .select("image_id", "features", "label", "split")
        .sort("image_id", "label")
    )


def prepare_classifier(
    folder: Path,
    assess__items: pl.DataFrame,
    features: pl.DataFrame,
    seed: int,
    about: Mapping[str, Any] | None = None,
) -> PreparedRun:
    """Prepare the job in `folder`; if there is too little data, complete it as skipped.

    The reason is then too_few_items: fewer than SMALLEST_TRAIN train items, fewer than two
    emotions among them, or fewer than SMALLEST_TEST test items. `about` is what the run is
    made with.
    """
    rows = select_rows(assess__items, features)
    parts = {
        split: rows.filter(pl.col("split") == split).drop("split")
        for split in ("train", "validation", "test")
    }
    run_id = prepare_job(folder, JOB, METHOD, seed, PARAMETERS, parts, about)
    train, test = parts["train"], parts["test"]
    is_too_little = (
        train.height < SMALLEST_TRAIN
        or train["label"].n_unique() < 2
        or test.height < SMALLEST_TEST
    )
    reason = "too_few_items" if is_too_little else None
    if reason:
        skip_job(folder, reason, train.height, test.height)
    items = assess__items.filter(pl.col("task") == TASK).height
    return PreparedRun(run_id, train.height, test.height, items - rows.height, reason)
