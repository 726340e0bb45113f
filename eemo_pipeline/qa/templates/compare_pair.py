"""Two pictures compared: main emotions, and the levels of valence and arousal.

The answer names levels, never numbers, and only emotions of the two rankings.
"""

import polars as pl

from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.items import open_items, proof, wording
from eemo_pipeline.qa.templates import QaTemplate

_NAME = "compare_pair"
_SENTENCES = (
    "Compare the emotions that the two pictures evoke, with their valence and arousal.",
    "How do these two pictures differ, and agree, in what viewers feel?",
    "Set the emotional effect of the first picture beside that of the second.",
)
_DIMENSIONS = ("valence", "arousal")
_FACTS = ("ranking", "valence", "valence_level", "arousal", "arousal_level")


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    pairs = facts.paired("ranking", [*_FACTS, "description"]).drop_nulls(
        [f"{name}_{side}" for name in (*_DIMENSIONS, "description") for side in (1, 2)]
    )
    answer = pl.concat_str(
        pl.format("The first picture: {}", "description_1"),
        pl.format("The second picture: {}", "description_2"),
        _emotions(),
        *(_level(dimension) for dimension in _DIMENSIONS),
        separator=" ",
    )
    return open_items(
        pairs.with_columns(
            wording(_SENTENCES, [], seed, _NAME),
            proof(*(f"{name}_{side}" for side in (1, 2) for name in _FACTS)),
            answer.alias("answer"),
        )
    )


def _emotions() -> pl.Expr:
    def place(side: int, index: int) -> pl.Expr:
        return pl.col(f"ranking_{side}").list.get(index)

    same = pl.format(
        "Both evoke {} most strongly; behind it stand {} and {} in the first, but {} and {} in "
        "the second.",
        place(1, 0),
        *(place(side, index) for side in (1, 2) for index in (1, 2)),
    )
    different = pl.format(
        "The first evokes {} most strongly, followed by {} and {}, whereas the second evokes {} "
        "most strongly, followed by {} and {}.",
        *(place(side, index) for side in (1, 2) for index in (0, 1, 2)),
    )
    equal = pl.format(
        "Both evoke {} most strongly, followed by {} and {}, in the same order.",
        *(place(1, index) for index in (0, 1, 2)),
    )
    return (
        pl.when(pl.col("ranking_1") == pl.col("ranking_2"))
        .then(equal)
        .when(place(1, 0) == place(2, 0))
        .then(same)
        .otherwise(different)
    )


def _level(dimension: str) -> pl.Expr:
    first, second = pl.col(f"{dimension}_level_1"), pl.col(f"{dimension}_level_2")
    similar = pl.format(f"Their {dimension} is similar, since it is {{}} in both.", first)
    apart = pl.format(
        f"Their {dimension} differs: it is {{}} in the first and {{}} in the second.",
        first,
        second,
    )
    return pl.when(first == second).then(similar).otherwise(apart)


TEMPLATE = QaTemplate(_NAME, "description", "open", _build)
