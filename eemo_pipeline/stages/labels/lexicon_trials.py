"""Agreement of values from comments with human ratings: `labels__lexicon_trials`.

Scores the same comments by every lexicon and rule of `lexicon.py`, and compares the results. A
trial needs images that have both comments and ratings.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import polars as pl

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.labels.lexicon import LexiconRules, Negation, score_comments
from eemo_pipeline.stages.labels.lexicon_words import DIMENSIONS, choose_lexicon

_KEY = ("lexicon", "negation", "has_phrases", "source", "dimension")


def build_trials(
    ingest__annotations: pl.DataFrame,
    ingest__words: pl.DataFrame,
    labels__vad: pl.DataFrame,
    rules: LexiconRules,
) -> pl.DataFrame:
    """One row per lexicon, rule, source of ratings and dimension that have images in common.

    Correlations are null with fewer than three images or without variation.

    Returns:
        A frame of `labels__lexicon_trials`; `is_used` marks the rules behind `labels__vad`.
    """
    rated = labels__vad.filter(pl.col("origin").str.starts_with("rated:"))
    felt = ingest__annotations.filter(pl.col("semantics").is_in(["evoked", "apparent"]))
    common = felt.join(rated.select("image_id"), on="image_id", how="semi")
    used = choose_lexicon(ingest__words, rules.preference)
    parts = [TABLES["labels__lexicon_trials"].empty()]
    for lexicon, has_phrases, words in _lexicons(ingest__words):
        for negation in get_args(Negation):
            tried = replace(rules, preference=(lexicon,), negation=negation)
            is_phrased = has_phrases or not _phrases(ingest__words, lexicon).height
            parts.append(
                _compare(score_comments(common, words, tried), rated)
                .with_columns(
                    pl.lit(lexicon).alias("lexicon"),
                    pl.lit(negation).alias("negation"),
                    pl.lit(value=has_phrases).alias("has_phrases"),
                    pl.lit(
                        value=is_phrased and lexicon == used and negation == rules.negation
                    ).alias("is_used"),
                )
                .select(TABLES["labels__lexicon_trials"].columns)
            )
    return pl.concat(parts).sort(_KEY)


def _lexicons(words: pl.DataFrame) -> Iterator[tuple[str, bool, pl.DataFrame]]:
    """Yield every lexicon without its entries of several words, then with them if it has any."""
    for name in words["source"].unique().sort().to_list():
        own, phrases = words.filter(pl.col("source") == name), _phrases(words, name)
        yield name, False, own.join(phrases, on="word", how="anti")
        if phrases.height:
            yield name, True, own


def _phrases(words: pl.DataFrame, lexicon: str) -> pl.DataFrame:
    return words.filter(
        (pl.col("source") == lexicon) & pl.col("word").str.strip_chars().str.contains(r"\s")
    )


def _compare(scored: pl.DataFrame, rated: pl.DataFrame) -> pl.DataFrame:
    """Return agreement per source of ratings and dimension, averaging sources of comments."""
    wanted = ["image_id", *DIMENSIONS]
    by_picture = scored.select(wanted).sort("image_id").group_by("image_id").agg(pl.all().mean())
    pairs = (
        rated.select("source", *wanted)
        .unpivot(index=["source", "image_id"], variable_name="dimension", value_name="rating")
        .join(
            by_picture.unpivot(index="image_id", variable_name="dimension", value_name="score"),
            on=["image_id", "dimension"],
        )
        .drop_nulls(["rating", "score"])
        .sort("source", "dimension", "image_id")
    )
    rating, score = pl.col("rating"), pl.col("score")
    varies = (pl.len() > 2) & (rating.n_unique() > 1) & (score.n_unique() > 1)
    return pairs.group_by("source", "dimension", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("image_count"),
        pl.when(varies).then(pl.corr(rating, score)).round(6).alias("pearson"),
        pl.when(varies).then(pl.corr(rating.rank(), score.rank())).round(6).alias("spearman"),
        (rating - score).abs().mean().round(6).alias("mean_absolute_error"),
    )
