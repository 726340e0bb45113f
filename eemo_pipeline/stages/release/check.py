"""Checks a release against itself: hashes, images, licences, splits and its pages' numbers.

Needs the folder alone, so whoever receives a release can check it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.stages.release.build import make_pages
from eemo_pipeline.stages.release.contents import ABOUT, CONFIGS
from eemo_pipeline.stages.release.facts import read_frames
from eemo_pipeline.stages.release.image_files import wrong_bytes
from eemo_pipeline.stages.release.manifest import NAME, BadManifest, Manifest, read_manifest
from eemo_pipeline.stages.release.open_licences import why_kept_in
from eemo_pipeline.stages.release.pages import PAGES, UnknownPages

CHECKS = (
    "manifest_is_whole",
    "files_are_unchanged",
    "images_are_theirs",
    "licences_allow",
    "splits_are_apart",
    "card_matches_data",
)
_SHOWN = 160


@dataclass(frozen=True)
class Finding:
    """A broken promise: the check, the file, and what is wrong."""

    check: str
    path: str
    detail: str


def check_release(folder: Path) -> list[Finding]:
    """Return what is wrong with a release; nothing if it is sound."""
    try:
        manifest = read_manifest(folder)
    except BadManifest as error:
        return [Finding("manifest_is_whole", NAME, str(error))]
    damaged = list(_check_files(folder, manifest))
    if any(
        finding.path.endswith(".parquet") and "bytes" not in finding.detail for finding in damaged
    ):
        return damaged
    try:
        found = [
            *damaged,
            *_check_images(folder, manifest),
            *_check_licences(folder, manifest),
            *_check_splits(folder, manifest),
            *_check_pages(folder, manifest),
        ]
    except (pl.exceptions.PolarsError, OSError) as error:
        return [*damaged, Finding("files_are_unchanged", "", str(error).splitlines()[0])]
    return found


def _check_files(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    check = "files_are_unchanged"
    named = {file.path: file for file in manifest.files}
    for path, file in named.items():
        place = folder / path
        if not place.resolve().is_relative_to(folder.resolve()) or not place.is_file():
            yield Finding(check, path, "the file is missing")
        elif file_sha256(place) != file.sha256:
            yield Finding(check, path, "its bytes are not those that were released")
        elif file.config and _count_rows(place) != file.rows:
            yield Finding(check, path, f"the manifest says {file.rows:,} rows")
    present = {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()
    }
    for path in sorted(present - named.keys() - {NAME}):
        yield Finding(check, path, "the file is not part of the release")


def _count_rows(path: Path) -> int:
    return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())


def _check_images(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """The bytes of every image are those that its image_id names."""
    if not manifest.has_image_files():
        return
    for file in manifest.data_files():
        if file.config == "images" and (wrong := wrong_bytes(folder / file.path)):
            yield Finding(
                "images_are_theirs", file.path, f"{wrong:,} images are not those of their image_id"
            )


def _check_licences(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Every row has a licence, and each is open, allowed by its source or permitted."""
    check = "licences_allow"
    passed = [t.licence for t in manifest.terms if t.is_redistributable or t.is_permitted]
    anything = any(t.is_permitted and t.is_per_image for t in manifest.terms)
    for config, frame in read_frames(folder, manifest.files).items():
        if config in ABOUT:
            continue
        licences = frame.select(pl.col("licences")).collect().to_series()
        bare = int((licences.list.len().fill_null(0) == 0).sum())
        if bare:
            yield Finding(check, config, f"{bare:,} rows have no licence")
        for licence in licences.explode().drop_nulls().unique().sort().to_list():
            if licence not in passed and not anything and why_kept_in(licence):
                yield Finding(
                    check, config, f"{licence[:_SHOWN]!r} does not allow it, nor did its owner"
                )


def _check_splits(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Near-duplicates share a part, and so do a row and its images."""
    check = "splits_are_apart"
    frames = read_frames(folder, manifest.files)
    if "images" not in frames:
        yield Finding(check, "images", "no file lists the images")
        return
    images = frames["images"].select("image_id", "cluster_id", of_image="split").collect()
    crossing = images.group_by("cluster_id").agg(pl.col("of_image").n_unique())
    crossing = crossing.filter(pl.col("of_image") > 1)
    if crossing.height:
        yield Finding(check, "images", f"{crossing.height:,} clusters lie in several parts")
    for config in ("records", "qa", "assess"):
        if config not in frames:
            continue
        key = CONFIGS[config][1][0]
        one = pl.col("image_ids" if config == "qa" else "image_id").alias("image")
        rows = frames[config].select(pl.col(key).alias("row"), "split", one).collect()
        rows = rows.explode("image") if config == "qa" else rows
        joined = rows.join(images, left_on="image", right_on="image_id", how="left")
        apart = joined.filter(pl.col("split").ne_missing(pl.col("of_image")))
        if apart.height:
            yield Finding(
                check, config, f"{apart['row'].n_unique():,} rows are in another part than an image"
            )


def _check_pages(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Render every page from numbers computed anew, and compare line by line."""
    check = "card_matches_data"
    data = manifest.model_copy(update={"files": manifest.data_files()})
    try:
        pages = dict(make_pages(data, folder))
    except UnknownPages as error:
        yield Finding(check, "README.md", str(error))
        return
    for name, text in pages.items():
        if name == "croissant.json" and manifest.pages != PAGES:
            continue  # its texts are code: an older one is known by its hash alone
        try:
            found = (folder / name).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            yield Finding(check, name, str(error)[:_SHOWN])
            continue
        pairs = zip_longest(found.splitlines(), text.splitlines())
        wrong = next(((no, *both) for no, both in enumerate(pairs, 1) if both[0] != both[1]), None)
        if wrong:
            said, computed = (repr((line or "")[:_SHOWN]) for line in wrong[1:])
            yield Finding(check, name, f"line {wrong[0]}: says {said}, the data gives {computed}")
