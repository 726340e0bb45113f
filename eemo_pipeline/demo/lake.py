"""Writes the demo lake to disk and lists what was planted in it.

Holds files, their times, and the manifest that lets a second run write nothing. The contents of the
files come from `pictures.py`, `tables.py` and `lexicon.py`.
"""

import json
import os
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from eemo_pipeline.demo.lexicon import PATH as LEXICON_PATH
from eemo_pipeline.demo.lexicon import write_lexicon
from eemo_pipeline.demo.pictures import Recipe, make_file
from eemo_pipeline.demo.plan import BROKEN_REASONS, Placed, plan_lake
from eemo_pipeline.demo.tables import write_tables
from eemo_pipeline.execution.process_pool import WorkerCrash, Workers

MANIFEST = ".demo-lake.json"
_TORN = re.compile(r"\.(.+)\.\d+\.tmp")
_MODIFIED_S = 1_767_225_600  # 2026-01-01T00:00:00Z: a copy and a rerun look unchanged
# A file that one kind of archiver leaves beside the real files, as in the original of OASIS.
_JUNK_PATH, _JUNK = "oasis/__MACOSX/._OASIS.csv", b"\0\5\26\7\0\2\0\0Mac OS X        "
_PAINTING_PACKAGES = ("numpy", "opencv-python-headless", "pillow", "scikit-image", "scipy")


@dataclass(frozen=True)
class Planted:
    """The planted cases of the lake; all paths are relative to the folder of the sources.

    Attributes:
        exact_copies: pairs of paths with equal bytes.
        near_duplicates: pairs of paths: an image, and an altered version of it.
        blanks: images without structure.
        awkward: path -> the unusual property of a readable image.
        broken: path -> the code it is refused with.
        unreferenced: images that no annotation file names.
        bad_rows: (path of an annotation file, row) -> the code it is refused with.
        row_counts: path of an annotation file -> its data rows.
        picture_counts: dataset -> number of existing files that its annotation files name.
    """

    exact_copies: tuple[tuple[str, str], ...]
    near_duplicates: tuple[tuple[str, str], ...]
    blanks: tuple[str, ...]
    awkward: dict[str, str]
    broken: dict[str, str]
    unreferenced: tuple[str, ...]
    bad_rows: dict[tuple[str, int], str]
    row_counts: dict[str, int]
    picture_counts: dict[str, int]


def list_planted(seed: int) -> Planted:
    """Return the cases that `write_lake` plants with this seed; paints nothing."""
    pictures = plan_lake(seed)
    tables = write_tables(pictures, seed)
    twins = [picture for picture in pictures if picture.twin]
    listed = [picture for picture in pictures if picture.is_listed]
    ordinary = {"none", "recompressed", "shrunk", "cropped", "brightened", "truncated"}
    return Planted(
        exact_copies=tuple((p.twin, p.path) for p in twins if p.recipe.alteration == "none"),
        near_duplicates=tuple((p.twin, p.path) for p in twins if p.recipe.alteration != "none"),
        blanks=tuple(p.path for p in pictures if p.recipe.kind == "blank"),
        awkward={
            p.path: p.recipe.alteration for p in pictures if p.recipe.alteration not in ordinary
        },
        broken={p.path: reason for p in pictures if (reason := _broken_reason(p)) is not None},
        unreferenced=tuple(p.path for p in pictures if not p.is_listed),
        bad_rows={(t.path, row): reason for t in tables for row, reason in t.bad_rows.items()},
        row_counts={table.path: table.row_count for table in tables},
        picture_counts={
            dataset: sum(p.dataset == dataset for p in listed)
            for dataset in sorted({p.dataset for p in listed})
        },
    )


def _broken_reason(picture: Placed) -> str | None:
    recipe = picture.recipe
    return BROKEN_REASONS.get(recipe.kind) or BROKEN_REASONS.get(recipe.alteration)


def write_lake(sources_dir: Path, seed: int) -> None:
    """Write the lake; if all of it exists already, write nothing.

    Files of an earlier layout that are no longer planned are removed; files from elsewhere are left
    alone.
    """
    fingerprint = _fingerprint(seed)
    before = _read_manifest(sources_dir)
    if before.get("fingerprint") == fingerprint and _is_complete(sources_dir, before["files"]):
        return
    pictures = plan_lake(seed)
    digests = dict(_write_pictures(sources_dir, pictures, seed))
    for table in write_tables(pictures, seed):
        digests[table.path] = _write(sources_dir / table.path, table.data)
    digests[LEXICON_PATH] = _write(sources_dir / LEXICON_PATH, write_lexicon())
    digests[_JUNK_PATH] = _write(sources_dir / _JUNK_PATH, _JUNK)
    for path in sorted(set(before.get("files", {})) - set(digests)):
        (sources_dir / path).unlink(missing_ok=True)
    _remove_torn(sources_dir, {*digests, MANIFEST})
    manifest = {"fingerprint": fingerprint, "files": dict(sorted(digests.items()))}
    _write(sources_dir / MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())


def _write_pictures(
    sources_dir: Path, pictures: tuple[Placed, ...], seed: int
) -> Iterator[tuple[str, str]]:
    """Yield path and SHA-256 of every image file; equal recipes are painted once."""
    places: dict[Recipe, list[str]] = {}
    for picture in pictures:
        places.setdefault(picture.recipe, []).append(picture.path)
    workers = Workers()
    try:
        for recipe, data in workers.map(partial(make_file, seed=seed), list(places), chunk=4):
            if isinstance(data, WorkerCrash):
                raise RuntimeError(f"the process that painted {recipe} died: run it again")
            for path in places[recipe]:
                yield path, _write(sources_dir / path, data)
    finally:
        workers.close()


def _write(path: Path, data: bytes) -> str:
    """Write the bytes atomically, unless the file already has them; return their SHA-256."""
    digest = sha256(data).hexdigest()
    if not (path.is_file() and sha256(path.read_bytes()).hexdigest() == digest):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        temporary.write_bytes(data)
        temporary.replace(path)
    if path.stat().st_mtime != _MODIFIED_S:
        os.utime(path, (_MODIFIED_S, _MODIFIED_S))
    return digest


def _remove_torn(sources_dir: Path, written: Set[str]) -> None:
    """Remove the temporary files of `written` that a killed layout left behind."""
    for folder in {(sources_dir / path).parent for path in written}:
        for path in folder.glob(".*.tmp"):
            name = _TORN.fullmatch(path.name)
            if name and path.with_name(name[1]).relative_to(sources_dir).as_posix() in written:
                path.unlink(missing_ok=True)


def _read_manifest(sources_dir: Path) -> dict:
    try:
        manifest = json.loads((sources_dir / MANIFEST).read_bytes())
        return manifest if isinstance(manifest.get("files"), dict) else {}
    except (OSError, ValueError, AttributeError):
        return {}


def _is_complete(sources_dir: Path, digests: dict[str, str]) -> bool:
    """Return whether every file of the manifest exists with its bytes and its time."""
    for path, digest in digests.items():
        file = sources_dir / path
        if not file.is_file() or file.stat().st_mtime != _MODIFIED_S:
            return False
        if sha256(file.read_bytes()).hexdigest() != digest:
            return False
    return True


def _fingerprint(seed: int) -> str:
    """Return a digest that changes with the seed, this package's code and the painting packages."""
    digest = sha256(str(seed).encode())
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    for package in _PAINTING_PACKAGES:
        digest.update(f"{package} {version(package)}".encode())
    return digest.hexdigest()
