"""The visible content of each image in words, from measurements: `texts__descriptions`.

Holds words for light, colour, contrast, structure and format. Descriptions contain no emotion and
nothing that was not measured. They name no objects, since none are recognised.
"""

import polars as pl

from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.roles.writer import Writer
from eemo_pipeline.stages.texts.colours import name_colours
from eemo_pipeline.stages.texts.phrases import joined, scale
from eemo_pipeline.stages.texts.text_rules import count_sentences
from eemo_pipeline.stages.texts.writers import write_texts

METHOD = (
    "template realisation, second version, of measured brightness, colourfulness (Hasler and "
    "Suesstrunk 2003), contrast (Peli 1990), edge density (Canny 1986), dominant colours and format"
)
_COLOUR_COUNT = 3
_MAX_SENTENCES = 3


def write_descriptions(dedup__images: pl.DataFrame, writer: Writer) -> AnsweredTable:
    """One row per kept image: one to three sentences on its visible content.

    Returns:
        A table of `texts__descriptions`; reasons not_measured (only from the embedded writer, for
        a missing measurement) and those of `text_rules.py`.
    """
    inputs = dedup__images.with_columns(pl.lit(None, dtype=pl.String).alias("reason"))
    none = pl.lit([], dtype=pl.List(pl.String))
    faults = {"too_many_sentences": count_sentences(pl.col("text")) > _MAX_SENTENCES}
    return write_texts(writer, "descriptions", inputs, none, faults=faults)


def realise(inputs: pl.DataFrame) -> pl.Series:
    """Write the sentences from the measurements; inputs are rows of `dedup__images`."""
    text = pl.concat_str(_light_and_format(), pl.col("colours"), _structure(), separator=" ")
    coloured = inputs.join(_colours(inputs), on="image_id", how="left", maintain_order="left")
    return coloured.select(text.alias("text")).to_series()


def _light_and_format() -> pl.Expr:
    light = scale(
        pl.col("brightness"), "a dark", (0.25, "a dim"), (0.45, "an evenly lit"), (0.7, "a bright")
    )
    # Hasler and Suesstrunk, table 2: 15 slightly, 33 moderately, 45 averagely, 59 quite, 82 highly
    colour = scale(
        pl.col("colourfulness"),
        "almost colourless",
        (15, "slightly colourful"),
        (33, "moderately colourful"),
        (59, "quite colourful"),
        (82, "highly colourful"),
    )
    shape = scale(
        pl.col("width_px") / pl.col("height_px"),
        "a narrow and very tall",
        (0.5, "an upright"),
        (0.95, "a square"),
        (1.06, "a wide"),
        (2.0, "a very wide"),
    )
    return pl.format("This is {} and {} image in {} format.", light, colour, shape)


def _structure() -> pl.Expr:
    contrast = scale(
        pl.col("contrast"), "weak", (0.12, "moderate"), (0.22, "clear"), (0.3, "strong")
    )
    detail = scale(
        pl.col("edge_density"),
        "its surfaces are smooth, with hardly an edge",
        (0.03, "its surfaces are mostly smooth"),
        (0.12, "it shows a fair amount of detail"),
        (0.27, "it is dense with edges and fine detail"),
    )
    return (
        pl.when("is_blank")
        .then(pl.lit("It is almost uniform, without visible structure."))
        .otherwise(pl.format("The contrast is {}, and {}.", contrast, detail))
    )


def _colours(images: pl.DataFrame) -> pl.DataFrame:
    """Return one sentence per image on its colours; equal names are merged, largest first."""
    coloured = (
        images.select("image_id", "dominant_colours", "dominant_shares")
        .filter(pl.col("dominant_colours").list.len() == pl.col("dominant_shares").list.len())
        .explode("dominant_colours", "dominant_shares")
        .rename({"dominant_colours": "code", "dominant_shares": "share"})
    )
    named = (
        coloured.join(name_colours(coloured["code"]), on="code")
        .sort("image_id", "name", "share")
        .group_by("image_id", "name", maintain_order=True)
        .agg(pl.col("share").sum().round(6))
        .sort(["image_id", "share", "name"], descending=[False, True, False])
    )
    listed = named.group_by("image_id", maintain_order=True).agg(
        pl.col("name").head(_COLOUR_COUNT), pl.col("share").first()
    )
    names = joined(pl.col("name"))
    sentence = (
        pl.when(pl.col("name").list.len() == 1)
        .then(pl.format("Its one main colour is {}.", names))
        .when(pl.col("share") > 0.5)
        .then(pl.format("Its main colours are {}, the first covering more than half of it.", names))
        .otherwise(pl.format("Its main colours are {}.", names))
    )
    return listed.select("image_id", sentence.alias("colours"))
