"""Is the named emotion among the three main ones? Yes or no."""

import polars as pl

from eemo_pipeline.qa.draws import balance, unit
from eemo_pipeline.qa.emotions import pick_in_ranking, pick_outside_ranking
from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.items import proof, single, wording, yes_no_items
from eemo_pipeline.qa.templates import QaTemplate

_NAME = "emotion_among_top3"
_SENTENCES = (
    "Is {} among the three main emotions that this picture evokes?",
    "Does {} belong to the three emotions that viewers of this picture feel most?",
    "Would {} be one of the three strongest emotions named for this picture?",
)


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    ranked = facts.pictures.drop_nulls("ranking")
    inside = pick_in_ranking(ranked, 1, seed, _NAME).rename({"pick_1": "inside"})
    asked = (
        pick_outside_ranking(inside, 1, seed, _NAME)
        .with_columns(is_yes=unit(pl.col("base"), seed, _NAME, "truth") < 0.5)
        .with_columns(pl.when("is_yes").then("inside").otherwise("pick_1").alias("asked"))
    )
    balanced = balance(asked, ["asked"], seed, _NAME, "balance")
    return yes_no_items(
        single(balanced).with_columns(
            wording(_SENTENCES, ["asked"], seed, _NAME), proof("ranking", "asked")
        ),
        seed,
        _NAME,
    )


TEMPLATE = QaTemplate(_NAME, "perception", "yes_no", _build)
