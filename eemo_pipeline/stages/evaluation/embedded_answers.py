"""What annotators and verifiers have said of images, as answers to held-out items.

No model is asked again: their replies about an image answer those items that follow from them.
Items that do not follow have no row.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from eemo_pipeline.emotion.level_words import LEVEL_WORDS
from eemo_pipeline.emotion.mappings import read_mapping
from eemo_pipeline.emotion.taxonomies import canonical
from eemo_pipeline.emotion.vad import levels
from eemo_pipeline.stages.evaluation.benchmarks import held_out_assess, held_out_qa
from eemo_pipeline.stages.evaluation.responses import Response

Row = dict[str, Any]
_DIMENSIONS = tuple(LEVEL_WORDS)
_FIRST, _SECOND = "The first picture", "The second picture"
# Annotators say what viewers feel, and nothing of what depicted people do.
_OF_DEPICTED = re.compile(r'"felt_by(?:_\d)?":"(?!viewers")')


def annotator_replies(replies: pl.DataFrame) -> Mapping[str, Mapping[str, Row]]:
    """Return annotator -> image_id -> its first reply, ranked emotions included.

    Args:
        replies: rows of `annotation__replies`.
    """
    found: dict[str, dict[str, Row]] = {}
    usable = replies.filter((pl.col("round") == 1) & (pl.col("status") == "ok"))
    for row in usable.iter_rows(named=True):
        ranked = [row["emotion"], *(row["alternatives"] or [])]
        reply = {"ranked": ranked, "probability": None, **{d: row[d] for d in _DIMENSIONS}}
        found.setdefault(row["annotator"], {})[row["image_id"]] = reply
    return dict(sorted(found.items()))


def verifier_replies(replies: pl.DataFrame) -> Mapping[str, Mapping[str, Row]]:
    """Return verifier -> image_id -> its emotion and probability.

    Args:
        replies: rows of `verification__replies`; a cross-fitted one has not seen the image.
    """
    found: dict[str, dict[str, Row]] = {}
    for row in replies.filter(pl.col("status") == "ok").iter_rows(named=True):
        reply = {"ranked": [row["emotion"]], "probability": row["probability"]}
        found.setdefault(row["verifier"], {})[row["image_id"]] = reply
    return dict(sorted(found.items()))


def answer_assess(
    rows: Sequence[tuple[Row, str]], replies: Mapping[str, Row]
) -> Iterator[Response]:
    """Yield the answers to held-out Assess items that follow from replies about their images."""
    for row, unit in rows:
        reply = replies.get(row["image_id"])
        if reply is None or row["semantics"] != "evoked":
            continue
        text = _assess_text(row, reply)
        if text is not None:
            is_label = row["task"] == "dominant_emotion"
            probability = reply["probability"] if is_label else None
            item = held_out_assess.item_of(row, unit)
            yield Response(item, text, probability=probability)


def _assess_text(row: Row, reply: Row) -> str | None:
    if row["task"] == "vad":
        value = reply.get(row["dimension"])
        return None if value is None else f"{row['dimension'].capitalize()}: {value:.4f}"
    ranked = _within(reply["ranked"], [canonical(label) for label in row["candidates"]])
    if row["task"] == "dominant_emotion":
        return f"Dominant emotion: {ranked[0]}" if ranked else None
    return f"Emotion ranking: {', '.join(ranked[:3])}" if len(ranked) > 1 else None


def answer_qa(rows: Sequence[tuple[Row, str]], replies: Mapping[str, Row]) -> Iterator[Response]:
    """Yield the answers to held-out questions that follow from replies about their images."""
    for row, unit in rows:
        said = [replies.get(image) for image in row["image_ids"]]
        if _OF_DEPICTED.search(row["facts"]) or not all(said):
            continue
        option = _option(row, [reply for reply in said if reply])
        if option in row["options"]:
            item = held_out_qa.item_of(row, unit)
            yield Response(item, f"{'ABCDEFGH'[row['options'].index(option)]}: {option}")


def _option(row: Row, said: Sequence[Row]) -> str | None:
    """Return the option that follows from the replies, or None."""
    claim = row["claim"]
    if claim in ("dominant", "present"):
        ranked = _within(said[0]["ranked"], row["options"])
        return ranked[0] if ranked else None
    dimension = next((name for name in _DIMENSIONS if name in row["template"]), None)
    values = [reply[dimension] for reply in said if dimension and reply.get(dimension) is not None]
    if dimension is None or len(values) < len(said):
        return None
    if claim == "level":
        return _level_word(dimension, values[0])
    if claim in ("higher", "lower") and values[0] != values[1]:
        return _FIRST if (values[0] > values[1]) == (claim == "higher") else _SECOND
    return None


def _level_word(dimension: str, value: float) -> str:
    level = pl.select(levels(pl.lit(value))).item()
    return dict(zip(("low", "medium", "high"), LEVEL_WORDS[dimension], strict=True))[level]


def _within(emotions: Sequence[str], offered: Sequence[str]) -> list[str]:
    """Return the emotions that are offered, mapped from Mikels' to Ekman's set where needed."""
    mapping = read_mapping("mikels8", "ekman7")
    named = [one if one in offered else mapping.get(one, one) for one in emotions]
    return list(dict.fromkeys(one for one in named if one in offered))
