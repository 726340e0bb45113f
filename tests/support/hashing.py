"""What tells one state of a folder from another: contents and times."""

from hashlib import sha256
from pathlib import Path

PUBLISHED = ("tables", "exports", "training")


def hash_files(root: Path, parts: tuple[str, ...] = PUBLISHED) -> dict[str, str]:
    """Path -> SHA-256 of every published file of a data root, or of those below `parts`."""
    return {
        path.relative_to(root).as_posix(): sha256(path.read_bytes()).hexdigest()
        for part in parts
        for path in sorted((root / part).rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def stamp_files(folder: Path) -> dict[str, int]:
    """Path -> time of the last change of everything below the folder that is no folder."""
    return {
        path.relative_to(folder).as_posix(): path.lstat().st_mtime_ns
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }
