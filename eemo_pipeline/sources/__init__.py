"""The contract of a source dataset, and how to add one.

To add a source, add one file `eemo_pipeline/sources/<name>.py` that declares
`SOURCE = SourceDataset(name="<name>", ...)` with a `read` function. Nothing else is touched: the
partition, the row of `sources__datasets` and the lineage node `external__<name>` follow.

`read` gets the listing of the dataset's folder and returns three frames. It opens annotation
files, never pictures, and never raises on bad content: what it cannot use becomes a reject.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.schema.tables import TABLES

# What an adapter fills in; the ingest stage adds source, image_id and the counts.
RECORD_SCHEMA = pl.Schema(
    {
        name: dtype
        for name, dtype in TABLES["ingest__records"].polars_schema.items()
        if name not in {"source", "image_id", "annotation_count"}
    }
)
ANNOTATION_SCHEMA = pl.Schema(
    {
        name: dtype
        for name, dtype in TABLES["ingest__annotations"].polars_schema.items()
        if name not in {"source", "image_id"}
    }
)
REJECT_SCHEMA = pl.Schema(
    {
        name: dtype
        for name, dtype in TABLES["ingest__rejects"].polars_schema.items()
        if name != "source"
    }
)
WORD_SCHEMA = pl.Schema(
    {
        name: dtype
        for name, dtype in TABLES["ingest__words"].polars_schema.items()
        if name != "source"
    }
)
# An annotator_id that begins so names a person as the dataset does; ingest puts a salted hash in
# its place, so that no worker's identifier reaches a table.
WORKER = "worker:"


@dataclass(frozen=True)
class Listing:
    """Every regular file below a dataset's folder, listed once.

    Attributes:
        root: the folder, resolved.
        paths: POSIX paths relative to `root`, sorted; links that leave the folder, links to
            folders and broken links are not among them but in `refused`.
        refused: path -> (reason, detail) of what was listed but must not be opened.
    """

    root: Path
    paths: tuple[str, ...]
    refused: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @cached_property
    def known(self) -> frozenset[str]:
        """The paths, for membership tests."""
        return frozenset(self.paths)


@dataclass(frozen=True)
class SourceTables:
    """What an adapter read.

    Attributes:
        records: one row per record whose picture is in the listing (RECORD_SCHEMA).
        annotations: one row per usable annotation of those records (ANNOTATION_SCHEMA).
        rejects: one row per refused row of an annotation file (REJECT_SCHEMA).
        table_paths: the annotation and documentation files; all other files count as pictures.
        row_count: data rows in the annotation files, counted before any of them is judged.
            row_count = distinct (table_path, row) in annotations and words + those in rejects.
        words: entries of a lexicon (WORD_SCHEMA); empty for sources of pictures.
    """

    records: pl.DataFrame
    annotations: pl.DataFrame
    rejects: pl.DataFrame
    table_paths: frozenset[str]
    row_count: int
    words: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=WORD_SCHEMA))


@dataclass(frozen=True)
class Download:
    """A file that the owner offers without a form.

    Attributes:
        url: where it is.
        name: what it is called on disk, below the source's folder; an archive is kept outside
            of it, below `downloads/`.
        sha256: what its bytes must be, None where the owner does not say.
        is_archive: whether it is unpacked into the source's folder.
    """

    url: str
    name: str
    sha256: str | None = None
    is_archive: bool = False


@dataclass(frozen=True)
class SourceDataset:
    """A source dataset: its terms, its vocabulary and its reader.

    Attributes:
        name: equals the module's name; the partition key and the folder below `sources/`.
        label_space: a key of `emotion.taxonomies.LABEL_SPACES`.
        semantics: evoked, apparent or none.
        expected_files: picture files of a complete copy, None for open-ended sources.
        obtain: how a person gets the dataset.
        read: the reader, see the module's docstring.
        role: training, evaluation (no picture of it, nor a near-duplicate, ever trains) or
            lexicon (words instead of pictures).
        expected_records: records of a complete copy by the owner's count, None where unknown or
            disputed; reported beside what is found, never asserted.
        embeds: other sources, or collections, whose pictures it holds.
        downloads: files that the owner offers for direct download, empty where a form stands
            before them.
        needs: files, other than pictures, that every owner's copy holds: names or the ends of
            paths, compared without case, with `*` for any characters and `|` between names that
            serve alike ("labels.csv|labels.txt"). One that is not there is named as missing.
        is_licensed_per_picture: whether the record's attribute `licence` decides, picture by
            picture, in place of `is_redistributable`.
    """

    name: str
    title: str
    licence: str
    is_redistributable: bool
    homepage: str
    citation: str
    label_space: str
    semantics: str
    expected_files: int | None
    obtain: str
    read: Callable[[Listing], SourceTables]
    role: str = "training"
    expected_records: int | None = None
    embeds: tuple[str, ...] = ()
    downloads: tuple[Download, ...] = ()
    needs: tuple[str, ...] = ()
    is_licensed_per_picture: bool = False


def assemble(
    records: Iterable[Mapping[str, Any]],
    annotations: Iterable[Mapping[str, Any]],
    rejects: Iterable[Mapping[str, Any]],
    table_paths: Iterable[str],
    row_count: int,
) -> SourceTables:
    """Build the frames from rows; fields that a row does not name are null."""
    return SourceTables(
        records=pl.DataFrame(list(records), schema=RECORD_SCHEMA),
        annotations=pl.DataFrame(list(annotations), schema=ANNOTATION_SCHEMA),
        rejects=pl.DataFrame(list(rejects), schema=REJECT_SCHEMA),
        table_paths=frozenset(table_paths),
        row_count=row_count,
    )
