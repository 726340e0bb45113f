"""Content, emotions and levels of an image in one answer: `texts__details`.

Writes the paragraph. The facts come from `profiles.py`, the rules for finished texts are in
`text_rules.py`.
"""

import polars as pl

from eemo_pipeline.emotion.level_words import LEVEL_WORDS
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.roles.writer import Writer
from eemo_pipeline.stages.texts.phrases import capitalised, joined
from eemo_pipeline.stages.texts.reasonings import feeling
from eemo_pipeline.stages.texts.reported_emotions import quotes
from eemo_pipeline.stages.texts.writers import write_texts

METHOD = (
    "template realisation, third version: the description, the reported emotions in the order of "
    "the ranking, the things that people's explanations name, and the levels of valence, arousal "
    "and dominance at 0.4 and 0.6 with who rates them"
)
_ROUNDING = 1.5e-6


def write_details(profiles: pl.DataFrame, writer: Writer) -> AnsweredTable:
    """One row per kept image: content, then emotions, then levels.

    Returns:
        A table of `texts__details`; reasons no_description, no_emotions, no_rating (one of the
        three dimensions is unrated) and those of `text_rules.py`.
    """
    inputs = profiles.with_columns(
        pl.when(pl.col("description").is_null())
        .then(pl.lit("no_description"))
        .when(pl.col("emotions").is_null())
        .then(pl.lit("no_emotions"))
        .when(pl.any_horizontal(pl.col(name).is_null() for name in LEVEL_WORDS))
        .then(pl.lit("no_rating"))
        .alias("reason")
    )
    wanted = {name: pl.concat_list(f"{name}_level") for name in LEVEL_WORDS}
    faults = {"quoted_comment": quotes()}
    return write_texts(writer, "details", inputs, pl.col("emotions"), levels=wanted, faults=faults)


def realise(inputs: pl.DataFrame) -> pl.Series:
    """Write the content, the reported emotions, what people name for each, and the levels.

    Where nobody says why, the sentences on each emotion already give their order.
    """
    levels = [
        pl.format("{}.", capitalised(pl.col(f"{dimension}_next"))) for dimension in LEVEL_WORDS
    ]
    is_explained = pl.col("words").list.drop_nulls().list.len() > 0
    is_alone = pl.col("emotions").list.len() == 1
    text = pl.concat_str(
        "description",
        pl.when(is_explained & ~is_alone).then(_reactions()),
        pl.col("sentences").list.join(" "),
        pl.when(is_alone).then(pl.lit("No other emotion is reported.")),
        *levels,
        separator=" ",
        ignore_nulls=True,
    )
    return inputs.select(text.alias("text")).to_series()


def _reactions() -> pl.Expr:
    """Return a sentence on the order of two or more emotions, as far as reports give one."""
    emotions = pl.col("emotions").list.eval(feeling(pl.element()))
    first, others = emotions.list.first(), joined(emotions.list.slice(1))
    whose = (
        pl.when("is_evoked")
        .then(pl.lit("Of the reactions of different viewers"))
        .otherwise(pl.lit("Of the feelings that the people in it seem to have"))
    )
    alike = (
        pl.when("is_evoked")
        .then(pl.lit("Different viewers report"))
        .otherwise(pl.lit("The people in it seem to feel"))
    )
    verb = pl.when(emotions.list.len() > 2).then(pl.lit("are")).otherwise(pl.lit("is"))
    return (
        pl.when("is_ranked")
        .then(pl.format("{}, {} comes first, followed by {}.", whose, first, others))
        .when(pl.col("lead") > _ROUNDING)
        .then(pl.format("{}, {} comes first; {} {} reported as well.", whose, first, others, verb))
        .otherwise(pl.format("{} {}; none of them comes first.", alike, joined(emotions)))
    )
