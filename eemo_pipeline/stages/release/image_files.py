"""The image files of a release, in its Parquet files, as the feature `Image` of `datasets`.

https://huggingface.co/docs/datasets/image_dataset: a struct of bytes and path, and the feature in
the metadata of the file. The bytes are those of the source, with their metadata (EXIF): `image_id`
is their SHA-256.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.stages.release.manifest import ReleasedFile

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

COLUMN = "image"
_FEATURES = {"info": {"features": {COLUMN: {"_type": "Image"}}}}
# Of image bytes: what is in memory at once, and what a file holds before the next one begins.
_GROUP_BYTES = 64_000_000
_FILE_BYTES = 500_000_000


@dataclass(frozen=True)
class LostImage:
    """An image that cannot be released: its path, and why."""

    path: str
    why: str


class LostImages(Exception):
    """The files of some images are gone, or are not what they were."""

    def __init__(self, images: list[LostImage]) -> None:
        """Keep the images."""
        super().__init__(f"{len(images)} images")
        self.images = images


def write_images(images: pl.DataFrame, root: Path, folder: Path, split: str) -> list[ReleasedFile]:
    """Write the rows of a split with their files; files above half a gigabyte are followed by more.

    Args:
        images: rows of the configuration `images` of one split.
        root: the folder that their paths start from.
        folder: the folder of the release.
        split: the split.

    Raises:
        LostImages: files are gone or have other bytes; it names all of them.
    """
    files: list[ReleasedFile] = []
    shard = _Shard.begin(images, folder, split, 0)
    try:
        for group, size in _groups(images, root):
            if shard.image_bytes and shard.image_bytes + size > _FILE_BYTES:
                files.append(shard.finish(split))
                shard = _Shard.begin(images, folder, split, len(files))
            shard.write(group, size)
        return [*files, shard.finish(split)]
    finally:
        shard.writer.close()


def wrong_bytes(path: Path) -> int:
    """Return the number of rows of a released file whose image is not the one of its image_id."""
    from pyarrow.parquet import ParquetFile

    wrong = 0
    with ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=16, columns=["image_id", COLUMN]):
            for row in batch.to_pylist():
                held = (row[COLUMN] or {}).get("bytes") or b""
                wrong += hashlib.sha256(held).hexdigest() != row["image_id"]
    return wrong


@dataclass
class _Shard:
    """One file in the making."""

    path: Path
    place: str
    schema: "pa.Schema"
    writer: "ParquetWriter"
    image_bytes: int = 0
    rows: int = 0

    @classmethod
    def begin(cls, images: pl.DataFrame, folder: Path, split: str, number: int) -> "_Shard":
        from pyarrow.parquet import ParquetWriter

        place = f"images/{split}{f'-{number:05d}' if number else ''}.parquet"
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        schema = _schema(images)
        plain = [name for name in images.columns if name != COLUMN]
        # An image is compressed already, and its bytes have no order. Each may be chosen by column.
        options: dict[str, Any] = {
            "compression": {**dict.fromkeys(plain, "zstd"), f"{COLUMN}.bytes": "none"},
            "use_dictionary": plain,
            "write_statistics": plain,
        }
        writer = ParquetWriter(folder / place, schema, **options)
        return cls(folder / place, place, schema, writer)

    def write(self, rows: list[dict[str, Any]], size: int) -> None:
        import pyarrow as pa

        self.writer.write_table(pa.Table.from_pylist(rows, schema=self.schema))
        self.image_bytes += size
        self.rows += len(rows)

    def finish(self, split: str) -> ReleasedFile:
        self.writer.close()
        return ReleasedFile(
            path=self.place,
            config="images",
            split=split,
            rows=self.rows,
            size_bytes=self.path.stat().st_size,
            sha256=file_sha256(self.path),
        )


def _schema(images: pl.DataFrame) -> "pa.Schema":
    import pyarrow as pa

    from eemo_pipeline.stages.exports.formats import plain_schema

    held = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    return (
        plain_schema(images)
        .append(pa.field(COLUMN, held))
        .with_metadata({"huggingface": json.dumps(_FEATURES)})
    )


def _groups(images: pl.DataFrame, root: Path) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """Yield rows with their image, and the bytes of the images, a row group at a time."""
    group: list[dict[str, Any]] = []
    lost: list[LostImage] = []
    size = 0
    for row in images.iter_rows(named=True):
        try:
            held = (root / row["path"]).read_bytes()
        except OSError as error:
            lost.append(LostImage(row["path"], error.strerror or "it cannot be read"))
            continue
        if hashlib.sha256(held).hexdigest() != row["image_id"]:
            lost.append(LostImage(row["path"], "the file has changed since it was read"))
            continue
        if group and size + len(held) > _GROUP_BYTES:
            yield group, size
            group, size = [], 0
        group.append(row | {COLUMN: {"bytes": held, "path": Path(row["path"]).name}})
        size += len(held)
    if lost:
        raise LostImages(lost)
    if group:
        yield group, size
