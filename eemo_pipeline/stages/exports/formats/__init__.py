"""The contract of an export format, how to add one, and the encoders that formats share.

To add a format, add one file `eemo_pipeline/stages/exports/formats/<format>.py` that declares
`EXPORTER = Exporter(name="<format>", ...)`. Nothing else needs to change: the files are published,
listed in `exports__files` and checked against the rules of `consumer_rules.py`.

`write` gets the whole tables and the format's own folder, writes through `publish_splits`, and
returns the files it wrote. `read` opens one of these files as its consumer would, and returns the
entries that the consumer sees. The same tables give the same bytes.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from eemo_pipeline.lake.parquet import Written, write_chunks
from eemo_pipeline.schema.columns import SPLITS
from eemo_pipeline.stages.exports.consumer_rules import MARK, as_seen

if TYPE_CHECKING:
    import pyarrow as pa

LETTERS = ("A", "B", "C", "D")


LLAVA_SCHEMA = pl.Schema(
    {
        "id": pl.String,
        "image": pl.List(pl.String),  # a single path is read as a list of one
        "conversations": pl.List(pl.Struct({"from": pl.String, "value": pl.String})),
    }
)


_SLICE_ROWS = 50_000


@dataclass(frozen=True)
class Tables:
    """The published tables.

    Attributes:
        qa: `qa__items` with `images`, the paths of its images relative to the data root.
        assess: `assess__items` with `images` likewise, a list of one, and an empty `options`.
        images: `dedup__images` with `image`, the path.
        emotions: `labels__emotions`.
        vad: `labels__vad`.
        descriptions: `texts__descriptions`.
        reasonings: `texts__reasonings`.
        rankings: `labels__rankings`.
        records: `records__emoverse`; those whose state is preserved are published.
        regions: `records__regions` of these records.
    """

    qa: pl.DataFrame
    assess: pl.DataFrame
    images: pl.DataFrame
    emotions: pl.DataFrame
    vad: pl.DataFrame
    descriptions: pl.DataFrame
    reasonings: pl.DataFrame
    rankings: pl.DataFrame
    records: pl.DataFrame
    regions: pl.DataFrame


@dataclass(frozen=True)
class PublishedFile:
    """One file written by an exporter.

    Attributes:
        written: its path, size and hash.
        row_count: the number of its entries.
        dataset: qa, assess or records, None for a file without items.
        split: the part of the dataset in it, None for a file without items.
    """

    written: Written
    row_count: int
    dataset: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class Exporter:
    """One format of the published dataset.

    Attributes:
        name: equals the module's name and the folder below `exports/`.
        write: writes the files below the given folder.
        read: returns the entries of one written file, a frame of `consumer_rules.SEEN`; no rows
            for a file that describes others.
    """

    name: str
    write: Callable[[Tables, Path], list[PublishedFile]]
    read: Callable[[Path], pl.DataFrame]


def publish_splits(
    dataset: str,
    rows: pl.DataFrame,
    encode: Callable[[pl.DataFrame], Iterable[bytes]],
    folder: Path,
    pattern: str,
) -> list[PublishedFile]:
    """Write one file per part of the dataset, `pattern` with the part's name in place of `{}`.

    `dataset` is qa, assess or records. A part without rows has no file; a file from an earlier run
    is removed.
    """
    files: list[PublishedFile] = []
    for split in SPLITS:
        part = rows.filter(pl.col("split") == split)
        path = folder / pattern.format(split)
        if part.is_empty():
            path.unlink(missing_ok=True)
        else:
            written = write_chunks(encode(part), path)
            files.append(PublishedFile(written, part.height, dataset, split))
    return files


def json_lines(line: pl.Expr) -> Callable[[pl.DataFrame], Iterator[bytes]]:
    """Return an encoder that writes each row as JSON on its own line."""

    def encode(rows: pl.DataFrame) -> Iterator[bytes]:
        for part in rows.iter_slices(_SLICE_ROWS):
            yield ("\n".join(part.select(line).to_series().to_list()) + "\n").encode()

    return encode


def json_array(element: pl.Expr) -> Callable[[pl.DataFrame], Iterator[bytes]]:
    """Return an encoder that writes the rows as one JSON array, each element on its own line."""
    lines = json_lines(element)

    def encode(rows: pl.DataFrame) -> Iterator[bytes]:
        lead = b"[\n"
        for chunk in lines(rows):
            yield lead + chunk.removesuffix(b"\n").replace(b"\n", b",\n")
            lead = b",\n"
        yield b"\n]\n"

    return encode


def json_texts(objects: Iterable[Mapping[str, Any]]) -> pl.Series:
    """Return each object as JSON text, for layouts whose lists mix texts and numbers."""
    texts = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in objects]
    return pl.Series("json", texts, dtype=pl.String)


def json_object(*fields: pl.Expr | str) -> pl.Expr:
    """Return the fields as the text of a JSON object."""
    return pl.struct(*fields).struct.json_encode()


def llava_object() -> pl.Expr:
    """Return a LLaVA conversation; `image` is a path, or a list if the item has several images."""
    keys = ("from", "value")
    turns = pl.concat_list(turn("human", asked(), keys), turn("gpt", answered(), keys))
    id_, conversations = pl.col("item_id").alias("id"), turns.alias("conversations")
    several = pl.col("images").alias("image")
    return (
        pl.when(pl.col("images").list.len() == 1)
        .then(json_object(id_, several.list.first(), conversations))
        .otherwise(json_object(id_, several, conversations))
    )


def see_llava(conversations: pl.DataFrame) -> pl.DataFrame:
    """Return conversations read with LLAVA_SCHEMA in the form that a consumer sees."""
    turns = pl.col("conversations")
    speaker = pl.element().struct.field("from")
    return as_seen(
        conversations.select(
            pl.col("id").alias("item_id"),
            pl.col("image").alias("images"),
            turns.list.first().struct.field("value").alias("prompt"),
            turns.list.last().struct.field("value").alias("answer"),
            turns.list.eval(speaker.replace({"human": "user", "gpt": "assistant"})).alias("roles"),
        )
    )


def read_json(path: Path, schema: pl.Schema) -> pl.DataFrame:
    """Return the objects that `json_lines` or `json_array` wrote, one per row."""
    lines = pl.read_lines(path, glob=False).to_series().str.strip_suffix(",")
    objects = lines.filter(~lines.is_in(["[", "]"]))
    return objects.str.json_decode(pl.Struct(schema)).struct.unnest()


def parquet_bytes(rows: pl.DataFrame) -> Iterator[bytes]:
    """Yield the rows as the bytes of one Parquet file, text as `string` and lists as `list`.

    Those are pyarrow's types. Polars writes large_string and large_list, and `datasets` refuses to
    concatenate files whose types differ.
    """
    from pyarrow.parquet import ParquetWriter

    schema = plain_schema(rows)
    buffer = BytesIO()
    with ParquetWriter(buffer, schema, compression="zstd") as writer:
        for part in rows.iter_slices(_SLICE_ROWS):
            writer.write_table(part.to_arrow().cast(schema))
    yield buffer.getvalue()


def plain_schema(rows: pl.DataFrame) -> "pa.Schema":
    """Return the Arrow schema of the rows, text as `string` and lists as `list`."""
    import pyarrow as pa

    fields = rows.head(0).to_arrow().schema
    return pa.schema([(field.name, _plain_type(field.type)) for field in fields])


def _plain_type(found: "pa.DataType") -> "pa.DataType":
    """Return the type with string and list in place of their large variants, at any depth."""
    import pyarrow as pa

    if pa.types.is_large_string(found):
        return pa.string()
    if pa.types.is_large_list(found):
        return pa.list_(_plain_type(found.value_type))
    if pa.types.is_struct(found):
        return pa.struct([(field.name, _plain_type(field.type)) for field in found])
    return found


def turn(speaker: str, value: pl.Expr, names: tuple[str, str]) -> pl.Expr:
    """Return one turn of a conversation; `names` are the keys of the speaker and the text."""
    return pl.struct(pl.lit(speaker).alias(names[0]), value.alias(names[1]))


def asked() -> pl.Expr:
    """Return a mark per image, the question and its options."""
    marks = pl.lit(f"{MARK}\n").repeat_by(pl.col("images").list.len()).list.join("")
    return pl.concat_str(marks, question())


def question() -> pl.Expr:
    """Return the question, and each option with its letter on its own line."""
    options = [
        pl.concat_str(
            pl.lit(f"\n{letter}. "), _unmarked(pl.col("options").list.get(place, null_on_oob=True))
        ).fill_null("")
        for place, letter in enumerate(LETTERS)
    ]
    return pl.concat_str(_unmarked(pl.col("question")), *options)


def answered() -> pl.Expr:
    """Return the answer after its letter, or alone if there are no options."""
    lettered = pl.concat_str("answer_letter", pl.lit(". "), "answer")
    return _unmarked(pl.coalesce(lettered, "answer"))


def _unmarked(text: pl.Expr) -> pl.Expr:
    """Replace image marks in the text, since a consumer expects an image for each mark."""
    return text.str.replace_all(MARK, "(image)", literal=True)
