"""Which of two images has the named emotion among its three main ones?

First, second, both or neither. EEmo-Bench answers 31 of 115 questions with both and one with
neither.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.column_draws import pick, unit
from eemo_pipeline.stages.qa.emotion_questions import is_ranked
from eemo_pipeline.stages.qa.facts import RANKS, Facts
from eemo_pipeline.stages.qa.pair_options import choose_side
from eemo_pipeline.stages.qa.templates import QaTemplate

_NEITHER_SHARE = 1 / 115
_BOTH_SHARE = 31 / 115


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    pairs = facts.paired("rank_1", *RANKS)
    for kind, fits in (
        ("both", lambda first, second: first & second),
        ("one", lambda first, second: first ^ second),
        ("none", lambda first, second: ~first & ~second),
    ):
        eligible = {name: fits(is_ranked(name, "_1"), is_ranked(name, "_2")) for name in EKMAN_7}
        pairs = pick(pairs, eligible, 1, purpose, kind).rename({"pick_1": kind})
    place = unit(pl.col("base"), purpose, "kind")
    asked = (
        pl.when(place < _NEITHER_SHARE)
        .then(pl.coalesce("none", "one"))
        .when(place < _NEITHER_SHARE + _BOTH_SHARE)
        .then(pl.coalesce("both", "one"))
        .otherwise(pl.coalesce("one", "both"))
    )
    drawn = pairs.with_columns(asked.alias("asked"))
    emotion = pl.col("asked")
    return choose_side(drawn, is_ranked(emotion, "_1"), is_ranked(emotion, "_2"), purpose)


TEMPLATE = QaTemplate(
    name="which_has_top3",
    category="pair_perception",
    question_type="what_how",
    claim="which_top3",
    needs=("rank_1",),
    pairs="rank_1",
    sentences=(
        "Which picture has {} among its three main emotions?",
        "At which of the two pictures is {} one of the three strongest emotions?",
        "Where do viewers name {} among the three emotions they feel most?",
    ),
    ask=_ask,
    fills=("asked",),
    cell=("asked",),
    proof=("ranking",),
)
