"""JSON Lines: one judgement a line, an object with the image, the person and a member per field.

`{"image_id": "ab…", "rater": "r1", "emotion": "awe", "valence": 3, "arousal": 1}`. Boxes are a list
of objects with x1_px, y1_px, x2_px and y2_px, in pixels of the upright image.
"""

import json
from collections.abc import Iterator, Sequence

from eemo_pipeline.readers.json_rows import parse_json
from eemo_pipeline.web.label_files import (
    IMAGES,
    RATERS,
    Judgement,
    Label,
    LabelFormat,
    Refusal,
    find_field,
    pick_name,
)


def read(text: str) -> Iterator[Label | Refusal]:
    """Yield the labels of each line that is not blank."""
    first = text.strip().partition("\n")[0]
    if first != text.strip() and not parse_json(first)[1] and parse_json(text)[1]:
        yield Refusal(1, "not_json_lines", "the file is one JSON value, not one a line")
        return
    for row, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield from _read_line(row, line)


def write(judgements: Sequence[Judgement]) -> str:
    """Return one line per judgement."""
    lines = (
        {
            "image_id": judgement.image_id,
            "image": judgement.image_path,
            "rater": judgement.rater,
            **judgement.values,
        }
        for judgement in judgements
    )
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _read_line(row: int, line: str) -> Iterator[Label | Refusal]:
    fields, is_json = parse_json(line)
    if not is_json:
        yield Refusal(row, "bad_json", "the line is not JSON")
        return
    if not isinstance(fields, dict):
        yield Refusal(row, "not_an_object", "the line is not an object of named fields")
        return
    image, rater = pick_name(fields, IMAGES), pick_name(fields, RATERS)
    has_label = False
    for name, value in fields.items():
        if name in (*IMAGES, *RATERS) or value is None:
            continue
        has_label = True
        field = find_field(name)
        if field is None:
            yield Refusal(row, "unknown_field", f"{name} is no field", image, rater, name)
        else:
            yield Label(row, image, rater, field, value)
    if not has_label:
        yield Refusal(row, "no_label", "the line says nothing of the image", image, rater)


FORMAT = LabelFormat(read, write)
