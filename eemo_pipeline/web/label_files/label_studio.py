"""Label Studio's JSON: a list of tasks, each with an image and the annotations of people.

A result's `from_name` is the field: `emotion` as choices, `valence` and `arousal` as numbers from
-4 to 4, texts as text areas, boxes as rectangles in per cent. `also_felt` is choices such as
`awe 2`, the emotion and its strength. Predictions are of models and not read. Stars (`rating`) are
not read either: they have no zero. Images are written as local files below the data root.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote

from eemo_pipeline.readers.json_rows import parse_json
from eemo_pipeline.web.label_files import (
    IMAGES,
    RATERS,
    SPELLINGS,
    Judgement,
    Label,
    LabelFormat,
    Refusal,
    as_name,
    find_field,
    pick_name,
)

_LISTS = ("objects",)
_RECTANGLES = ("rectanglelabels", "rectangle")
_LOCAL = "/data/local-files/?d="
_CHOSEN = ("emotion", "also_felt")
_NUMBERS = ("valence", "arousal")


def read(text: str) -> Iterator[Label | Refusal]:
    """Yield the labels of all annotations of all tasks; a row is a task."""
    tasks, is_json = parse_json(text)
    if not is_json:
        yield Refusal(1, "bad_json", "the file is not JSON")
        return
    for row, task in enumerate(tasks if isinstance(tasks, list) else [tasks], start=1):
        yield from _read_task(row, task)


def write(judgements: Sequence[Judgement]) -> str:
    """Return one task per image, with one annotation per person."""
    tasks = []
    for image_id, given in groupby(judgements, key=lambda one: one.image_id):
        people = list(given)
        address = _LOCAL + quote(people[0].image_path)
        tasks.append(
            {
                "data": {"image": address, "image_id": image_id},
                "annotations": [
                    {"rater": one.rater, "result": list(_results(one))} for one in people
                ],
            }
        )
    return json.dumps(tasks, ensure_ascii=False, indent=1) + "\n"


def _read_task(row: int, task: Any) -> Iterator[Label | Refusal]:
    data = task.get("data") if isinstance(task, dict) else None
    if not isinstance(data, dict):
        yield Refusal(row, "not_a_task", "a task is an object with an object `data`")
        return
    image = pick_name(data, IMAGES) or next(filter(None, map(as_name, data.values())), "")
    annotations = task.get("annotations") or task.get("completions") or []
    if not isinstance(annotations, list) or not annotations:
        yield Refusal(row, "no_label", "nobody annotated the task", image)
        return
    for annotation in annotations:
        yield from _read_annotation(row, image, annotation)


def _read_annotation(row: int, image: str, annotation: Any) -> Iterator[Label | Refusal]:
    results = annotation.get("result") if isinstance(annotation, dict) else None
    if not isinstance(results, list):
        yield Refusal(row, "not_an_annotation", "an annotation has a list `result`", image)
        return
    by = annotation.get("completed_by")
    rater = pick_name(annotation, RATERS)
    if not rater and isinstance(by, dict):
        rater = pick_name(by, ("email", "id"))
    if annotation.get("was_cancelled"):
        yield Refusal(row, "skipped", "the person skipped the task", image, rater)
        return
    if not results:
        yield Refusal(row, "no_label", "the annotation is empty", image, rater)
    boxes: list[dict[str, int]] = []
    size: tuple[float, float] | None = None
    for result in results:
        if isinstance(result, dict) and result.get("type") in _RECTANGLES:
            box = _read_rectangle(result)
            if isinstance(box, str):
                yield Refusal(row, "bad_box", box, image, rater, "box")
            else:
                boxes.append(box)
                size = (result["original_width"], result["original_height"])
        else:
            yield _read_result(row, image, rater, result)
    if boxes:
        yield Label(row, image, rater, "box", boxes, size)


def _read_result(row: int, image: str, rater: str, result: Any) -> Label | Refusal:
    kind, value = (result.get("type"), result.get("value")) if isinstance(result, dict) else (0, 0)
    if not isinstance(value, dict):
        return Refusal(row, "not_a_result", "a result is an object with a `value`", image, rater)
    name = as_name(result.get("from_name"))
    field = find_field(name)
    if field is None:
        return Refusal(row, "unknown_field", f"{name or 'a result'} is no field", image, rater)
    given: Any = {
        "choices": value.get("choices"),
        "number": value.get("number"),
        "textarea": value.get("text"),
    }.get(str(kind))
    if given is None:
        why = "has stars, which have no zero" if kind == "rating" else f"is of type {kind}"
        return Refusal(row, "unknown_type", f"{name} {why}", image, rater, field)
    if field == "also_felt":
        given = _strengths(given)
    elif isinstance(given, list) and field not in _LISTS:
        if len(given) != 1:
            why = f"{name} has {len(given)} values"
            return Refusal(row, "several_values", why, image, rater, field)
        given = given[0]
    return Label(row, image, rater, field, given)


def _strengths(choices: Any) -> Any:
    """Return emotion -> strength; a choice without one has strength 1."""
    if not isinstance(choices, list) or not all(isinstance(choice, str) for choice in choices):
        return choices
    parts = [choice.rpartition(" ") for choice in choices]
    return {
        (emotion if strength.isdecimal() and emotion else choice): (
            int(strength) if strength.isdecimal() and emotion and len(strength) < 3 else 1
        )
        for choice, (emotion, _, strength) in zip(choices, parts, strict=True)
    }


def _read_rectangle(result: Mapping[str, Any]) -> dict[str, int] | str:
    """Return the box in whole pixels, or what is wrong with it."""
    value = result.get("value")
    if not isinstance(value, dict):
        return "the rectangle has no value"
    numbers = [
        *(value.get(name) for name in ("x", "y", "width", "height")),
        *(result.get(name) for name in ("original_width", "original_height")),
    ]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers):
        return "the rectangle lacks x, y, width, height, original_width or original_height"
    if value.get("rotation"):
        return "the rectangle is turned, and boxes are upright"
    if not all(abs(one) < 1e6 for one in numbers):  # a hostile number may be infinite in pixels
        return "the rectangle has numbers beyond a million"
    x, y, width, height, whole_width, whole_height = numbers
    return {
        "x1_px": round(x / 100 * whole_width),
        "y1_px": round(y / 100 * whole_height),
        "x2_px": round((x + width) / 100 * whole_width),
        "y2_px": round((y + height) / 100 * whole_height),
    }


def _results(judgement: Judgement) -> Iterator[dict[str, Any]]:
    for field in SPELLINGS:
        value = judgement.values.get(field)
        if value is None:
            continue
        place = {"from_name": field, "to_name": "image"}
        if field == "box":
            yield from (_rectangle(judgement, place, box) for box in value)
        elif field in _NUMBERS:
            yield {**place, "type": "number", "value": {"number": value}}
        elif field in _CHOSEN:
            chosen = (
                [f"{emotion} {strength}" for emotion, strength in value.items()]
                if field == "also_felt"
                else [value]
            )
            yield {**place, "type": "choices", "value": {"choices": chosen}}
        else:
            texts = value if isinstance(value, list) else [value]
            yield {**place, "type": "textarea", "value": {"text": texts}}


def _rectangle(
    judgement: Judgement, place: Mapping[str, str], box: Mapping[str, int]
) -> dict[str, Any]:
    width, height = judgement.width_px, judgement.height_px
    return {
        **place,
        "type": "rectangle",
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
        "value": {
            "x": box["x1_px"] / width * 100,
            "y": box["y1_px"] / height * 100,
            "width": (box["x2_px"] - box["x1_px"]) / width * 100,
            "height": (box["y2_px"] - box["y1_px"]) / height * 100,
            "rotation": 0,
        },
    }


FORMAT = LabelFormat(read, write)
