"""Stage labels: people's native labels become distributions, ratings and rankings."""

from collections.abc import Iterator

import dagster as dg
import polars as pl
from pydantic import Field

from assets._results import count_rows
from assets._tables import outs
from eemo_pipeline.aggregation.kept_images import move_to_kept
from eemo_pipeline.emotion.vad import parse_scaling
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import write_bytes
from eemo_pipeline.stages.critic.limits import CriticLimits
from eemo_pipeline.stages.labels.centroids import build_centroids
from eemo_pipeline.stages.labels.emotions import build_emotions
from eemo_pipeline.stages.labels.label_fates import build_coverage, build_label_fates
from eemo_pipeline.stages.labels.label_points import Regression, build_label_points
from eemo_pipeline.stages.labels.lexicon import LexiconRules, parse_rules
from eemo_pipeline.stages.labels.lexicon_trials import build_trials
from eemo_pipeline.stages.labels.rankings import build_rankings
from eemo_pipeline.stages.labels.reviews import build_review_labels
from eemo_pipeline.stages.labels.vad import build_vad
from eemo_pipeline.stages.labels.validation import (
    PER_TERTILE,
    build_validation_items,
    write_blind_sheet,
)
from eemo_pipeline.stages.labels.validation_answers import (
    add_reviews,
    build_agreement,
    keep_answers,
    read_answers,
)

_SCALINGS = "tenth (x/10 on scales 1-9 and 1-10) or stretched ((x-lo)/(hi-lo))"


class LexiconConfig(dg.Config):
    """How comments and ratings become valence, arousal and dominance on 0-1.

    See `stages/labels/lexicon.py` and `emotion/vad.py`.
    """

    lexicons: list[str] = Field(
        default_factory=lambda: list(LexiconRules.preference),
        description="Lexicons in order of preference; a source of words each",
    )
    scaling: str = Field(
        default=LexiconRules.scaling,
        description=f"How the lexicon's ratings come to 0-1: {_SCALINGS}",
    )
    negation: str = Field(
        default=LexiconRules.negation,
        description="What becomes of words after a negation: left_out, counted or mirrored",
    )
    rating_scaling: str = Field(
        default="tenth", description=f"How people's ratings come to 0-1: {_SCALINGS}"
    )


class RegressionConfig(dg.Config):
    """How labels of EMOTIC are placed by their ratings; see `stages/labels/label_points.py`."""

    folds: int = Field(
        default=Regression.folds, description="Parts of the annotations, each held out once"
    )
    repeats: int = Field(
        default=Regression.repeats, description="Times that the annotations are parted anew"
    )
    radius: float = Field(
        default=Regression.radius,
        description="Largest distance of a label from the anchor of its emotion",
    )
    seed: str = Field(default=Regression.seed, description="Draws the parts")
    rating_scaling: str = Field(
        default=Regression.scaling,
        description=f"Of the same ratings as in the step vad, so set both alike: {_SCALINGS}",
    )


class SheetConfig(dg.Config):
    """Size and seed of the sample that experts see of each dimension and tertile."""

    per_tertile: int = Field(
        default=PER_TERTILE, description="Images of each third of the scores, per dimension"
    )
    seed: str = Field(default="eemodb", description="Draws the images")


@dg.asset
def labels__emotions(
    dedup__images: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per image, taxonomy and emotion with mass."""
    annotations = move_to_kept(ingest__annotations, dedup__clusters)
    return count_rows(build_emotions(dedup__images, annotations), annotations.height)


@dg.asset
def labels__reviews(
    dedup__images: pl.DataFrame, review__records: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per image that enough people judged in the review tool, and emotion they felt."""
    return count_rows(build_review_labels(review__records, dedup__images), review__records.height)


@dg.asset
def labels__label_fates(
    dedup__images: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per source, taxonomy and native label: its mass and the result of its mapping."""
    annotations = move_to_kept(ingest__annotations, dedup__clusters)
    return count_rows(build_label_fates(dedup__images, annotations), annotations.height)


@dg.multi_asset(outs=outs("labels__vad", "labels__lexicon_trials"))
def vad(
    config: LexiconConfig,
    dedup__images: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
    ingest__words: pl.DataFrame,
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Bring ratings and the words of comments to one scale, and compare the two."""
    rules = parse_rules(config.lexicons, config.scaling, config.negation)
    annotations = move_to_kept(ingest__annotations, dedup__clusters)
    scaling = parse_scaling(config.rating_scaling)
    values = build_vad(dedup__images, annotations, ingest__words, rules, scaling)
    rows_in = {"rows_in": annotations.height}
    yield dg.Output(values, "labels__vad", metadata=rows_in)
    trials = build_trials(annotations, ingest__words, values, rules)
    yield dg.Output(trials, "labels__lexicon_trials", metadata=rows_in)


@dg.asset
def labels__validation_items(
    config: SheetConfig,
    data_root: dg.ResourceParam[DataRoot],
    dedup__images: pl.DataFrame,
    labels__vad: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per image and dimension on the sheet with which experts validate the lexicon.

    The blind sheet is `reports/validation_sheet.csv`. Give each expert a copy of their own, with
    these instructions: look at the image alone, without any text that came with it; say how
    strongly it moves you on the dimension in the column `rate`; write low, medium or high into
    `answer`, by your first impression, or nothing where the image does not open. Valence: low is
    unpleasant, high is pleasant. Arousal: low is calm, high is excited. Dominance: low is
    helpless, high is in control. Leave the other columns as they are, and do not look at one
    another's. The tertile of the score stays in the table and is not for experts' eyes. Put each
    filled sheet into the folder validation, named by a pseudonym:
    `labels__validation_agreement` says what came of it.
    """
    items = build_validation_items(labels__vad, config.seed, config.per_tertile)
    sheet = data_root.reports / "validation_sheet.csv"
    keep_answers(sheet, data_root.validation)
    write_bytes(write_blind_sheet(items, dedup__images), sheet)
    return count_rows(items, labels__vad.height)


@dg.multi_asset(
    outs=outs("labels__validation_answers", "labels__validation_agreement"),
    # the sheet is drawn, and answers in it are kept, before the answers are read
    deps=["labels__validation_items"],
)
def validation(
    data_root: dg.ResourceParam[DataRoot],
    dedup__images: pl.DataFrame,
    labels__vad: pl.DataFrame,
    review__votes: pl.DataFrame,
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Compare the lexicon's scores with experts' sheets and with ratings in the review tool."""
    sheets = read_answers(data_root.validation, labels__vad, dedup__images)
    answers = add_reviews(sheets, review__votes, labels__vad)
    refused = int((answers["status"] != "ok").sum())
    counts = {"rows_out": answers.height - refused, "rows_refused": refused}
    yield dg.Output(
        answers, "labels__validation_answers", metadata={"rows_in": answers.height, **counts}
    )
    agreement = build_agreement(answers)
    yield dg.Output(agreement, "labels__validation_agreement", metadata={"rows_in": answers.height})


@dg.asset
def labels__rankings(
    dedup__images: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
    thresholds: dg.ResourceParam[CriticLimits],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept image: its ranking of Ekman emotions, or why it has none."""
    annotations = move_to_kept(ingest__annotations, dedup__clusters)
    rankings = build_rankings(dedup__images, labels__emotions, annotations, thresholds.ranking)
    return count_rows(rankings, dedup__images.height)


@dg.asset
def labels__centroids(
    labels__emotions: pl.DataFrame, labels__vad: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per Ekman emotion: its mean point in valence-arousal-dominance space."""
    return count_rows(build_centroids(labels__emotions, labels__vad), labels__vad.height)


@dg.asset
def labels__label_points(
    config: RegressionConfig,
    dedup__images: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per label of EMOTIC: where it lies in valence-arousal-dominance space."""
    scaling = parse_scaling(config.rating_scaling)
    rules = Regression(config.folds, config.repeats, config.radius, config.seed, scaling)
    annotations = move_to_kept(ingest__annotations, dedup__clusters)
    points = build_label_points(dedup__images, annotations, rules)
    return count_rows(points, annotations.height)


@dg.asset
def _labels__coverage(
    dedup__images: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__vad: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per source, kind of annotation and reason: how many were used, or why not."""
    annotations = move_to_kept(ingest__annotations, dedup__clusters)
    coverage = build_coverage(dedup__images, annotations, labels__emotions, labels__vad)
    return count_rows(coverage, annotations.height)
