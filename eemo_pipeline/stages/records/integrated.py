"""The tables of EmoVerse's records that are made together: records and regions."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from eemo_pipeline.aggregation.kept_images import move_to_kept
from eemo_pipeline.aggregation.limits import DecisionLimits
from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.aggregation.word_agreement import WordEvidence, list_boxed
from eemo_pipeline.stages.records import build_records, describe_images
from eemo_pipeline.stages.records.human_decisions import decide_by_people
from eemo_pipeline.stages.records.regions import build_regions, latest_regions

# The tables that a record is made from.
MADE_FROM = (
    *("ingest__records", "ingest__annotations", "dedup__images", "dedup__clusters"),
    *("annotation__replies", "_critic__replies"),
    *("verification__replies", "verification__patterns"),
    *("critic__verdicts", "critic__choices", "critic__word_choices", "critic__queue"),
    *("review__records", "grounding__regions", "_critic__regions"),
)


@dataclass(frozen=True)
class Integrated:
    """Rows of `records__emoverse` and `records__regions`."""

    records: pl.DataFrame
    regions: pl.DataFrame


def integrate(
    tables: Mapping[str, pl.DataFrame],
    limits: DecisionLimits,
    similarity: TextSimilarity,
    types: Mapping[str, str | None],
) -> Integrated:
    """Return the record of every kept image by models, what people decided put over it.

    Args:
        tables: name -> rows, of the tables of MADE_FROM.
        limits: thresholds of decisions.
        similarity: the measure by which words are compared.
        types: source -> the type of all its images, None where it names none.
    """
    images, clusters = tables["dedup__images"], tables["dedup__clusters"]
    replies, later_replies = tables["annotation__replies"], tables["_critic__replies"]
    found = latest_regions(tables["grounding__regions"], tables["_critic__regions"])
    built = build_records(
        images,
        replies,
        later_replies,
        tables["verification__replies"],
        tables["critic__verdicts"],
        found,
        tables["verification__patterns"],
        tables["critic__choices"],
        limits,
        similarity,
        WordEvidence(
            list_boxed(tables["ingest__annotations"], clusters), tables["critic__word_choices"]
        ),
    )
    source_records = move_to_kept(tables["ingest__records"], clusters)
    by_models = describe_images(built, images, source_records, replies, later_replies, types)
    records = decide_by_people(by_models, tables["review__records"], tables["critic__queue"])
    return Integrated(records, build_regions(records, found))
