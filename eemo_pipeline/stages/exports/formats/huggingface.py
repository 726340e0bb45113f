"""A Hugging Face dataset folder: Parquet per configuration and split, with its card.

Holds the folder's layout and the head of the card, which tells `datasets` the configurations.
`load_dataset(FOLDER, "qa")` returns the splits. Images are paths relative to the data root, because
the terms of many sources forbid distributing their images with the table.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.parquet import write_bytes
from eemo_pipeline.stages.exports.consumer_rules import SEEN, as_seen
from eemo_pipeline.stages.exports.formats import (
    Exporter,
    PublishedFile,
    Tables,
    parquet_bytes,
    publish_splits,
)

_CARD = "README.md"
_BODY = """
# EEmoDB

`qa` holds instructions about single images and pairs; `assess` holds ranking, V-A-D scoring
and dominant-emotion items. `images` are paths relative to the data root that made this folder.
The terms of the sources named in each row hold for it.
"""


def _write(tables: Tables, folder: Path) -> list[PublishedFile]:
    parts = {
        name: publish_splits(name, frame, parquet_bytes, folder / name, "{}.parquet")
        for name, frame in (("qa", tables.qa), ("assess", tables.assess.drop("options")))
    }
    files = [file for part in parts.values() for file in part]
    if not files:
        (folder / _CARD).unlink(missing_ok=True)
        return []
    return [*files, PublishedFile(write_bytes(_render_card(parts), folder / _CARD), 0)]


def _render_card(parts: Mapping[str, Sequence[PublishedFile]]) -> bytes:
    lines = ["---", "pretty_name: EEmoDB", "configs:"]
    for name, files in parts.items():
        if files:
            lines += [f"- config_name: {name}", "  data_files:"]
        for file in files:
            lines += [f"  - split: {file.split}", f"    path: {name}/{file.written.path.name}"]
    return "\n".join([*lines, "---", _BODY]).encode()


def _read(path: Path) -> pl.DataFrame:
    if path.name == _CARD:
        return SEEN.to_frame()
    return as_seen(pl.read_parquet(path, glob=False, hive_partitioning=False))


EXPORTER = Exporter("huggingface", _write, _read)
