"""Hashes and modification times of the files of a folder, to compare two states of it."""

from hashlib import sha256
from pathlib import Path

PUBLISHED = ("tables", "exports", "training")


def hash_files(root: Path, parts: tuple[str, ...] = PUBLISHED) -> dict[str, str]:
    """Return path -> SHA-256 of every file in the folders `parts` of a data root, except hidden."""
    return {
        path.relative_to(root).as_posix(): sha256(path.read_bytes()).hexdigest()
        for part in parts
        for path in sorted((root / part).rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def stamp_files(folder: Path) -> dict[str, int]:
    """Return path -> modification time, in ns, of all files and links below the folder."""
    return {
        path.relative_to(folder).as_posix(): path.lstat().st_mtime_ns
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }
