"""The known facts of every image, from which questions are made.

Joins the label and text tables into one row per image, and adds the level words, who states each
fact (`origins.py`) and the category of content (`content.py`). Pairs are chosen in `pairs.py`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from eemo_pipeline.emotion.level_words import LEVEL_WORDS, level_of
from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.qa.content import categorise
from eemo_pipeline.stages.qa.origins import (
    EMBEDDED,
    by_text,
    origins_of_causes,
    origins_of_emotions,
    origins_of_ratings,
    origins_of_texts,
)
from eemo_pipeline.stages.qa.pairs import choose_pairs

# The tables that the facts come from.
SOURCES = (
    "dedup__images",
    "ingest__records",
    "annotation__replies",
    "labels__emotions",
    "labels__vad",
    "labels__rankings",
    "texts__descriptions",
    "texts__reasonings",
    "texts__details",
    "texts__evocations",
    "texts__candidates",
    "texts__comparisons",
)
RANKS = ("rank_1", "rank_2", "rank_3")
# A fact that both images of a pair must have -> the column that half of the pairs share.
_PAIRED_BY = {
    "rank_1": "dominant_emotion",
    "dominant_emotion": "dominant_emotion",
    "cause": "cause_emotion",
    "thing": "cause_key",
    **{name: f"{name}_level" for name in LEVEL_WORDS},
}
VIEWERS, DEPICTED = "viewers", "depicted"
# A fact -> the column that says whose feelings it is about: the viewers' or those that depicted
# people seem to have.
SUBJECTS = {
    **dict.fromkeys(
        ("rank_1", "dominant_emotion", "mass", "cause", "thing", "explained_by"), "emotions_of"
    ),
    **dict.fromkeys(LEVEL_WORDS, "ratings_of"),
    **dict.fromkeys(
        ("has_reasonings", "has_explained", "has_details", "has_evocations"), "emotions_of"
    ),
}
# A fact -> the column that says who states it.
ORIGINS = {
    **dict.fromkeys(("rank_1", "dominant_emotion", "mass"), "emotions_origin"),
    **dict.fromkeys(LEVEL_WORDS, "ratings_origin"),
    **dict.fromkeys(("cause", "thing"), "cause_origin"),
    **dict.fromkeys(("explained_by", "explanation_count"), "explained_origin"),
    **{f"has_{name}": f"{name}_origin" for name in ("descriptions", "details", "evocations")},
    "has_explained": "reasonings_origin",
}


@dataclass(frozen=True)
class Facts:
    """The facts that questions are made from.

    Attributes:
        pictures: one row per kept image, sorted by image_id: row (its number), image_id, split,
            is_evaluation, sources, source_set (a number for equal sources), content_category and
            category_origin (see `content.categorise`), emotions_of and ratings_of (VIEWERS or
            DEPICTED, null without labels or ratings), base (random bits, see `column_draws.py`),
            number_as_first and number_as_second (its part in the number of an item), ranking and
            rank_1 ... rank_3 (null without a ranking), dominant_emotion, mass_<emotion> for the
            seven Ekman emotions (0 if unnamed, null without labels), mass (of all), valence,
            arousal, dominance and <dimension>_level (null if unrated), has_<text> for every key of
            `texts`: the row number of its text there (null if there is none), has_explained (that
            of a reasoning that gives reasons), cause (the element of `candidates`), cause_emotion,
            thing (the same in the singular, if people name it), things (that explanations name),
            explained_by, explanation_count, and emotions_origin, ratings_origin, cause_origin,
            explained_origin and <text>_origin: who states it, as JSON (see `origins.py`).
        texts: name -> the texts about single images, lazily.
        candidates: images with an element that explains an emotion: row, emotion, element,
            distractor_1, distractor_2.
        comparisons: compared pairs: first, second (rows), aspect, the position of the text among
            those of that aspect in `compared`, and origin (who wrote it).
        compared: the texts about two images: aspect and text, lazily.
        pairs: a fact that both images have -> `first` and `second` (rows), base and split; see
            `pairs.choose_pairs`.
    """

    pictures: pl.DataFrame
    texts: Mapping[str, pl.LazyFrame]
    candidates: pl.DataFrame
    comparisons: pl.DataFrame
    compared: pl.LazyFrame
    pairs: Mapping[str, pl.DataFrame]

    def having(self, *facts: str) -> pl.DataFrame:
        """Return the images outside evaluation sets that have all these facts."""
        return self.pictures.filter(~pl.col("is_evaluation")).drop_nulls(list(facts))

    def paired(self, fact: str, *columns: str) -> pl.DataFrame:
        """Return the pairs of images that have a fact, with columns of both, suffixed _1, _2."""
        pairs = self.pairs[fact]
        wanted = self.pictures.select(columns)
        sides = [
            wanted[pairs[side]].rename(lambda name, end=end: f"{name}_{end}")
            for side, end in (("first", 1), ("second", 2))
        ]
        return pl.concat([pairs, *sides], how="horizontal")


def build_facts(tables: Mapping[str, pl.LazyFrame]) -> Facts:
    """Join the tables on image_id and choose the pairs.

    Of several ratings of an image, the one marked `is_best` in `labels__vad` is used.

    Args:
        tables: the tables named in `SOURCES`, by name.
    """
    texts = {
        name: _written(tables[f"texts__{name}"])
        for name in ("descriptions", "reasonings", "details", "evocations")
    }
    joined = _joined(tables, texts)
    pictures = (
        joined.sort("image_id")
        .with_row_index("row")
        .with_columns(level_of(name, pl.col(name)).alias(f"{name}_level") for name in LEVEL_WORDS)
        .with_columns(_explained().alias("has_explained"))
        .with_columns(pl.col("sources").list.join("\x1f").rank("dense").alias("source_set"))
        .collect()
    )
    pictures = pictures.hstack(_numbers(pictures["image_id"]))
    rows = pictures.lazy().select("image_id", "row", "is_evaluation")
    compared = tables["texts__comparisons"].filter(pl.col("status") == "ok")
    return Facts(
        pictures,
        {name: text.select("text") for name, text in texts.items()},
        _candidates(tables["texts__candidates"], rows),
        _comparisons(compared, rows),
        compared.select("aspect", "text"),
        {
            needed: choose_pairs(pictures, needed, label, SUBJECTS[needed])
            for needed, label in _PAIRED_BY.items()
        },
    )


def _joined(tables: Mapping[str, pl.LazyFrame], texts: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """Return one row per kept image with all that the tables say about it."""
    joined = tables["dedup__images"].select(
        "image_id", "split", "sources", pl.col("is_evaluation").fill_null(value=False)
    )
    for known in (
        _rankings(tables["labels__rankings"]),
        _masses(tables["labels__emotions"]),
        tables["labels__vad"]
        .filter("is_best")
        .select("image_id", *LEVEL_WORDS, _subject(pl.col("semantics")).alias("ratings_of")),
        origins_of_emotions(tables["labels__emotions"]),
        origins_of_ratings(tables["labels__vad"]),
        origins_of_causes(tables["texts__candidates"]),
        *(origins_of_texts(name, tables[f"texts__{name}"]) for name in texts),
        categorise(tables["ingest__records"], tables["annotation__replies"]),
        tables["texts__candidates"].select(
            "image_id",
            "things",
            "explained_by",
            "explanation_count",
            pl.when(pl.col("status") == "ok").then("element").alias("cause"),
            pl.when(pl.col("status") == "ok").then("emotion").alias("cause_emotion"),
            "thing",
            pl.format("{} {}", "emotion", "thing").alias("cause_key"),
        ),
        *(
            text.select("image_id", pl.int_range(pl.len(), dtype=pl.UInt32).alias(f"has_{name}"))
            for name, text in texts.items()
        ),
    ):
        joined = joined.join(known, on="image_id", how="left")
    return joined


def _numbers(image_ids: pl.Series) -> pl.DataFrame:
    """Return four 64-bit parts of the SHA-256 of each image_id; the last seeds all draws."""
    digests = b"".join(hashlib.sha256(text).digest() for text in image_ids.cast(pl.Binary))
    numbers = np.frombuffer(digests, dtype=">u8").reshape(-1, 4).astype(np.uint64)
    return pl.DataFrame(
        {
            "number_as_first": numbers[:, 0],
            "number_as_second": numbers[:, 1],
            "base": numbers[:, 3],
        }
    )


def _rankings(rankings: pl.LazyFrame) -> pl.LazyFrame:
    """Return the rankings of three; a run may rank more or fewer, and the questions say three."""
    of_three = pl.when(pl.col("ranking").list.len() == len(RANKS)).then("ranking")
    rankings = rankings.with_columns(of_three.alias("ranking"))
    places = (
        pl.col("ranking").list.get(place, null_on_oob=True).alias(rank)
        for place, rank in enumerate(RANKS)
    )
    return rankings.select("image_id", "dominant_emotion", "ranking", *places)


def _masses(emotions: pl.LazyFrame) -> pl.LazyFrame:
    return (
        emotions.filter(pl.col("taxonomy") == "ekman7")
        .select(
            "image_id",
            *(
                pl.when(pl.col("emotion") == emotion).then("mass").alias(f"mass_{emotion}")
                for emotion in EKMAN_7
            ),
            pl.col("mass"),
            "semantics",
        )
        .group_by("image_id")
        .agg(
            pl.col("mass", *(f"mass_{emotion}" for emotion in EKMAN_7)).sum(),
            _subject(pl.col("semantics").first()).alias("emotions_of"),
        )
    )


def _subject(semantics: pl.Expr) -> pl.Expr:
    is_depicted = (semantics == "apparent").fill_null(value=False)
    return pl.when(is_depicted).then(pl.lit(DEPICTED)).otherwise(pl.lit(VIEWERS))


def _explained() -> pl.Expr:
    """Return the place of a reasoning whose reasons people, or the model that wrote it, state."""
    is_named = pl.col("explained_by").is_in(["details", "both"]).fill_null(value=False)
    is_explained = is_named | (pl.col("reasonings_by") != EMBEDDED)
    return pl.when(is_explained).then("has_reasonings")


def _written(texts: pl.LazyFrame) -> pl.LazyFrame:
    return texts.filter(pl.col("status") == "ok").select("image_id", "text")


def _candidates(candidates: pl.LazyFrame, rows: pl.LazyFrame) -> pl.DataFrame:
    return (
        candidates.filter(pl.col("status") == "ok")
        .join(rows.filter(~pl.col("is_evaluation")), on="image_id")
        .select(
            "row",
            "emotion",
            pl.col("element").str.replace(r"^(?i)(?:the|a|an) ", "").alias("element"),
            pl.col("distractors").list.get(0).alias("distractor_1"),
            pl.col("distractors").list.get(1).alias("distractor_2"),
        )
        .sort("row")
        .collect()
    )


def _comparisons(compared: pl.LazyFrame, rows: pl.LazyFrame) -> pl.DataFrame:
    asked = compared.select(
        "first_image_id",
        "second_image_id",
        "aspect",
        pl.int_range(pl.len(), dtype=pl.UInt32).over("aspect").alias("place"),
        by_text().alias("origin"),
    )
    for side in ("first", "second"):
        named = rows.filter(~pl.col("is_evaluation")).select(
            pl.col("image_id").alias(f"{side}_image_id"), pl.col("row").alias(side)
        )
        asked = asked.join(named, on=f"{side}_image_id")
    wanted = asked.select("first", "second", "aspect", "place", "origin")
    return wanted.sort("first", "second").collect()


def any_of(columns: Sequence[str], value: pl.Expr | str) -> pl.Expr:
    """Return whether one of the columns holds the value; null where the columns are empty."""
    wanted = pl.lit(value) if isinstance(value, str) else value
    return pl.any_horizontal(pl.col(column) == wanted for column in columns)
