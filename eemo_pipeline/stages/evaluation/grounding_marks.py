"""Marks of a grounded emotion record against the right one: EmoVerse's Table 5, and stricter ones.

The published rules (arXiv 2511.12554, released scoring): boxes are paired greedily, most alike
first, and boxes without a partner cost nothing. The strict ones pair by the assignment of greatest
IoU (Hungarian method) and count a box without a partner, of either side, as 0.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Box = tuple[float, float, float, float]
_LONGEST = 50_000
_MOST_BOXES = 100
_HIGHEST_INTENSITY = 10.0
_LARGEST = 1e7


def read_record(text: str) -> dict[str, Any] | None:
    """Return the last whole JSON object of a reply that is in no other; None if there is none."""
    from eemo_pipeline.vlm.json_objects import find_objects

    found = [one.value for one in find_objects(text[:_LONGEST]) if one.value is not None]
    return found[-1] if found else None


def boxes_of(record: Mapping[str, Any]) -> list[Box]:
    """Return the boxes of a record: `bbox` or `bbox_2d`, objects or lists of four, corners sorted.

    They may stand at the top or in a list of objects. What is no box of finite numbers is left out.
    """
    found: list[Box] = []
    waiting: list[Any] = [record]
    while waiting and len(found) < _MOST_BOXES:
        value = waiting.pop(0)
        if isinstance(value, Mapping):
            for name in ("bbox", "bbox_2d"):
                found += _read_boxes(value.get(name))
            waiting += [part for key, part in value.items() if key not in ("bbox", "bbox_2d")]
        elif isinstance(value, list):
            waiting += [part for part in value if isinstance(part, Mapping)]
    return found[:_MOST_BOXES]


def iou(first: Box, second: Box) -> float:
    """Return the intersection over union of two boxes, 0-1."""
    shared = _shared(first, second)
    union = _area(first) + _area(second) - shared
    return shared / union if union > 0 else 0.0


def centre_score(first: Box, second: Box) -> float:
    """Return 1 minus the distance of the centres over the diagonal of the box around both."""
    gap_x = (first[0] + first[2] - second[0] - second[2]) / 2
    gap_y = (first[1] + first[3] - second[1] - second[3]) / 2
    width = max(first[2], second[2]) - min(first[0], second[0])
    height = max(first[3], second[3]) - min(first[1], second[1])
    diagonal = (width**2 + height**2) ** 0.5
    return 1 - min(1.0, (gap_x**2 + gap_y**2) ** 0.5 / diagonal) if diagonal > 0 else 1.0


def dice(first: Box, second: Box) -> float:
    """Return F1 of precision and recall of areas: twice the intersection over both areas."""
    total = _area(first) + _area(second)
    return 2 * _shared(first, second) / total if total > 0 else 0.0


def match_greedily(
    gold: Sequence[Box], named: Sequence[Box], alike: Callable[[Box, Box], float]
) -> list[tuple[Box, Box]]:
    """Return one-to-one pairs, most alike first, until the likeness is 0."""
    scored = sorted(
        (
            (-alike(one, other), place, number)
            for place, one in enumerate(gold)
            for number, other in enumerate(named)
        ),
    )
    used_gold: set[int] = set()
    used_named: set[int] = set()
    pairs: list[tuple[Box, Box]] = []
    for negative, place, number in scored:
        if negative < 0 and place not in used_gold and number not in used_named:
            used_gold.add(place)
            used_named.add(number)
            pairs.append((gold[place], named[number]))
    return pairs


def published_marks(gold: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, float]:
    """Return iou, centre, f1, emotion and intensity, each 0-1, as released."""
    truth, said = boxes_of(gold), boxes_of(named)
    by_iou = match_greedily(truth, said, iou)
    by_centre = match_greedily(truth, said, centre_score)
    return {
        "iou": _mean([iou(*pair) for pair in by_iou]),
        "centre": _mean([centre_score(*pair) for pair in by_centre]),
        "f1": _mean([dice(*pair) for pair in by_iou]),
        "emotion": float(
            gold.get("emotion") is not None and gold["emotion"] == named.get("emotion")
        ),
        "intensity": _intensity_mark(gold, named),
    }


def strict_marks(gold: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, float]:
    """Return the same measures, boxes without a partner counting as 0.

    Two records without boxes agree.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment  # takes a second

    truth, said = boxes_of(gold), boxes_of(named)
    most = max(len(truth), len(said))
    marks = {
        "emotion": float(_word(gold.get("emotion")) == _word(named.get("emotion")) != ""),
        "intensity": _intensity_mark(gold, named),
    }
    if not most:
        return {"iou": 1.0, "centre": 1.0, "f1": 1.0, **marks}
    if not (truth and said):
        return {"iou": 0.0, "centre": 0.0, "f1": 0.0, **marks}
    likeness = np.array([[iou(one, other) for other in said] for one in truth])
    rows, columns = linear_sum_assignment(-likeness)
    pairs = [
        (truth[row], said[column])
        for row, column in zip(rows, columns, strict=True)
        if likeness[row, column] > 0
    ]
    measures = {"iou": iou, "centre": centre_score, "f1": dice}
    found = {
        name: sum(measure(*pair) for pair in pairs) / most for name, measure in measures.items()
    }
    return {**found, **marks}


def _intensity_mark(gold: Mapping[str, Any], named: Mapping[str, Any]) -> float:
    truth, said = (_number(one.get("intensity")) for one in (gold, named))
    if truth is None or said is None:
        return 0.0
    clamped = (min(max(value, 0.0), _HIGHEST_INTENSITY) for value in (truth, said))
    first, second = clamped
    return 1 - abs(first - second) / _HIGHEST_INTENSITY


def _read_boxes(value: Any) -> list[Box]:
    if isinstance(value, Mapping):
        value = [value.get(name) for name in ("x1", "y1", "x2", "y2")]
    if not isinstance(value, list):
        return []
    if value and all(isinstance(part, (list, Mapping)) for part in value):
        return [box for part in value for box in _read_boxes(part)]
    numbers = [_number(part) for part in value]
    if len(numbers) != 4 or any(number is None for number in numbers):
        return []
    x1, y1, x2, y2 = (number for number in numbers if number is not None)
    return [(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not re.fullmatch(r"\s*-?\d{1,9}(\.\d{1,17})?\s*", value):
        return None
    number = float(value)
    return number if -_LARGEST < number < _LARGEST else None


def _word(value: Any) -> str:
    return value.strip().casefold() if isinstance(value, str) else ""


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _shared(first: Box, second: Box) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return max(width, 0.0) * max(height, 0.0)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
