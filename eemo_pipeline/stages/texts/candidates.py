"""Multiple-choice material about a reasoning: `texts__candidates`.

One element that the reasoning ties to an emotion, and two that it does not mention. Holds what the
embedded writer chooses, and the rules for what any writer chooses.

A word from explanations is paired with words from other images' explanations, and a measured cue
with cues that were not measured. Otherwise the kind of option would reveal the answer.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.roles.writer import Writer
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.texts.emotion_evidence import CUES, MEASURES, has_cue
from eemo_pipeline.stages.texts.writers import signed, write_checked
from eemo_pipeline.stats.hash_draws import draw

METHOD = (
    "a draw among the measured cues and shared words that the reasoning ties to an emotion, and "
    "two of the same kind that it does not mention"
)
# Images whose words are searched for one that this image's reasoning does not contain.
_NEIGHBOURS = 6
_DISTRACTORS = 2
_MAX_WORDS = 6  # of an option
# Words that do not make an option another one.
_FUNCTION_WORDS = """
a an and at by for from in into its no of on or over that the their this to under with
"""


def write_candidates(
    dedup__images: pl.DataFrame,
    grounds: pl.DataFrame,
    texts__reasonings: pl.DataFrame,
    writer: Writer,
) -> AnsweredTable:
    """One row per kept image: an emotion, its element and two distractors, or a reason.

    Args:
        dedup__images: the kept images, with their measures.
        grounds: the result of `emotion_evidence.gather_grounds`.
        texts__reasonings: one row per kept image.
        writer: gets image_id, `reasoning`, emotions (strongest first), cues and words of each,
            and the measures.

    Returns:
        A table of `texts__candidates`; reasons no_reasoning, from the embedded writer no_element
        and too_few_distractors, and those of `find_fault`.
    """
    reasonings = texts__reasonings.select(
        "image_id", pl.when(pl.col("status") == "ok").then("text").alias("reasoning")
    )
    tied = grounds.group_by("image_id", maintain_order=True).agg(
        pl.col("emotion").alias("emotions"), pl.col("cue").alias("cues"), "words"
    )
    is_missing = pl.col("reasoning").is_null()
    inputs = (
        dedup__images.select("image_id", *MEASURES)
        .join(reasonings, on="image_id", how="left")
        .join(tied, on="image_id", how="left")
        .sort("image_id")
        .with_columns(pl.when(is_missing).then(pl.lit("no_reasoning")).alias("reason"))
    )
    answered = write_checked(writer, "candidates", inputs, _judge)
    frame = signed(writer, "candidates", answered.frame)
    return replace(answered, frame=frame.select(TABLES["texts__candidates"].columns))


def find_fault(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the code of the first rule that the options of a row break, and the rule in words.

    Codes: foreign_emotion (not one of the image's), long_option (more than six words, or none),
    element_not_told (the reasoning does not contain the element), distractor_count (not two
    different ones), distractor_told (the reasoning contains all content words of one).
    """
    told = row["reasoning"].lower()
    element, distractors = str(row["element"]), list(row["distractors"])
    if row["emotion"] not in row["emotions"]:
        named = ", ".join(row["emotions"])
        return "foreign_emotion", f"The emotion must be one of: {named}."
    if not all(0 < len(option.split()) <= _MAX_WORDS for option in (element, *distractors)):
        return "long_option", f"Every option has one to {_MAX_WORDS} words."
    if element.lower() not in told:
        return (
            "element_not_told",
            "The reasoning does not contain the element word for word. Copy a phrase from it.",
        )
    if len({option.lower() for option in (element, *distractors)}) != 1 + _DISTRACTORS:
        return "distractor_count", "There must be two distractors, different from one another."
    words = set(_content_words(told))
    if any(set(_content_words(option)) <= words for option in distractors):
        return (
            "distractor_told",
            "The reasoning mentions a distractor. Name things of the same kind that it does not.",
        )
    return None


def _judge(said: pl.DataFrame) -> pl.DataFrame:
    found = [find_fault(row) if row["status"] == "ok" else None for row in said.to_dicts()]
    pairs = [fault or (None, None) for fault in found]
    return said.with_columns(
        pl.Series("fault", [code for code, _ in pairs], dtype=pl.String),
        pl.Series("remark", [words for _, words in pairs], dtype=pl.String),
    )


def _content_words(text: str) -> list[str]:
    words = re.findall(r"[^\W_]+", text.lower())
    return [word for word in words if word not in _FUNCTION_WORDS.split()]


def realise(inputs: pl.DataFrame) -> pl.Series:
    """Choose an element and its distractors: a draw among all that the reasoning ties to emotions.

    Returns:
        Structs of emotion, element, distractors and reason.
    """
    ready = inputs.drop("emotions", "cues", "words").join(
        _elements(inputs), on="image_id", how="left", maintain_order="left"
    )
    found = _with_distractors(ready)
    reason = (
        pl.when(pl.col("element").is_null())
        .then(pl.lit("no_element"))
        .when(pl.col("distractors").list.len() < _DISTRACTORS)
        .then(pl.lit("too_few_distractors"))
    )
    is_ok = pl.col("reason").is_null()
    answer = [
        pl.when(is_ok).then(name).alias(name) for name in ("emotion", "element", "distractors")
    ]
    return found.with_columns(reason=reason).select(pl.struct(*answer, "reason")).to_series()


def _elements(inputs: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, turn (a draw in [0, 1)), emotion, element, is_cue: one row per image."""
    grounds = inputs.select("image_id", "emotions", "cues", "words").explode(
        "emotions", "cues", "words"
    )
    tied = grounds.select(
        "image_id",
        pl.col("emotions").alias("emotion"),
        pl.concat_list(pl.concat_list("cues"), pl.col("words").fill_null([])).alias("element"),
    )
    long = tied.explode("element").drop_nulls("element")
    turns = long.select(pl.col("image_id").unique().sort()).with_columns(
        draw(pl.col("image_id"), "candidates").alias("turn")
    )
    place = pl.int_range(pl.len()).over("image_id")
    count = pl.len().over("image_id")
    return (
        long.join(turns, on="image_id", maintain_order="left")
        .filter(place == (pl.col("turn") * count).floor().cast(pl.Int64))
        .select(
            "image_id",
            "turn",
            "emotion",
            "element",
            pl.col("element").is_in(list(CUES)).alias("is_cue"),
        )
    )


def _with_distractors(pictures: pl.DataFrame) -> pl.DataFrame:
    """Add `distractors`: up to two elements that the image's text does not contain."""
    words = pictures.select(
        pl.when(~pl.col("is_cue")).then("element").alias("word").fill_null(strategy="backward")
    )["word"]
    others = [
        pl.when(~pl.col("is_cue") & ~pl.col("reasoning").str.contains(word, literal=True)).then(
            word
        )
        for word in (pl.col(f"_word_{distance}") for distance in range(1, _NEIGHBOURS + 1))
    ]
    turn = (pl.col("turn") * len(CUES)).floor().cast(pl.Int64)
    unmet = pl.concat_list(
        pl.when(~has_cue(name) & ~pl.col("reasoning").str.contains(name, literal=True)).then(
            pl.lit(name)
        )
        for name in CUES
    )
    return (
        pictures.with_columns(
            words.shift(-distance).alias(f"_word_{distance}")
            for distance in range(1, _NEIGHBOURS + 1)
        )
        .with_columns(
            _words=pl.concat_list(others).list.drop_nulls().list.unique(maintain_order=True)
        )
        .with_columns(_unmet=unmet)
        .with_columns(
            pl.concat_list(
                "_words", pl.col("_unmet").list.slice(turn), pl.col("_unmet").list.head(turn)
            )
            .list.drop_nulls()
            .list.head(2)
            .alias("distractors")
        )
    )
