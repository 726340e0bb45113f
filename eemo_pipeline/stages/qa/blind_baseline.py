"""How well the questions of a template are answered without their images: `qa__blind_baseline`.

Two guesses from question and options alone, each learned from all other questions of the template
with the same fills (leave one out): the answer that is right most often, and the option that is
right most often when it is offered. Options that differ by no more than the one question left out
count as equally good and share the credit, so that perfect balance gives chance. A template that
such a guess answers much better than chance teaches words instead of images.
"""

from collections.abc import Sequence

import polars as pl

from eemo_pipeline.schema.tables import TABLES

# A guess may be right this much more often than chance.
TOLERANCE = 0.15
_FEW = 30
_ROUNDING = 1e-9


def guess_blindly(asked: pl.DataFrame, cell: Sequence[str]) -> dict[str, object]:
    """Return the counts and accuracies of the two guesses.

    Args:
        asked: the kept questions: `is_yes`, or `correct` and `wrong_1` ...
        cell: columns of `asked` that a reader of the question sees.
    """
    if "is_yes" in asked.columns:
        answers = pl.when("is_yes").then(pl.lit("Yes")).otherwise(pl.lit("No"))
        others = pl.when("is_yes").then(pl.lit("No")).otherwise(pl.lit("Yes"))
        asked = asked.with_columns(answers.alias("correct"), others.alias("wrong_1"))
    options = ["correct", *(name for name in asked.columns if name.startswith("wrong_"))]
    chance = 1 / len(options)
    long = (
        asked.select(*cell, *options)
        .with_row_index("row")
        .unpivot(options, index=["row", *cell], variable_name="as", value_name="option")
        .with_columns((pl.col("as") == "correct").alias("is_right"))
    )
    seen = [*cell, "option"]
    # signed numbers: unsigned ones would wrap below zero
    right = pl.col("is_right").sum().over(seen).cast(pl.Int64) - pl.col("is_right").cast(pl.Int64)
    offered = (pl.len().over(seen) - 1).cast(pl.Float64)
    rate = pl.when(offered > 0).then(right / offered).otherwise(chance)
    guessed = long.with_columns(
        right.alias("often"), rate.alias("rate"), (1 / offered.clip(1)).alias("one")
    )
    often = _accuracy(guessed, "often", pl.lit(1))
    rated = _accuracy(guessed, "rate", pl.col("one"))
    is_high = max(often or 0.0, rated or 0.0) > chance + TOLERANCE
    return {
        "option_count": len(options),
        "chance": chance,
        "accuracy": often,
        "offered_accuracy": rated,
        "reason": _explain(long, cell, asked.height) if is_high else None,
    }


def build_baseline(rows: list[dict[str, object]]) -> pl.DataFrame:
    """Return a frame of `qa__blind_baseline` from one row per template with options."""
    return pl.DataFrame(rows, schema=TABLES["qa__blind_baseline"].polars_schema)


def _accuracy(guessed: pl.DataFrame, guess: str, one: pl.Expr) -> float | None:
    """Return the share of rows whose best guess is right; `one` is the weight of one question."""
    least = pl.col(guess).max().over("row") - one - _ROUNDING
    best = guessed.filter(pl.col(guess).cast(pl.Float64) >= least)
    credit = best.group_by("row").agg(pl.col("is_right").mean())["is_right"].mean()
    return None if credit is None else round(float(credit), 6)  # pyright: ignore[reportArgumentType]


def _explain(long: pl.DataFrame, cell: Sequence[str], count: int) -> str:
    """Name the option that is furthest from chance, and whether there are few questions."""
    chance = pl.col("is_right").mean()
    rows = (
        long.with_columns(chance.alias("chance"))
        .group_by(*cell, "option")
        .agg(
            pl.col("is_right").sum().alias("right"),
            pl.len().alias("offered"),
            (pl.col("is_right") - pl.col("chance")).sum().abs().round(6).alias("far"),
        )
        .sort(
            "far", "right", *cell, "option", descending=[True, True, *(False for _ in (*cell, ""))]
        )
    )
    first = rows.row(0, named=True)
    about = ", ".join(str(first[name]) for name in cell if first[name] is not None)
    few = f"only {count} questions; " if count < _FEW else ""
    where = f" (asked: {about})" if about else ""
    return (
        f"{few}{first['option']} is right in {first['right']} of {first['offered']} questions that "
        f"offer it{where}"
    )
