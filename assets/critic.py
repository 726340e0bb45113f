"""Stage critic: every field is judged, and annotators revise the fields that can be corrected."""

from collections.abc import Iterator
from functools import partial

import dagster as dg
import polars as pl

from assets._results import count_work
from assets._tables import outs
from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.critic import Critic
from eemo_pipeline.roles.grounder import Grounder
from eemo_pipeline.stages.critic.limits import CriticLimits
from eemo_pipeline.stages.critic.review_tables import CriticTables, review_tables
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
    tables = CriticTables(
        images=dedup__images,
        clusters=dedup__clusters,
        annotations=ingest__annotations,
        replies=annotation__replies,
        verifier_replies=verification__replies,
        patterns=verification__patterns,
        regions=grounding__regions,
        emotions=labels__emotions,
        reviews=labels__reviews,
    )
    found_again = partial(
        ground_again, grounder=grounder, ledger=ledger, sources_dir=data_root.sources
    )
    outside = annotators.members, critic_in_charge, found_again, ledger, data_root.sources
    reviewed = review_tables(tables, *outside, thresholds, text_similarity)
    counts = {
        "critic__verdicts": {"rows_in": dedup__images.height},
        "_critic__replies": count_work(reviewed.work),
    }
    for name, part in _TABLES.items():
        yield dg.Output(getattr(reviewed, part), name, metadata=counts.get(name))
