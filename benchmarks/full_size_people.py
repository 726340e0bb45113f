"""The people of the synthetic lake: their words, labels, votes and ratings.

Generates the annotations of each source for images with given hidden points. An annotation is one
row, with the number of its image in the column `picture`. The tables are built in `full_size.py`.
"""

import numpy as np
import polars as pl

from eemo_pipeline.emotion.mappings import read_mapping
from eemo_pipeline.emotion.taxonomies import EKMAN_7, EMOTIC_26, LABEL_SPACES, MIKELS_8
from eemo_pipeline.emotion.vad import MIKELS_ANCHORS, PUBLISHED_CENTROIDS

_WORDS = 13_915
_BINS = 10
_LONGEST = 24
_BATCH = 400_000
_PLAIN = ("the", "a", "of", "and", "is", "it", "me", "feel", "makes", "this", "that", "not")
_ODD = {
    11: None,
    12: "",
    13: "это пугает меня",
    14: "これは怖いです。",
    15: "null true false nan",
    16: "not happy, never happy; isn't happy!",
    17: "happy sad " * 5_000,
}

# An annotator of EMOTIC who chose one label rates near this point (0-1), which is near the centroid
# of the label's Ekman emotion.
EMOTIC_POINTS: dict[str, tuple[float, ...]] = {
    label: tuple(
        round(value + 0.02 * ((place * (7, 11, 13)[axis]) % 5 - 2), 4)
        for axis, value in enumerate(PUBLISHED_CENTROIDS[read_mapping("emotic26", "ekman7")[label]])
    )
    for place, label in enumerate(EMOTIC_26)
}


def annotate(
    random: np.random.Generator,
    points: np.ndarray,
    words: pl.DataFrame,
    windows: dict[str, tuple[int, int]],
    comments: int,
) -> list[pl.DataFrame]:
    """Return the annotations of each source for the images of its window.

    Args:
        random: the generator of all random numbers.
        points: hidden valence, arousal and dominance of every image, 0-1.
        words: the result of `make_words`.
        windows: source -> number of the first image, and of the one after the last.
        comments: number of comments of the source `affection`.
    """
    parts = [_affection(random, points, words, windows["affection"], comments)]
    parts += [_rated(random, points, source, window) for source, window in windows.items()]
    parts.append(_emotic(random, points, windows["emotic"]))
    return parts


# --- words and comments --------------------------------------------------------------------------


def make_words(random: np.random.Generator) -> pl.DataFrame:
    """Return a lexicon like Warriner's, with one inflected `form` per word.

    The words are in random order; their valence rises with the row.
    """
    from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

    dictionary = DefaultDictionaryFactory().get_dictionary("en")
    usable = pl.DataFrame(
        {"form": list(dictionary.keys()), "word": list(dictionary.values())},
        schema={"form": pl.String, "word": pl.String},
    ).filter(pl.all_horizontal(pl.col("form", "word").str.contains("^[a-z]{3,12}$")))
    # A lemma that is also a form of another word would be looked up as that word.
    own = usable.filter(pl.col("form") == pl.col("word")).select("word")
    lemmas = (
        usable.join(own, on="word", how="semi")
        .group_by("word")
        .agg(pl.col("form").max())
        .filter(pl.col("form") != pl.col("word"))
        .sort("word")
    )
    chosen = lemmas[np.sort(random.choice(lemmas.height, _WORDS, replace=False))]
    valence = np.sort(np.clip(random.normal(5.06, 1.27, _WORDS), 1, 9)).round(2)
    arousal = np.clip(random.normal(4.21, 0.9, _WORDS) + 0.2 * np.abs(valence - 5), 1, 9).round(2)
    dominance = np.clip(5.18 + 0.5 * (valence - 5.06) + random.normal(0, 0.6, _WORDS), 1, 9)
    return chosen[random.permutation(_WORDS)].with_columns(
        pl.lit("warriner").alias("source"),
        pl.lit("ratings.csv").alias("table_path"),
        pl.int_range(1, _WORDS + 1, dtype=pl.Int64).alias("row"),
        pl.Series("native_valence", valence),
        pl.Series("native_arousal", arousal),
        pl.Series("native_dominance", dominance.round(2)),
        pl.lit(1.5).alias("native_valence_sd"),
        pl.lit(2.0).alias("native_arousal_sd"),
        pl.lit(1.0).alias("scale_min"),
        pl.lit(9.0).alias("scale_max"),
    )


def _affection(
    random: np.random.Generator,
    points: np.ndarray,
    words: pl.DataFrame,
    window: tuple[int, int],
    comments: int,
) -> pl.DataFrame:
    """Return one row per comment: four for each image as far as possible, the rest at random."""
    count = window[1] - window[0]
    first = np.arange(min(4 * count, comments)) % max(count, 1)
    rest = random.integers(0, max(count, 1), comments - len(first))
    owners = np.sort(np.concatenate([first, rest])) + window[0]
    labels = pl.Series([*MIKELS_8, "something else"])
    anchors = np.array([MIKELS_ANCHORS[emotion] for emotion in MIKELS_8])
    nearness = np.exp(-np.linalg.norm(points[:, None] - anchors, axis=2) / 0.1)
    shares = np.column_stack([nearness, 0.07 * nearness.sum(axis=1)])
    texts = [
        _comments(random, points[owners[start : start + _BATCH], 0], words)
        for start in range(0, comments, _BATCH)
    ]
    return (
        pl.DataFrame({"picture": owners}, schema={"picture": pl.Int64})
        .with_columns(
            pl.lit("affection").alias("source"),
            pl.Series("label", labels.gather(_draw_columns(random, shares[owners]))),
            pl.lit([1.0]).alias("native_weights"),
            pl.lit(1, pl.Int64).alias("rater_count"),
            pl.lit("affection9").alias("label_space"),
            pl.lit("evoked").alias("semantics"),
            pl.concat([pl.Series(dtype=pl.String), *texts]).alias("comment"),
        )
        .with_columns(pl.concat_list("label").alias("native_labels"))
    )


def _comments(random: np.random.Generator, valence: np.ndarray, words: pl.DataFrame) -> pl.Series:
    """Return a comment of 4 to 24 words for each valence; about a third of the words are plain."""
    count, bin_size = len(valence), words.height // _BINS
    lengths = np.clip(random.poisson(12, count), 4, _LONGEST)
    columns: list[pl.Series] = []
    vocabulary = pl.concat([words["form"], words["word"], pl.Series(_PLAIN)])
    negator = 2 * words.height + _PLAIN.index("not")
    meant = valence
    for place in range(_LONGEST):
        zipf = np.exp(random.random(count) * np.log(bin_size)).astype(np.int64) - 1
        near = np.clip(meant * _BINS + random.normal(0, 2.5, count), 0, _BINS - 1).astype(int)
        rated = near * bin_size + zipf + np.where(random.random(count) < 0.5, words.height, 0)
        plain = 2 * words.height + random.integers(0, len(_PLAIN), count)
        chosen = np.where(random.random(count) < 0.66, rated, plain)
        # After a negator, people name the opposite of their feeling.
        meant = np.where(chosen == negator, 1 - valence, valence)
        column = pl.DataFrame({"no": chosen, "ok": place < lengths}).select(
            pl.when("ok").then("no").cast(pl.UInt32)
        )
        columns.append(vocabulary.gather(column["no"]).rename(str(place)))
    text = pl.concat_str(pl.all(), separator=" ", ignore_nulls=True) + "."
    made = pl.DataFrame(columns).select(text.str.slice(0, 1).str.to_uppercase() + text.str.slice(1))
    odd = pl.Series(list(_ODD.values()), dtype=pl.String)
    places = [place for place in _ODD if place < count]
    return made.to_series().scatter(places, odd.head(len(places))).rename("comment")


def _draw_columns(random: np.random.Generator, shares: np.ndarray) -> np.ndarray:
    """Return the number of a column for each row, drawn by the row's shares."""
    edges = np.cumsum(shares, axis=1)
    return (random.random(len(shares))[:, None] * edges[:, -1:] > edges).sum(axis=1)


# --- ratings and distributions -------------------------------------------------------------------


def _rated(
    random: np.random.Generator, points: np.ndarray, source: str, window: tuple[int, int]
) -> pl.DataFrame:
    """Return the aggregates of a source of ratings or distributions; empty for other sources."""
    pictures = np.arange(*window)
    own = points[pictures]
    frame = pl.DataFrame({"picture": pictures}, schema={"picture": pl.Int64}).with_columns(
        pl.lit(source).alias("source"), pl.lit("evoked").alias("semantics")
    )
    if source in {"oasis", "gaped", "emotion6"}:
        low, high, raters = {"oasis": (1, 7, 100), "gaped": (0, 100, 60), "emotion6": (1, 9, 15)}[
            source
        ]
        spread = 0.2 / raters**0.5
        for axis, name in enumerate(("valence", "arousal")):
            noisy = np.clip(own[:, axis] + random.normal(0, spread, len(own)), 0, 1)
            value = (
                np.maximum(10 * noisy, 1).clip(1, 9) if high == 9 else low + noisy * (high - low)
            )
            frame = frame.with_columns(pl.Series(f"native_{name}", value.round(3)))
        frame = frame.with_columns(
            pl.lit(float(low)).alias("scale_min"), pl.lit(float(high)).alias("scale_max")
        )
    if source == "gaped":
        folder = pl.Series(LABEL_SPACES["gaped6"]).gather(pictures % 6)
        return frame.with_columns(
            folder.alias("native_label"), pl.lit("gaped6").alias("label_space")
        )
    if source == "oasis":
        return frame.with_columns(pl.lit("none").alias("label_space"))
    if source == "emotion6":
        return frame.with_columns(_votes(random, own, EKMAN_7, 15, 15.0)).with_columns(
            pl.lit("ekman7").alias("label_space")
        )
    if source == "abstract8":
        return frame.with_columns(
            *_votes(random, own, MIKELS_8, 14, 1.0),
            pl.lit("mikels8").alias("label_space"),
            pl.lit(14, pl.Int64).alias("rater_count"),
        )
    return _findingemo(random, own, frame) if source == "findingemo" else frame.clear()


def _votes(
    random: np.random.Generator, own: np.ndarray, emotions: tuple[str, ...], votes: int, unit: float
) -> list[pl.Series]:
    """Draw votes of a panel over emotions; emotions near the image's point are more probable."""
    anchors = np.array([PUBLISHED_CENTROIDS.get(name) or MIKELS_ANCHORS[name] for name in emotions])
    nearness = np.exp(-np.linalg.norm(own[:, None] - anchors, axis=2) / 0.1)
    counts = random.multinomial(votes, nearness / nearness.sum(axis=1, keepdims=True))
    weights = pl.Series("native_weights", (counts / unit).round(6)).arr.to_list()
    labels = pl.Series("native_labels", [list(emotions)]).new_from_index(0, len(own))
    return [labels, weights]


def _findingemo(random: np.random.Generator, own: np.ndarray, frame: pl.DataFrame) -> pl.DataFrame:
    """Return two rows per image of one participant: emotion with valence, and arousal."""
    anchors = np.array(
        [
            PUBLISHED_CENTROIDS[read_mapping("plutchik24", "ekman7")[name]]
            for name in LABEL_SPACES["plutchik24"]
        ]
    )
    nearness = np.exp(-np.linalg.norm(own[:, None] - anchors, axis=2) / 0.1)
    label = pl.Series("label", LABEL_SPACES["plutchik24"]).gather(_draw_columns(random, nearness))
    noisy = np.clip(own[:, :2] + random.normal(0, 0.1, (len(own), 2)), 0, 1)
    common = frame.with_columns(pl.lit("plutchik24").alias("label_space"))
    valence = common.with_columns(
        label,
        pl.lit([1.0]).alias("native_weights"),
        pl.lit(1, pl.Int64).alias("rater_count"),
        pl.Series("native_valence", (noisy[:, 0] * 6 - 3).round()),
        pl.lit(-3.0).alias("scale_min"),
        pl.lit(3.0).alias("scale_max"),
    ).with_columns(pl.concat_list("label").alias("native_labels"))
    arousal = common.with_columns(
        pl.Series("native_arousal", (noisy[:, 1] * 6).round()),
        pl.lit(0.0).alias("scale_min"),
        pl.lit(6.0).alias("scale_max"),
    )
    return pl.concat([valence, arousal], how="diagonal").sort("picture", maintain_order=True)


def _emotic(
    random: np.random.Generator, points: np.ndarray, window: tuple[int, int]
) -> pl.DataFrame:
    """Return one row per annotator, one to five per image: one to four labels, and ratings."""
    annotators = random.choice([1, 1, 1, 2, 5], window[1] - window[0])
    pictures = np.repeat(np.arange(*window), annotators)
    truth = np.array([EMOTIC_POINTS[label] for label in EMOTIC_26])
    nearness = np.exp(-np.linalg.norm(points[pictures][:, None] - truth, axis=2) / 0.1)
    # Sorting by -log(u) / w gives a draw without replacement with the weights w.
    order = np.argsort(-np.log(random.random(nearness.shape)) / nearness, axis=1)[:, :4]
    counts = random.integers(1, 5, len(pictures))
    chosen = np.arange(4) < counts[:, None]
    means = (truth[order] * chosen[:, :, None]).sum(axis=1) / np.maximum(counts, 1)[:, None]
    ratings = np.clip(np.round(10 * (means + random.normal(0, 0.1, means.shape))), 1, 10)
    names = pl.Series([*EMOTIC_26])
    four = [names.gather(order[:, place]).rename(str(place)) for place in range(4)]
    labels = pl.DataFrame([*four, pl.Series("count", counts)]).select(
        pl.concat_list(pl.all().exclude("count")).list.head(pl.col("count")).alias("native_labels")
    )
    return (
        pl.DataFrame({"picture": pictures}, schema={"picture": pl.Int64})
        .with_columns(
            pl.lit("emotic").alias("source"),
            pl.lit("apparent").alias("semantics"),
            pl.lit("emotic26").alias("label_space"),
            pl.lit(1, pl.Int64).alias("rater_count"),
            labels["native_labels"],
            *(
                pl.Series(f"native_{name}", ratings[:, axis])
                for axis, name in enumerate(("valence", "arousal", "dominance"))
            ),
            pl.lit(1.0).alias("scale_min"),
            pl.lit(10.0).alias("scale_max"),
        )
        .with_columns(
            pl.lit(1.0).repeat_by(pl.col("native_labels").list.len()).alias("native_weights")
        )
    )
