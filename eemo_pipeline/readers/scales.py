"""Scales of rating columns in tables whose scale no documentation fixes.

A table declares the scale of `valence` in a column `valence_scale`, as "1..9"; without one, the
source's own scale is assumed. A scale is judged by all numbers that share it, never row by row: on
1..9, the lowest rating is also the highest of 0..1, and nothing in that row shows it.
"""

from collections.abc import Sequence

import polars as pl

from eemo_pipeline.readers.delimited import is_given
from eemo_pipeline.readers.row_checks import Check, cell_detail, number

_ENDS = r"^\s*([-+]?[0-9]+(?:\.[0-9]+)?)\s*\.\.\s*([-+]?[0-9]+(?:\.[0-9]+)?)\s*$"


def scale_headers(ratings: Sequence[str]) -> dict[str, tuple[str]]:
    """Return the optional columns that declare the scales of the ratings."""
    return {f"{name}_scale": (f"{name}_scale",) for name in ratings}


def read_scales(
    rows: pl.DataFrame, ratings: Sequence[str], default: tuple[float, float]
) -> pl.DataFrame:
    """Add to each rating its scale and what its file shows of it.

    Per rating `<name>`: the ends `<name>_low` and `<name>_high`, declared or the default's and null
    where the declaration is unreadable; `<name>_least` and `<name>_most`, the extreme numbers that
    share the scale in the file; and `<name>_is_declared`, whether any row of the file declares one.
    """
    for name in ratings:
        declared = pl.col(f"{name}_scale")
        is_declared = is_given(f"{name}_scale")
        rows = rows.with_columns(
            pl.when(is_declared)
            .then(declared.str.extract(_ENDS, place).cast(pl.Float64))
            .otherwise(pl.lit(end))
            .alias(f"{name}_{side}")
            for place, (side, end) in enumerate(zip(("low", "high"), default, strict=True), 1)
        )
        scale = ("table_path", f"{name}_low", f"{name}_high")
        rows = rows.with_columns(
            number(name).min().over(scale).alias(f"{name}_least"),
            number(name).max().over(scale).alias(f"{name}_most"),
            is_declared.any().over("table_path").alias(f"{name}_is_declared"),
        )
    return rows


def scale_checks(name: str) -> list[Check]:
    """Require a rating, where given, to be a finite number of a known scale.

    `unknown_scale` refuses all ratings that share a scale if one of them lies outside of it.
    """
    low, high = pl.col(f"{name}_low"), pl.col(f"{name}_high")
    least, most = pl.col(f"{name}_least"), pl.col(f"{name}_most")
    is_rated = is_given(name)
    return [
        Check(
            "bad_number",
            is_rated & number(name).is_null(),
            pl.coalesce(
                pl.format(
                    "{}; write a number in {}..{}", cell_detail(name), _short(low), _short(high)
                ),
                cell_detail(name),
            ),
        ),
        Check(
            "bad_scale",
            is_rated & (low.is_null() | high.is_null() | (low >= high)),
            pl.format(
                "{} = {}; write its two ends as in 1..9",
                pl.lit(f"{name}_scale"),
                pl.col(f"{name}_scale"),
            ),
        ),
        Check(
            "bad_scale",
            is_rated & ~is_given(f"{name}_scale") & pl.col(f"{name}_is_declared"),
            pl.lit(f"{name}_scale is empty here and given in other rows"),
        ),
        Check(
            "unknown_scale",
            is_rated & ((least < low) | (most > high)),
            pl.format(
                "{} runs from {} to {} in this file, outside {}..{}: declare its scale in a column "
                "{}, as 1..9, or correct the number",
                pl.lit(name),
                *(_short(end) for end in (least, most, low, high)),
                pl.lit(f"{name}_scale"),
            ),
        ),
    ]


def _short(value: pl.Expr) -> pl.Expr:
    """Return the number as text, without ".0"."""
    return value.cast(pl.String).str.strip_suffix(".0")


def one_row_per_scale(judged: pl.DataFrame, ratings: Sequence[str]) -> pl.DataFrame:
    """Return judged rows with `native_<rating>`, `scale_min`, `scale_max` and `is_first`.

    An annotation has one scale, so an accepted row whose ratings are on several scales is repeated,
    each time with the ratings of one of them. `is_first` marks the first of a row's repetitions.
    """
    # The scale as text: polars 2.1 panics when it compares structs with nulls.
    scales = {
        name: pl.when(number(name).is_not_null() & pl.col("reason").is_null()).then(
            pl.concat_str(f"{name}_low", f"{name}_high", separator="..")
        )
        for name in ratings
    }
    distinct = pl.concat_list(scales.values()).list.drop_nulls().list.unique(maintain_order=True)
    repeated = (
        judged.with_row_index("judged_row")
        .with_columns(distinct.alias("scale"))
        .explode("scale", empty_as_null=True)
    )
    is_on = {
        name: (scale == pl.col("scale")).fill_null(value=False) for name, scale in scales.items()
    }
    return repeated.with_columns(
        *(pl.when(is_on[name]).then(number(name)).alias(f"native_{name}") for name in ratings),
        *(
            pl.coalesce(pl.when(is_on[name]).then(f"{name}_{side}") for name in ratings).alias(end)
            for side, end in (("low", "scale_min"), ("high", "scale_max"))
        ),
        pl.col("judged_row").is_first_distinct().alias("is_first"),
    ).drop("judged_row", "scale")
