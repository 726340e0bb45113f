"""Builds numbered releases: a folder is made aside, and renamed when it is whole.

A release is never changed. Where the rows, terms and versions are those of the latest release,
no new one is made.
"""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.lake.parquet import write_bytes, write_chunks
from eemo_pipeline.schema.columns import SPLITS
from eemo_pipeline.stages.exports.formats import parquet_bytes
from eemo_pipeline.stages.release.contents import CONFIGS, UNSPLIT, Contents, describe_column
from eemo_pipeline.stages.release.declaration import Declaration
from eemo_pipeline.stages.release.facts import compute_facts, read_frames
from eemo_pipeline.stages.release.image_files import COLUMN, write_images
from eemo_pipeline.stages.release.manifest import (
    Code,
    Described,
    Manifest,
    ReleasedFile,
    SourceTerms,
    Withheld,
    hash_tables,
    read_manifest,
    write_manifest,
)
from eemo_pipeline.stages.release.pages import PAGES, render_pages
from eemo_pipeline.stages.sources import known_sources

_ASIDE = ".building"


@dataclass(frozen=True)
class Built:
    """A release on disk, and whether it is new."""

    folder: Path
    manifest: Manifest
    is_new: bool

    def summary(self) -> str:
        """Return in one line what was built: rows per configuration, and what was withheld."""
        rows = ", ".join(f"{name}: {rows:,}" for name, rows in self.manifest.count_rows().items())
        withheld = sum(row.rows for row in self.manifest.withheld)
        what = "written" if self.is_new else "holds the same already; nothing was written"
        return f"release {self.manifest.number}: {what}; {rows}; withheld: {withheld:,}"


def list_numbers(releases: Path) -> list[int]:
    """Return the numbers of the releases, in order."""
    if not releases.is_dir():
        return []
    names = (path.name for path in releases.iterdir() if path.is_dir())
    return sorted(int(name) for name in names if name.isascii() and name.isdigit())


def build_release(
    tables: Path,
    releases: Path,
    contents: Contents,
    declaration: Declaration,
    code: Code,
    permitted: Iterable[str] = (),
    image_root: Path | None = None,
) -> Built:
    """Write the next release, or return the latest if it holds the same.

    Args:
        tables: the data root's tables, whose hashes are recorded.
        releases: the folder of the releases.
        contents: the rows.
        declaration: what a person stated.
        code: versions and seeds.
        permitted: sources whose owner has given permission beyond the terms.
        image_root: the folder from which images are read into the release; None leaves them out.

    Raises:
        LostImages: image files are gone or have changed.
        BadManifest: the manifest of the latest release is damaged.
    """
    numbers = list_numbers(releases)
    latest = read_manifest(releases / str(numbers[-1])) if numbers else None
    aside = releases / _ASIDE
    shutil.rmtree(aside, ignore_errors=True)  # what a killed build left
    aside.mkdir(parents=True)
    try:
        manifest = Manifest(
            layout=1,
            pages=PAGES,
            number=numbers[-1] + 1 if numbers else 1,
            previous=latest.digest if latest else None,
            declaration=declaration,
            configs=_describe_configs(contents.frames, [COLUMN] if image_root else []),
            files=_write_rows(contents.frames, aside, image_root),
            tables=hash_tables(tables),
            code=code,
            terms=_state_terms(contents.terms, set(permitted)),
            withheld=[Withheld(**row) for row in contents.withheld.to_dicts()],
        )
        if latest and latest.content_digest() == manifest.content_digest():
            return Built(releases / str(latest.number), latest, is_new=False)
        pages = [_write_page(name, text, aside) for name, text in make_pages(manifest, aside)]
        whole = manifest.model_copy(update={"files": [*manifest.files, *pages]}).sealed()
        write_manifest(whole, aside)
        folder = releases / str(whole.number)
        _publish(aside, folder)
        return Built(folder, whole, is_new=True)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def make_pages(manifest: Manifest, folder: Path) -> Iterable[tuple[str, str]]:
    """Return name and text of the pages, with every number computed from the files in `folder`."""
    frames = read_frames(folder, manifest.files)
    types: dict[str, dict[str, Any]] = {
        name: dict(frame.collect_schema()) for name, frame in frames.items()
    }
    return render_pages(manifest, compute_facts(frames), types).items()


def _write_rows(
    frames: dict[str, pl.DataFrame], folder: Path, image_root: Path | None
) -> list[ReleasedFile]:
    files: list[ReleasedFile] = []
    for config, frame in frames.items():
        for split in (*SPLITS, UNSPLIT):
            part = frame.filter(pl.col("split") == split)
            if part.is_empty():
                continue
            if config == "images" and image_root:
                files += write_images(part, image_root, folder, split)
                continue
            path = f"{config}/{split}.parquet"
            written = write_chunks(parquet_bytes(part), folder / path)
            files.append(
                ReleasedFile(
                    path=path,
                    config=config,
                    split=split,
                    rows=part.height,
                    size_bytes=written.size_bytes,
                    sha256=written.sha256,
                )
            )
    return files


def _describe_configs(frames: dict[str, pl.DataFrame], of_files: list[str]) -> dict[str, Described]:
    return {
        config: Described(
            grain=CONFIGS[config][0],
            key=list(CONFIGS[config][1]),
            columns={
                name: describe_column(name).meaning
                for name in (*frame.columns, *(of_files if config == "images" else ()))
            },
        )
        for config, frame in frames.items()
    }


def _write_page(name: str, text: str, folder: Path) -> ReleasedFile:
    written = write_bytes(text.encode(), folder / name)
    return ReleasedFile(
        path=name,
        config=None,
        split=None,
        rows=0,
        size_bytes=written.size_bytes,
        sha256=written.sha256,
    )


def _state_terms(terms: pl.DataFrame, permitted: set[str]) -> list[SourceTerms]:
    known = known_sources()
    return [
        SourceTerms(
            source=row["source"],
            title=row["title"],
            licence=row["licence"],
            citation=row["citation"],
            is_redistributable=row["is_redistributable"],
            is_permitted=row["source"] in permitted,
            is_per_image=known[row["source"]].is_licensed_per_picture
            if row["source"] in known
            else False,
        )
        for row in terms.iter_rows(named=True)
    ]


def _publish(aside: Path, folder: Path) -> None:
    """Make the files read-only and durable, then rename the folder."""
    for path in sorted(aside.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
            path.chmod(0o444)
    aside.rename(folder)
