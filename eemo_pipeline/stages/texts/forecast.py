"""Estimates the calls and cost of paid writers before anything is sent.

Names the questions. The arithmetic and the meaning of low and high are in
`vlm/spending/forecast.py`.

The questions about known images are those that a run would ask; a text that does not exist yet is
replaced by a stand-in, so that the texts built on it are counted too. A text that breaks a rule is
asked for again. The low estimate counts no such text, the high one counts each as often as allowed.
A file that is in no table yet counts as an image with all emotions, comments and ratings, in the
high estimate alone: nothing is known about its labels. The same holds for known images without
labels yet.
"""

from functools import partial
from pathlib import Path

import polars as pl

from eemo_pipeline.emotion.level_words import LEVEL_WORDS
from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.roles.writer import STAGE
from eemo_pipeline.stages.texts.emotion_evidence import EMOTION_COUNT
from eemo_pipeline.stages.texts.model_writer import TASKS, ModelWriter
from eemo_pipeline.stages.texts.open_questions import (
    STAND_IN,
    OpenQuestion,
    OpenQuestions,
    collect_questions,
)
from eemo_pipeline.stages.texts.reported_emotions import COMMENT_CHARACTERS, COMMENT_COUNT
from eemo_pipeline.stages.texts.text_rules import MAX_WORDS
from eemo_pipeline.stages.texts.writer_facts import Facts
from eemo_pipeline.vlm.contract import EncodedPicture, VlmRequest
from eemo_pipeline.vlm.spending.forecast import (
    Estimate,
    Forecast,
    count_sizes,
    draw_line,
    reckon,
    reckon_text,
)
from eemo_pipeline.vlm.spending.prices import Prices

_SHORT_REPLY = 25  # tokens
# The largest facts: comments of two bytes per character, texts of long words.
_COMMENTS = ["\u00e9" * COMMENT_CHARACTERS] * COMMENT_COUNT
_LONG_TEXT = "consequence " * MAX_WORDS
# Images per text of a task: a comparison is of two.
_IMAGES = {task: 2 if task.startswith("compare_") else 1 for task in TASKS}


def forecast_texts(
    images: pl.DataFrame,
    unread: int,
    writers: tuple[ModelWriter | None, ModelWriter | None],
    tables: Path,
    prices: Prices,
) -> list[Forecast]:
    """Return one line per model that writes: the describer, then the writer.

    Args:
        images: image_id, width_px and height_px of the known images.
        unread: number of image files that are in no table yet; each counts as one large image.
        writers: the writer and the describer by model; None for an embedded one.
        tables: the folder of the tables.
        prices: prices of tokens.

    Raises:
        UnknownPrice: a model has no price.
    """
    if writers == (None, None):
        return []
    written, described = collect_questions(tables, *writers, STAND_IN)
    lines = []
    if described:
        lines.append(_forecast_descriptions(images, unread, described, prices))
    if written:
        has_labels = not scan_table(tables, "labels__emotions").limit(1).collect().is_empty()
        unlabelled = unread if has_labels else unread + images.height
        lines.append(_forecast_texts(images.height + unread, unlabelled, written, prices))
    return lines


def _forecast_descriptions(
    images: pl.DataFrame, unread: int, questions: OpenQuestions, prices: Prices
) -> Forecast:
    writer = questions.of
    low, high = Estimate(), Estimate()
    by_number: dict[int, list[str]] = {}
    for question in questions.found:
        by_number.setdefault(question.number, []).append(question.ask.image_id)
    for number in sorted({1, *by_number}):
        waiting = images.filter(pl.col("image_id").is_in(by_number.get(number, [])))
        sizes = count_sizes(waiting, unread if number == 1 else 0, writer.policy)
        request_for = partial(_describe, writer)
        least, most = reckon(writer.vlm, request_for, sizes, prices, _SHORT_REPLY)
        low += least
        high += sum([most] * (writer.tries - number + 1), Estimate())
    pictures = images.height + unread
    return draw_line(STAGE, writer.vlm, pictures, questions.answered, low, high)


def _describe(writer: ModelWriter, picture: EncodedPicture) -> VlmRequest:
    return writer.request_for("descriptions", {}, (), (picture,))


def _forecast_texts(
    pictures: int, unlabelled: int, questions: OpenQuestions, prices: Prices
) -> Forecast:
    writer = questions.of
    low, high = Estimate(), Estimate()
    for question in questions.found:
        least, most = _reckon(question, writer, prices)
        low, high = low + least, high + most
    for task, facts in _largest_facts().items():
        request = writer.request_for(task, facts)
        count = -(-unlabelled // _IMAGES[task])
        _, most = reckon_text(writer.vlm, request, prices, _SHORT_REPLY, writer.tries)
        high += most.times(count)
    return draw_line(STAGE, writer.vlm, pictures, questions.answered, low, high)


def _reckon(
    question: OpenQuestion, writer: ModelWriter, prices: Prices
) -> tuple[Estimate, Estimate]:
    writing = question.ask.payload
    request = writer.request_for(question.task, writing.facts, writing.earlier)
    left = writer.tries - question.number + 1
    return reckon_text(writer.vlm, request, prices, _SHORT_REPLY, left)


def _largest_facts() -> dict[str, Facts]:
    """Return the facts of each text about one image, or about two, as large as they can be."""
    emotions = [
        {
            "emotion": emotion,
            "felt_by": "people in the image",
            "people": "as many people as the one before",
            "comments": _COMMENTS,
        }
        for emotion in EKMAN_7[:EMOTION_COUNT]
    ]
    told: Facts = {"description": _LONG_TEXT, "emotions": emotions}
    rated: Facts = {name: {"value": 0.5555, "level": "moderate"} for name in LEVEL_WORDS}
    image: Facts = {"ranking": EKMAN_7[:EMOTION_COUNT], "reasoning": _LONG_TEXT, **rated}
    pair: Facts = {"first": image, "second": image}
    return {
        **{task: pair for task in TASKS if task.startswith("compare_")},
        "reasonings": told,
        "details": told | rated,
        "evocations": told,
        "candidates": {"reasoning": _LONG_TEXT, "emotions": EKMAN_7[:EMOTION_COUNT]},
    }
