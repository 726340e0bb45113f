"""Whether an image evokes its emotions directly or by association: `texts__evocations`.

Holds the verdict, its evidence and the paragraph. The facts come from `profiles.py`, the rules for
finished texts are in `text_rules.py`.

The verdict follows from what people say (`ways.csv`): words of seeing (light, colour, shape,
texture) speak for a direct visual effect, words of memory, knowledge and imagination for an
indirect one. Without explanations by people there is no verdict.
"""

from dataclasses import replace

import polars as pl

from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.roles.writer import Writer
from eemo_pipeline.stages.texts.phrases import capitalised
from eemo_pipeline.stages.texts.reasonings import feeling, things
from eemo_pipeline.stages.texts.reported_emotions import quotes
from eemo_pipeline.stages.texts.text_rules import verdict_of
from eemo_pipeline.stages.texts.writers import write_texts

METHOD = (
    "template realisation, third version: explanations that speak of light, colour, shape or "
    "texture against those that speak of memory, knowledge or imagination (word lists of our own, "
    "ways.csv); twice as many of one kind decide, otherwise both"
)
# One way outweighs the other if this many times as many explanations speak of it.
_TIMES = 2


def write_evocations(profiles: pl.DataFrame, writer: Writer) -> AnsweredTable:
    """One row per kept image: verdict, analysis, summary.

    Returns:
        A table of `texts__evocations`; reasons no_emotions, no_description, no_comments (nobody
        explains any), from the embedded writer neither_named (the explanations speak of neither
        way), no_verdict and those of `text_rules.py`.
    """
    inputs = profiles.with_columns(
        pl.when(pl.col("emotions").is_null())
        .then(pl.lit("no_emotions"))
        .when(pl.col("description").is_null())
        .then(pl.lit("no_description"))
        .when(pl.col("explanation_count").fill_null(0) == 0)
        .then(pl.lit("no_comments"))
        .alias("reason")
    )
    verdict = verdict_of(pl.col("text"))
    faults = {"no_verdict": verdict.is_null(), "quoted_comment": quotes()}
    answered = write_texts(writer, "evocations", inputs, pl.col("emotions"), faults=faults)
    return replace(answered, frame=answered.frame.with_columns(verdict.alias("evoked_by")))


def realise(inputs: pl.DataFrame) -> pl.Series:
    """Write the verdict, what people speak of, what they name for each emotion, and a summary."""
    way = way_named(pl.col("seeing_count"), pl.col("memory_count"))
    verdict = way.replace_strict(_VERDICTS, return_dtype=pl.String)
    summary = way.replace_strict(_SUMMARIES, return_dtype=pl.String)
    text = pl.when(way.is_not_null()).then(
        pl.concat_str(
            *(verdict, _speakers(way), "named", summary), separator=" ", ignore_nulls=True
        )
    )
    return _named(inputs).select(text.alias("text")).to_series()


def way_named(seeing: pl.Expr, memory: pl.Expr) -> pl.Expr:
    """Return direct, indirect or both, from numbers of explanations; null if both are 0."""
    return (
        pl.when((seeing > 0) & (seeing >= _TIMES * memory))
        .then(pl.lit("direct"))
        .when((memory > 0) & (memory >= _TIMES * seeing))
        .then(pl.lit("indirect"))
        .when((seeing > 0) & (memory > 0))
        .then(pl.lit("both"))
    )


_VERDICTS = {
    "direct": "The way to the emotions is more direct, by the visual effect itself.",
    "indirect": "The way to the emotions is more indirect, by association and memory.",
    "both": "The way to the emotions is both direct and indirect.",
}
_SUMMARIES = {
    "direct": "In short, what people describe is the look of the image.",
    "indirect": "In short, what people describe is what the image calls to mind.",
    "both": "In short, people describe both the look of the image and what it calls to mind.",
}
_LOOK, _MIND = "light, colour, shape or texture", "memory, knowledge or imagination"


def _speakers(way: pl.Expr) -> pl.Expr:
    """Return a sentence on how many people speak of what."""
    look, mind = (
        pl.concat_str(_people(pl.col(f"{name}_count")), pl.lit(f" of {what}"))
        for name, what in (("seeing", _LOOK), ("memory", _MIND))
    )
    first = pl.when(way == "indirect").then(mind).otherwise(look)
    # "Most people who say why speak of light, and some speak of memory."
    second = (
        pl.when(way == "indirect")
        .then(look)
        .otherwise(mind)
        .str.replace(r"(?: people)? who says? why", "")
        .str.replace("^some speak", "some also speak")
    )
    is_both = (pl.col("seeing_count") > 0) & (pl.col("memory_count") > 0)
    return (
        pl.when(is_both)
        .then(pl.format("{}, and {}.", capitalised(first), second))
        .otherwise(pl.format("{}.", capitalised(first)))
    )


def _people(count: pl.Expr) -> pl.Expr:
    """Return "most people who say why speak" and the like; the number agrees."""
    total = pl.col("explanation_count")
    return (
        pl.when(total == 1)
        .then(pl.lit("the one person who says why speaks"))
        .when(count == total)
        .then(pl.lit("all people who say why speak"))
        .when(count == 1)
        .then(pl.lit("one person who says why speaks"))
        .when(2 * count > total)
        .then(pl.lit("most people who say why speak"))
        .otherwise(pl.lit("some people who say why speak"))
    )


def _named(profiles: pl.DataFrame) -> pl.DataFrame:
    """Add `named`: a sentence per emotion on the things that people name for it."""
    felt, named = feeling(pl.col("emotions")), things(pl.col("words"))
    sentence = (
        pl.when(pl.col("people") == 1)
        .then(pl.format("The one person who explains {} names {}.", felt, named))
        .otherwise(pl.format("People who explain {} name {}.", felt, named))
    )
    long = (
        profiles.select("image_id", "emotions", "words", "people")
        .drop_nulls("emotions")
        .explode("emotions", "words", "people")
    )
    by_image = long.group_by("image_id", maintain_order=True).agg(
        sentence.drop_nulls().str.join(" ").alias("named")
    )
    given = pl.when(pl.col("named") != "").then("named").alias("named")
    return profiles.join(by_image, on="image_id", how="left", maintain_order="left").with_columns(
        given
    )
