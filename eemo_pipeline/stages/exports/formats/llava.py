"""LLaVA conversations: one JSON object per line.

The shape of a conversation is shared with EEmoDB's own layout and defined in
`formats/__init__.py`.

The human turn starts with one `<image>` mark per image. `image` is a path relative to the data
root, or a list of paths if the item has several.
"""

from pathlib import Path

import polars as pl

from eemo_pipeline.stages.exports.formats import (
    LLAVA_SCHEMA,
    Exporter,
    PublishedFile,
    Tables,
    json_lines,
    llava_object,
    publish_splits,
    read_json,
    see_llava,
)


def _write(tables: Tables, folder: Path) -> list[PublishedFile]:
    return publish_splits("qa", tables.qa, json_lines(llava_object()), folder, "qa_{}.jsonl")


def _read(path: Path) -> pl.DataFrame:
    return see_llava(read_json(path, LLAVA_SCHEMA))


EXPORTER = Exporter("llava", _write, _read)
