"""Lists the files of a source's folder once, refuses unsafe links, and fingerprints the folder."""

import os
from hashlib import sha256
from pathlib import Path

from eemo_pipeline.ledger.store import FileStamp
from eemo_pipeline.readers.contract import Listing


def list_files(root: Path) -> Listing:
    """List every file below `root`; a folder that does not exist has none.

    The root itself may be a link. Below it, a link to a file inside the root is read as that file.
    Refused are links that leave the root, links to folders and broken links, paths that are not
    valid UTF-8, files without read permission, and anything that is neither file nor folder.
    """
    resolved = root.resolve()
    if not resolved.is_dir():
        return Listing(resolved, ())
    paths: list[str] = []
    refused: dict[str, tuple[str, str]] = {}
    # Text, not Path: a Path per file takes longer than the walk.
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            entries = list(os.scandir(os.path.join(resolved, folder)))  # noqa: PTH118
        except OSError as error:
            refused[_printable(folder) or "."] = ("unreadable_folder", str(error.strerror))
            continue
        for entry in entries:
            path = folder + entry.name
            if entry.is_dir(follow_symlinks=False):
                folders.append(f"{path}/")
            elif reason := _refusal(entry, resolved):
                refused[_printable(path)] = reason
            else:
                paths.append(path)
    return Listing(resolved, tuple(sorted(paths)), refused)


def stamp_files(listing: Listing) -> list[FileStamp]:
    """Return size and time of every listed file; a file that has vanished since has size -1."""
    stamps = []
    for path in listing.paths:
        try:
            status = (listing.root / path).stat()
            stamps.append(FileStamp(path, status.st_size, status.st_mtime_ns))
        except OSError:
            stamps.append(FileStamp(path, -1, 0))
    return stamps


def fingerprint(listing: Listing) -> str:
    """Return the SHA-256 over names, sizes and times of the files."""
    digest = sha256()
    for stamp in stamp_files(listing):
        digest.update(f"{stamp.path}\0{stamp.size_bytes}\0{stamp.modified_ns}\n".encode())
    return digest.hexdigest()


def _printable(path: str) -> str:
    plain = path.rstrip("/")
    return plain.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _refusal(entry: os.DirEntry[str], root: Path) -> tuple[str, str] | None:
    try:
        entry.path.encode()
    except UnicodeEncodeError:
        return "undecodable_name", "the name of the file or of a folder above it is not valid UTF-8"
    if entry.is_symlink():
        target = Path(os.path.realpath(entry.path))
        try:
            exists = target.exists()
        except OSError as error:  # such as a name in the target that is too long for any file
            return "broken_link", f"the link cannot be followed: {error.strerror}"
        if not exists:
            return "broken_link", "the link's target does not exist"
        if not target.is_relative_to(root):
            return "link_outside", "the link leaves the source's folder; copy the file instead"
        if target.is_dir():
            return "link_to_folder", "links to folders are not followed"
    if not entry.is_file():
        return "not_a_file", "neither a file nor a folder"
    if not os.access(entry.path, os.R_OK):
        return "unreadable_file", "permission denied"
    return None
