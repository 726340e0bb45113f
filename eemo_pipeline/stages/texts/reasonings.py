"""Which emotions people report, and why, in the order of the ranking: `texts__reasonings`.

Writes the paragraph. The evidence for each emotion comes from `emotion_evidence.py`. The embedded
writer names as reasons only what people's explanations name. It gives measured light and colour as
measurements, in a sentence of their own. The rules for finished texts are in `text_rules.py`.
"""

import polars as pl

from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.roles.writer import Writer
from eemo_pipeline.stages.texts.phrases import capitalised, joined
from eemo_pipeline.stages.texts.reported_emotions import quotes, report
from eemo_pipeline.stages.texts.writers import write_texts

METHOD = (
    "template realisation, fourth version: the emotions in the order of the ranking, the things "
    "(nouns of WordNet) that people's explanations of each name most often, and light and colour "
    "as measured; no cause that nobody stated"
)
# A measured cue -> the clause that states it.
CLAUSES = {
    "dim light": "the light is dim",
    "bright light": "the light is bright",
    "vivid colours": "the colours are vivid",
    "muted colours": "the colours are muted",
    "sharp contrast": "the contrast is sharp",
    "weak contrast": "the contrast is weak",
    "dense detail": "the image is dense with detail",
    "lack of detail": "the image has little detail",
}
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
        labels__rankings: an image without a ranking gets no text; also for the margin between the
            first two emotions.
        texts__descriptions: one row per kept image.
        writer: gets image_id, description, emotions in the order of the ranking, sentences, cues,
            words and `reported` (of each emotion), margin.

    Returns:
        A table of `texts__reasonings`; reasons no_emotions, no_ranking, no_description and those
        of `text_rules.py`.
    """
    sentences = (
        grounds.with_columns(sentence_of_emotion().alias("sentence"))
        .group_by("image_id", maintain_order=True)
        .agg(
            pl.col("sentence").alias("sentences"),
            pl.col("words"),
            pl.col("cue").alias("cues"),
            pl.col("emotion").alias("emotions"),
            report().alias("reported"),
        )
    )
    described = pl.when(pl.col("status") == "ok").then("text")
    inputs = (
        texts__descriptions.select("image_id", described.alias("description"))
        .join(sentences, on="image_id", how="left")
        .join(labels__rankings.select("image_id", "ranking", "margin"), on="image_id", how="left")
        .with_columns(
            pl.when(pl.col("sentences").is_null())
            .then(pl.lit("no_emotions"))
            .when(pl.col("ranking").is_null())
            .then(pl.lit("no_ranking"))
            .when(pl.col("description").is_null())
            .then(pl.lit("no_description"))
            .alias("reason")
        )
    )
    return write_texts(
        writer, "reasonings", inputs, pl.col("emotions"), faults={"quoted_comment": quotes()}
    )


def realise(inputs: pl.DataFrame) -> pl.Series:
    """Write the description, a sentence per emotion, what was measured, and the first's lead."""
    sentences = pl.col("sentences").list.join(" ")
    is_explained = pl.col("words").list.drop_nulls().list.len() > 0
    unexplained = pl.when(~is_explained).then(pl.lit("Why they feel so is not known."))
    text = pl.concat_str(
        *("description", sentences, unexplained, measured(pl.col("cues")), _lead()),
        separator=" ",
        ignore_nulls=True,
    )
    return inputs.select(text.alias("text")).to_series()


def sentence_of_emotion() -> pl.Expr:
    """Return a sentence for a row of the evidence: who feels the emotion, and what they name."""
    opening = pl.when("is_evoked").then(_viewers_feel()).otherwise(_people_seem_to_feel())
    report = pl.format("{} {}", opening, feeling(pl.col("emotion")))
    named = things(pl.col("words"))
    return (
        pl.when(named.is_null())
        .then(pl.format("{}.", report))
        .when(pl.col("people") == 1)
        .then(pl.format("{}; the one person who says why speaks of {}.", report, named))
        .otherwise(pl.format("{}; those who say why speak of {}.", report, named))
    )


def measured(cues: pl.Expr) -> pl.Expr:
    """Return a sentence that states measured cues, each once; null if there are none."""
    clauses = (
        cues.list.drop_nulls()
        .list.unique(maintain_order=True)
        .list.eval(pl.element().replace_strict(CLAUSES, return_dtype=pl.String))
    )
    return pl.format("As measured, {}.", joined(clauses))


def things(words: pl.Expr) -> pl.Expr:
    """Return the words of a list as "the dog and the lake"; null if there are none."""
    return joined(words.list.eval(pl.concat_str(pl.lit("the "), pl.element())))


def feeling(emotion: pl.Expr) -> pl.Expr:
    """Return the emotion as the object of "feel"."""
    return pl.when(emotion == "neutral").then(pl.lit("a neutral mood")).otherwise(emotion)


def _viewers_feel() -> pl.Expr:
    is_equal = _is_equal()
    is_strict = pl.col("is_ranked") | ((pl.col("mass") - pl.col("mass_below")) > _ROUNDING)
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
    is_equal = _is_equal()
    return (
        pl.when(pl.col("place") == 0)
        .then(pl.lit("The people in it seem to feel"))
        .when(is_equal)
        .then(pl.lit("To the same degree they seem to feel"))
        .when(pl.col("place") == 1)
        .then(pl.lit("To a lesser degree they seem to feel"))
        .otherwise(pl.lit("To a still lesser degree they seem to feel"))
    )


def _is_equal() -> pl.Expr:
    """Return whether as many people report the emotion as the one before; a ranking has no ties."""
    return ~pl.col("is_ranked") & ((pl.col("mass_above") - pl.col("mass")) <= _ROUNDING)


def _lead() -> pl.Expr:
    """Return a sentence on the first emotion's lead over the second."""
    first = capitalised(feeling(pl.col("emotions").list.first()))
    second = feeling(pl.col("emotions").list.get(1, null_on_oob=True))
    return (
        pl.when(pl.col("margin") >= _WIDE_MARGIN)
        .then(pl.format("{} clearly outweighs {}.", first, second))
        .otherwise(pl.format("{} outweighs {} only by a little.", first, second))
    )
