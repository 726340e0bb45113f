"""Downloads a file over HTTP or HTTPS: resumes interrupted transfers, verifies before renaming.

All retries of a transfer are in this module. `eemo_pipeline/sources/` declares the files, and
`eemo_pipeline/readers/archives.py` unpacks archives.
"""

import fcntl
import http.client
import json
import os
import re
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from eemo_pipeline.lake.parquet import file_sha256
from resources.network.fetch_policy import ANY_HOST, DownloadFailed, Policy, require_scheme

_CHUNK = 1 << 20
_ATTEMPTS = 4  # consecutive attempts without a new byte
_TIMEOUT_S = 60
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_RANGE_REFUSED = 416

Report = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Downloaded:
    """A complete file on disk: size, SHA-256, and whether it was downloaded just now."""

    path: Path
    size_bytes: int
    sha256: str
    is_new: bool


@dataclass(frozen=True)
class _Note:
    """The known facts about the file whose first bytes are in `<name>.part`."""

    url: str
    validator: str | None = None
    total: int | None = None


def download(
    url: str,
    place: Path,
    sha256: str | None = None,
    report: Report = lambda _done, _total: None,
    pause_s: float = 1.0,
    policy: Policy = ANY_HOST,
) -> Downloaded:
    """Download `url` to the file `place`; an existing file is verified, never replaced.

    The bytes go to `<name>.part`, so that a later call can resume. The file gets its name once it
    is complete and its checksum is right. `report` is called with the bytes done and the total.

    Args:
        url: http or https; a redirect from https to anything else is refused.
        place: The file.
        sha256: The expected checksum; None if none is known.
        report: Called after each chunk.
        pause_s: Seconds before the second attempt; doubled before each later attempt.
        policy: What may be fetched.

    Raises:
        DownloadFailed: The address is refused, does not answer or keeps breaking off; the checksum
            is wrong; the existing file has another checksum; the disk is full.
    """
    policy.require(url, url)
    if place.exists():
        return _confirm(place, sha256)
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.part")
    notes = place.with_name(f"{place.name}.part.json")
    with _hold(part) as file:
        _fill(url, file, notes, report, pause_s, policy)
        found = file_sha256(part)
        if sha256 is not None and found != sha256.lower():
            part.unlink()
            notes.unlink(missing_ok=True)
            raise DownloadFailed(
                "the download is not the file it should be",
                url,
                f"its SHA-256 is {found}, not {sha256.lower()}; it was deleted",
                "fetch it again; if it comes out the same, its owner has changed it",
            )
        size = part.stat().st_size
        part.rename(place)
        notes.unlink(missing_ok=True)
    return Downloaded(place, size, found, is_new=True)


def ask_version(url: str) -> str | None:
    """Return the server's identifier of the file's current version, or None, without a download.

    Send one HEAD request: the entity tag, else the time of the last change with the size (RFC 9110,
    8.8). A size alone does not identify a version.

    Raises:
        DownloadFailed: The address is refused, or does not answer.
    """
    require_scheme(url, url)
    try:
        with _open(url, {}, "HEAD", ANY_HOST) as response:
            headers = response.headers
    except (OSError, http.client.HTTPException, ValueError) as error:
        why, fix = _explain(error), "it is asked again next time; or open the address yourself"
        raise DownloadFailed("the version of this file is not known", url, why, fix) from error
    if headers["ETag"] or not headers["Last-Modified"]:
        return headers["ETag"]
    return f"{headers['Last-Modified']}, {headers['Content-Length'] or 'unknown'} bytes"


def _confirm(place: Path, sha256: str | None) -> Downloaded:
    found = file_sha256(place)
    if sha256 is not None and found != sha256.lower():
        raise DownloadFailed(
            "another file of this name is there",
            place,
            f"its SHA-256 is {found}, not {sha256.lower()}",
            "move it away; nothing is overwritten",
        )
    return Downloaded(place, place.stat().st_size, found, is_new=False)


@contextmanager
def _hold(part: Path) -> Iterator[IO[bytes]]:
    """Yield the partial file at its end, locked for this process."""
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Meanwhile another process may have given the file its final name.
            is_current = part.exists() and part.stat().st_ino == os.fstat(file.fileno()).st_ino
        except BlockingIOError:
            is_current = False
        if not is_current:
            why = "another process is at it"
            raise DownloadFailed("the file is being fetched", part, why, "wait until it has ended")
        yield file


def _fill(
    url: str, file: IO[bytes], notes: Path, report: Report, pause_s: float, policy: Policy
) -> None:
    """Request until the file is complete; give up after consecutive attempts without a new byte."""
    failures = 0
    while True:
        before = file.seek(0, os.SEEK_END)
        why = "the connection ended early"
        try:
            if _receive(url, file, notes, report, policy):
                return
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            why = _explain(error)
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            if _is_lasting(error):
                fix = "check the address, or name another with --url"
                raise DownloadFailed(
                    "the address cannot be fetched",
                    url,
                    why,
                    fix,
                    reason="redirect_refused" if _leads_away(error) else "not_fetched",
                    is_lasting=True,
                ) from error
        size = file.seek(0, os.SEEK_END)
        failures = 0 if size > before else failures + 1
        if failures >= _ATTEMPTS:
            raise DownloadFailed(
                "the download broke off",
                url,
                f"{why}, {failures} times in a row",
                f"run the same command again; it goes on at byte {size}",
            )
        time.sleep(pause_s * 2**failures / 2)


def _receive(url: str, file: IO[bytes], notes: Path, report: Report, policy: Policy) -> bool:
    """Make one request for the missing part; return whether the file is now complete."""
    note = _read_note(notes, url)
    if note is None:
        file.truncate(0)
    offset = file.seek(0, os.SEEK_END)
    if note and offset and offset == note.total:
        return True
    try:
        response = _ask(url, offset, note, policy)
    except urllib.error.HTTPError as error:
        if error.code != _RANGE_REFUSED:
            raise
        file.truncate(0)  # the partial file is not a prefix of the current version
        return False
    with response:
        policy.require_type(url, response.headers.get("Content-Type", ""))
        place = _place_in_file(response, offset, note)
        if place is None:
            file.truncate(0)
            return False
        start, total = place
        file.truncate(start)
        done = file.seek(0, os.SEEK_END)
        _require_size(url, max(done, total or 0), policy)
        _write_note(notes, _Note(url, _validator(response), total))
        if total is not None and total - done > shutil.disk_usage(notes.parent).free:
            why = f"{total - done} bytes are to come, and the disk has not so many left"
            raise DownloadFailed("the disk is too full", notes.parent, why, "make room")
        while chunk := response.read(_CHUNK):
            _append(file, chunk, notes.parent)
            done += len(chunk)
            _require_size(url, done, policy)
            report(done, total)
    return total is None or done == total


def _require_size(url: str, size: int, policy: Policy) -> None:
    if policy.most_bytes is not None and size > policy.most_bytes:
        why = f"it has more than {policy.most_bytes} bytes"
        fix = "allow larger files, or leave it out"
        raise DownloadFailed(
            "the file is too large", url, why, fix, reason="too_large", is_lasting=True
        )


def _append(file: IO[bytes], chunk: bytes, folder: Path) -> None:
    try:
        file.write(chunk)
        file.flush()
    except OSError as error:
        why = error.strerror or str(error)
        raise DownloadFailed("the disk takes no more", folder, why, "make room") from error


def _ask(url: str, offset: int, note: _Note | None, policy: Policy) -> http.client.HTTPResponse:
    headers: dict[str, str] = {}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        if note and note.validator:
            headers["If-Range"] = note.validator
    return _open(url, headers, "GET", policy)


def _open(
    url: str, headers: Mapping[str, str], method: str, policy: Policy
) -> http.client.HTTPResponse:
    # A custom opener, because the default one also opens file:, ftp: and data: addresses.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        *policy.handlers(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _CarefulRedirects(policy),
    ):
        opener.add_handler(handler)
    asked = {"User-Agent": "eemo", "Accept-Encoding": "identity", **headers}
    request = urllib.request.Request(url, headers=asked, method=method)  # noqa: S310 (checked)
    return opener.open(request, timeout=_TIMEOUT_S)


class _CarefulRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects that the policy allows, and from https only to https."""

    def __init__(self, policy: Policy) -> None:
        """Keep the policy."""
        self._policy = policy

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return the next request, or refuse."""
        try:
            self._policy.require(newurl, req.full_url)
        except DownloadFailed:
            fp.close()
            raise
        if req.type == "https" and urlsplit(newurl).scheme != "https":
            why = f"it leads from https to {newurl}, which anybody on the way can change"
            fix = "name an https address with --url"
            fp.close()
            raise DownloadFailed(
                "this redirect is not followed",
                req.full_url,
                why,
                fix,
                reason="redirect_refused",
                is_lasting=True,
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _place_in_file(
    response: http.client.HTTPResponse, offset: int, note: _Note | None
) -> tuple[int, int | None] | None:
    """Return the offset of the body in the file, and the file's total size if known.

    Return None if the body does not continue the partial file.
    """
    if response.status != http.client.PARTIAL_CONTENT:
        length = response.headers.get("Content-Length", "").strip()
        return 0, int(length) if re.fullmatch("[0-9]{1,18}", length) else None
    told = re.fullmatch(
        r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)",
        response.headers.get("Content-Range", "").strip(),
    )
    if told is None or int(told[1]) != offset:
        return None
    total = int(told[2]) + 1 if told[3] == "*" else int(told[3])
    return None if note and note.total not in {None, total} else (offset, total)


def _validator(response: http.client.HTTPResponse) -> str | None:
    """Return the version's validator, suitable for If-Range (RFC 9110, 13.1.5)."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified")


def _read_note(notes: Path, url: str) -> _Note | None:
    """Return the facts about the partial file; None if there are none or the address differs."""
    try:
        note = _Note(**json.loads(notes.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return note if note.url == url else None


def _write_note(notes: Path, note: _Note) -> None:
    notes.write_text(json.dumps(asdict(note)), "utf-8")


def _is_lasting(error: Exception) -> bool:
    """Return whether a retry is pointless."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code not in _PASSING
    reason = getattr(error, "reason", error)
    lasting = (ssl.SSLCertVerificationError, http.client.InvalidURL, UnicodeError)
    return isinstance(reason, lasting)


def _leads_away(error: Exception) -> bool:
    """Return whether it is a redirect that the standard library does not follow, as to file:."""
    return isinstance(error, urllib.error.HTTPError) and 300 <= error.code < 400


def _explain(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code} {error.reason}"
    return str(getattr(error, "reason", error)) or type(error).__name__
