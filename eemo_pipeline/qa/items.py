"""From a question and its facts to an item: options in seeded order, letter, proof.

Belongs here: the shapes that all templates share. Does not belong here: what is asked.

Each function takes a frame with image_ids (or image_id), split, sources, base, question and
`facts` (see `proof`), and returns the columns of `templates.ITEM_SCHEMA`.
"""

from collections.abc import Sequence

import polars as pl

from eemo_pipeline.qa.draws import below, choose

LETTERS = ("A", "B", "C", "D")
YES, NO = "Yes", "No"
_COLUMNS = (
    "image_ids",
    "question",
    "options",
    "answer",
    "answer_letter",
    "split",
    "sources",
    "facts",
)


def proof(*fields: pl.Expr | str) -> pl.Expr:
    """The label facts that prove the answer, as one JSON object per row."""
    return pl.struct(*fields).struct.json_encode().alias("facts")


def single(pictures: pl.DataFrame) -> pl.DataFrame:
    """Name the one picture of each row as the item's pictures."""
    return pictures.with_columns(pl.concat_list("image_id").alias("image_ids"))


def wording(sentences: Sequence[str], fields: Sequence[pl.Expr | str], *purpose: str) -> pl.Expr:
    """One of the sentences per row, with the fields in place of its `{}`."""
    return choose(
        [pl.format(sentence, *fields) if fields else pl.lit(sentence) for sentence in sentences],
        pl.col("base"),
        *purpose,
        "wording",
    ).alias("question")


def yes_no_items(frame: pl.DataFrame, *purpose: str) -> pl.DataFrame:
    """Items with the options Yes and No in random order; `is_yes` says which is right."""
    return choice_items(
        frame.with_columns(
            pl.when("is_yes").then(pl.lit(YES)).otherwise(pl.lit(NO)).alias("correct"),
            pl.when("is_yes").then(pl.lit(NO)).otherwise(pl.lit(YES)).alias("wrong"),
        ),
        ["wrong"],
        *purpose,
    )


def choice_items(frame: pl.DataFrame, distractors: Sequence[str], *purpose: str) -> pl.DataFrame:
    """Items whose right answer `correct` stands at a random place among the distractors.

    Args:
        frame: has a text column `correct`.
        distractors: names of text columns, already in random order; rows where one of them is
            null have too few wrong answers and yield no item.
        purpose: what the draw is for, seed included.
    """
    count = len(distractors) + 1
    place = pl.col("_place")
    options = [
        pl.when(place == position)
        .then("correct")
        .when(place > position)
        .then(distractors[min(position, count - 2)])
        .otherwise(distractors[max(position - 1, 0)])
        for position in range(count)
    ]
    return (
        frame.drop_nulls(["correct", *distractors])
        .with_columns(below(count, pl.col("base"), *purpose, "place").alias("_place"))
        .with_columns(
            pl.concat_list(options).alias("options"),
            pl.col("correct").alias("answer"),
            place.replace_strict(range(count), LETTERS[:count], return_dtype=pl.String).alias(
                "answer_letter"
            ),
        )
        .select(_COLUMNS)
    )


def open_items(frame: pl.DataFrame) -> pl.DataFrame:
    """Items without options; `answer` is the text."""
    return frame.with_columns(
        pl.lit([], dtype=pl.List(pl.String)).alias("options"),
        pl.lit(None, dtype=pl.String).alias("answer_letter"),
    ).select(_COLUMNS)
