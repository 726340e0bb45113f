"""How far people agree with one another and with the machine, and how carefully they look."""

import json
from collections.abc import Iterator
from typing import Any

import polars as pl

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.review import agreement_details as details
from eemo_pipeline.stages.review.emotion_rates import weigh_back
from eemo_pipeline.stages.review.estimates import estimate, estimate_alpha, rating_matrix, share
from eemo_pipeline.stages.review.gold import measure_gold
from eemo_pipeline.stages.review.raters import compare_order
from eemo_pipeline.stages.review.records import DECIDING
from eemo_pipeline.stats.agreement import fleiss_kappa, one_way_icc

_TABLE = TABLES["review__agreement"]


def build_agreement(
    votes: pl.DataFrame,
    probes: pl.DataFrame,
    queue: pl.DataFrame,
    replies: pl.DataFrame,
    verifier_replies: pl.DataFrame,
) -> pl.DataFrame:
    """Return `review__agreement`: one row per measure and field.

    - alpha: Krippendorff's alpha of the blind judgements, nominal for emotions and interval for
      ratings, over images with two judgements or more; the interval is a bootstrap over images.
    - fleiss_kappa: Fleiss' kappa of the first three blind judgements of each image that has three.
      Later ones are asked for where people differ, so images with exactly three would be those that
      people agree on.
    - icc_single, icc_mean: ICC(1,1) and ICC(1,k) of the ratings (Shrout and Fleiss 1979), for
      images that are each rated by other people; k is the mean number of ratings.
    - blind_is_machine: share of blind judgements that name the machine's emotion.
    - changed_after_machine: share of the others in which the person then changed to it.
    - accepted: share of drafts that were confirmed, without those that were wrong on purpose.
    - wrong_accepted: share of drafts, wrong on purpose, that were confirmed.
    - carry_over: how far a rating follows the one before it (`raters.py`).
    - gold_gap: how far people answer as many did elsewhere (`gold.py`).
    - image_share: how often an emotion is felt over all images (`emotion_rates.py`).

    Agreement on sets, classes and boxes, in crossed blocks and with models is explained in
    `agreement_details.py`.

    Args:
        votes: rows of `review__votes`.
        probes: rows of `_review__probes`.
        queue: rows of `review__queue`.
        replies: rows of `annotation__replies`.
        verifier_replies: rows of `verification__replies`.
    """
    counted = votes.filter(pl.col("is_counted"))
    rows = [
        *_between_people(counted),
        *details.compare_sets(counted),
        *details.compare_classes(counted),
        *details.compare_crossed(counted),
        *details.compare_boxes(counted),
        *compare_order(counted),
        *details.compare_with_models(counted, replies, verifier_replies),
        *_with_machine(counted, queue),
        *_drafts(counted, probes),
        *measure_gold(counted, queue),
        *weigh_back(counted, queue),
    ]
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)


def _between_people(votes: pl.DataFrame) -> Iterator[dict[str, Any]]:
    blind = votes.filter(pl.col("phase") == "blind")
    emotions = blind.filter(pl.col("reviewed_field") == "emotion").with_columns(
        pl.col("said_json").rank("dense").cast(pl.Float64).alias("rating")
    )
    yield estimate_alpha("alpha", "emotion", rating_matrix(emotions), "nominal")
    first = emotions.filter(
        (pl.len().over("image_id") >= DECIDING)
        & (pl.col("event_no").rank("ordinal").over("image_id") <= DECIDING)
    )
    yield estimate("fleiss_kappa", "emotion", rating_matrix(first), fleiss_kappa)
    for field in ("valence", "arousal"):
        ratings = rating_matrix(blind.filter(pl.col("reviewed_field") == field))
        yield estimate_alpha("alpha", field, ratings, "interval")
        yield estimate("icc_single", field, ratings, lambda rows: one_way_icc(rows)[0])
        yield estimate("icc_mean", field, ratings, lambda rows: one_way_icc(rows)[1])


def _with_machine(votes: pl.DataFrame, queue: pl.DataFrame) -> Iterator[dict[str, Any]]:
    machine = queue.drop_nulls("machine_emotion").select("image_id", "machine_emotion")
    felt = votes.filter(
        (pl.col("phase") == "blind") & (pl.col("reviewed_field") == "emotion")
    ).join(machine, on="image_id")
    same = [
        json.loads(said) == emotion
        for said, emotion in felt.select("said_json", "machine_emotion").iter_rows()
    ]
    yield share("blind_is_machine", "emotion", sum(same), len(same))
    seen = votes.filter(pl.col("phase") == "reconciled")["vote"]
    yield share("changed_after_machine", "emotion", int((seen == "changed").sum()), seen.len())


def _drafts(votes: pl.DataFrame, probes: pl.DataFrame) -> Iterator[dict[str, Any]]:
    checked = votes.filter(pl.col("phase") == "drafts")
    for (field,), given in checked.group_by(["reviewed_field"], maintain_order=True):
        accepted = int((given["vote"] == "confirmed").sum())
        yield share("accepted", str(field), accepted, given.height)
    wrong = int((probes["vote"] == "confirmed").sum())
    yield share("wrong_accepted", "any", wrong, probes.height)
