"""Conversations for LLaMA-Factory and ms-swift: messages and images, with `dataset_info.json`.

Holds their keys and the description that LLaMA-Factory reads.

Both tools read one JSON object per line with `messages` (role, content; one `<image>` mark per
image) and `images`, a list of paths relative to the data root. Pass the data root as
LLaMA-Factory's `media_dir` or ms-swift's `ROOT_IMAGE_DIR`.
"""

import json
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.parquet import write_bytes
from eemo_pipeline.stages.exports.consumer_rules import as_seen
from eemo_pipeline.stages.exports.formats import (
    Exporter,
    PublishedFile,
    Tables,
    answered,
    asked,
    json_lines,
    json_object,
    publish_splits,
    read_json,
    turn,
)

_KEYS = ("role", "content")
_DESCRIPTION = "dataset_info.json"
_SCHEMA = pl.Schema(
    {
        "id": pl.String,
        "messages": pl.List(pl.Struct(dict.fromkeys(_KEYS, pl.String))),
        "images": pl.List(pl.String),
    }
)
_INFO = {
    "formatting": "sharegpt",
    "columns": {"messages": "messages", "images": "images"},
    "tags": {
        "role_tag": "role",
        "content_tag": "content",
        "user_tag": "user",
        "assistant_tag": "assistant",
    },
}


def _write(tables: Tables, folder: Path) -> list[PublishedFile]:
    turns = pl.concat_list(
        turn("user", asked(), _KEYS), turn("assistant", answered(), _KEYS)
    ).alias("messages")
    encode = json_lines(json_object(pl.col("item_id").alias("id"), turns, "images"))
    files = publish_splits("qa", tables.qa, encode, folder, "qa_{}.jsonl")
    if not files:
        (folder / _DESCRIPTION).unlink(missing_ok=True)
        return []
    info = {
        f"eemodb_{file.split}": {"file_name": file.written.path.name, **_INFO} for file in files
    }
    content = (json.dumps(info, indent=2) + "\n").encode()
    return [*files, PublishedFile(write_bytes(content, folder / _DESCRIPTION), len(info))]


def _read(path: Path) -> pl.DataFrame:
    if path.name == _DESCRIPTION:
        described = json.loads(path.read_text(encoding="utf-8"))
        return as_seen(pl.DataFrame({"item_id": list(described)}))
    turns = pl.col("messages")
    return as_seen(
        read_json(path, _SCHEMA).select(
            pl.col("id").alias("item_id"),
            "images",
            turns.list.first().struct.field("content").alias("prompt"),
            turns.list.last().struct.field("content").alias("answer"),
            turns.list.eval(pl.element().struct.field("role")).alias("roles"),
        )
    )


EXPORTER = Exporter("sharegpt", _write, _read)
