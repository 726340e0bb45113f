"""The contract of an export format, and how to add one.

To add a format, add one file `eemo_pipeline/exports/<format>.py` that declares
`EXPORTER = Exporter(name="<format>", ...)`. Nothing else is touched: the files are published and
listed in `exports__files`.

`write` gets the whole tables and the folder that is the format's own, writes through
`publish_splits`, and says what it wrote. The same tables give the same bytes.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from eemo_pipeline.discovery import discover
from eemo_pipeline.schema.columns import SPLITS
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.storage import Written, write_bytes


@dataclass(frozen=True)
class Tables:
    """What is published: `qa__items`, `assess__items`, and `dedup__images` for the paths."""

    qa: pl.DataFrame
    assess: pl.DataFrame
    images: pl.DataFrame


@dataclass(frozen=True)
class PublishedFile:
    """One file that an exporter wrote.

    Attributes:
        written: where it lies, its bytes and hash.
        split: the part of the dataset in it, None where it holds several.
        row_count: items in it.
    """

    written: Written
    split: str | None
    row_count: int


@dataclass(frozen=True)
class Exporter:
    """One format of the published dataset.

    Attributes:
        name: equals the module's name and the folder below `exports/`.
        write: writes the files below the given folder.
    """

    name: str
    write: Callable[[Tables, Path], list[PublishedFile]]


def publish(
    qa__items: pl.DataFrame, assess__items: pl.DataFrame, dedup__images: pl.DataFrame, exports: Path
) -> pl.DataFrame:
    """Write every format below `exports`, the folder of that name in the data root.

    Returns:
        A frame of `exports__files`; paths are relative to the data root.
    """
    tables = Tables(
        qa__items.sort("item_id"), assess__items.sort("item_id"), dedup__images.sort("image_id")
    )
    found = discover(sys.modules[__name__], "EXPORTER", Exporter)
    rows = [
        {
            "path": file.written.path.relative_to(exports.parent).as_posix(),
            "format": exporter.name,
            "split": file.split,
            "row_count": file.row_count,
            "size_bytes": file.written.size_bytes,
            "sha256": file.written.sha256,
        }
        for exporter in found.values()
        for file in exporter.write(tables, exports / exporter.name)
    ]
    return pl.DataFrame(rows, schema=TABLES["exports__files"].polars_schema).sort("path")


def publish_splits(
    rows: pl.DataFrame, encode: Callable[[pl.DataFrame], bytes], folder: Path, pattern: str
) -> list[PublishedFile]:
    """Write one file per part of the dataset, `pattern` with the part's name in place of `{}`.

    A part without rows has no file; one that an earlier run left under its name is removed.
    """
    files: list[PublishedFile] = []
    for split in SPLITS:
        part = rows.filter(pl.col("split") == split)
        path = folder / pattern.format(split)
        if part.is_empty():
            path.unlink(missing_ok=True)
        else:
            files.append(PublishedFile(write_bytes(encode(part), path), split, part.height))
    return files


def image_paths(images: pl.DataFrame) -> pl.DataFrame:
    """image_id and `image`, the picture's POSIX path relative to the data root."""
    return images.select(
        "image_id",
        pl.concat_str(pl.lit("sources"), "source", "path", separator="/").alias("image"),
    )
