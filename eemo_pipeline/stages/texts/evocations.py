"""Whether an image evokes its emotions directly or by association: `texts__evocations`.

Holds the verdict, its evidence and the paragraph. The facts come from `profiles.py`, the rules for
finished texts are in `text_rules.py`.

Measured cues count as evidence for a direct visual effect; words that explanations share count as
evidence for recognition and memory. An emotion with neither is not mentioned.
"""

from dataclasses import replace

import polars as pl

from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.roles.writer import Writer
from eemo_pipeline.stages.texts.phrases import capitalised, joined
from eemo_pipeline.stages.texts.reported_emotions import quotes
from eemo_pipeline.stages.texts.text_rules import verdict_of
from eemo_pipeline.stages.texts.writers import write_texts

METHOD = (
    "template realisation: emotions tied to measured light and colour count as direct, emotions "
    "tied to words that explanations share as indirect"
)


def write_evocations(profiles: pl.DataFrame, writer: Writer) -> AnsweredTable:
    """One row per kept image: verdict, analysis, summary.

    Returns:
        A table of `texts__evocations`; reasons no_emotions, no_evidence (no emotion has any),
        no_verdict and those of `text_rules.py`.
    """
    tied = (pl.col(name).list.drop_nulls().list.len().fill_null(0) for name in ("cues", "words"))
    inputs = profiles.with_columns(
        pl.when(pl.col("emotions").is_null())
        .then(pl.lit("no_emotions"))
        .when(pl.sum_horizontal(tied) == 0)
        .then(pl.lit("no_evidence"))
        .alias("reason")
    )
    verdict = verdict_of(pl.col("text"))
    faults = {"no_verdict": verdict.is_null(), "quoted_comment": quotes()}
    answered = write_texts(writer, "evocations", inputs, pl.col("emotions"), faults=faults)
    return replace(answered, frame=answered.frame.with_columns(verdict.alias("evoked_by")))


def realise(inputs: pl.DataFrame) -> pl.Series:
    """Write the verdict, the evidence for each emotion, and a summary."""
    direct, indirect = pl.col("direct") > 0, pl.col("indirect") > 0
    verdict = (
        pl.when(direct & indirect)
        .then(pl.lit("The way to the emotions is both direct and indirect."))
        .when(direct)
        .then(pl.lit("The way to the emotions is more direct, by the visual effect itself."))
        .otherwise(pl.lit("The way to the emotions is more indirect, by association and memory."))
    )
    summary = (
        pl.when(direct & indirect)
        .then(pl.lit("In short, what is seen and what it calls to mind work together."))
        .when(direct)
        .then(pl.lit("In short, the look of the picture is enough to evoke them."))
        .otherwise(pl.lit("In short, it is what viewers recognise that evokes them."))
    )
    text = pl.concat_str(verdict, "analysis", summary, separator=" ")
    return _analysed(inputs).select(text.alias("text")).to_series()


def _analysed(profiles: pl.DataFrame) -> pl.DataFrame:
    """Add `direct` and `indirect`, the numbers of such emotions, and the sentences `analysis`."""
    cue, words = pl.col("cues"), joined(pl.col("words"))
    emotion = capitalised(pl.col("emotions"))
    sentence = (
        pl.when(cue.is_not_null() & words.is_not_null())
        .then(pl.format("{} goes with its {}, and with thoughts of {}.", emotion, cue, words))
        .when(cue.is_not_null())
        .then(pl.format("{} goes with its {}.", emotion, cue))
        .when(words.is_not_null())
        .then(pl.format("{} goes with thoughts of {}.", emotion, words))
    )
    long = (
        profiles.select("image_id", "emotions", "cues", "words")
        .drop_nulls("emotions")
        .explode("emotions", "cues", "words")
    )
    analysed = long.group_by("image_id", maintain_order=True).agg(
        pl.col("cues").is_not_null().sum().alias("direct"),
        pl.col("words").is_not_null().sum().alias("indirect"),
        sentence.drop_nulls().str.join(" ").alias("analysis"),
    )
    return profiles.join(analysed, on="image_id", how="left", maintain_order="left")
