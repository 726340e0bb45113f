"""The two layouts in which EmoVerse releases a record: field names, values, and back again.

One is that of the repository (README of github.com/alkaline-acid/EmoVerse), the other that of the
dataset's card (Hugging Face, PiLabUSTC/EmoVerse-Dataset). They name the same facts differently, and
write the boxes and the confidence in other types. The adapter `sources/emoverse.py` reads both, the
export format `emoverse` writes both.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eemo_pipeline.readers.json_rows import as_cell, is_placeholder, pick

CORNERS = ("x1", "y1", "x2", "y2")
WORDS = ("description", "background", "attribute", "subject")
# Our name -> the names of the repository and of the card, then those of its older code.
SPELLINGS = {
    "external_id": ("id",),
    "image": ("image_path", "image"),
    "description": ("description", "analysis"),
    "emotion": ("emotion", "emotion_category"),
    "confidence": ("confidence", "confidence_score"),
    "background": ("background",),
    "attribute": ("attribute", "adjective"),
    "subject": ("subject", "noun"),
    "boxes": ("bbox", "bounding_box"),
    "origin": ("source",),
    "image_type": ("image_type",),
}
_LARGEST_PX = 1_000_000
_Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class ReleasedRecord:
    """What both layouts say of an image; a field that a layout lacks is None.

    Attributes:
        external_id: the released identifier, such as Amusement000001; only in the repository.
        image: path of the image.
        emotion: one of Mikels' eight, as spelled.
        confidence: 1-10; a whole number in the card.
        boxes: x1, y1, x2, y2 in whole px of the image, the subject's first.
        origin: the collection that the image is from; only in the card.
    """

    external_id: str | None
    image: str | None
    description: str | None
    emotion: str | None
    confidence: float | None
    background: str | None
    attribute: str | None
    subject: str | None
    boxes: tuple[_Box, ...]
    origin: str | None = None


def join_triplet(background: str | None, attribute: str | None, subject: str | None) -> str | None:
    """Return `background-attribute-subject`, None if a part is missing.

    Parts hold hyphens of their own, so the text cannot be split again.
    """
    parts = [part for part in (background, attribute, subject) if part]
    return "-".join(parts) if len(parts) == len(CORNERS) - 1 else None


def write_repository(record: ReleasedRecord) -> dict[str, Any]:
    """Return the record under the repository's names; the vector and the mask are null."""
    return {
        "id": record.external_id,
        "image_path": record.image,
        "description": record.description,
        "emotion": record.emotion,
        "confidence": record.confidence,
        "background": record.background,
        "attribute": record.attribute,
        "subject": record.subject,
        "B-A-S": join_triplet(record.background, record.attribute, record.subject),
        "DES": None,
        "bbox": [dict(zip(CORNERS, box, strict=True)) for box in record.boxes],
        "mask_path": None,
    }


def write_card(record: ReleasedRecord) -> dict[str, Any]:
    """Return the record under the card's names: whole confidence, and all corners in one list."""
    whole = None if record.confidence is None else math.floor(record.confidence + 0.5)
    return {
        "image": record.image,
        "description": record.description,
        "emotion_category": record.emotion,
        "confidence_score": whole,
        "background": record.background,
        "attribute": record.attribute,
        "subject": record.subject,
        "DES_representation": None,
        "bounding_box": [corner for box in record.boxes for corner in box],
        "source": record.origin,
    }


def parse_record(fields: Mapping[str, Any]) -> tuple[ReleasedRecord, dict[str, Any]]:
    """Return the record of a row in either layout, and the fields whose values cannot be used.

    A box needs four numbers with x1 < x2 and y1 < y2; decimals are rounded. One bad box makes the
    field unusable as a whole. An unusable field is None, or has no boxes.
    """
    given = {name: pick(fields, spellings) for name, spellings in SPELLINGS.items()}
    unusable: dict[str, Any] = {}
    texts = {
        name: _as_text(given[name]) for name in SPELLINGS if name not in ("confidence", "boxes")
    }
    confidence = _as_confidence(given["confidence"])
    boxes = _as_boxes(given["boxes"])
    if confidence is None and given["confidence"] is not None:
        unusable["confidence"] = given["confidence"]
    if boxes is None:
        unusable["boxes"] = given["boxes"]
    record = ReleasedRecord(
        **{name: texts[name] for name in ("external_id", "image", "emotion", "origin", *WORDS)},
        confidence=confidence,
        boxes=boxes or (),
    )
    return record, unusable


def _as_text(value: Any) -> str | None:
    text = None if is_placeholder(value) else as_cell(value)
    return text if text and text.strip() else None


def _as_confidence(value: Any) -> float | None:
    number = _as_number(value)
    return number if number is not None and 0 <= number <= 10 else None


def _as_boxes(value: Any) -> tuple[_Box, ...] | None:
    """Return the boxes of a list of objects, or of a list of numbers, four per box."""
    if value in (None, []):
        return ()
    if not isinstance(value, list):
        return None
    flat: list[Any] = []
    for entry in value:
        flat += _corners(entry)
    numbers = [_as_number(corner) for corner in flat]
    if len(numbers) % 4 or any(number is None for number in numbers):
        return None
    whole = [round(number) for number in numbers if number is not None]
    boxes = [
        (whole[place], whole[place + 1], whole[place + 2], whole[place + 3])
        for place in range(0, len(whole), 4)
    ]
    is_sound = all(0 <= x1 < x2 and 0 <= y1 < y2 for x1, y1, x2, y2 in boxes)
    return tuple(boxes) if is_sound else None


def _corners(entry: Any) -> Sequence[Any]:
    if isinstance(entry, dict):
        return [entry.get(name) for name in CORNERS]
    return entry if isinstance(entry, list) else [entry]


def _as_number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -_LARGEST_PX < value < _LARGEST_PX else None
