"""Which of two pictures is more pleasant, and how each of them comes to it, in words.

The answer gives the conclusion, then each picture, then a closing sentence. It names levels, never
numbers. Only pairs that differ by `SMALLEST_DIFFERENCE` are asked about.
"""

import polars as pl

from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.items import open_items, proof, wording
from eemo_pipeline.qa.levels import SMALLEST_DIFFERENCE
from eemo_pipeline.qa.templates import QaTemplate

_NAME = "compare_valence"
_SENTENCES = (
    "Compare the two pictures in valence: which one feels more pleasant, and why?",
    "Which of these pictures leaves viewers in the better mood? Explain.",
    "How do the two pictures differ in how pleasant or unpleasant they feel?",
)


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    difference = pl.col("valence_1") - pl.col("valence_2")
    pairs = (
        facts.paired("valence", ["valence", "valence_level", "description"])
        .filter(difference.abs() >= SMALLEST_DIFFERENCE)
        .drop_nulls(["description_1", "description_2"])
    )
    higher, lower = _ordinal(difference > 0), _ordinal(difference < 0)
    level_1, level_2 = pl.col("valence_level_1"), pl.col("valence_level_2")
    closing = (
        pl.when(level_1 == level_2)
        .then(
            pl.format(
                "Both therefore fall into the same {} range, although the {} lies higher in it.",
                level_1,
                higher,
            )
        )
        .otherwise(
            pl.format("They therefore fall into different ranges, the {} being above.", higher)
        )
    )
    answer = pl.concat_str(
        pl.format("The {} picture feels more pleasant than the {}.", higher, lower),
        pl.format("The first is {} in valence. {}", level_1, "description_1"),
        pl.format("The second is {} in valence. {}", level_2, "description_2"),
        closing,
        separator=" ",
    )
    return open_items(
        pairs.with_columns(
            wording(_SENTENCES, [], seed, _NAME),
            proof("valence_1", "valence_level_1", "valence_2", "valence_level_2"),
            answer.alias("answer"),
        )
    )


def _ordinal(is_first: pl.Expr) -> pl.Expr:
    return pl.when(is_first).then(pl.lit("first")).otherwise(pl.lit("second"))


TEMPLATE = QaTemplate(_NAME, "description", "open", _build)
