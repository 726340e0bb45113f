"""Multiple-choice material about a reasoning: `texts__candidates`.

One element that explains an emotion of the image, and two that do not. Holds what the embedded
writer chooses, and the rules for what any writer chooses.

The embedded writer takes the element from people's explanations alone, and the others from
explanations of the same emotion of other images: things that no explanation of this image names.
Each is as often a wrong option as it is a right one, times two, so that the word alone does not
give the answer away. A measured cue is never an element, since nobody states that it is a cause.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.roles.writer import Writer
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.texts.comments import singular_of
from eemo_pipeline.stages.texts.evocations import way_named
from eemo_pipeline.stages.texts.reasonings import sentence_of_emotion
from eemo_pipeline.stages.texts.writers import signed, write_checked
from eemo_pipeline.stats.hash_draws import draw

METHOD = (
    "third version: a draw among the things (nouns of WordNet) that people's explanations name "
    "for an emotion, and two that explanations of the same emotion of other images name"
)
# Other images whose elements are tried, so that two fit that this image's explanations do not name.
_NEIGHBOURS = 12
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
        dedup__images: the kept images.
        grounds: the result of `emotion_evidence.gather_grounds`.
        texts__reasonings: one row per kept image.
        writer: gets image_id, `reasoning` (if there is none, a sentence per emotion on what people
            name), emotions (strongest first), words of each, `told` and `detail_count`.

    Returns:
        A table of `texts__candidates`; reasons no_comments (nobody explains an emotion, and there
        is no reasoning), from the embedded writer no_element (explanations name no thing) and
        too_few_distractors, and those of `find_fault`. `things` and `explained_by` are facts about
        the image's explanations, whatever the status.
    """
    reasonings = texts__reasonings.select(
        "image_id", pl.when(pl.col("status") == "ok").then("text").alias("reasoning")
    )
    said = pl.when(pl.col("words").list.len() > 0).then(sentence_of_emotion())
    tied = grounds.group_by("image_id", maintain_order=True).agg(
        pl.col("emotion").alias("emotions"),
        "words",
        said.drop_nulls().str.join(" ").alias("said"),
        pl.col("told", "whole_count", "detail_count").first(),
    )
    silent = pl.when(pl.col("detail_count").is_null()).then(pl.lit("no_comments"))
    inputs = (
        dedup__images.select("image_id")
        .join(reasonings, on="image_id", how="left")
        .join(tied, on="image_id", how="left")
        .sort("image_id")
        .with_columns(
            pl.coalesce("reasoning", pl.when(pl.col("said") != "").then("said")).alias("reasoning")
        )
        .with_columns(
            pl.when(pl.col("reasoning").is_null())
            .then(silent.otherwise(pl.lit("no_element")))
            .alias("reason")
        )
        .drop("said")
    )
    answered = write_checked(writer, "candidates", inputs, _judge)
    frame = _with_origins(signed(writer, "candidates", answered.frame), grounds)
    return replace(answered, frame=frame.select(TABLES["texts__candidates"].columns))


def _with_origins(frame: pl.DataFrame, grounds: pl.DataFrame) -> pl.DataFrame:
    """Add who states the element, and what the image's explanations are about."""
    by_image = grounds.group_by("image_id").agg(
        pl.col("said_in").list.explode().drop_nulls().unique().sort(),
        pl.col("explanation_count").first(),
    )
    by_emotion = grounds.select("image_id", "emotion", pl.col("people").alias("explanation_people"))
    by_element = (
        grounds.select("image_id", "emotion", "words", "word_people")
        .drop_nulls("words")
        .explode("words", "word_people")
        .rename({"words": "element", "word_people": "element_people"})
    )
    singulars = singular_of(frame["element"].drop_nulls()).rename({"word": "element"})
    scope = way_named(pl.col("detail_count"), pl.col("whole_count")).replace_strict(
        {"direct": "details", "indirect": "whole", "both": "both"}, return_dtype=pl.String
    )
    return (
        frame.join(by_image, on="image_id", how="left")
        .join(by_emotion, on=["image_id", "emotion"], how="left")
        .join(by_element, on=["image_id", "emotion", "element"], how="left")
        .join(singulars, on="element", how="left")
        .with_columns(
            scope.alias("explained_by"),
            pl.when(pl.col("element_people").is_not_null()).then("thing").alias("thing"),
        )
        .rename({"told": "things"})
        .sort("image_id")
    )


def find_fault(
    row: Mapping[str, Any], things: Mapping[str, str] | None = None
) -> tuple[str, str] | None:
    """Return the code of the first rule that the options of a row break, and the rule in words.

    Codes: foreign_emotion (not one of the image's), long_option (more than six words, or none),
    element_not_told (the reasoning does not contain the element), distractor_count (not two
    different ones), distractor_told (the reasoning contains all content words of one, or people's
    comments on the image name a thing of one).

    Args:
        row: the writer's facts and its answer.
        things: word of a distractor -> its form among the things that comments name.
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
    named = {*(row.get("told") or ())}
    forms = {(things or {}).get(word) for option in distractors for word in _content_words(option)}
    if named & forms:
        return (
            "distractor_told",
            "People name a distractor in their comments on this image. Name things of the same "
            "kind that are less likely to be in it.",
        )
    return None


def _judge(said: pl.DataFrame) -> pl.DataFrame:
    options = said["distractors"].explode().drop_nulls().to_list()
    words = pl.Series(
        [word for option in options for word in _content_words(option)], dtype=pl.String
    )
    things = dict(singular_of(words).iter_rows())
    found = [find_fault(row, things) if row["status"] == "ok" else None for row in said.to_dicts()]
    faults, remarks = (
        zip(*(fault or (None, None) for fault in found), strict=True) if found else ((), ())
    )
    return said.with_columns(
        pl.Series("fault", faults, dtype=pl.String), pl.Series("remark", remarks, dtype=pl.String)
    )


def _content_words(text: str) -> list[str]:
    words = re.findall(r"[^\W_]+", text.lower())
    return [word for word in words if word not in _FUNCTION_WORDS.split()]


def realise(inputs: pl.DataFrame) -> pl.Series:
    """Choose an element and its distractors: a draw among all things that people name.

    Returns:
        Structs of emotion, element, distractors and reason.
    """
    found = inputs.select("image_id", "detail_count").join(
        _with_distractors(_elements(inputs)), on="image_id", how="left", maintain_order="left"
    )
    reason = (
        pl.when(pl.col("detail_count").is_null())
        .then(pl.lit("no_comments"))
        .when(pl.col("element").is_null())
        .then(pl.lit("no_element"))
        .when(pl.col("second").is_null())
        .then(pl.lit("too_few_distractors"))
    )
    is_ok = pl.col("reason").is_null()
    given = found.with_columns(reason=reason, distractors=pl.concat_list("first", "second"))
    answer = [
        pl.when(is_ok).then(name).alias(name) for name in ("emotion", "element", "distractors")
    ]
    return given.select(pl.struct(*answer, "reason")).to_series()


def _elements(inputs: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, turn (a draw in [0, 1)), emotion, element, thing, told: one row an image."""
    long = (
        inputs.select(
            "image_id", "told", pl.col("emotions").alias("emotion"), pl.col("words").alias("word")
        )
        .drop_nulls("emotion")
        .explode("emotion", "word")
        .explode("word")
        .drop_nulls("word")
    )
    turns = long.select(pl.col("image_id").unique().sort()).with_columns(
        draw(pl.col("image_id"), "candidates").alias("turn")
    )
    place, count = pl.int_range(pl.len()).over("image_id"), pl.len().over("image_id")
    return (
        long.join(turns, on="image_id", maintain_order="left")
        .filter(place == (pl.col("turn") * count).floor().cast(pl.Int64))
        .join(singular_of(long["word"]), on="word", how="left", maintain_order="left")
        .select("image_id", "turn", "emotion", pl.col("word").alias("element"), "thing", "told")
    )


def _with_distractors(elements: pl.DataFrame) -> pl.DataFrame:
    """Add `first` and `second`: elements of the next images of the emotion, in a ring by hash."""
    ring = elements.sort("emotion", "turn", "image_id").with_row_index("row")
    start = pl.col("row").min().over("emotion")
    others = ring
    for distance in range(1, _NEIGHBOURS + 1):
        along = (pl.col("row") - start + distance) % pl.len().over("emotion")
        other = ring.select(start + along).to_series()
        others = others.with_columns(
            ring["element"][other].alias(f"element_{distance}"),
            ring["thing"][other].alias(f"thing_{distance}"),
        )
    near = range(1, _NEIGHBOURS + 1)
    fits = {n: ~pl.col("told").list.contains(pl.col(f"thing_{n}")) for n in near}
    first = [pl.when(fits[n]).then(pl.struct(f"element_{n}", f"thing_{n}")) for n in near]
    named = [one.struct.rename_fields(["element", "thing"]) for one in first]
    chosen = others.with_columns(pl.coalesce(named).alias("one")).with_columns(
        pl.col("one").struct.field("element").alias("first"),
        pl.col("one").struct.field("thing").alias("first_thing"),
    )
    second = [
        pl.when(fits[n] & (pl.col(f"thing_{n}") != pl.col("first_thing"))).then(f"element_{n}")
        for n in near
    ]
    return chosen.with_columns(pl.coalesce(second).alias("second")).select(
        "image_id", "emotion", "element", "first", "second"
    )
