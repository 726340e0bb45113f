"""Unpacks untrusted archives: zip, tar and tar.gz.

Nothing is extracted on the archive's own claims: names are checked, bytes are counted, and every
file is written as a plain new file. Archives are downloaded in `resources/network/downloads.py`.
"""

import errno
import gzip
import os
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import IO, cast

from eemo_pipeline.lake.parquet import file_sha256

_CHUNK = 1 << 20
_LARGEST_PADDING = 1 << 26
# A tar header is read at once, and tarfile's search in it takes quadratic time. None needs more.
_LARGEST_HEADER = 1 << 14
_LONGEST_NAME = 255  # bytes of one part of a path, on every common file system
_LONGEST_LINK = 4096
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # PKWARE APPNOTE 4.4.4: plain, strong and directory encryption
_DAMAGE = (
    EOFError,
    LZMAError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)
_BY_HAND = "look at it with a tool that you trust, and unpack by hand what you need"
_ANEW = "delete it and fetch it again"


@dataclass(frozen=True)
class Limits:
    """Limits on the unpacked size of an archive.

    Attributes:
        members: files and folders.
        total_bytes: bytes of all files together; the free disk space is a further limit.
        ratio: bytes of all files over bytes of the archive. Images hardly compress, tables ten- or
            twentyfold; DEFLATE ends at a thousand.
        harmless_bytes: up to this total size, the ratio does not matter.
    """

    members: int = 2_000_000
    total_bytes: int = 1_000_000_000_000
    ratio: float = 100.0
    harmless_bytes: int = 10_000_000


DEFAULT_LIMITS = Limits()


class RefusedArchive(Exception):
    """An archive that is not unpacked.

    Attributes:
        path: the archive.
        why: the problem.
        fix: the remedy, for a person.
    """

    def __init__(self, path: Path, why: str, fix: str) -> None:
        """Store the path, the problem and the remedy."""
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why
        self.fix = fix


class WouldOverwrite(Exception):
    """Files that exist already with other content; nothing was moved.

    Attributes:
        paths: those files, sorted.
    """

    def __init__(self, paths: list[Path]) -> None:
        """Store the paths."""
        super().__init__(", ".join(map(str, paths)))
        self.paths = paths


@dataclass(frozen=True)
class _Member:
    """A file of an archive under its safe name; a link also has the safe name of its target."""

    name: str
    size: int
    open: Callable[[], IO[bytes] | None]
    target: str | None = None


def unpack(
    archive: Path,
    folder: Path,
    limits: Limits = DEFAULT_LIMITS,
    report: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> list[str]:
    """Write the files of `archive` below the empty folder `folder`; return their names, sorted.

    Links to a file inside the archive become copies of it. `report` receives the bytes written.

    Raises:
        RefusedArchive: a member leaves the folder, is a device, is encrypted, or occurs twice; the
            archive is too large, inflates too far, is damaged, or is of no known kind. Files
            written so far stay in `folder`.
    """
    budget = _Budget(archive, folder, limits)
    taken: dict[str, bool] = {}  # path -> whether it is a file
    links: list[_Member] = []
    with _telling_damage(archive):
        for count, member in enumerate(_members(archive, folder), start=1):
            if count > limits.members:
                raise RefusedArchive(archive, f"it has more than {limits.members} files", _BY_HAND)
            _claim(archive, member.name, taken)
            if member.target is not None:
                links.append(member)
                continue
            budget.spend(member.size)
            _write(archive, member, folder)
            report(budget.spent, None)
    files = {name for name, is_file in taken.items() if is_file} - {link.name for link in links}
    for link in links:
        if link.target not in files:
            raise RefusedArchive(archive, f"{link.name!r} is a link to no file of it", _BY_HAND)
        origin = folder / link.target
        budget.spend(origin.stat().st_size)
        (folder / link.name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, folder / link.name)
    return sorted([*files, *(link.name for link in links)])


def move_files(origin: Path, names: Iterable[str], folder: Path) -> list[str]:
    """Move files from `origin` to `folder`; return the names of those that were missing there.

    A file that exists there with the same bytes stays, and so does its copy under `origin`.

    Raises:
        WouldOverwrite: a file exists there with other bytes.
    """
    missing, conflicts = [], []
    for name in names:
        if not os.path.lexists(folder / name):
            missing.append(name)
        elif not _are_equal(origin / name, folder / name):
            conflicts.append(folder / name)
    if conflicts:
        raise WouldOverwrite(sorted(conflicts))
    for name in missing:
        _move(origin / name, folder / name)
    return missing


def _are_equal(one: Path, other: Path) -> bool:
    return (
        other.is_file()
        and one.stat().st_size == other.stat().st_size
        and file_sha256(one) == file_sha256(other)
    )


def _move(origin: Path, target: Path) -> None:
    """Rename; across disks, copy to a temporary name first, so that no partial file is seen."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        origin.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy = target.with_name(f".{target.name}.part")
        shutil.copyfile(origin, copy)
        copy.rename(target)
        origin.unlink()


class _Budget:
    """Counts the declared bytes, and refuses more than the limits allow."""

    def __init__(self, archive: Path, folder: Path, limits: Limits) -> None:
        self._archive = archive
        self._packed = archive.stat().st_size
        self._most = min(limits.total_bytes, shutil.disk_usage(folder).free)
        self._inflated = max(limits.harmless_bytes, limits.ratio * self._packed)
        self.spent = 0

    def spend(self, size: int) -> None:
        self.spent += size
        if self.spent > self._inflated:
            why = f"its {self._packed} bytes would become more than {self._inflated:.0f}"
            raise RefusedArchive(self._archive, f"{why}: it is made to fill disks", _BY_HAND)
        if self.spent > self._most:
            why = f"its files need more than {self._most} bytes, which is the limit or the disk"
            raise RefusedArchive(self._archive, why, "make room, or unpack by hand what you need")


def _claim(archive: Path, name: str, taken: dict[str, bool]) -> None:
    """Reserve a path for a file and its parents for folders; refuse a path with another use."""
    if not name:
        raise RefusedArchive(archive, "one of its files has no name", _BY_HAND)
    parents = [name[: slash.start()] for slash in re.finditer("/", name)]
    if name in taken or any(taken.get(parent) for parent in parents):
        raise RefusedArchive(archive, f"{name!r} is in it twice", _BY_HAND)
    taken.update(dict.fromkeys(parents, False))
    taken[name] = True


def _write(archive: Path, member: _Member, folder: Path) -> None:
    """Copy exactly the declared bytes into a new file."""
    target = folder / member.name
    packed = member.open()
    if packed is None:
        raise ValueError(f"{member.name!r} holds nothing")
    size = 0
    with packed:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            plain = target.open("xb")
        except OSError as error:
            why = f"{member.name!r} cannot be written: {error.strerror}"
            raise RefusedArchive(archive, why, _BY_HAND) from error
        with plain:
            while chunk := packed.read(_CHUNK):
                size += len(chunk)
                if size > member.size:
                    break
                plain.write(chunk)
    if size != member.size:
        raise ValueError(f"{member.name!r} is not as long as it says")


@contextmanager
def _telling_damage(archive: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        # The libraries report damage by many exceptions; all of them mean this.
        why = f"it is damaged or cut off: {error or type(error).__name__}"
        raise RefusedArchive(archive, why, _ANEW) from error


def _members(archive: Path, folder: Path) -> Iterator[_Member]:
    with archive.open("rb") as file:
        head = file.read(512)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_members(archive)
    if head.startswith(b"\x1f\x8b") or head[257:262] == b"ustar":
        return _tar_members(archive, folder)
    if re.match(rb"\s*<(!doctype|html|head|\?xml)", head, re.IGNORECASE):
        fix = "open the address in a browser and do what the page says"
        raise RefusedArchive(archive, "it is a web page and no archive", fix)
    raise RefusedArchive(archive, "it is neither zip nor tar nor tar.gz", _BY_HAND)


def _zip_members(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as opened:
        infos = opened.infolist()
        for info in infos:
            _check_name(archive, info.filename)
            if info.flag_bits & _ENCRYPTED:
                fix = "unpack it by hand with the password that its owner gives"
                raise RefusedArchive(archive, f"{info.filename!r} is encrypted", fix)
        for info in infos:
            name = _tidy(info.filename)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if info.is_dir() or kind == stat.S_IFDIR:
                continue
            if kind == stat.S_IFLNK:
                with opened.open(info) as link:
                    goal = link.read(_LONGEST_LINK).decode("utf-8", "replace")
                target = _link_target(archive, name, join(dirname(name), goal))
                yield _Member(name, 0, lambda: None, target)
                continue
            if kind not in {0, stat.S_IFREG}:
                raise RefusedArchive(archive, f"{name!r} is a device or the like", _BY_HAND)
            yield _Member(name, info.file_size, lambda info=info: opened.open(info))


class _BoundedReads:
    """A file opened for tarfile, of which no read may be larger than `largest` bytes."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile) -> None:
        self._file = file
        self.largest = _LARGEST_HEADER
        self.seek = file.seek
        self.tell = file.tell

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= self.largest:
            raise ValueError("a header says that it is larger than any is")
        return self._file.read(size)


def _tar_members(archive: Path, folder: Path) -> Iterator[_Member]:
    with archive.open("rb") as raw:
        is_packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        plain = gzip.GzipFile(fileobj=raw) if is_packed else raw
        bounded = _BoundedReads(plain)
        with tarfile.open(fileobj=cast("IO[bytes]", bounded), mode="r:") as opened:
            for info in opened:
                _filter(archive, info, folder)
                _check_name(archive, info.name)
                name = _tidy(info.name)
                if info.isdir():
                    continue
                if info.issym() or info.islnk():
                    # A symbolic link is relative to its own folder, a hard link to the root.
                    goal = join(dirname(name), info.linkname) if info.issym() else info.linkname
                    target = _link_target(archive, name, goal)
                    yield _Member(name, 0, lambda: None, target)
                    continue
                bounded.largest = _CHUNK
                yield _Member(name, info.size, lambda info=info: opened.extractfile(info))
                bounded.largest = _LARGEST_HEADER
            _require_end(plain, opened.offset)


def _filter(archive: Path, info: tarfile.TarInfo, folder: Path) -> None:
    """Refuse what Python's own filter refuses; the checks that follow are stricter."""
    try:
        tarfile.data_filter(info, str(folder))
    except tarfile.SpecialFileError as error:
        why = f"{info.name!r} is a device or the like"
        raise RefusedArchive(archive, why, _BY_HAND) from error
    except (tarfile.AbsoluteLinkError, tarfile.LinkOutsideDestinationError) as error:
        why = f"{info.name!r} is a link that leaves its folder"
        raise RefusedArchive(archive, why, _BY_HAND) from error
    except tarfile.FilterError as error:
        why = f"{info.name!r} would leave its folder"
        raise RefusedArchive(archive, why, _BY_HAND) from error


def _require_end(plain: IO[bytes] | gzip.GzipFile, place: int) -> None:
    """Require the block of zeros that ends a tar file.

    tarfile takes any damage between files for the end.
    """
    plain.seek(place)
    if plain.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise ValueError("its end is missing")
    padding = 0
    while chunk := plain.read(_CHUNK):  # up to the checksum
        padding += len(chunk)
        if padding > _LARGEST_PADDING:
            raise ValueError("more follows after its end")


def _check_name(archive: Path, name: str) -> None:
    """Refuse a name that could denote a place outside, or none at all."""
    parts = name.replace("\\", "/").split("/")
    if parts[0] == "" or re.match("[A-Za-z]:", name) or any(part.strip() == ".." for part in parts):
        raise RefusedArchive(archive, f"{name!r} would leave its folder", _BY_HAND)
    try:
        is_odd = any(len(part.encode()) > _LONGEST_NAME for part in parts)
    except UnicodeEncodeError:
        is_odd = True
    if is_odd or re.search(r"[\x00-\x1f\x7f]", name):
        raise RefusedArchive(archive, f"{name!r} can be no name of a file", _BY_HAND)


def _tidy(name: str) -> str:
    """Return the name with forward slashes only, and without `.` and empty parts."""
    return "/".join(part for part in name.replace("\\", "/").split("/") if part not in {"", "."})


def _link_target(archive: Path, name: str, goal: str) -> str:
    """Return the target of a link as a path inside the archive."""
    target = normpath(goal.replace("\\", "/"))
    if target.startswith(("/", "../")) or target == "..":
        raise RefusedArchive(archive, f"{name!r} is a link that leaves its folder", _BY_HAND)
    return target
