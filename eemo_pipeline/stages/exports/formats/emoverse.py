"""EmoVerse's two released layouts of the preserved records: its repository's, and its card's.

Holds the file names. The field names of both are in `readers/emoverse_records.py`, with the reader
of `sources/emoverse.py`, so that these files can be ingested again.

- `repository/annotations_<split>.json`: a list of records under the names of the repository.
- `card/<split>.jsonl`: one record per line under the names of the dataset's card.

`id` is EmoVerse's own identifier where the image comes from its release, and otherwise the
opaque image_id, which says nothing of the label. Paths are relative to the data root. Emotions are
capitalised and `confidence` is the clarity, 1-10, as in the release. `DES` needs the authors' model
and is null, and so is `mask_path`: masks are in `records__regions`, in the format `coco`, and
`eemo masks` writes them as PNG.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.readers.emoverse_records import (
    CORNERS,
    ReleasedRecord,
    parse_record,
    write_card,
    write_repository,
)
from eemo_pipeline.stages.exports.consumer_rules import as_seen
from eemo_pipeline.stages.exports.formats import (
    Exporter,
    PublishedFile,
    Tables,
    json_array,
    json_lines,
    json_texts,
    publish_splits,
)

_REPOSITORY = "repository"


def as_released(row: dict[str, Any]) -> ReleasedRecord:
    """Return a row of `records__emoverse` in the values of the release."""
    corners = row["boxes_px"] or []
    width = len(CORNERS)
    return ReleasedRecord(
        external_id=row["external_id"] or row["image_id"],
        image=row["image_path"],
        description=row["description"],
        emotion=row["emotion"].capitalize(),
        confidence=row["confidence"],
        background=row["background"],
        attribute=row["attribute"],
        subject=row["subject"],
        boxes=tuple(
            (corners[place], corners[place + 1], corners[place + 2], corners[place + 3])
            for place in range(0, len(corners), width)
        ),
        origin=row["source"],
    )


def _write(tables: Tables, folder: Path) -> list[PublishedFile]:
    released = [as_released(row) for row in tables.records.iter_rows(named=True)]

    def rows(write: Callable[[ReleasedRecord], dict[str, Any]]) -> pl.DataFrame:
        return tables.records.select("split").with_columns(json_texts(map(write, released)))

    publish = partial(publish_splits, "records")
    text = pl.col("json")
    return [
        *publish(
            rows(write_repository),
            json_array(text),
            folder / _REPOSITORY,
            "annotations_{}.json",
        ),
        *publish(rows(write_card), json_lines(text), folder / "card", "{}.jsonl"),
    ]


def _read(path: Path) -> pl.DataFrame:
    text = path.read_text(encoding="utf-8")
    is_list = path.parent.name == _REPOSITORY
    objects = json.loads(text) if is_list else [json.loads(line) for line in text.split("\n")[:-1]]
    entries = [parse_record(fields) for fields in objects]
    seen = [
        # an entry whose fields cannot be used has no identifier that a consumer could rely on
        {"item_id": record.external_id or record.image, "images": [record.image]}
        for record, unusable in entries
        if not unusable
    ]
    return as_seen(pl.DataFrame(seen, schema={"item_id": pl.String, "images": pl.List(pl.String)}))


EXPORTER = Exporter("emoverse", _write, _read)
