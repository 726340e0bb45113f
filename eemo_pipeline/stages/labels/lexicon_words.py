"""The words of comments, and their values in a lexicon.

Holds tokenisation, lemmas, and the choice and scaling of a lexicon. Negation and the averages over
an image are in `lexicon.py`.

Tokens are separated by blanks. Costly steps run once per distinct token: half a million comments
have fewer than a hundred thousand of them.
"""

from collections.abc import Sequence

import polars as pl

from eemo_pipeline.emotion.vad import Scaling, normalise_rating, normalised_ratings

DIMENSIONS = ("valence", "arousal", "dominance")

# A word may hold apostrophes and hyphens. Words beyond the limit are not English.
_WORD = r"[\p{L}\p{M}]+(?:['\u{2019}-][\p{L}\p{M}]+)*"
_LONGEST_WORD = 30
# Negators of English (Huddleston and Pullum 2002, chapter 9), without approximate ones.
_NEGATOR = (
    r"^(?:no|not|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|.+n['\u{2019}]t)$"
)
_LEXICON_SCHEMA = pl.Schema({"word": pl.String} | dict.fromkeys(DIMENSIONS, pl.Float64))


def choose_lexicon(words: pl.DataFrame, preference: Sequence[str]) -> str | None:
    """Return the first lexicon of the preference that has words, or None."""
    present = set(words["source"].unique().to_list())
    return next((name for name in preference if name in present), None)


def normalise_words(words: pl.DataFrame, lexicon: str, scaling: Scaling) -> pl.DataFrame:
    """Return the entries of one lexicon on 0-1: word in lower case, valence, arousal, dominance.

    `tenth` divides ratings on 1-9 by ten, as for all V-A-D of the pipeline; `stretched` maps the
    ends of every scale to 0 and 1. Entries without all three ratings are dropped. Of two spellings
    of a word, the one in lower case is used.
    """
    low, high = pl.col("scale_min"), pl.col("scale_max")

    def value(rating: pl.Expr) -> pl.Expr:
        return normalised_ratings(rating, low, high, scaling).struct.field("value")

    return (
        words.filter(pl.col("source") == lexicon)
        .select(
            pl.col("word").str.to_lowercase().str.strip_chars(),
            (pl.col("word").str.to_lowercase() != pl.col("word")).alias("is_capital"),
            *(value(pl.col(f"native_{name}")).alias(name) for name in DIMENSIONS),
        )
        .drop_nulls(DIMENSIONS)
        .sort("word", "is_capital", *DIMENSIONS)
        .unique("word", keep="first", maintain_order=True)
        .select(_LEXICON_SCHEMA.names())
    )


def middle_of_scale(words: pl.DataFrame, lexicon: str, scaling: Scaling) -> float:
    """Return the middle of the lexicon's native scale on 0-1: its point of neutral valence."""
    low, high = words.filter(source=lexicon).select("scale_min", "scale_max").row(0)
    middle = (low + high) / 2
    value, _ = normalise_rating(middle, low, high, scaling)
    return 0.5 if value is None else value  # None: a scale without width, no word has a value


def describe_tokens(tokens: pl.Series, lexicon: pl.DataFrame) -> pl.DataFrame:
    """Return the lexicon values of each token.

    Args:
        tokens: distinct tokens.
        lexicon: the result of `normalise_words`; entries with blanks are not matched here.

    Returns:
        One row per token in the given order: word (its only word in lower case, null if it has
        none or several), word_count (its words known to the lexicon), is_negator, ends_clause, and
        per dimension the sum and <dimension>_squares over those words.
    """
    lower = tokens.rename("token").str.to_lowercase()
    frame = lower.to_frame().with_row_index("no")
    found = (
        frame.with_columns(pl.col("token").str.extract_all(_WORD).alias("word"))
        .explode("word", empty_as_null=False, keep_nulls=False)
        .select("no", "word")
    )
    known = _look_up(_split_compounds(found, lexicon), lexicon)
    sums = [
        column
        for name in DIMENSIONS
        for column in (
            pl.col(name).sum().alias(name),
            pl.col(name).pow(2).sum().alias(f"{name}_squares"),
        )
    ]
    worth = known.group_by("no").agg(pl.col("valence").count().alias("word_count"), *sums)
    single = found.filter(pl.len().over("no") == 1)
    return (
        frame.join(worth, on="no", how="left", maintain_order="left")
        .join(single, on="no", how="left", maintain_order="left")
        .with_columns(
            pl.col("word").str.contains(_NEGATOR).fill_null(value=False).alias("is_negator"),
            pl.col("token")
            .str.contains(r"[.,;:!?)\u{2026}]['\"\u{201D}\u{2019}]*$")
            .alias("ends_clause"),
            pl.exclude("no", "token", "word").fill_null(0),
        )
        .drop("no", "token")
    )


def _split_compounds(found: pl.DataFrame, lexicon: pl.DataFrame) -> pl.DataFrame:
    """Split hyphenated compounds that the lexicon does not know at their hyphens."""
    is_unknown = pl.col("word").str.contains("-", literal=True) & ~pl.col("word").is_in(
        lexicon["word"].implode()
    )
    return found.with_columns(
        pl.when(is_unknown)
        .then(pl.col("word").str.split("-"))
        .otherwise(pl.concat_list("word"))
        .alias("word")
    ).explode("word")


def _look_up(found: pl.DataFrame, lexicon: pl.DataFrame) -> pl.DataFrame:
    """Look up each word as written, then by its lemma; drop words that are unknown either way."""
    from simplemma import lemmatize

    words = found.select("word").unique()
    unknown = words.join(lexicon, on="word", how="anti")["word"].to_list()
    lemmas = [
        lemmatize(word, "en").lower() if len(word) <= _LONGEST_WORD else None for word in unknown
    ]
    entries = pl.concat(
        [
            words.join(lexicon, on="word"),
            pl.DataFrame(
                {"form": unknown, "word": lemmas}, schema={"form": pl.String, "word": pl.String}
            )
            .join(lexicon, on="word")
            .drop("word")
            .rename({"form": "word"}),
        ]
    )
    return found.join(entries, on="word")
