"""COCO: images, and the boxes or captions that people gave them.

Boxes of one person and image are one label. A category that names an emotion is also the person's
emotion; other categories are read as boxes alone. The person is in `attributes.rater` of an
annotation. Boxes are x, y, width and height in pixels.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eemo_pipeline.emotion.taxonomies import MIKELS_8, canonical
from eemo_pipeline.readers.json_rows import parse_json
from eemo_pipeline.web.label_files import (
    IMAGES,
    RATERS,
    Judgement,
    Label,
    LabelFormat,
    Refusal,
    as_name,
    pick_name,
)

_REGION = "region"  # category of boxes of a person who named none of the eight emotions
_CATEGORIES = {name: number for number, name in enumerate((*MIKELS_8, _REGION), start=1)}


@dataclass(frozen=True)
class _Region:
    row: int
    box: dict[str, int]
    category: str
    size_px: tuple[float, float] | None


def read(text: str) -> Iterator[Label | Refusal]:
    """Yield the labels of all annotations; a row is an annotation."""
    parts, is_json = parse_json(text)
    names = ("images", "annotations")
    if not is_json:
        yield Refusal(1, "bad_json", "the file is not JSON")
        return
    if not isinstance(parts, dict) or not all(isinstance(parts.get(x), list) for x in names):
        yield Refusal(1, "not_coco", "a COCO file is an object with lists images and annotations")
        return
    images = _by_id(parts["images"])
    categories = _by_id(parts.get("categories"))
    boxes: dict[tuple[str, str], list[_Region]] = defaultdict(list)
    for row, annotation in enumerate(parts["annotations"], start=1):
        place = annotation.get("image_id") if isinstance(annotation, dict) else None
        image = images.get(as_name(place))
        if image is None:
            yield Refusal(row, "unknown_image", "the file lists no such image", as_name(place))
            continue
        # The file's own number of an image says nothing outside of it.
        name, rater = pick_name(image, IMAGES[1:]), _rater(annotation)
        box = _box(annotation.get("bbox"))
        if "caption" in annotation:
            yield Label(row, name, rater, "description", annotation["caption"])
        elif box is None:
            yield Refusal(row, "bad_box", "bbox is not four numbers", name, rater, "box")
        else:
            category = categories.get(as_name(annotation.get("category_id")), {})
            emotion = canonical(as_name(category.get("name")))
            boxes[name, rater].append(_Region(row, box, emotion, _size(image)))
    for (name, rater), regions in boxes.items():
        yield from _join(name, rater, regions)


def write(judgements: Sequence[Judgement]) -> str:
    """Return the boxes of all judgements, and the images with boxes."""
    images: dict[str, dict[str, Any]] = {}
    annotations: list[dict[str, Any]] = []
    for one in judgements:
        for box in one.values.get("box", ()):
            image = images.setdefault(
                one.image_id,
                {
                    "id": len(images) + 1,
                    "file_name": one.image_path,
                    "width": one.width_px,
                    "height": one.height_px,
                    "eemo_image_id": one.image_id,
                },
            )
            width = box["x2_px"] - box["x1_px"]
            height = box["y2_px"] - box["y1_px"]
            emotion = one.values.get("emotion")
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image["id"],
                    "category_id": _CATEGORIES.get(emotion or "", _CATEGORIES[_REGION]),
                    "bbox": [box["x1_px"], box["y1_px"], width, height],
                    "area": width * height,
                    "iscrowd": 0,
                    "attributes": {"rater": one.rater},
                }
            )
    categories = [{"id": number, "name": name} for name, number in _CATEGORIES.items()]
    parts = {
        "images": list(images.values()),
        "categories": categories,
        "annotations": annotations,
    }
    return json.dumps(parts, ensure_ascii=False, indent=1) + "\n"


def _join(image: str, rater: str, regions: Sequence[_Region]) -> Iterator[Label | Refusal]:
    """Yield one person's boxes of an image as one label, and the emotion that they name."""
    first = regions[0]
    yield Label(first.row, image, rater, "box", [one.box for one in regions], first.size_px)
    emotions = {one.category: one.row for one in reversed(regions) if one.category in MIKELS_8}
    if len(emotions) > 1:
        why = f"the person's boxes name {' and '.join(sorted(emotions))}"
        yield Refusal(first.row, "several_values", why, image, rater, "emotion")
        return
    for emotion, row in emotions.items():
        yield Label(row, image, rater, "emotion", emotion)


def _by_id(entries: Any) -> dict[str, Mapping[str, Any]]:
    listed = entries if isinstance(entries, list) else []
    return {as_name(entry.get("id")): entry for entry in listed if isinstance(entry, dict)}


def _rater(annotation: Mapping[str, Any]) -> str:
    attributes = annotation.get("attributes")
    return pick_name(attributes if isinstance(attributes, dict) else annotation, RATERS)


def _box(bbox: Any) -> dict[str, int] | None:
    numbers = bbox if isinstance(bbox, list) else []
    is_number = all(isinstance(one, int | float) and abs(one) < 1e9 for one in numbers)
    if len(numbers) != 4 or not is_number:
        return None
    x, y, width, height = numbers
    return {
        "x1_px": round(x),
        "y1_px": round(y),
        "x2_px": round(x + width),
        "y2_px": round(y + height),
    }


def _size(image: Mapping[str, Any]) -> tuple[float, float] | None:
    width, height = image.get("width"), image.get("height")
    if isinstance(width, int | float) and isinstance(height, int | float):
        return (width, height)
    return None


FORMAT = LabelFormat(read, write, ("box", "emotion"))
