"""The contract between readers and ingest: schemas of the rows, and the tables they form."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.schema.tables import TABLES

# Filled in by the adapter; the ingest stage adds source, image_id and the counts.
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
    # For the rejects of annotations whose image or box is refused; no table of annotations has it.
    | {"line": TABLES["ingest__rejects"].polars_schema["line"]}
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


# Prefix of an annotator_id that is the dataset's own identifier of a person. Ingest replaces the
# identifier by a salted hash, so that no worker's identifier reaches a table.
WORKER = "worker:"


@dataclass(frozen=True)
class Listing:
    """Every regular file below a dataset's folder, listed once.

    Attributes:
        root: the folder, resolved.
        paths: POSIX paths relative to `root`, sorted; links that leave the folder, links to folders
            and broken links are in `refused` instead.
        refused: path -> (reason, detail) of listed files that must not be opened.
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
    """The tables that an adapter read.

    Attributes:
        records: one row per record whose image is in the listing (RECORD_SCHEMA).
        annotations: one row per usable annotation of those records (ANNOTATION_SCHEMA).
        rejects: one row per refused row of an annotation file (REJECT_SCHEMA).
        table_paths: the annotation and documentation files; all other files count as images.
        row_count: data rows in the annotation files, counted before any check. row_count = distinct
            (table_path, row) in annotations and words + those in rejects.
        words: entries of a lexicon (WORD_SCHEMA); empty for sources of images.
        refused_files: path -> (reason, detail) of files that the adapter refuses unopened.
    """

    records: pl.DataFrame
    annotations: pl.DataFrame
    rejects: pl.DataFrame
    table_paths: frozenset[str]
    row_count: int
    words: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=WORD_SCHEMA))
    refused_files: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def assemble(
    records: Iterable[Mapping[str, Any]],
    annotations: Iterable[Mapping[str, Any]],
    rejects: Iterable[Mapping[str, Any]],
    table_paths: Iterable[str],
    row_count: int,
) -> SourceTables:
    """Build the frames from rows; fields missing from a row are null."""
    return SourceTables(
        records=pl.DataFrame(list(records), schema=RECORD_SCHEMA),
        annotations=pl.DataFrame(list(annotations), schema=ANNOTATION_SCHEMA),
        rejects=pl.DataFrame(list(rejects), schema=REJECT_SCHEMA),
        table_paths=frozenset(table_paths),
        row_count=row_count,
    )
