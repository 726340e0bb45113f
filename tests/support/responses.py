"""Response files in the layout of EEmo-Bench's owners, generated to given totals."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_PAIRS = 1006
# Describing dimension -> number of questions.
DESCRIBED = {
    "Detailed comparison": 79,
    "Valence comparison": 75,
    "Arousal comparison": 60,
    "Dominance comparison": 54,
    "other": 32,
}
INVALID = 220


def write_pair_file(
    path: Path, model: str, yes_no: int, what_how: int, votes: Sequence[int]
) -> list[dict[str, Any]]:
    """Write 2,312 questions of which a model got so many right; return them.

    Args:
        path: the file.
        model: its name within the keys.
        yes_no: right answers to the 1,006 Yes-or-No questions.
        what_how: right ones to the 1,005 What/How questions that count.
        votes: the sum of the judge's votes per describing dimension, in the order of `DESCRIBED`.
    """
    rows: list[dict[str, Any]] = []
    rights = {"Yes-or-No": yes_no, "What/How": what_how}
    texts = iter(_descriptions(votes))
    for pair in range(_PAIRS):
        for kind in rights:
            rows.append(_choice(len(rows), pair, kind, model, rights))
        if (text := next(texts, None)) is not None:
            rows.append(_description(len(rows), pair, model, *text))
    path.write_text(json.dumps(rows, indent=4), "utf-8")
    return rows


def _choice(place: int, pair: int, kind: str, model: str, rights: dict[str, int]) -> dict[str, Any]:
    is_invalid = place == INVALID
    options = (
        {"A": "No.", "B": "Yes."}
        if kind == "Yes-or-No"
        else {"A": "Fear", "B": "Joy", "C": "Neutral"}
    )
    is_right = not is_invalid and rights[kind] > 0
    if is_right:
        rights[kind] -= 1
    letter = "B" if is_right else "A"
    return {
        **_images(place, pair),
        "question": f"Question {place}?",
        "options": str(options),
        "correct_answer": "B",
        "question_type": kind,
        "perceptual_dimension": "Emotion perception",
        "question_concern": None,
        f"response({model})": f"{letter}: {options[letter]}</s>",
        f"eval_result({model})": int(is_right),
        f"if_invalid({model})": int(is_invalid),
    }


def _description(
    place: int, pair: int, model: str, dimension: str, votes: list[str]
) -> dict[str, Any]:
    return {
        **_images(place, pair),
        "question": "What do the images have in common?",
        "correct_answer": "Both evoke joy.",
        "question_type": "Open_ended",
        "describing_dimension": dimension,
        f"response({model})": "Both are pleasant.",
        f"eval_result({model})": votes,
    }


def _images(place: int, pair: int) -> dict[str, Any]:
    first, second = f"{pair % 900 + 1}.jpg", f"{(pair * 7) % 900 + 1000}.jpg"
    return {
        "id": place,
        "image1_url": first,
        "image1": f"images\\{first}",
        "image2_url": second,
        "image2": f"images\\{second}",
    }


def _descriptions(votes: Sequence[int]) -> list[tuple[str, list[str]]]:
    """Return the dimension and the five votes of each description; the sums are as given."""
    found: list[tuple[str, list[str]]] = []
    for (dimension, count), total in zip(DESCRIBED.items(), votes, strict=True):
        left = total
        for _ in range(count):
            given: list[str] = []
            for _ in range(5):
                vote = min(2, left)
                left -= vote
                given.append(str(vote))
            found.append((dimension, given))
        assert left == 0, f"{dimension} cannot have {total} votes"
    return found
