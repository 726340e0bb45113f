"""Stage verification: a model of another kind than the annotators judges every kept image."""

import dagster as dg
import polars as pl

from assets._results import count_answers, count_rows
from eemo_pipeline.aggregation.agreement_patterns import annotator_votes
from eemo_pipeline.aggregation.decide import decide
from eemo_pipeline.aggregation.human_labels import prefer_reviews
from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.aggregation.word_agreement import (
    WordEvidence,
    list_boxed,
    merge_words,
)
from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.stages.critic.limits import CriticLimits
from eemo_pipeline.stages.verification.linear_probe import extract
from eemo_pipeline.stages.verification.verify import ask_verifier, count_patterns
from resources.roles.verifiers import VerifierChoice


@dg.asset(pool="pixels")
def _verification__features(
    dedup__images: pl.DataFrame,
    ledger: dg.ResourceParam[Ledger],
    workers: dg.ResourceParam[Workers],
    data_root: dg.ResourceParam[DataRoot],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept image: the vector of pixel features that the probe uses."""
    return count_answers(
        extract(dedup__images, ledger, workers, data_root.sources), dedup__images.height
    )


@dg.asset(pool="pixels")
def verification__replies(
    dedup__images: pl.DataFrame,
    _verification__features: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__reviews: pl.DataFrame,
    verifier: dg.ResourceParam[VerifierChoice],
    ledger: dg.ResourceParam[Ledger],
    data_root: dg.ResourceParam[DataRoot],
    thresholds: dg.ResourceParam[CriticLimits],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept image and verifier: its judgement, or why it abstains."""
    chosen = verifier.build(dedup__images, _verification__features, labels__emotions)
    answered = ask_verifier(
        chosen,
        dedup__images,
        prefer_reviews(labels__emotions, labels__reviews),
        ledger,
        data_root.sources,
        thresholds.decision,
    )
    return count_answers(answered, dedup__images.height)


@dg.asset
def verification__patterns(
    annotation__replies: pl.DataFrame,
    verification__replies: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__reviews: pl.DataFrame,
    thresholds: dg.ResourceParam[CriticLimits],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per source, fold, agreement pattern, verifier's emotion and voter, with its hits."""
    patterns = count_patterns(
        annotation__replies,
        verification__replies,
        prefer_reviews(labels__emotions, labels__reviews),
        thresholds.decision,
    )
    return count_rows(patterns, verification__replies.height)


@dg.asset
def verification__decisions(
    ingest__annotations: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    annotation__replies: pl.DataFrame,
    verification__replies: pl.DataFrame,
    verification__patterns: pl.DataFrame,
    thresholds: dg.ResourceParam[CriticLimits],
    text_similarity: dg.ResourceParam[TextSimilarity],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept image: the decision of the annotators and the verifier."""
    decisions = decide(
        annotation__replies,
        verification__replies,
        verification__patterns,
        limits=thresholds.decision,
        similarity=text_similarity,
        evidence=WordEvidence(list_boxed(ingest__annotations, dedup__clusters)),
    )
    return count_rows(decisions, verification__replies.height)


@dg.asset
def verification__words(
    ingest__annotations: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    annotation__replies: pl.DataFrame,
    verification__decisions: pl.DataFrame,
    thresholds: dg.ResourceParam[CriticLimits],
    text_similarity: dg.ResourceParam[TextSimilarity],
) -> dg.MaterializeResult[pl.DataFrame]:
    """One row per kept image and field of words: whose text is kept, and why."""
    words = merge_words(
        annotator_votes(annotation__replies),
        verification__decisions,
        text_similarity,
        thresholds.decision,
        WordEvidence(list_boxed(ingest__annotations, dedup__clusters)),
    )
    return count_rows(words, annotation__replies.height)
