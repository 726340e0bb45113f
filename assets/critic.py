"""Stage critic: every field is judged, and annotators revise the fields that can be corrected."""

from collections.abc import Iterator
from functools import partial

import dagster as dg
import polars as pl

from assets._results import count_work
from assets._tables import outs
from eemo_pipeline.aggregation.decide import decide_with
from eemo_pipeline.aggregation.human_labels import find_human_labels, prefer_reviews
from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.aggregation.word_agreement import WordEvidence, list_boxed
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.critic import Critic
from eemo_pipeline.roles.grounder import Grounder
from eemo_pipeline.stages.critic.limits import CriticLimits
from eemo_pipeline.stages.critic.review_loop import review
from eemo_pipeline.stages.grounding import ground_again
from resources.roles.annotators import Annotators

_TABLES = {
    "critic__verdicts": "verdicts",
    "critic__steps": "steps",
    "critic__choices": "choices",
    "critic__word_choices": "word_choices",
    "critic__weights": "weights",
    "critic__queue": "queue",
    "_critic__replies": "replies",
    "_critic__regions": "regions",
}


@dg.multi_asset(outs=outs(*_TABLES), pool="pixels")
def critic(
    dedup__images: pl.DataFrame,
    dedup__clusters: pl.DataFrame,
    ingest__annotations: pl.DataFrame,
    annotation__replies: pl.DataFrame,
    verification__replies: pl.DataFrame,
    verification__patterns: pl.DataFrame,
    grounding__regions: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__reviews: pl.DataFrame,
    annotators: dg.ResourceParam[Annotators],
    critic_in_charge: dg.ResourceParam[Critic],
    grounder: dg.ResourceParam[Grounder],
    ledger: dg.ResourceParam[Ledger],
    data_root: dg.ResourceParam[DataRoot],
    thresholds: dg.ResourceParam[CriticLimits],
    text_similarity: dg.ResourceParam[TextSimilarity],
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Judge, have annotators revise, and judge again, for three rounds at most."""
    boxed = list_boxed(ingest__annotations, dedup__clusters)
    decide_by = decide_with(
        verification__patterns, thresholds.decision, text_similarity, WordEvidence(boxed)
    )
    reviewed = review(
        dedup__images,
        annotation__replies,
        verification__replies,
        grounding__regions,
        annotators.members,
        ledger,
        data_root.sources,
        critic_in_charge,
        decide_by,
        find_human_labels(prefer_reviews(labels__emotions, labels__reviews)),
        thresholds,
        text_similarity,
        boxed,
        partial(ground_again, grounder=grounder, ledger=ledger, sources_dir=data_root.sources),
    )
    counts = {
        "critic__verdicts": {"rows_in": dedup__images.height},
        "_critic__replies": count_work(reviewed.work),
    }
    for name, part in _TABLES.items():
        yield dg.Output(getattr(reviewed, part), name, metadata=counts.get(name))
