"""Which emotion is among the three main ones? The two wrong options are not."""

import polars as pl

from eemo_pipeline.qa.emotions import pick_in_ranking, pick_outside_ranking
from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.items import choice_items, proof, single, wording
from eemo_pipeline.qa.templates import QaTemplate

_NAME = "present_emotion"
_SENTENCES = (
    "Which of these emotions is among the three main ones that this picture evokes?",
    "Only one of these belongs to the three strongest emotions at this picture. Which one?",
    "Which emotion would viewers count among their three main responses to this picture?",
)


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    ranked = facts.pictures.drop_nulls("ranking")
    inside = pick_in_ranking(ranked, 1, seed, _NAME).rename({"pick_1": "correct"})
    return choice_items(
        single(pick_outside_ranking(inside, 2, seed, _NAME)).with_columns(
            wording(_SENTENCES, [], seed, _NAME), proof("ranking")
        ),
        ["pick_1", "pick_2"],
        seed,
        _NAME,
    )


TEMPLATE = QaTemplate(_NAME, "perception", "what_how", _build)
