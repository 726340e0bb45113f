"""The broken rules of a text in words that a writer can act on.

The rules themselves are in `text_rules.py`. A remark names what is wrong and what is allowed. It
holds only words of closed lists, never a part of the text.
"""

from collections.abc import Mapping

import polars as pl

from eemo_pipeline.stages.texts.text_rules import MAX_WORDS, count_words, emotions_named

# Codes whose remark is the same for every text.
_WORDS: Mapping[str, str] = {
    "digits": "The text holds a digit. Write it without any number.",
    "bullet_marks": "The text holds list marks. Write flowing prose.",
    "markup": "The text holds marks that are no prose, such as brackets, asterisks or addresses.",
    "language": "The text is not plain English. Write English words and plain punctuation only.",
    "forbidden_phrase": (
        "The text speaks of comments, annotators, ratings, probabilities or a dataset, or of one "
        "emotion turning into another. Say what people think, believe or feel. The order of the "
        "emotions is that of how many people felt them, never one of time."
    ),
    "quoted_comment": (
        "The text repeats a person's comment word for word. Sum up in your own words what people "
        "think, believe or feel."
    ),
    "no_verdict": (
        "The first sentence gives no verdict. Open with one of three: that the way to the emotions "
        "is more direct, more indirect, or both direct and indirect."
    ),
    "too_many_sentences": "The text has more sentences than three. Write one to three.",
}


def explain_fault(
    fault: pl.Expr, text: pl.Expr, allowed: pl.Expr, levels: Mapping[str, pl.Expr]
) -> pl.Expr:
    """Return the remark on a text with a fault, or null where there is none.

    Args:
        fault: the code of the broken rule, or null.
        text: the text.
        allowed: list of the Ekman emotions that the text may name.
        levels: dimension -> list of the level words that the text must give.
    """
    foreign = emotions_named(text).list.set_difference(allowed).list.sort().list.join(", ")
    may_name = pl.when(allowed.list.len() > 0).then(
        pl.format(
            "The text speaks of {}. Only these may be named: {}.",
            foreign,
            allowed.list.unique().list.sort().list.join(", "),
        )
    )
    too_long = pl.format(f"The text has {{}} words. Write at most {MAX_WORDS}.", count_words(text))
    return (
        pl.when(fault == "too_long")
        .then(too_long)
        .when(fault == "foreign_emotion")
        .then(pl.coalesce(may_name, pl.format("The text speaks of {}. Name no emotion.", foreign)))
        .when(fault == "wrong_level")
        .then(_levels_in_words(levels))
        .otherwise(fault.replace_strict(_WORDS, default=None, return_dtype=pl.String))
    )


def _levels_in_words(levels: Mapping[str, pl.Expr]) -> pl.Expr:
    parts = [
        pl.format(f"{dimension} {{}}", words.list.unique(maintain_order=True).list.join(" and "))
        for dimension, words in levels.items()
    ]
    named = pl.concat_str(parts, separator=", ") if parts else pl.lit("none")
    return pl.format(
        "The text does not name these levels, or names others: {}. Use each word in a sentence "
        "that names its dimension, and no other level word there.",
        named,
    )
