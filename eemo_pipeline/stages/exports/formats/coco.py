"""COCO detection and segmentation files of the preserved records' regions.

- `detection/instances_<split>.json`: every box.
- `segmentation/instances_<split>.json`: every box that has a mask, as compressed run lengths at the
  image's full size; `area` counts its pixels, and `bbox` encloses them.

Both list every image of the split. A category is an emotion, its supercategory its polarity: the
box is around what carries the emotion. The words of the record are in `attributes` of each
annotation, the description in its image. An image's `id` counts within the file; `image_id` of the
tables is `eemo_image_id`. File names are relative to the data root.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8, POSITIVE_MIKELS
from eemo_pipeline.imaging import masks
from eemo_pipeline.stages.exports.consumer_rules import as_seen
from eemo_pipeline.stages.exports.formats import Exporter, PublishedFile, Tables, publish_splits

_WORDS = ("background", "attribute", "subject")
_CATEGORIES = [
    {
        "id": number,
        "name": emotion,
        "supercategory": "positive" if emotion in POSITIVE_MIKELS else "negative",
    }
    for number, emotion in enumerate(MIKELS_8, start=1)
]
_NUMBERS = {category["name"]: category["id"] for category in _CATEGORIES}

# A row of a record and one of its regions -> what they add to an annotation; None for none.
_Shape = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any] | None]


def as_box(record: dict[str, Any], region: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    """Return `bbox` (x, y, width, height) and `area` of a region, in px."""
    x, y = region["x1_px"], region["y1_px"]
    width, height = region["x2_px"] - x, region["y2_px"] - y
    return {"bbox": [x, y, round(width, 6), round(height, 6)], "area": round(width * height, 6)}


def as_mask(record: dict[str, Any], region: dict[str, Any]) -> dict[str, Any] | None:
    """Return `segmentation`, `bbox` and `area` of a region's mask at the image's full size."""
    if region["mask_counts"] is None:
        return None
    own = masks.decode(region["mask_counts"], region["mask_size_px"])
    mask = masks.enlarge(own, record["width_px"], record["height_px"])
    box = masks.bounds(mask)
    if box is None:
        return None
    return {
        "segmentation": {"size": list(mask.shape), "counts": masks.encode_compressed(mask)},
        "bbox": [box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1],
        "area": int(mask.sum()),
    }


def _write(tables: Tables, folder: Path) -> list[PublishedFile]:
    sizes = tables.images.select("image_id", "width_px", "height_px")
    records = tables.records.join(sizes, on="image_id", how="left", maintain_order="left")
    regions: dict[str, list[dict[str, Any]]] = {}
    for region in tables.regions.iter_rows(named=True):
        regions.setdefault(region["image_id"], []).append(region)

    def encode(shape: _Shape) -> Callable[[pl.DataFrame], Iterable[bytes]]:
        return lambda rows: _encode(rows, regions, shape)

    publish = partial(publish_splits, "records", records)
    pattern = "instances_{}.json"
    return [
        *publish(encode(as_box), folder / "detection", pattern),
        *publish(encode(as_mask), folder / "segmentation", pattern),
    ]


def _encode(
    records: pl.DataFrame, regions: dict[str, list[dict[str, Any]]], shape: _Shape
) -> Iterator[bytes]:
    """Yield one COCO file: the images, the annotations one by one, the categories."""
    images = [_image(number, row) for number, row in _numbered(records)]
    yield b'{"info":' + _json({"description": "EmoVerse records"}) + b',\n"images":[\n'
    yield b",\n".join(map(_json, images))
    yield b'\n],\n"annotations":[\n'
    lead, count = b"", 0
    for number, row in _numbered(records):
        for region in regions.get(row["image_id"], ()):
            found = shape(row, region)
            if found is not None:
                count += 1
                yield lead + _json(_annotation(count, number, row, region) | found)
                lead = b",\n"
    yield b'\n],\n"categories":' + _json(_CATEGORIES) + b"}\n"


def _numbered(records: pl.DataFrame) -> Iterator[tuple[int, dict[str, Any]]]:
    return enumerate(records.iter_rows(named=True), start=1)


def _image(number: int, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": number,
        "file_name": row["image_path"],
        "width": row["width_px"],
        "height": row["height_px"],
        "eemo_image_id": row["image_id"],
        "description": row["description"],
    }


def _annotation(
    count: int, number: int, row: dict[str, Any], region: dict[str, Any]
) -> dict[str, Any]:
    return {
        "id": count,
        "image_id": number,
        "category_id": _NUMBERS[row["emotion"]],
        "iscrowd": 0,
        "score": region["score"],
        "attributes": {
            **{name: row[name] for name in _WORDS},
            "confidence": row["confidence"],
            "phrase": region["phrase"],
            "region_no": region["region_no"],
            "mask_score": region["mask_score"],
        },
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _read(path: Path) -> pl.DataFrame:
    file = json.loads(path.read_bytes())
    seen = [
        {"item_id": str(image["id"]), "images": [image["file_name"]]} for image in file["images"]
    ]
    return as_seen(pl.DataFrame(seen, schema={"item_id": pl.String, "images": pl.List(pl.String)}))


EXPORTER = Exporter("coco", _write, _read)
