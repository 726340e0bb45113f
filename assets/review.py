"""Stage review: people are asked, and what they said becomes data."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets._results import count_rows
from assets._tables import outs
from eemo_pipeline.aggregation.kept_images import move_votes_to_kept
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.review.agreement import build_agreement
from eemo_pipeline.stages.review.inspections import draw_inspections, judge_inspections
from eemo_pipeline.stages.review.queue import build_queue, draft_fields
from eemo_pipeline.stages.review.raters import build_raters
from eemo_pipeline.stages.review.records import build_review_records
from eemo_pipeline.stages.review.sampling import sample_images
from eemo_pipeline.stages.review.study import build_study
from resources.reviews import Reviews


@dg.multi_asset(outs=outs("review__drafts", "review__queue"))
def review_tasks(
    dedup__images: pl.DataFrame,
    annotation__replies: pl.DataFrame,
    grounding__regions: pl.DataFrame,
    critic__verdicts: pl.DataFrame,
    critic__queue: pl.DataFrame,
    records__emoverse: pl.DataFrame,
    records__class_stops: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    verification__decisions: pl.DataFrame,
) -> Iterator[dg.Output[pl.DataFrame]]:
    """The images that people are asked to judge, and the drafts that they check afterwards."""
    sampled = sample_images(
        dedup__images,
        verification__decisions,
        critic__verdicts,
        critic__queue["image_id"].unique().to_list(),
        labels__emotions,
        records__class_stops,
    )
    drafts = draft_fields(records__emoverse, annotation__replies, grounding__regions, critic__queue)
    queue = build_queue(
        sampled,
        drafts,
        critic__queue,
        records__emoverse,
        annotation__replies,
        records__class_stops,
    )
    yield dg.Output(drafts, "review__drafts")
    yield dg.Output(queue, "review__queue", metadata={"rows_in": dedup__images.height})


@dg.multi_asset(outs=outs("review__votes", "_review__probes", "review__waiting"))
def review_votes(reviews: dg.ResourceParam[Reviews]) -> Iterator[dg.Output[pl.DataFrame]]:
    """What people said in the review tool, and what waits there; none where nobody was asked."""
    said = reviews.read()
    last = {"last_event": said.last_event, "last_hash": said.last_hash}
    votes, probes = (TABLES[name].polars_schema for name in ("review__votes", "_review__probes"))
    yield dg.Output(pl.DataFrame(said.rows, votes), "review__votes", metadata=last)
    yield dg.Output(pl.DataFrame(said.probes, probes), "_review__probes")
    waiting = pl.DataFrame(said.waiting, TABLES["review__waiting"].polars_schema)
    yield dg.Output(waiting, "review__waiting")


@dg.asset
def review__records(
    review__votes: pl.DataFrame, dedup__clusters: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per image that people judged: what they decided, and their spread."""
    votes = move_votes_to_kept(review__votes, dedup__clusters)
    return count_rows(build_review_records(votes), votes["image_id"].n_unique())


@dg.asset
def review__agreement(
    review__votes: pl.DataFrame,
    _review__probes: pl.DataFrame,
    review__queue: pl.DataFrame,
    annotation__replies: pl.DataFrame,
    verification__replies: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per measure of agreement or care, and field."""
    measured = build_agreement(
        review__votes, _review__probes, review__queue, annotation__replies, verification__replies
    )
    return count_rows(measured, review__votes.height)


@dg.asset
def review__raters(
    review__votes: pl.DataFrame, _review__probes: pl.DataFrame, review__queue: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per person who judged images: how they rate beside others, and how they look."""
    people = build_raters(review__votes, _review__probes, review__queue)
    return count_rows(people, review__votes["rater_id"].n_unique())


@dg.asset
def review__inspection_draws(
    dedup__images: pl.DataFrame,
    verification__decisions: pl.DataFrame,
    critic__verdicts: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per inspection and image that was drawn for it, before anybody judged it."""
    draws = draw_inspections(dedup__images, verification__decisions, critic__verdicts)
    return count_rows(draws, dedup__images.height)


@dg.asset
def review__inspections(
    review__inspection_draws: pl.DataFrame,
    review__records: pl.DataFrame,
    records__emoverse: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per inspection and field: accepted, rejected or undecided, and on what number."""
    judged = judge_inspections(review__inspection_draws, review__records, records__emoverse)
    return count_rows(judged, review__inspection_draws.height)


@dg.asset
def review__study(
    review__inspection_draws: pl.DataFrame,
    review__votes: pl.DataFrame,
    review__queue: pl.DataFrame,
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per source and question of EmoVerse's user study: how many people say yes."""
    answered = build_study(review__inspection_draws, review__votes, review__queue)
    return count_rows(answered, review__votes.height)
