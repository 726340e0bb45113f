"""Which emotion is not among the three main ones? The two wrong options are."""

import polars as pl

from eemo_pipeline.qa.emotions import pick_in_ranking, pick_outside_ranking
from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.items import choice_items, proof, single, wording
from eemo_pipeline.qa.templates import QaTemplate

_NAME = "absent_emotion"
_SENTENCES = (
    "Which of these emotions is not among the three main ones that this picture evokes?",
    "Two of these belong to the three strongest emotions at this picture. Which one does not?",
    "Which emotion would viewers leave out of their three main responses to this picture?",
)


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    ranked = facts.pictures.drop_nulls("ranking")
    outside = pick_outside_ranking(ranked, 1, seed, _NAME).rename({"pick_1": "correct"})
    return choice_items(
        single(pick_in_ranking(outside, 2, seed, _NAME)).with_columns(
            wording(_SENTENCES, [], seed, _NAME), proof("ranking")
        ),
        ["pick_1", "pick_2"],
        seed,
        _NAME,
    )


TEMPLATE = QaTemplate(_NAME, "perception", "what_how", _build)
