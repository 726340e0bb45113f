"""Which emotion is among the main ones of neither image? Every wrong option is in at least one."""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.emotion_questions import MAY, is_ranked, with_options
from eemo_pipeline.stages.qa.facts import RANKS, Facts
from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts: Facts, purpose: str) -> pl.DataFrame:
    named = {emotion: is_ranked(emotion, "_1") | is_ranked(emotion, "_2") for emotion in EKMAN_7}
    others = {emotion: ~fits for emotion, fits in named.items()}
    pairs = facts.paired("rank_1", *RANKS)
    return with_options(pairs, others, named, purpose).select(
        "first", "second", "base", "split", "correct", pl.col(f"^{MAY}.*$")
    )


TEMPLATE = QaTemplate(
    name="absent_from_both",
    category="pair_perception",
    question_type="what_how",
    claim="absent_from_both",
    needs=("rank_1",),
    pairs="rank_1",
    sentences=(
        "Which emotion is missing from the three main ones of both pictures?",
        "Which of these do viewers leave out at the first picture as well as at the "
        "second, counting the three main emotions of each?",
        "Three of these are main emotions of at least one of the pictures. Which one is not?",
        "Which of these is a main emotion of neither picture?",
        "Which emotion has no place among the top three of either picture?",
        "All but one of these are among the three strongest emotions of a picture. Which "
        "one is not?",
    ),
    ask=_ask,
    cell=("correct",),
    drawn=3,
    proof=("ranking",),
)
