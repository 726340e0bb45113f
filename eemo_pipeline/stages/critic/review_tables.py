"""The review of all images, from the tables that it is made from: `review` with its evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from eemo_pipeline.aggregation.decide import decide_with
from eemo_pipeline.aggregation.human_labels import find_human_labels, prefer_reviews
from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.aggregation.word_agreement import WordEvidence, list_boxed
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.annotator import Annotator
from eemo_pipeline.roles.critic import Critic
from eemo_pipeline.stages.critic.limits import CriticLimits
from eemo_pipeline.stages.critic.regrounding import GroundAgain
from eemo_pipeline.stages.critic.review_loop import Reviewed, review


@dataclass(frozen=True)
class CriticTables:
    """Rows of the tables that the review rests on.

    Attributes:
        images: `dedup__images`.
        clusters: `dedup__clusters`.
        annotations: `ingest__annotations`, for the words of people's boxes.
        replies: `annotation__replies`.
        verifier_replies: `verification__replies`.
        patterns: `verification__patterns`.
        regions: `grounding__regions`.
        emotions: `labels__emotions`.
        reviews: `labels__reviews`, which go before `emotions`.
    """

    images: pl.DataFrame
    clusters: pl.DataFrame
    annotations: pl.DataFrame
    replies: pl.DataFrame
    verifier_replies: pl.DataFrame
    patterns: pl.DataFrame
    regions: pl.DataFrame
    emotions: pl.DataFrame
    reviews: pl.DataFrame


def review_tables(
    tables: CriticTables,
    annotators: Sequence[Annotator],
    critic: Critic,
    ground_again: GroundAgain,
    ledger: Ledger,
    sources_dir: Path,
    limits: CriticLimits,
    similarity: TextSimilarity,
) -> Reviewed:
    """Review every image by the patterns that people's labels support; see `review`.

    Args:
        tables: the evidence.
        annotators: the annotators that can be asked, with distinct names.
        critic: the critic.
        ground_again: finds the regions of images whose words changed.
        ledger: where answers are looked up and stored.
        sources_dir: the folder with one folder of images per source.
        limits: the most rounds and calls, and thresholds.
        similarity: the measure by which words are compared.
    """
    boxed = list_boxed(tables.annotations, tables.clusters)
    return review(
        tables.images,
        tables.replies,
        tables.verifier_replies,
        tables.regions,
        annotators,
        ledger,
        sources_dir,
        critic,
        decide_with(tables.patterns, limits.decision, similarity, WordEvidence(boxed)),
        find_human_labels(prefer_reviews(tables.emotions, tables.reviews)),
        limits,
        similarity,
        boxed,
        ground_again,
    )
