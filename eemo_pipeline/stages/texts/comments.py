"""What people's explanations name: things, and how they come to a feeling. Never quotations.

Reduces hostile free text to a few plain words of closed lists and to counts of people.

- `things.txt` lists English nouns for things that can be seen (WordNet). Verbs, adjectives,
  function words and words of other languages are not in it, so that only things become elements.
- `ways.csv` lists words and phrases of three kinds, chosen by us: of seeing (light, colour, shape,
  texture), of memory (association, knowledge, imagination), and of the image as a whole.

An explanation counts if it is prose in English: at least half of its words are in simplemma's
English dictionary, and one of three or more words is a function word of English.
"""

import csv
from functools import cache
from importlib.resources import files

import polars as pl

from eemo_pipeline.emotion.mappings import read_mapping
from eemo_pipeline.emotion.taxonomies import canonical
from eemo_pipeline.stages.texts.text_rules import EMOTION_WORDS

KEYWORD_COUNT = 3
# Comments are cut to this length; the rest of a longer one adds no new subject.
_READ_CHARACTERS = 2000
# A comment with markup, code or addresses is not prose and is left out as a whole.
_NOT_PROSE = r"[<>{}\[\]\\`|=\x00-\x08]|://|www\.|&#?\w+;"
# A word; compounds with a hyphen are read whole, so that their parts are not.
_WORD = r"[a-z]+(?:['-][a-z]+)*"
# Words after these are verbs, or belong to the person who writes: "makes me smile", "my heart".
_NOT_IN_THE_IMAGE = (
    r"\b(?:i|you|we|they|he|she|it|me|us|my|our|your|to|would|could|can|will|must|should|not)"
    r"\s+[a-z'-]+"
)
_ANY_WORD = r"\b[a-z]{2,}\b"
# Words that nearly every English sentence has; other languages have hardly one of them.
_FUNCTION_WORDS = frozenset(
    (
        *(
            "the",
            "an",
            "is",
            "are",
            "and",
            "of",
            "to",
            "it",
            "its",
            "this",
            "that",
            "these",
            "with",
        ),
        *("by", "from", "for", "as", "but", "my", "me", "you", "your", "they", "because", "there"),
        *("was", "were", "have", "has", "make", "makes"),
    )
)
_SHORT = 3
_KNOWN_SHARE = 0.5
_EMOTION = ["image_id", "emotion"]


@cache
def read_things() -> frozenset[str]:
    """Return the nouns of `things.txt`."""
    text = files("eemo_pipeline.stages.texts").joinpath("things.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def read_ways() -> dict[str, tuple[str, ...]]:
    """Return way (seeing, memory or whole) -> its words and phrases, from `ways.csv`."""
    text = files("eemo_pipeline.stages.texts").joinpath("ways.csv").read_text("utf-8")
    ways: dict[str, list[str]] = {}
    for row in csv.DictReader(text.splitlines()):
        ways.setdefault(row["way"], []).append(row["phrase"])
    return {way: tuple(phrases) for way, phrases in ways.items()}


def read_explanations(annotations: pl.DataFrame) -> pl.DataFrame:
    """Return the comments that are English prose, by annotation.

    Args:
        annotations: rows of `ingest__annotations`.

    Returns:
        annotation (a number), image_id, source, emotion (the first Ekman emotion that a label of
        the annotation maps to, or null), comment (lower case).
    """
    comments = (
        annotations.filter(
            (pl.col("comment").str.len_chars() > 0) & ~pl.col("comment").str.contains(_NOT_PROSE)
        )
        .sort("source", "record_id", "annotation_no")
        .with_row_index("annotation")
        .select(
            *("annotation", "image_id", "source", "label_space", "native_labels"),
            pl.col("comment").str.slice(0, _READ_CHARACTERS).str.to_lowercase(),
        )
    )
    english = align_comments(comments).join(_english(comments), on="annotation", how="semi")
    return english.select("annotation", "image_id", "source", "emotion", "comment")


def shared_words(explanations: pl.DataFrame) -> pl.DataFrame:
    """Return per image and emotion the things that most explanations of it name.

    Things are ordered by the number of annotations that name them, then by first position, then
    alphabetically. Singular and plural count as one and are given in the form read first.

    Args:
        explanations: the result of `read_explanations`.

    Returns:
        image_id, emotion, words (at most KEYWORD_COUNT, null if nothing is named), word_people (of
        each word, the number of annotations that name it), people (the number of explanations),
        said_in (the sources of the explanations, sorted).
    """
    named = (
        _things(explanations.drop_nulls("emotion"))
        .group_by(*_EMOTION, "thing")
        .agg(pl.len().alias("count"), pl.col("position").min(), pl.col("word").first())
        .sort(
            [*_EMOTION, "count", "position", "word"],
            descending=[False, False, True, False, False],
        )
        .group_by(_EMOTION, maintain_order=True)
        .agg(
            pl.col("word").head(KEYWORD_COUNT).alias("words"),
            pl.col("count").head(KEYWORD_COUNT).cast(pl.Int64).alias("word_people"),
        )
    )
    people = (
        explanations.drop_nulls("emotion")
        .group_by(_EMOTION)
        .agg(
            pl.len().cast(pl.Int64).alias("people"),
            pl.col("source").unique().sort().alias("said_in"),
        )
    )
    return (
        people.join(named, on=_EMOTION, how="left")
        .select(*_EMOTION, "words", "word_people", "people", "said_in")
        .sort(_EMOTION)
    )


def count_ways(explanations: pl.DataFrame) -> pl.DataFrame:
    """Return per image how many explanations of emotions speak in which way.

    Args:
        explanations: the result of `read_explanations`.

    Returns:
        image_id, explanation_count, seeing_count, memory_count, whole_count, detail_count (those
        that name a thing).
    """
    naming = (
        _things(explanations).select("annotation", pl.lit(value=True).alias("is_detail")).unique()
    )
    ways = [
        pl.col("comment").str.contains(rf"\b(?:{'|'.join(phrases)})\b").alias(way)
        for way, phrases in read_ways().items()
    ]
    return (
        explanations.drop_nulls("emotion")
        .with_columns(ways)
        .join(naming, on="annotation", how="left")
        .group_by("image_id")
        .agg(
            pl.len().cast(pl.Int64).alias("explanation_count"),
            *(pl.col(way).sum().cast(pl.Int64).alias(f"{way}_count") for way in read_ways()),
            pl.col("is_detail").sum().cast(pl.Int64).alias("detail_count"),
        )
    )


def list_told(annotations: pl.DataFrame) -> pl.DataFrame:
    """Return all words for things in any comment on an image, whatever they mean there.

    What is not among them is certainly not named: also words that are verbs in the sentence, that
    belong to the writer, or that stand in a comment of another language are listed.

    Args:
        annotations: rows of `ingest__annotations`.

    Returns:
        image_id, told (singular, sorted).
    """
    words = pl.col("comment").str.to_lowercase().str.extract_all("[a-z]+").alias("word")
    long = (
        annotations.select("image_id", words)
        .filter(pl.col("word").list.len() > 0)
        .explode("word")
        .unique()
    )
    return (
        long.join(singular_of(long["word"]), on="word")
        .group_by("image_id")
        .agg(pl.col("thing").unique().sort().alias("told"))
    )


def align_comments(comments: pl.DataFrame) -> pl.DataFrame:
    """Add `emotion`: the first Ekman emotion that a label of the comment's annotation maps to.

    Args:
        comments: annotation (a number of its own per row), label_space, native_labels.
    """
    labels = (
        comments.select("annotation", "label_space", "native_labels")
        .filter(pl.col("native_labels").list.len() > 0)
        .explode("native_labels")
    )
    spellings = labels.select("label_space", "native_labels").unique().drop_nulls()
    emotions = [
        read_mapping(space, "ekman7").get(canonical(label))
        for space, label in spellings.iter_rows()
    ]
    named = (
        labels.join(
            spellings.with_columns(pl.Series("emotion", emotions, dtype=pl.String)),
            on=["label_space", "native_labels"],
            how="left",
            maintain_order="left",
        )
        .drop_nulls("emotion")
        .unique("annotation", keep="first", maintain_order=True)
        .select("annotation", "emotion")
    )
    return comments.join(named, on="annotation", maintain_order="left")


def singular_of(words: pl.Series) -> pl.DataFrame:
    """Return word -> thing, its form in `things.txt`, for the words that name a thing.

    A word is looked up as written; one with the ending -s by simplemma's lemma first.
    """
    from simplemma import lemmatize

    things = read_things()
    pairs = []
    for word in words.unique().sort():
        singular = lemmatize(word, "en").lower() if word.endswith("s") else word
        thing = singular if singular in things else word
        if thing in things and word not in EMOTION_WORDS and thing not in EMOTION_WORDS:
            pairs.append((word, thing))
    return pl.DataFrame(pairs, schema={"word": pl.String, "thing": pl.String}, orient="row")


def _things(explanations: pl.DataFrame) -> pl.DataFrame:
    """Return annotation, image_id, emotion, word, thing, position: each thing once."""
    long = (
        explanations.select(
            *("annotation", "image_id", "emotion"),
            pl.col("comment").str.replace_all(_NOT_IN_THE_IMAGE, " ").str.extract_all(_WORD),
        )
        .rename({"comment": "word"})
        .filter(pl.col("word").list.len() > 0)
        .explode("word")
        .with_columns(pl.int_range(pl.len()).over("annotation").alias("position"))
    )
    return long.join(singular_of(long["word"]), on="word", maintain_order="left").unique(
        ["annotation", "thing"], keep="first", maintain_order=True
    )


def _english(comments: pl.DataFrame) -> pl.DataFrame:
    """Return the numbers of the comments in English."""
    from simplemma import is_known

    long = (
        comments.select("annotation", pl.col("comment").str.extract_all(_ANY_WORD).alias("word"))
        .filter(pl.col("word").list.len() > 0)
        .explode("word")
    )
    words = long["word"].unique().sort()
    known = pl.DataFrame({"word": words, "is_known": [is_known(word, "en") for word in words]})
    is_function_word = pl.col("word").is_in(sorted(_FUNCTION_WORDS))
    return (
        long.join(known, on="word")
        .group_by("annotation")
        .agg(
            pl.col("is_known").mean().alias("share"),
            is_function_word.any().alias("has_function_word"),
            pl.len().alias("length"),
        )
        .filter(
            (pl.col("share") >= _KNOWN_SHARE)
            & (pl.col("has_function_word") | (pl.col("length") < _SHORT))
        )
        .select("annotation")
    )
