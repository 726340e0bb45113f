"""Stage records: the integrated EmoVerse record of every kept image, and its regions."""

from collections.abc import Iterator

import dagster as dg
import polars as pl
from pydantic import Field

from assets._results import count_rows
from assets._tables import outs
from eemo_pipeline.aggregation.kept_images import move_to_kept, move_votes_to_kept
from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.stages.critic.limits import CriticLimits
from eemo_pipeline.stages.records.aigiemo import PER_CLASS, build_aigiemo, count_classes
from eemo_pipeline.stages.records.integrated import MADE_FROM, integrate
from eemo_pipeline.stages.records.regions import link_words
from eemo_pipeline.stages.sources import known_sources


class BalanceConfig(dg.Config):
    """How many images of each emotion are wanted, counted by what people felt."""

    per_class: int = Field(default=PER_CLASS, ge=1, description="Images wanted of each emotion")


@dg.multi_asset(
    outs=outs("records__emoverse", "records__regions"),
    ins={name: dg.AssetIn(dagster_type=pl.DataFrame) for name in MADE_FROM},
)
def records(
    thresholds: dg.ResourceParam[CriticLimits],
    text_similarity: dg.ResourceParam[TextSimilarity],
    **tables: pl.DataFrame,
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Build the record of every kept image, and its regions."""
    types = {name: source.image_type for name, source in known_sources().items()}
    integrated = integrate(tables, thresholds.decision, text_similarity, types)
    rows_in = {"rows_in": tables["dedup__images"].height}
    yield dg.Output(integrated.records, "records__emoverse", metadata=rows_in)
    yield dg.Output(integrated.regions, "records__regions")


@dg.asset
def records__links(
    records__emoverse: pl.DataFrame, records__regions: pl.DataFrame
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per record, field of its triplet, and region that shows it.

    Made from the records as people edited them, so that a link never has words that are gone.
    """
    return count_rows(link_words(records__emoverse, records__regions), records__emoverse.height)


@dg.multi_asset(outs=outs("records__aigiemo", "records__class_stops"))
def aigiemo(
    config: BalanceConfig,
    dedup__images: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    ingest__records: pl.DataFrame,
    annotation__replies: pl.DataFrame,
    review__votes: pl.DataFrame,
    review__records: pl.DataFrame,
    records__emoverse: pl.DataFrame,
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Build the record of every image that people judged, and count the emotions they found."""
    judged = build_aigiemo(
        review__records,
        move_votes_to_kept(review__votes, dedup__clusters),
        records__emoverse,
        dedup__images,
        move_to_kept(ingest__records, dedup__clusters),
        annotation__replies,
        config.per_class,
    )
    yield dg.Output(judged, "records__aigiemo", metadata={"rows_in": review__records.height})
    stops = count_classes(judged, records__emoverse, config.per_class)
    yield dg.Output(stops, "records__class_stops", metadata={"rows_in": judged.height})
