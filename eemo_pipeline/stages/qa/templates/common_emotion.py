"""Which emotion is among the three main ones of both images? No wrong option is."""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.emotion_questions import MAY, is_ranked, with_options
from eemo_pipeline.stages.qa.facts import RANKS, Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    named = {emotion: is_ranked(emotion, "_1") & is_ranked(emotion, "_2") for emotion in EKMAN_7}
    others = {emotion: ~fits for emotion, fits in named.items()}
    pairs = facts.paired("rank_1", *RANKS)
    return with_options(pairs, named, others, purpose).select(
        "first", "second", "base", "split", "correct", pl.col(f"^{MAY}.*$")
    )


TEMPLATE = QaTemplate(
    name="common_emotion",
    category="pair_perception",
    question_type="what_how",
    claim="common",
    needs=("rank_1",),
    pairs="rank_1",
    sentences=(
        "Which emotion is among the three main ones of both pictures?",
        "What main emotion do the two pictures have in common?",
        "Which of these emotions do viewers feel at the first picture as well as at the "
        "second, counting only the three main ones of each?",
        "Which of these belongs to the three strongest emotions of each picture?",
        "Only one of these is a main emotion of both pictures. Which one?",
        "Counting the three main emotions of each picture, which one do they share?",
    ),
    ask=_ask,
    cell=("correct",),
    drawn=3,
    proof=("ranking",),
)
