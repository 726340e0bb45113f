"""LLaVA conversations: one JSON object per line.

Belongs here: the names of the files. Does not belong here: the words of questions and answers
(`qa/templates/`), or the shape of a conversation, which EEmoDB's own layout shares.

The human turn starts with as many `<image>` marks as the item has pictures. `image` is a path
relative to the data root, or a list of them where the item has several.
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
