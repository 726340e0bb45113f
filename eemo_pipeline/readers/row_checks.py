"""Checks of single annotation rows: the condition for a reject, and its reason."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from eemo_pipeline.emotion.taxonomies import ALIASES, LABEL_SPACES, canonical
from eemo_pipeline.readers.delimited import is_given
from eemo_pipeline.readers.tables import _DETAIL_CHARACTERS, _WORDS

# Comparing texts is slow: a hostile file may hold a million long ones.
_MOST_SUGGESTIONS = 1000
_LEAST_ALIKE = 0.7  # difflib: below it, a happy word gets sadness as its nearest
_LONGEST_LABEL = 40


@dataclass(frozen=True)
class Check:
    """A reason to refuse a row: the condition, and the offending value in words."""

    reason: str
    holds: pl.Expr
    detail: pl.Expr


def number(name: str) -> pl.Expr:
    """Return the cell as a number, null where it is not one or not finite."""
    value = pl.col(name).str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value)


def cell_detail(name: str) -> pl.Expr:
    """Return `name = value`, the value as found."""
    return pl.format("{} = {}", pl.lit(name), pl.col(name).fill_null(""))


def name_encoding(encoding: str) -> str:
    """Return why text in another encoding is refused, and what to do."""
    return f"the encoding of the file is not UTF-8 but looks like {encoding}; save it as UTF-8"


# Why a line could not be split into cells -> what to do.
FAULTS = {
    "bad_encoding": "the encoding of the file is not UTF-8; save it as UTF-8",
    "unclosed_quote": "a quote opens a cell and is never closed; inside quotes, write it twice",
    "too_many_columns": "the header has more than 10,000 columns; keep those that are needed",
}


def shape_checks() -> list[Check]:
    """Refuse rows that are not read, lack a column, or have more cells than the header."""
    return [
        Check(
            "bad_encoding",
            pl.col("fault") == "bad_encoding",
            pl.format(name_encoding("{}"), pl.col("encoding")),
        ),
        *(Check(fault, pl.col("fault") == fault, pl.lit(fix)) for fault, fix in FAULTS.items()),
        Check(
            "missing_column",
            pl.col("absent").is_not_null(),
            pl.format("the file has no column {}", pl.col("absent")),
        ),
        Check("surplus_cells", pl.col("surplus").is_not_null(), cell_detail("surplus")),
    ]


def presence_checks(*names: str) -> list[Check]:
    """Require cells to have a value."""
    return [Check("missing_value", ~is_given(name), pl.lit(f"{name} is empty")) for name in names]


def number_checks(name: str, minimum: float, maximum: float) -> list[Check]:
    """Require a cell, where given, to be a finite number in a range, which the refusal names."""
    value = number(name)
    return [
        Check(
            "bad_number",
            is_given(name) & value.is_null(),
            pl.format(
                "{}; the cell is a number in {}..{}",
                cell_detail(name),
                pl.lit(minimum),
                pl.lit(maximum),
            ),
        ),
        Check(
            "out_of_range",
            (value < minimum) | (value > maximum),
            pl.format(
                "{}; the range is {}..{}", cell_detail(name), pl.lit(minimum), pl.lit(maximum)
            ),
        ),
    ]


def known_label(label: pl.Expr, label_space: str) -> pl.Expr:
    """Return whether the text is a label of the space, or a known spelling of one."""
    space = LABEL_SPACES[label_space]
    spellings = [*space, *(alias for alias in ALIASES if canonical(alias) in space)]
    # Few of many rows differ: only the distinct ones are normalised.
    found = label.unique(maintain_order=True)
    known = found.filter(found.str.strip_chars().str.to_lowercase().is_in(spellings))
    return label.is_in(known.implode())


def label_check(name: str, label_space: str) -> Check:
    """Require a cell, where given, to be a label of the space; a near miss is named."""

    def suggest(labels: pl.Series) -> pl.Series:
        found = labels.unique(maintain_order=True).drop_nulls().head(_MOST_SUGGESTIONS)
        hints = [_nearest(text, label_space) for text in found]
        return labels.replace_strict(found, hints, default="", return_dtype=pl.String)

    return Check(
        "unknown_label",
        is_given(name) & ~known_label(pl.col(name), label_space),
        pl.concat_str(cell_detail(name), pl.col(name).map_batches(suggest, pl.String)),
    )


def _nearest(text: str, label_space: str) -> str:
    space = LABEL_SPACES[label_space]
    typed = text.strip().lower()[:_LONGEST_LABEL]
    near = difflib.get_close_matches(typed, space, 1, _LEAST_ALIKE)
    return f"; did you mean {near[0]}?" if near else f"; known are {', '.join(space)}"


def picture_checks() -> list[Check]:
    """Refuse names without an image, after `PictureIndex.resolve`."""
    return [
        Check(reason, pl.col("refusal") == reason, cell_detail("name"))
        for reason in ("unsafe_path", "picture_missing", "ambiguous_picture")
    ]


def repetition_check(column: str) -> Check:
    """Refuse rows, in order, after the first that names the same image."""
    return Check(
        "duplicate_row",
        pl.col(column).is_not_null() & ~pl.col(column).is_first_distinct(),
        cell_detail(column),
    )


def judge(frame: pl.DataFrame, checks: Sequence[Check]) -> pl.DataFrame:
    """Add `reason` and `detail` of the first check that holds, null where none does."""
    which = pl.coalesce(
        *(pl.when(check.holds).then(pl.lit(place)) for place, check in enumerate(checks)),
        pl.lit(None, dtype=pl.Int32),
    )
    judged = frame.with_columns(which.alias("check")).with_row_index("place")
    refused = judged.filter(pl.col("check").is_not_null())
    # Details are formatted for the refused rows alone, which are few. Rechunked, because polars 2.1
    # panics when it concatenates texts of a frame with an empty chunk.
    words = [
        refused.filter(pl.col("check") == place)
        .rechunk()
        .select(
            "place",
            pl.lit(checks[place].reason).alias("reason"),
            checks[place].detail.str.slice(0, _DETAIL_CHARACTERS).alias("detail"),
        )
        for place in refused["check"].unique().sort()
    ]
    nothing = pl.DataFrame(schema=_WORDS)
    placed = judged.select("place").join(
        pl.concat([nothing, *words]), on="place", how="left", maintain_order="left"
    )
    return frame.with_columns(placed["reason"], placed["detail"])
