"""Who states each fact that proves an answer, as JSON: people, a lexicon, or the writer of a text.

Each origin names its kind in `stated_by`: votes, ratings, words of explanations (scored with a
lexicon), explanations (a thing that people name), or text (with its writer and the hash of the
prompt or method). It is encoded once per image; items hold it as it is.
"""

import polars as pl

# The writer whose texts state nothing that people or measures do not.
EMBEDDED = "template_realiser"


def origins_of_emotions(emotions: pl.LazyFrame) -> pl.LazyFrame:
    """Return image_id and emotions_origin: the sources of the votes, their number, the mapping."""
    return (
        emotions.filter(pl.col("taxonomy") == "ekman7")
        .group_by("image_id")
        .agg(pl.col("sources", "rater_count", "rule").first())
        .select(
            "image_id",
            _encoded(
                pl.lit("votes").alias("stated_by"),
                "sources",
                pl.col("rater_count").alias("people"),
                pl.col("rule").alias("mapping"),
            ).alias("emotions_origin"),
        )
    )


def origins_of_ratings(vad: pl.LazyFrame) -> pl.LazyFrame:
    """Return image_id and ratings_origin: source and raters, or lexicon and number of words."""
    stated_by = (
        pl.when(pl.col("origin").str.starts_with("lexicon:"))
        .then(pl.lit("words of explanations"))
        .otherwise(pl.lit("ratings"))
    )
    return vad.filter("is_best").select(
        "image_id",
        _encoded(
            stated_by.alias("stated_by"),
            pl.col("origin"),
            pl.col("rater_count").alias("people"),
            "lexicon",
            pl.col("lexicon_word_count").alias("words"),
            pl.col("rule").alias("mapping"),
        ).alias("ratings_origin"),
    )


def origins_of_causes(candidates: pl.LazyFrame) -> pl.LazyFrame:
    """Return image_id, cause_origin and explained_origin.

    The cause is stated by the people who name the element, or by the model's text that does; what
    the image is explained by, by all people who explain it.
    """
    said = (pl.lit("explanations").alias("stated_by"), pl.col("said_in").alias("sources"))
    by_people = _encoded(
        *said,
        pl.col("element_people").alias("people"),
        pl.col("explanation_people").alias("of"),
    )
    origin = pl.when(pl.col("element_people").is_not_null()).then(by_people).otherwise(by_text())
    return candidates.select(
        "image_id",
        pl.when(pl.col("status") == "ok").then(origin).alias("cause_origin"),
        pl.when(pl.col("explanation_count") > 0)
        .then(_encoded(*said, pl.col("explanation_count").alias("people")))
        .alias("explained_origin"),
    )


def origins_of_texts(name: str, texts: pl.LazyFrame) -> pl.LazyFrame:
    """Return image_id, <name>_origin and <name>_by, the writer."""
    return texts.filter(pl.col("status") == "ok").select(
        "image_id", by_text().alias(f"{name}_origin"), pl.col("writer").alias(f"{name}_by")
    )


def by_text() -> pl.Expr:
    """Return the origin of a written text: its writer, and how it was written."""
    return _encoded(pl.lit("text").alias("stated_by"), "writer", "model", "method", "prompt_hash")


def _encoded(*fields: pl.Expr | str) -> pl.Expr:
    return pl.struct(*fields).struct.json_encode()
