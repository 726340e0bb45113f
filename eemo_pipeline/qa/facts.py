"""What is known about every picture and pair before a question is asked.

Belongs here: joining the label and text tables into one row per picture, the level words, and
the choice of pairs. Does not belong here: any question.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.emotion.vad import levels
from eemo_pipeline.qa.draws import base_of, mix

# The words for low, medium and high.
LEVEL_WORDS: dict[str, tuple[str, str, str]] = {
    "valence": ("negative", "neutral", "positive"),
    "arousal": ("low", "moderate", "high"),
    "dominance": ("low", "moderate", "high"),
}

# What both pictures of a pair must have, and what half of the pairs are matched on.
_PAIR_BASES: dict[str, tuple[str, str]] = {
    "ranking": ("ranking", "dominant_emotion"),
    "dominant": ("dominant_emotion", "dominant_emotion"),
    **{name: (name, f"{name}_level") for name in LEVEL_WORDS},
}
# Neighbours in a seeded order; with one neighbour of the same label, at most six pairs a picture.
_RANDOM_NEIGHBOURS = (1, 2)


@dataclass(frozen=True)
class Facts:
    """The label facts that questions are made from.

    Attributes:
        pictures: one row per kept picture, sorted by image_id: image_id, split, sources, base
            (random bits, see `draws`), ranking, dominant_emotion, mass_<emotion> for the seven
            Ekman emotions (0 where unnamed, null where the picture has no labels), valence,
            arousal, dominance and <dimension>_level (null where unrated), description and
            reasoning (null where none was written).
        pairs: what both pictures have -> frame of `first` and `second` (row numbers in
            `pictures`) and `base`. The keys are ranking, dominant, valence, arousal and
            dominance. Both pictures of a pair are in the same split, and no picture is in more
            than six pairs of a key.
    """

    pictures: pl.DataFrame
    pairs: Mapping[str, pl.DataFrame]

    def paired(self, key: str, columns: Sequence[str]) -> pl.DataFrame:
        """The pairs of a key with `columns` of both pictures, suffixed _1 and _2.

        Besides: image_ids, split, sources (of both, sorted) and base.
        """
        pairs = self.pairs[key]
        wanted = self.pictures.select("image_id", "sources", *columns)
        sides = [
            wanted[pairs[side]].rename(lambda name, end=end: f"{name}_{end}")
            for side, end in (("first", 1), ("second", 2))
        ]
        return pl.concat(
            [pairs.select("base"), *sides, self.pictures.select("split")[pairs["first"]]],
            how="horizontal",
        ).with_columns(
            pl.concat_list("image_id_1", "image_id_2").alias("image_ids"),
            pl.concat_list("sources_1", "sources_2").list.unique().list.sort().alias("sources"),
        )


def level_of(dimension: str, value: pl.Expr) -> pl.Expr:
    """The level word of a 0-1 value; null where the value is null."""
    words = dict(zip(("low", "medium", "high"), LEVEL_WORDS[dimension], strict=True))
    return levels(value).replace_strict(words, return_dtype=pl.String)


def build_facts(
    dedup__images: pl.DataFrame,
    labels__emotions: pl.DataFrame,
    labels__vad: pl.DataFrame,
    labels__rankings: pl.DataFrame,
    texts__descriptions: pl.DataFrame,
    texts__reasonings: pl.DataFrame,
) -> Facts:
    """Join the tables on image_id and choose the pairs.

    A picture that several sources rate takes the plain mean of its evoked ratings, or of the
    apparent ones where none is evoked, to 6 decimals.
    """
    pictures = (
        dedup__images.select("image_id", "split", "sources")
        .sort("image_id")
        .join(
            labels__rankings.select("image_id", "ranking", "dominant_emotion"),
            on="image_id",
            how="left",
        )
        .join(_masses(labels__emotions), on="image_id", how="left")
        .join(_ratings(labels__vad), on="image_id", how="left")
        .join(_written(texts__descriptions, "description"), on="image_id", how="left")
        .join(_written(texts__reasonings, "reasoning"), on="image_id", how="left")
        .sort("image_id")
        .with_columns(
            base_of(pl.col("image_id")).alias("base"),
            *(level_of(name, pl.col(name)).alias(f"{name}_level") for name in LEVEL_WORDS),
        )
    )
    pairs = {
        key: _choose_pairs(pictures, needed, matched)
        for key, (needed, matched) in _PAIR_BASES.items()
    }
    return Facts(pictures, pairs)


def _masses(emotions: pl.DataFrame) -> pl.DataFrame:
    mass = pl.col("mass")
    return (
        emotions.filter(pl.col("taxonomy") == "ekman7")
        .group_by("image_id")
        .agg(
            mass.filter(pl.col("emotion") == emotion).sum().alias(f"mass_{emotion}")
            for emotion in EKMAN_7
        )
    )


def _ratings(vad: pl.DataFrame) -> pl.DataFrame:
    is_evoked = pl.col("semantics") == "evoked"
    return (
        vad.filter(is_evoked | ~is_evoked.any().over("image_id"))
        .sort("image_id", "origin")
        .group_by("image_id", maintain_order=True)
        .agg(pl.col(*LEVEL_WORDS).mean().round(6))
    )


def _written(texts: pl.DataFrame, name: str) -> pl.DataFrame:
    return texts.filter(pl.col("status") == "ok").select("image_id", pl.col("text").alias(name))


def _choose_pairs(pictures: pl.DataFrame, needed: str, matched: str) -> pl.DataFrame:
    """Pairs of neighbours within each split: in a seeded order, and among equals of `matched`."""
    eligible = (
        pictures.with_row_index("row")
        .filter(pl.col(needed).is_not_null())
        .with_columns(mix(pl.col("base"), "pairs", needed).alias("place"))
        .select("row", "split", "base", "place", pl.col(matched).alias("matched"))
    )
    random = eligible.sort("split", "place", "row")
    equals = random.sort("split", "matched", maintain_order=True, nulls_last=True)
    neighbours = [
        *(_neighbours(random, ["split"], distance) for distance in _RANDOM_NEIGHBOURS),
        _neighbours(equals.drop_nulls("matched"), ["split", "matched"], 1),
    ]
    low, high = pl.min_horizontal("row", "other"), pl.max_horizontal("row", "other")
    distinct = (
        pl.concat(neighbours)
        .select(low.alias("low"), high.alias("high"))
        .unique()
        .sort("low", "high")
    )
    return _ordered(distinct, pictures["base"])


def _neighbours(ordered: pl.DataFrame, within: list[str], distance: int) -> pl.DataFrame:
    other = pl.col("row").shift(-distance).over(within)
    return ordered.select("row", other.alias("other")).drop_nulls("other")


def _ordered(pairs: pl.DataFrame, bits: pl.Series) -> pl.DataFrame:
    """Give each pair its own random bits, and let them say which picture comes first."""
    joint = pairs.with_columns(
        bits.gather(pairs["low"]).alias("a"), bits.gather(pairs["high"]).alias("b")
    )
    return joint.with_columns(
        mix(mix(pl.col("a"), "pair") ^ pl.col("b"), "pair").alias("base")
    ).select(
        pl.when(pl.col("base") % 2 == 0).then("low").otherwise("high").alias("first"),
        pl.when(pl.col("base") % 2 == 0).then("high").otherwise("low").alias("second"),
        "base",
    )
