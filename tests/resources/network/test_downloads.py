"""Downloads from a real server on this machine, which knows ranges and breaks off when told to."""

import fcntl
import hashlib
import json
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from resources.network.downloads import Downloaded, DownloadFailed, download

CONTENT = random.Random(3).randbytes(3_000_000)  # noqa: S311 (bytes of no meaning)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Behaviour:
    """What the server does, and what it was asked.

    Attributes:
        content: the file.
        breaks: after how many bytes of each next answer the connection ends.
        statuses: codes that are answered before anything else, one per request.
        location: where every request is sent on to.
        knows_ranges: whether it answers with the part that was asked for.
        tag: the ETag, none where empty.
        length: the Content-Length that it states; the real one where empty.
        asked: the Range header of each request.
    """

    content: bytes = CONTENT
    breaks: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    location: str = ""
    knows_ranges: bool = True
    tag: str = '"one"'
    length: str = ""
    asked: list[str | None] = field(default_factory=list)


@dataclass
class Server:
    url: str
    does: Behaviour


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    does = Behaviour()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            does.asked.append(self.headers["Range"])
            if does.statuses:
                self.send_error(does.statuses.pop(0))
                return
            if does.location:
                self.send_response(302)
                self.send_header("Location", does.location)
                self.end_headers()
                return
            start, body = 0, does.content
            same = self.headers["If-Range"] in {None, does.tag}
            if self.headers["Range"] and does.knows_ranges and same:
                start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
                if start >= len(body):
                    self.send_error(416)
                    return
                body = body[start:]
                self.send_response(206)
                end = len(does.content) - 1
                self.send_header("Content-Range", f"bytes {start}-{end}/{len(does.content)}")
            else:
                self.send_response(200)
            self.send_header("Content-Length", does.length or str(len(body)))
            if does.tag:
                self.send_header("ETag", does.tag)
            self.end_headers()
            self.wfile.write(body[: does.breaks.pop(0)] if does.breaks else body)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield Server(f"http://127.0.0.1:{running.server_port}/set.zip", does)
        running.shutdown()


def fetch(
    server: Server, place: Path, sha256: str | None = SHA256, url: str | None = None
) -> Downloaded:
    return download(url or server.url, place, sha256, pause_s=0.01)


def failure(server: Server, place: Path, **words: str | None) -> DownloadFailed:
    with pytest.raises(DownloadFailed) as caught:
        fetch(server, place, **words)
    assert caught.value.what
    assert caught.value.where
    assert caught.value.why
    assert caught.value.fix
    return caught.value


def test_a_file_comes_whole_and_leaves_nothing_beside_it(server: Server, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    got = download(
        server.url, tmp_path / "new" / "set.zip", SHA256.upper(), lambda *x: told.append(x)
    )
    assert got == Downloaded(tmp_path / "new" / "set.zip", len(CONTENT), SHA256, is_new=True)
    assert got.path.read_bytes() == CONTENT
    assert [path.name for path in got.path.parent.iterdir()] == ["set.zip"]
    assert told[-1] == (len(CONTENT), len(CONTENT))


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "many"])
def test_an_impossible_length_is_no_length(server: Server, tmp_path: Path, length: str) -> None:
    server.does.length = length
    assert fetch(server, tmp_path / "set.zip").sha256 == SHA256


def test_what_breaks_off_goes_on_within_one_call(server: Server, tmp_path: Path) -> None:
    server.does.breaks = [1_000_000, 500_000, 1]
    assert fetch(server, tmp_path / "set.zip").sha256 == SHA256
    assert server.does.asked == [None, "bytes=1000000-", "bytes=1500000-", "bytes=1500001-"]


def test_what_breaks_off_for_good_goes_on_in_the_next_call(server: Server, tmp_path: Path) -> None:
    server.does.breaks = [2_000_000, 0, 0, 0, 0]
    place = tmp_path / "set.zip"
    error = failure(server, place)
    assert "goes on at byte 2000000" in error.fix
    assert not place.exists()
    assert (tmp_path / "set.zip.part").stat().st_size == 2_000_000
    server.does.asked.clear()
    assert fetch(server, place).is_new
    assert server.does.asked == ["bytes=2000000-"]
    assert place.read_bytes() == CONTENT


def test_a_server_without_ranges_starts_anew(server: Server, tmp_path: Path) -> None:
    server.does.breaks, server.does.knows_ranges = [1_000_000], False
    assert fetch(server, tmp_path / "set.zip").sha256 == SHA256


def test_halves_of_two_versions_are_never_joined(server: Server, tmp_path: Path) -> None:
    server.does.breaks = [2_000_000, 0, 0, 0, 0]
    failure(server, tmp_path / "set.zip", sha256=None)
    server.does.content, server.does.tag = CONTENT[::-1], '"two"'
    got = fetch(server, tmp_path / "set.zip", sha256=None)
    assert got.path.read_bytes() == CONTENT[::-1]


def test_without_a_tag_another_size_is_another_version(server: Server, tmp_path: Path) -> None:
    server.does.breaks, server.does.tag = [2_000_000, 0, 0, 0, 0], ""
    failure(server, tmp_path / "set.zip", sha256=None)
    server.does.content = CONTENT[::-1] + b"x"
    got = fetch(server, tmp_path / "set.zip", sha256=None)
    assert got.path.read_bytes() == CONTENT[::-1] + b"x"


@pytest.mark.parametrize("left", [CONTENT + b"more", CONTENT])
def test_a_part_that_is_too_long_is_fetched_again(
    left: bytes, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "set.zip.part").write_bytes(left)
    note = {"url": server.url, "validator": None, "total": None}
    (tmp_path / "set.zip.part.json").write_text(json.dumps(note))
    assert fetch(server, tmp_path / "set.zip").sha256 == SHA256


@pytest.mark.parametrize("note", ["", "[]", '{"url": 1}', '{"url": "http://other/"}', "\0"])
def test_a_part_of_unknown_origin_is_not_trusted(note: str, server: Server, tmp_path: Path) -> None:
    (tmp_path / "set.zip.part").write_bytes(b"something else")
    (tmp_path / "set.zip.part.json").write_text(note)
    assert fetch(server, tmp_path / "set.zip").path.read_bytes() == CONTENT
    assert server.does.asked == [None]


def test_a_wrong_checksum_leaves_no_file(server: Server, tmp_path: Path) -> None:
    error = failure(server, tmp_path / "set.zip", sha256="0" * 64)
    assert SHA256 in error.why
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_looked_at_and_never_replaced(
    server: Server, tmp_path: Path
) -> None:
    place = tmp_path / "set.zip"
    place.write_bytes(CONTENT)
    assert fetch(server, place) == Downloaded(place, len(CONTENT), SHA256, is_new=False)
    place.write_bytes(b"mine")
    assert "another file of this name" in failure(server, place).what
    assert not fetch(server, place, sha256=None).is_new
    assert place.read_bytes() == b"mine"
    assert server.does.asked == []


def test_passing_errors_are_asked_again_and_lasting_ones_are_not(
    server: Server, tmp_path: Path
) -> None:
    server.does.statuses = [503, 429]
    assert fetch(server, tmp_path / "a").sha256 == SHA256
    server.does.statuses = [404, 404]
    assert "404" in failure(server, tmp_path / "b").why
    assert server.does.statuses == [404]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/x",
        "data:text/plain,x",
        "x",
        "http:///x",
        "http://me:secret@example.org/x",
        "http://[::1",
    ],
)
def test_only_http_and_https_are_fetched(url: str, server: Server, tmp_path: Path) -> None:
    assert "only http and https" in failure(server, tmp_path / "x", url=url).why


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "gopher://x"])
def test_a_redirect_to_another_scheme_is_refused(to: str, server: Server, tmp_path: Path) -> None:
    server.does.location = to
    failure(server, tmp_path / "x")
    assert len(server.does.asked) == 1
    assert not (tmp_path / "x").exists()


def test_a_redirect_that_goes_round_ends(server: Server, tmp_path: Path) -> None:
    server.does.location = "/again"
    failure(server, tmp_path / "x")


def test_nobody_there_is_told(server: Server, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{unused_port()}/x.zip"
    assert "refused" in failure(server, tmp_path / "x", url=url).why


def unused_port() -> int:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as closed:
        return closed.server_port


def test_two_do_not_write_one_file(server: Server, tmp_path: Path) -> None:
    with (tmp_path / "set.zip.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert "another process" in failure(server, tmp_path / "set.zip").why
