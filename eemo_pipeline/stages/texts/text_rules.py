"""Rules for generated texts; the first broken rule is the row's reason.

Holds the limits and vocabularies that judge a finished text.
"""

import re
from collections.abc import Mapping

import polars as pl

from eemo_pipeline.emotion.mappings import read_mapping
from eemo_pipeline.emotion.taxonomies import EMOTIC_26, MIKELS_8

MAX_WORDS = 200
# Everyday forms of the labels; the labels themselves come from the mapping tables.
_FORMS: dict[str, str] = {
    "anger": "angry furious rage enraged hostile hate hatred annoyed annoying",
    "disgust": "disgusted disgusting revolting repulsive nauseating gross loathing",
    "fear": "afraid scared scary frightened frightening fearful terrified terror horror creepy "
    "anxious anxiety dread",
    "joy": "joyful happy glad cheerful delighted delight pleased pleasant love loving excited "
    "exciting enjoy enjoying enjoyment lovely funny amused amusing contented hopeful",
    "neutral": "calm serene indifferent",
    "sadness": "sad unhappy sorrow sorrowful grief gloomy depressed depressing lonely melancholy",
    "surprise": "surprised surprising astonished amazed amazing amazement shocked shock",
}
# label or form -> Ekman emotion
EMOTION_WORDS: dict[str, str] = {
    **{
        label: read_mapping(space, "ekman7")[label]
        for space, labels in (("emotic26", EMOTIC_26), ("mikels8", MIKELS_8))
        for label in labels
        if label.isalpha()
    },
    **{form: emotion for emotion, forms in _FORMS.items() for form in (emotion, *forms.split())},
}

_EMOTION_PATTERN = r"\b(?:" + "|".join(sorted(EMOTION_WORDS)) + r")\b"
_RULES: tuple[tuple[str, str], ...] = (
    ("digits", r"\d"),
    # a model's reply is one line, so a list in it follows a sign that ends a sentence
    ("bullet_marks", r"(?m)^\s*[-*\u{2022}]|[.:;]\s+[-*\u{2022}]\s"),
    ("markup", r"[<>{}\[\]\\`|#*_]|://|www\."),
    ("language", r"[^\x00-\x7F]"),
    (
        "forbidden_phrase",
        r"(?i)\b(?:comment|annotator|rating|probability|dataset)s?\b"
        # the order of emotions is one of frequency, never of time
        r"|\b(?:over time|gives? way to|turns? into|transitions?)\b",
    ),
)
# Function words of English; in any longer text, they are at least one word in ten.
_FUNCTION_WORDS = r"\b(?:the|a|an|is|are|and|of|in|to|it|its|this|with|by|from|for|as|but|more)\b"
_SHORT = 10
_RUN = 7  # words in a row that count as a quotation
_LEVEL_PATTERN = r"\b(?:negative|neutral|positive|low|moderate|high)\b"


def emotions_named(text: pl.Expr) -> pl.Expr:
    """Return the distinct Ekman emotions that a text names by any of their words, as a list.

    Sentences about valence, arousal or dominance are ignored: they name levels, not emotions.
    """
    words = (
        text.str.to_lowercase()
        .str.replace_all(_about("valence|arousal|dominance"), "")
        .str.extract_all(_EMOTION_PATTERN)
    )
    return words.list.eval(
        pl.element().replace_strict(EMOTION_WORDS, return_dtype=pl.String)
    ).list.unique()


def levels_named(text: pl.Expr, dimension: str) -> pl.Expr:
    """Return the distinct level words in the sentences that name a dimension, as a list."""
    sentences = text.str.to_lowercase().str.extract_all(_about(dimension)).list.join(" ")
    return sentences.str.extract_all(_LEVEL_PATTERN).list.unique()


def verdict_of(text: pl.Expr) -> pl.Expr:
    """Return direct, indirect or both, by the first sentence; null if it names none of them."""
    opening = text.str.to_lowercase().str.extract(r"^([^.]*)")
    is_indirect = opening.str.contains(r"\bindirect(?:ly)?\b")
    is_direct = opening.str.contains(r"\bdirect(?:ly)?\b")
    return (
        pl.when(is_direct & is_indirect)
        .then(pl.lit("both"))
        .when(is_indirect)
        .then(pl.lit("indirect"))
        .when(is_direct)
        .then(pl.lit("direct"))
    )


def count_words(text: pl.Expr) -> pl.Expr:
    """Return the number of words between blanks; 0 if there is no text."""
    return text.str.count_matches(r"\S+").cast(pl.Int64).fill_null(0)


def broken_rule(text: pl.Expr, allowed: pl.Expr) -> pl.Expr:
    """Return the reason code of the first rule that a text breaks, or null.

    Codes: digits, bullet_marks, markup, language, forbidden_phrase, too_long (more than 200
    words), foreign_emotion (an emotion that is not among `allowed`, a list of Ekman emotions).
    """
    words = count_words(text)
    is_foreign = (words >= _SHORT) & (
        text.str.to_lowercase().str.count_matches(_FUNCTION_WORDS) * _SHORT < words
    )
    foreign = emotions_named(text).list.set_difference(allowed).list.len() > 0
    reason = (
        pl.when(words > MAX_WORDS)
        .then(pl.lit("too_long"))
        .when(is_foreign)
        .then(pl.lit("language"))
        .when(foreign)
        .then(pl.lit("foreign_emotion"))
    )
    for code, pattern in reversed(_RULES):
        reason = pl.when(text.str.contains(pattern)).then(pl.lit(code)).otherwise(reason)
    return reason


def wrong_levels(text: pl.Expr, levels: Mapping[str, pl.Expr]) -> pl.Expr:
    """Return the reason wrong_level if a text does not give exactly these level words, else null.

    Args:
        text: the finished text.
        levels: dimension -> list of the level words that the text must give for it.
    """
    is_wrong = pl.any_horizontal(
        levels_named(text, dimension).list.set_symmetric_difference(words.list.unique()).list.len()
        > 0
        for dimension, words in levels.items()
    )
    return pl.when(is_wrong).then(pl.lit("wrong_level"))


def quotes_comment(text: pl.Expr, comments: pl.Expr) -> pl.Expr:
    """Return whether a text repeats seven words of a comment in their order.

    Args:
        text: the finished text.
        comments: list of the comments that the writer was given; null counts as none.
    """
    return pl.struct(text.alias("text"), comments.alias("comments")).map_elements(
        lambda row: (
            not _runs(row["text"] or "").isdisjoint(
                run for comment in row["comments"] or () for run in _runs(comment)
            )
        ),
        return_dtype=pl.Boolean,
    )


def count_sentences(text: pl.Expr) -> pl.Expr:
    """Return the number of sentences: full stops, question and exclamation marks before a blank."""
    return text.str.strip_chars().str.count_matches(r"[.!?]+(?:\s|$)")


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[^\W_]+", text.lower())
    return {tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)}


def _about(dimensions: str) -> str:
    return rf"[^.]*\b(?:{dimensions})\b[^.]*\.?"
