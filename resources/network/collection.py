"""Collects the images of a manifest into `sources/web`: files beside it, or addresses.

A row names a `path` beside the manifest or a `url`, its `licence`, and perhaps the `query` that
found it. Nothing is collected unless somebody asks for it with a manifest whose terms they have
read. Hosts are asked one request at a time, with a pause, and only for what their robots.txt
allows. What becomes of a row stands in the manifest's journal; a later call goes on with the rows
that may still succeed.
"""

import json
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from eemo_pipeline.execution.process_pool import WorkerCrash, Workers
from eemo_pipeline.execution.progress import track
from eemo_pipeline.imaging.opening import measure_file
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.readers.contract import Listing
from eemo_pipeline.readers.json_rows import JsonRow, lower_names, pick
from eemo_pipeline.readers.manifests import read_rows
from eemo_pipeline.stages.expansion.collected_rows import read_journal
from resources.network.address_guard import PublicHosts
from resources.network.downloads import download
from resources.network.fetch_policy import DownloadFailed
from resources.network.robots import Robots, read_robots

SOURCE, FOLDER, MANIFEST = "web", "collected", "manifest.jsonl"
_NAMES = {
    "path": ("path", "file", "filename"),
    "url": ("url", "address"),
    "licence": ("licence", "license"),
    "query": ("query",),
}
_ENDINGS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "TIFF": "tif"}
_HOSTS_AT_ONCE = 8
_ROBOTS_BYTES = 500 * 1024  # as much as RFC 9309 asks a reader for
# Reasons that depend on the other rows, so that a later call decides anew.
_OPEN = frozenset({"query_is_full", "repeated_image"})
# Fields of the source's manifest that say which row brought an image.
_BROUGHT = ("manifest", "manifest_row")
Placed = dict[str, tuple[str, int]]


class BadManifest(ValueError):
    """The manifest cannot be read; the message says why."""


@dataclass(frozen=True)
class CollectionLimits:
    """Limits of a collection.

    Attributes:
        most_bytes: Size of one file.
        pause_s: Seconds between two requests to one host.
        retry_s: Seconds before a broken download is tried again; doubled each time.
        images_per_query: Images of one query.
        private_hosts: `host:port` of servers with a private address that may be asked.
    """

    most_bytes: int = 50_000_000
    pause_s: float = 1.0
    retry_s: float = 1.0
    images_per_query: int = 20
    private_hosts: tuple[str, ...] = ()


@dataclass
class Collected:
    """The result of a collection.

    Attributes:
        manifest: Name of the manifest in the journal and in `expansion__collected_rows`.
        rows: row -> what became of it, as in the journal.
        fresh: Rows that were decided now.
    """

    manifest: str
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    fresh: int = 0

    @property
    def reasons(self) -> Counter[str]:
        """Number of rows by reason; `ok` for those that were collected."""
        return Counter(row["reason"] or "ok" for row in self.rows.values())


def collect(
    manifest: Path, root: DataRoot, limits: CollectionLimits, workers: Workers
) -> Collected:
    """Collect what the manifest names; rows that were decided before are not touched.

    Raises:
        BadManifest: There is no such file, or it is no manifest.
    """
    rows = _read(manifest)
    name = f"{_plain_stem(manifest)}-{sha256(manifest.read_bytes()).hexdigest()[:16]}"
    journal = root.collected / f"{name}.jsonl"
    done = Collected(name, read_journal(journal))
    is_over = {
        row
        for row, told in done.rows.items()
        if told["status"] != "error" and told["reason"] not in _OPEN
    }
    gathering = _Gathering(manifest.parent.resolve(), root, limits, workers)
    chosen = [row for row in rows if row.row not in is_over]
    uses = Counter(row["query"] for row in done.rows.values() if row["status"] == "ok")
    waiting, full = _cap(chosen, uses, limits.images_per_query)
    found = dict(full)
    try:
        for row, result in gathering.fetch_all(waiting):
            found[row.row] = result
    finally:
        # In the order of the rows, so that the same rows win however fast the hosts are.
        placed = _read_placed(root.sources / SOURCE / FOLDER / MANIFEST)
        for number in sorted(found):
            done.rows[number] = gathering.place(found[number], name, placed)
            done.fresh += 1
        _write_lines(journal, [done.rows[number] for number in sorted(found)])
    return done


def _read(manifest: Path) -> list[JsonRow]:
    if not manifest.is_file():
        raise BadManifest("there is no such file")
    if manifest.suffix.lower() not in (".csv", ".tsv", ".json", ".jsonl"):
        raise BadManifest("a manifest is a .csv, .tsv, .json or .jsonl file")
    listing = Listing(manifest.parent.resolve(), (manifest.name,))
    return read_rows(listing, manifest.name)


def _plain_stem(manifest: Path) -> str:
    """Return the file's name in letters, digits and dashes, without its ending."""
    plain = "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in manifest.stem)
    return plain.strip("-")[:40] or "manifest"


def _cap(
    rows: Sequence[JsonRow], uses: Counter[str | None], most: int
) -> tuple[list[JsonRow], dict[int, dict[str, Any]]]:
    """Return the rows within the cap of their query, and the others as refused."""
    waiting: list[JsonRow] = []
    full: dict[int, dict[str, Any]] = {}
    for row in rows:
        query = _pick(row, "query")
        if query and uses[query] >= most:
            detail = f"{most} images of this query are collected or wanted before it"
            full[row.row] = _refuse(row, "query_is_full", detail)
            continue
        uses[query] += 1
        waiting.append(row)
    return waiting, full


@dataclass
class _Gathering:
    """One collection: fetches rows, then places their images."""

    folder: Path
    root: DataRoot
    limits: CollectionLimits
    workers: Workers

    def fetch_all(self, rows: Sequence[JsonRow]) -> Iterator[tuple[JsonRow, dict[str, Any]]]:
        """Yield every row with its file or its refusal; hosts are asked at the same time."""
        rules = _AnyType(_ROBOTS_BYTES, self.limits.private_hosts)
        robots = Robots(lambda place: read_robots(place, rules), self.limits.pause_s)
        policy = _Polite(self.limits, robots)
        by_host: defaultdict[str, list[JsonRow]] = defaultdict(list)
        for row in rows:
            by_host[_host_of(_pick(row, "url")) if not _pick(row, "path") else ""].append(row)

        def fetch_host(part: list[JsonRow]) -> list[tuple[JsonRow, dict[str, Any]]]:
            return [(row, self._fetch(row, policy)) for row in part]

        with ThreadPoolExecutor(_HOSTS_AT_ONCE, "collector") as pool:
            found = (pair for part in pool.map(fetch_host, by_host.values()) for pair in part)
            yield from track(found, len(rows), "collecting")

    def _fetch(self, row: JsonRow, policy: "_Polite") -> dict[str, Any]:
        """Return the row's file with its measurements, or the reason for none."""
        if row.refusal:
            return _refuse(row, row.refusal, "the row of the manifest cannot be read")
        if not _pick(row, "licence"):
            return _refuse(row, "missing_licence", "the row names no licence")
        try:
            path = self._find_file(row) if _pick(row, "path") else self._download(row, policy)
        except DownloadFailed as problem:
            status = "refused" if problem.is_lasting else "error"
            return _refuse(row, problem.reason, problem.why, status)
        ((_, look),) = self.workers.map(measure_file, [path], 1)
        if isinstance(look, WorkerCrash):
            return _refuse(row, look.reason, str(look))
        if look["status"] != "ok":
            return _refuse(row, look["reason"], look["detail"])
        return _outline(row) | {"status": "ok", "reason": None, "file": path, "look": look}

    def _find_file(self, row: JsonRow) -> Path:
        """Return the file that a row names, which lies beside the manifest or below it."""
        name = _pick(row, "path") or ""
        path = (self.folder / name).resolve()
        is_plain = not name.startswith(("/", "~", "\\")) and ":" not in name.split("/")[0]
        if not is_plain or not path.is_relative_to(self.folder):
            why = "it does not lie in the folder of the manifest"
            raise _no_file(name, why, "unsafe_path")
        if not path.is_file():
            raise _no_file(name, "there is no such file", "picture_missing")
        if path.stat().st_size > self.limits.most_bytes:
            why = f"it has more than {self.limits.most_bytes} bytes"
            raise _no_file(name, why, "too_large")
        return path

    def _download(self, row: JsonRow, policy: "_Polite") -> Path:
        url = _pick(row, "url")
        if not url:
            raise _no_file("", "the row names neither path nor url", "missing_address")
        place = self.root.downloads / SOURCE / f"{sha256(url.encode()).hexdigest()}.download"
        if not place.exists():
            policy.require(url, url)
            policy.wait(url)
            download(url, place, pause_s=self.limits.retry_s, policy=policy)
        return place

    def place(self, result: dict[str, Any], manifest: str, placed: Placed) -> dict[str, Any]:
        """Put the image into the source's folder, unless another row did; return the outcome.

        `placed` says which row of which manifest brought an image; this one's is added.
        """
        file, look = result.pop("file", None), result.pop("look", None)
        fields = result.pop("fields", {})
        if file is None:
            return result
        image_id, brought = look["image_id"], (manifest, result["row"])
        if placed.get(image_id, brought) != brought:
            detail = f"row {placed[image_id][1]} of {placed[image_id][0]} brought the same image"
            return result | {"status": "refused", "reason": "repeated_image", "detail": detail}
        name = f"{FOLDER}/{image_id[:32]}.{_ENDINGS.get(look['format'], 'img')}"
        source = self.root.sources / SOURCE
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            beside = target.with_name(f".{target.name}.{os.getpid()}.new")
            shutil.copyfile(file, beside)
            beside.replace(target)
        if image_id not in placed:
            origin = dict(zip(_BROUGHT, brought, strict=True))
            told = {**fields, "path": name, "sha256": image_id, **origin}
            _write_lines(source / FOLDER / MANIFEST, [told])
            placed[image_id] = brought
        if file.is_relative_to(self.root.downloads):
            file.unlink(missing_ok=True)
        return result | {"path": name, "image_id": image_id, "size_bytes": look["size_bytes"]}


class _AnyType(PublicHosts):
    """Public hosts, whatever they call what they send."""

    def require_type(self, url: str, content_type: str) -> None:
        """Accept every kind."""


class _Polite(PublicHosts):
    """Public hosts, and only what their rules allow; of a redirect, too."""

    def __init__(self, limits: CollectionLimits, robots: Robots) -> None:
        super().__init__(limits.most_bytes, limits.private_hosts)
        self._robots = robots

    def require(self, url: str, asked: str) -> None:
        super().require(url, asked)
        self._robots.require(url, asked)

    def wait(self, url: str) -> None:
        """Wait until the host may be asked again."""
        self._robots.wait(url)


def _read_placed(manifest: Path) -> Placed:
    """Return image_id -> the manifest and row that brought it."""
    placed: Placed = {}
    if manifest.is_file():
        for line in manifest.read_text("utf-8", "replace").splitlines():
            try:
                told = json.loads(line)
                placed[told["sha256"]] = (told[_BROUGHT[0]], told[_BROUGHT[1]])
            except (ValueError, TypeError, KeyError):
                continue  # a line that a crash cut off, or a person's
    return placed


def _pick(row: JsonRow, name: str) -> str | None:
    value = pick(lower_names(row.fields), _NAMES[name])
    text = str(value or "").strip()
    return text or None


def _host_of(url: str | None) -> str:
    try:
        return urlsplit(url or "").netloc.lower()
    except ValueError:
        return ""


def _outline(row: JsonRow) -> dict[str, Any]:
    """Return what the journal says of a row in any case; the fields go to the source's manifest."""
    origin = _pick(row, "path") or _pick(row, "url")
    return {
        "row": row.row,
        "collected_from": origin[:2000] if origin else None,
        "query": _pick(row, "query"),
        "detail": None,
        "path": None,
        "image_id": None,
        "size_bytes": None,
        "fields": {name: value for name, value in row.fields.items() if name},
    }


def _refuse(row: JsonRow, reason: str, detail: str, status: str = "refused") -> dict[str, Any]:
    return _outline(row) | {"status": status, "reason": reason, "detail": detail[:500]}


def _no_file(name: str, why: str, reason: str) -> DownloadFailed:
    fix = "correct the row"
    return DownloadFailed("no file", name, why, fix, reason=reason, is_lasting=True)


def _write_lines(file: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Append lines of JSON, on disk when this returns."""
    if not lines:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as stream:
        for line in lines:
            told = {name: value for name, value in line.items() if name != "fields"}
            stream.write(json.dumps(told, ensure_ascii=False, default=str) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
