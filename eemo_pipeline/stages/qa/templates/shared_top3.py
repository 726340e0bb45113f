"""Is the named emotion among the three main ones of both images? Yes or no.

If the answer is no, nine in ten questions name an emotion of exactly one of the images, as in
EEmo-Bench (69 of 77).
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.column_draws import pick, unit
from eemo_pipeline.stages.qa.emotion_questions import is_ranked
from eemo_pipeline.stages.qa.facts import RANKS, Facts
from eemo_pipeline.stages.qa.templates import QaTemplate

_IN_ONE = 69 / 77


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    base = pl.col("base")
    pairs = facts.paired("rank_1", *RANKS)
    for kind, fits in (
        ("both", lambda first, second: first & second),
        ("one", lambda first, second: first ^ second),
        ("none", lambda first, second: ~first & ~second),
    ):
        eligible = {name: fits(is_ranked(name, "_1"), is_ranked(name, "_2")) for name in EKMAN_7}
        pairs = pick(pairs, eligible, 1, purpose, kind).rename({"pick_1": kind})
    is_yes = pl.col("both").is_not_null() & (unit(base, purpose, "truth") < 0.5)
    other = (
        pl.when(unit(base, purpose, "other") < _IN_ONE)
        .then(pl.coalesce("one", "none"))
        .otherwise(pl.coalesce("none", "one"))
    )
    return (
        pairs.with_columns(is_yes=is_yes)
        .select(
            "first",
            "second",
            "base",
            "split",
            "is_yes",
            pl.when("is_yes").then("both").otherwise(other).alias("asked"),
        )
        .drop_nulls("asked")
    )


TEMPLATE = QaTemplate(
    name="shared_top3",
    category="pair_perception",
    question_type="yes_no",
    claim="both_in_top3",
    needs=("rank_1",),
    pairs="rank_1",
    sentences=(
        "Is {} among the three main emotions of both pictures?",
        "Do the first picture and the second both have {} among their three main emotions?",
        "Would viewers name {} as one of the three strongest emotions at each of the pictures?",
    ),
    ask=_ask,
    fills=("asked",),
    cell=("asked",),
    proof=("ranking",),
)
