"""Small parts of sentences: words on a scale, lists with "and", capital letters."""

import polars as pl


def scale(value: pl.Expr, lowest: str, *steps: tuple[float, str]) -> pl.Expr:
    """Return the word of the highest step that the value reaches, or null without a value."""
    word = pl.when(value.is_not_null() & value.is_not_nan()).then(pl.lit(lowest))
    chosen: pl.Expr = word
    for threshold, name in steps:
        chosen = pl.when(value >= threshold).then(pl.lit(name)).otherwise(chosen)
    return chosen


def joined(words: pl.Expr) -> pl.Expr:
    """Return a list of words as "a", "a and b" or "a, b and c"; null if the list is empty."""
    last = words.list.last()
    before = words.list.head(words.list.len() - 1).list.join(", ")
    return (
        pl.when(words.list.len() > 1)
        .then(pl.format("{} and {}", before, last))
        .when(words.list.len() == 1)
        .then(last)
    )


def capitalised(text: pl.Expr) -> pl.Expr:
    """Return the text with its first letter in upper case."""
    return pl.concat_str(text.str.head(1).str.to_uppercase(), text.str.slice(1))


def uncapitalised(text: pl.Expr) -> pl.Expr:
    """Return the text with its first letter in lower case."""
    return pl.concat_str(text.str.head(1).str.to_lowercase(), text.str.slice(1))
