"""What no generated text may contain, as code: the first broken rule is the row's reason.

Belongs here: limits and vocabularies that judge a finished text. Does not belong here: writing.
"""

import polars as pl

from eemo_pipeline.emotion.taxonomies import EMOTIC_26, MAPPINGS, MIKELS_8

MAX_WORDS = 200
# Everyday forms of the labels; the labels themselves follow from the mapping tables.
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
        label: MAPPINGS[(space, "ekman7")][label]
        for space, labels in (("emotic26", EMOTIC_26), ("mikels8", MIKELS_8))
        for label in labels
        if label.isalpha()
    },
    **{form: emotion for emotion, forms in _FORMS.items() for form in (emotion, *forms.split())},
}

_EMOTION_PATTERN = r"\b(?:" + "|".join(sorted(EMOTION_WORDS)) + r")\b"
_RULES: tuple[tuple[str, str], ...] = (
    ("digits", r"\d"),
    ("bullet_marks", r"(?m)^\s*[-*\u{2022}]"),
    ("markup", r"[<>{}\[\]\\`|#*_]|://|www\."),
    ("language", r"[^\x00-\x7F]"),
    ("forbidden_phrase", r"(?i)\b(?:comment|annotator|rating|probability|dataset)s?\b"),
)


def emotions_named(text: pl.Expr) -> pl.Expr:
    """The distinct Ekman emotions that a text names by any of their words, as a list."""
    words = text.str.to_lowercase().str.extract_all(_EMOTION_PATTERN)
    return words.list.eval(
        pl.element().replace_strict(EMOTION_WORDS, return_dtype=pl.String)
    ).list.unique()


def count_words(text: pl.Expr) -> pl.Expr:
    """Words between blanks; 0 where there is no text."""
    return text.str.count_matches(r"\S+").cast(pl.Int64).fill_null(0)


def broken_rule(text: pl.Expr, allowed: pl.Expr) -> pl.Expr:
    """Reason code of the first rule that a text breaks, null where it breaks none.

    Codes: digits, bullet_marks, markup, language, forbidden_phrase, too_long (more than 200
    words), foreign_emotion (an emotion that is not among `allowed`, a list of Ekman emotions).
    """
    foreign = emotions_named(text).list.set_difference(allowed).list.len() > 0
    reason = (
        pl.when(count_words(text) > MAX_WORDS)
        .then(pl.lit("too_long"))
        .when(foreign)
        .then(pl.lit("foreign_emotion"))
    )
    for code, pattern in reversed(_RULES):
        reason = pl.when(text.str.contains(pattern)).then(pl.lit(code)).otherwise(reason)
    return reason


def judged(frame: pl.DataFrame, allowed: pl.Expr, method: str) -> pl.DataFrame:
    """Finish a text table: status, reason and word count; a refused text is removed.

    Args:
        frame: image_id, text, and `reason`, which is set where no text could be written.
        allowed: list of the Ekman emotions that the text may name.
        method: how the texts were made.
    """
    reason = pl.coalesce("reason", broken_rule(pl.col("text"), allowed))
    is_ok = pl.col("reason").is_null()
    return (
        frame.with_columns(reason=reason)
        .with_columns(
            pl.when(is_ok).then(pl.lit("ok")).otherwise(pl.lit("refused")).alias("status"),
            pl.when(is_ok).then("text").alias("text"),
            pl.lit("template_realiser").alias("writer"),
            pl.lit(method).alias("method"),
        )
        .select(
            "image_id",
            "writer",
            "method",
            "status",
            "reason",
            "text",
            count_words(pl.col("text")).alias("word_count"),
        )
        .sort("image_id")
    )
