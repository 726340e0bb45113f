"""`manifest.json`: what a release holds, and what it was made from.

No time, no path of a machine and no address is in it. `digest` is the SHA-256 of the rest, so that
one hash names a release; `previous` is the digest of the release before, which chains them.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.release.declaration import Declaration
from eemo_pipeline.stats.hash_draws import short_hash

NAME = "manifest.json"
_MOST_BYTES = 50_000_000
# The stages that the released rows are made from.
_UPSTREAM = frozenset(
    (
        *("sources", "ingest", "dedup", "labels", "annotation", "texts", "verification"),
        *("grounding", "critic", "records", "review", "qa", "assess"),
    )
)


class _Fixed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReleasedFile(_Fixed):
    """One file; `config` and `split` are None for a page, and `rows` is 0."""

    path: str
    config: str | None
    split: str | None
    rows: int
    size_bytes: int
    sha256: str


class SourceTerms(_Fixed):
    """The terms of a source that rows depend on, and whether its owner gave permission beyond.

    `is_per_image` says that each image has a licence of its own, which stands at its rows.
    """

    source: str
    title: str
    licence: str
    citation: str
    is_redistributable: bool
    is_permitted: bool
    is_per_image: bool


class Withheld(_Fixed):
    """Rows of a configuration that the terms of a source keep in."""

    config: str
    source: str
    licence: str
    rows: int


class Code(_Fixed):
    """What computed the tables.

    Attributes:
        package: the version of this package.
        parts: part of the library, such as `stages/records` -> hash of its files.
        assets: asset -> code version, where prompts or a published method decide its answers.
        seeds: asset -> seed of its draws.
    """

    package: str
    parts: dict[str, str]
    assets: dict[str, str]
    seeds: dict[str, str]


class Described(_Fixed):
    """A configuration: what one row is, its key, and column -> meaning in order."""

    grain: str
    key: list[str]
    columns: dict[str, str]


class Manifest(_Fixed):
    """A release.

    Attributes:
        layout: the version of this layout.
        pages: the version of the page templates.
        number: the release.
        previous: the digest of the release before, None for the first.
        declaration: what a person stated.
        configs: configuration -> what its rows and columns mean.
        files: every file but the manifest.
        tables: file below `tables/` of the data root -> its SHA-256.
        code: versions and seeds.
        terms: per source.
        withheld: per configuration and source.
        digest: the SHA-256 of everything else.
    """

    layout: Literal[1]
    pages: int
    number: int
    previous: str | None
    declaration: Declaration
    configs: dict[str, Described]
    files: list[ReleasedFile]
    tables: dict[str, str]
    code: Code
    terms: list[SourceTerms]
    withheld: list[Withheld]
    digest: str = ""

    def data_files(self) -> list[ReleasedFile]:
        """Return the files that hold rows."""
        return [file for file in self.files if file.config]

    def count_rows(self) -> dict[str, int]:
        """Return configuration -> its rows in all splits."""
        counts: dict[str, int] = {}
        for file in self.data_files():
            counts[str(file.config)] = counts.get(str(file.config), 0) + file.rows
        return counts

    def has_image_files(self) -> bool:
        """Return whether the release holds the image files, and not their paths alone."""
        return "images" in self.configs and "image" in self.configs["images"].columns

    def sealed(self) -> "Manifest":
        """Return the manifest with its digest."""
        return self.model_copy(update={"digest": _digest(self.model_dump(exclude={"digest"}))})

    def content_digest(self) -> str:
        """Return the digest of the rows, of their terms and of what a person stated.

        Other origins of the same rows are no other content.
        """
        rows = [file.model_dump() for file in self.data_files() if file.config != "origins"]
        stated = self.model_dump(include={"declaration", "terms", "withheld"})
        return _digest({**stated, "files": rows})


class BadManifest(Exception):
    """The manifest is missing, unreadable, or not the one that was written."""


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write the manifest and wait until it is on disk."""
    text = json.dumps(manifest.model_dump(), indent=1, ensure_ascii=False) + "\n"
    with (folder / NAME).open("wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a release.

    Raises:
        BadManifest: it is missing, unreadable or altered.
    """
    path = folder / NAME
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BadManifest(f"{NAME} is larger than {_MOST_BYTES:,} bytes")
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadManifest(f"{NAME}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadManifest(f"{NAME}: {place}: {first['msg']}"[:300]) from error
    if manifest.sealed().digest != manifest.digest:
        raise BadManifest(f"{NAME} is not the one that was written: its digest differs")
    return manifest


def hash_tables(tables: Path) -> dict[str, str]:
    """Return file below `tables` -> SHA-256, of the tables that released rows are made from."""
    return {path.relative_to(tables).as_posix(): file_sha256(path) for path in _table_files(tables)}


def hash_parts() -> dict[str, str]:
    """Return part of the library -> hash of its files, first 16 digits; each stage is a part."""
    library = Path(str(files("eemo_pipeline")))
    parts: dict[str, list[str]] = {}
    for path in sorted(library.rglob("*")):
        within = path.relative_to(library)
        if path.is_file() and "__pycache__" not in within.parts:
            depth = 2 if within.parts[0] == "stages" else 1
            part = "/".join(within.with_suffix("").parts[:depth])
            parts.setdefault(part, []).append(f"{within.as_posix()} {file_sha256(path)}")
    return {part: short_hash(*found) for part, found in sorted(parts.items())}


def _table_files(tables: Path) -> Iterable[Path]:
    for name, table in sorted(TABLES.items()):
        if table.stage not in _UPSTREAM:
            continue
        if table.is_partitioned:
            yield from sorted((tables / name).glob("[!.]*.parquet"))
        elif (path := tables / f"{name}.parquet").is_file():
            yield path


def _digest(value: dict[str, Any]) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
