"""The facts of each task as a model is given them: JSON values, without ids, files or sources.

The rows come from the module of the task; `model_writer.py` sends the facts. Numbers have four
digits after the point, so that the same facts are the same text.
"""

from collections.abc import Callable, Mapping
from typing import Any

from eemo_pipeline.emotion.level_words import LEVEL_WORDS

Row = Mapping[str, Any]
Facts = dict[str, Any]


def no_facts(row: Row) -> Facts:  # noqa: ARG001
    """Return nothing: the image is all that a description is made from."""
    return {}


def emotion_facts(row: Row) -> Facts:
    """Return the description, and the reported emotions with people's comments."""
    return {"description": row["description"], "emotions": row["reported"]}


def detail_facts(row: Row) -> Facts:
    """Return the same, and value and level of valence, arousal and dominance."""
    return emotion_facts(row) | {name: _rated(row, name, "") for name in LEVEL_WORDS}


def overall_facts(row: Row) -> Facts:
    """Return whose emotions two images are about, and ranking, levels and reasoning of each."""
    return {"felt_by": _felt_by(row)} | {
        place: {
            "ranking": row[f"ranking_{side}"],
            **{name: _rated(row, name, f"_{side}") for name in LEVEL_WORDS},
            "reasoning": row[f"reasoning_{side}"],
        }
        for side, place in ((1, "first"), (2, "second"))
    }


def dimension_facts(dimension: str) -> Callable[[Row], Facts]:
    """Return the function that gives whose emotions, one dimension and reasoning of two images."""

    def facts(row: Row) -> Facts:
        images = {
            place: _rated(row, dimension, f"_{side}") | {"reasoning": row[f"reasoning_{side}"]}
            for side, place in ((1, "first"), (2, "second"))
        }
        question = f"How do the two images compare in {dimension}, and why?"
        return {
            "question": question,
            "dimension": dimension,
            "felt_by": _felt_by(row),
            **images,
        }

    return facts


def candidate_facts(row: Row) -> Facts:
    """Return the reasoning and its emotions."""
    return {"reasoning": row["reasoning"], "emotions": row["emotions"]}


def _felt_by(row: Row) -> str:
    """Return whose emotions a row is about; `is_evoked` is false for those of depicted people."""
    return "people in the images" if row.get("is_evoked") is False else "viewers"


def _rated(row: Row, dimension: str, suffix: str) -> Facts:
    value = round(float(row[f"{dimension}{suffix}"]), 4)
    return {"value": value, "level": row[f"{dimension}_level{suffix}"]}
