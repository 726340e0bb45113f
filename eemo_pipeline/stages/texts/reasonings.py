"""How the visible content leads to the reported emotions: `texts__reasonings`.

Writes the paragraph. The evidence for each emotion comes from `emotion_evidence.py`; an emotion
without any is described as such. The rules for finished texts are in `text_rules.py`.
"""

import polars as pl

from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.roles.writer import Writer
from eemo_pipeline.stages.texts.phrases import joined
from eemo_pipeline.stages.texts.reported_emotions import quotes, report
from eemo_pipeline.stages.texts.writers import write_texts

METHOD = (
    "template realisation: reported emotions in descending order, measured light and colour "
    "(direction of effects after Valdez and Mehrabian 1994), and the words that explanations "
    "share"
)
_WIDE_MARGIN = 0.3
_ROUNDING = 1.5e-6


def write_reasonings(
    grounds: pl.DataFrame,
    labels__rankings: pl.DataFrame,
    texts__descriptions: pl.DataFrame,
    writer: Writer,
) -> AnsweredTable:
    """One row per kept image: a text on its emotions from strongest to weakest, or a refusal.

    Args:
        grounds: the result of `emotion_evidence.gather_grounds`.
        labels__rankings: for the margin between the first two emotions.
        texts__descriptions: one row per kept image.
        writer: gets image_id, description, emotions in descending order, sentences, words and
            `reported` (of each emotion), margin.

    Returns:
        A table of `texts__reasonings`; reasons no_emotions, no_description and those of
        `text_rules.py`.
    """
    sentences = (
        grounds.with_columns(sentence_of_emotion().alias("sentence"))
        .group_by("image_id", maintain_order=True)
        .agg(
            pl.col("sentence").alias("sentences"),
            pl.col("words"),
            pl.col("emotion").alias("emotions"),
            report().alias("reported"),
        )
    )
    described = pl.when(pl.col("status") == "ok").then("text")
    inputs = (
        texts__descriptions.select("image_id", described.alias("description"))
        .join(sentences, on="image_id", how="left")
        .join(labels__rankings.select("image_id", "margin"), on="image_id", how="left")
        .with_columns(
            pl.when(pl.col("sentences").is_null())
            .then(pl.lit("no_emotions"))
            .when(pl.col("description").is_null())
            .then(pl.lit("no_description"))
            .alias("reason")
        )
    )
    return write_texts(
        writer, "reasonings", inputs, pl.col("emotions"), faults={"quoted_comment": quotes()}
    )


def realise(inputs: pl.DataFrame) -> pl.Series:
    """Write the description, a sentence per emotion, and the lead of the first emotion."""
    sentences = pl.col("sentences").list.join(" ")
    text = pl.concat_str("description", sentences, _lead(), separator=" ")
    return inputs.select(text.alias("text")).to_series()


def sentence_of_emotion() -> pl.Expr:
    """Return a sentence for a row of the evidence: who feels the emotion, and why."""
    words = joined(pl.col("words"))
    cue = pl.col("cue")
    because = (
        pl.when(cue.is_not_null() & words.is_not_null())
        .then(pl.format("because of its {} and because people speak of {}", cue, words))
        .when(cue.is_not_null())
        .then(pl.format("because of its {}", cue))
        .when(words.is_not_null())
        .then(pl.format("because people speak of {}", words))
        .otherwise(pl.lit("because of what it shows rather than its light or colour"))
    )
    opening = pl.when("is_evoked").then(_viewers_feel()).otherwise(_people_seem_to_feel())
    return pl.format("{} {}, {}.", opening, feeling(pl.col("emotion")), because)


def feeling(emotion: pl.Expr) -> pl.Expr:
    """Return the emotion as the object of "feel"."""
    return pl.when(emotion == "neutral").then(pl.lit("a neutral mood")).otherwise(emotion)


def _viewers_feel() -> pl.Expr:
    is_equal = (pl.col("mass_above") - pl.col("mass")) <= _ROUNDING
    is_strict = (pl.col("mass") - pl.col("mass_below")) > _ROUNDING
    first = (
        pl.when(pl.col("mass") > 0.5)
        .then(pl.lit("Most viewers feel"))
        .when(is_strict)
        .then(pl.lit("The largest group of viewers feels"))
        .otherwise(pl.lit("Many viewers feel"))
    )
    later = (
        pl.when(is_equal)
        .then(pl.lit("Just as many feel"))
        .when(pl.col("place") == 1)
        .then(pl.lit("Fewer feel"))
        .otherwise(pl.lit("Fewer still feel"))
    )
    return pl.when(pl.col("place") == 0).then(first).otherwise(later)


def _people_seem_to_feel() -> pl.Expr:
    is_equal = (pl.col("mass_above") - pl.col("mass")) <= _ROUNDING
    return (
        pl.when(pl.col("place") == 0)
        .then(pl.lit("The people in it seem to feel"))
        .when(is_equal)
        .then(pl.lit("To the same degree they seem to feel"))
        .otherwise(pl.lit("To a lesser degree they seem to feel"))
    )


def _lead() -> pl.Expr:
    """Return a sentence on the first emotion's lead over the second, or on the lack of one."""
    first, second = (
        pl.col("emotions").list.first(),
        pl.col("emotions").list.get(1, null_on_oob=True),
    )
    wide = pl.format("Therefore {} clearly outweighs {}.", first, second)
    narrow = pl.format("Therefore {} outweighs {} only by a little.", first, second)
    return (
        pl.when(second.is_null())
        .then(pl.lit("No other feeling is reported, so nothing competes with it."))
        .when(pl.col("margin") >= _WIDE_MARGIN)
        .then(wide)
        .when(pl.col("margin") > _ROUNDING)
        .then(narrow)
        .otherwise(pl.lit("Hence no single feeling leads."))
    )
