"""Collections from a real server on this machine: rules, limits, hostile rows, and going on."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl
import pytest

from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.readers.listing import list_files
from eemo_pipeline.sources.web import SOURCE
from eemo_pipeline.stages.expansion.collected_rows import list_collected
from resources.network.address_guard import PublicHosts
from resources.network.collection import BadManifest, Collected, CollectionLimits, collect
from resources.network.fetch_policy import DownloadFailed
from tests.support.commands import call_eemo
from tests.support.images import paint_jpeg

HTML = b"<html><body>Sign in to see the image.</body></html>"


@dataclass
class Site:
    """A host of images.

    Attributes:
        port: its port on 127.0.0.1.
        pages: path -> content type, bytes.
        moved: path -> where it is sent on to.
        statuses: path -> codes that are answered first.
        asked: the paths that were asked for.
    """

    port: int = 0
    pages: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, list[int]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    found = Site(pages={f"/{n}.jpg": ("image/jpeg", paint_jpeg(n)) for n in range(6)})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            if found.statuses.get(self.path):
                self.send_error(found.statuses[self.path].pop(0))
            elif self.path in found.moved:
                self.send_response(302)
                self.send_header("Location", found.moved[self.path])
                self.end_headers()
            elif self.path in found.pages:
                kind, body = found.pages[self.path]
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            else:
                self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with closing(Workers(1)) as pool:
        yield pool


@dataclass
class Desk:
    """A data root, a folder with a manifest, and the server."""

    root: DataRoot
    folder: Path
    site: Site
    workers: Workers

    def collect(
        self, rows: list[dict[str, object]], *, is_known: bool = True, **limits: int
    ) -> Collected:
        """Write the rows as a manifest and collect it; `is_known`: the private host is allowed."""
        manifest = self.folder / "found.jsonl"
        manifest.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        hosts = (self.site.host,) if is_known else ()
        chosen = CollectionLimits(pause_s=0.0, retry_s=0.01, private_hosts=hosts, **limits)
        return collect(manifest, self.root, chosen, self.workers)

    def reason(self, row: dict[str, object], *, is_known: bool = True, **limits: int) -> str:
        """Return the reason for which a row is refused."""
        return self.collect([{"licence": "CC0", **row}], is_known=is_known, **limits).rows[1][
            "reason"
        ]


@pytest.fixture
def desk(tmp_path: Path, site: Site, workers: Workers) -> Desk:
    folder = tmp_path / "mine"
    folder.mkdir()
    return Desk(DataRoot(tmp_path / "data"), folder, site, workers)


def test_images_come_to_the_source_and_what_became_of_every_row_is_a_table(desk: Desk) -> None:
    (desk.folder / "own.jpg").write_bytes(paint_jpeg(20))
    told = {"licence": "CC BY 4.0", "query": "joyful crowd at festival", "subject": "crowd"}
    rows: list[dict[str, object]] = [
        {"url": desk.site.url("/0.jpg"), **told},
        {"url": desk.site.url("/1.jpg")},
        {"path": "own.jpg", "licence": "own work"},
        {"url": desk.site.url("/0.jpg?again"), **told},
    ]
    desk.site.pages["/0.jpg?again"] = desk.site.pages["/0.jpg"]
    desk.collect(rows)

    table = list_collected(desk.root.collected)
    assert table.select("row", "status", "reason").rows() == [
        (1, "ok", None),
        (2, "refused", "missing_licence"),
        (3, "ok", None),
        (4, "refused", "repeated_image"),
    ]
    read = SOURCE.read(list_files(desk.root.sources / "web"))
    assert read.records.height == 2
    assert read.rejects.is_empty()
    attributes = [json.loads(text) for text in read.records["attributes"]]
    assert {"CC BY 4.0", "own work"} == {one["licence"] for one in attributes}
    assert any(one.get("query") == told["query"] for one in attributes)


def test_a_second_call_asks_only_for_what_may_still_succeed(desk: Desk) -> None:
    desk.site.statuses["/1.jpg"] = [503] * 4
    rows: list[dict[str, object]] = [
        {"url": desk.site.url(f"/{n}.jpg"), "licence": "CC0"} for n in range(3)
    ]
    first = desk.collect(rows)
    assert first.rows[2]["status"] == "error"
    desk.site.asked.clear()
    second = desk.collect(rows)
    assert [row["status"] for row in second.rows.values()] == ["ok"] * 3
    assert [path for path in desk.site.asked if path != "/robots.txt"] == ["/1.jpg"]
    desk.site.asked.clear()
    assert desk.collect(rows).fresh == 0
    assert desk.site.asked == []
    assert pl.Series(list_collected(desk.root.collected)["status"]).to_list() == ["ok"] * 3


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"path": "../secret.jpg"}, "unsafe_path"),
        ({"path": "/etc/hostname"}, "unsafe_path"),
        ({"path": "~root/photo.jpg"}, "unsafe_path"),
        ({"path": "link.jpg"}, "unsafe_path"),
        ({"path": "C:/photo.jpg"}, "unsafe_path"),
        ({"path": "missing.jpg"}, "picture_missing"),
        ({"path": "notes.jpg"}, "not_a_picture"),
        ({}, "missing_address"),
        ({"url": "file:///etc/hostname"}, "address_refused"),
        ({"url": "ftp://example.org/a.jpg"}, "address_refused"),
        ({"url": "http://user:word@example.org/a.jpg"}, "address_refused"),
        ({"url": "http://127.0.0.1:1/a.jpg"}, "private_address"),
        ({"url": "http://10.0.0.8/a.jpg"}, "private_address"),
        ({"url": "http://169.254.169.254/latest/meta-data"}, "private_address"),
        ({"url": "http://[::1]/a.jpg"}, "private_address"),
        ({"url": "http://[::ffff:10.0.0.8]/a.jpg"}, "private_address"),
        ({"url": "http://localhost:1/a.jpg"}, "private_address"),
        ({"url": "http://2130706433/a.jpg"}, "private_address"),
    ],
)
def test_other_peoples_paths_and_private_addresses_are_refused(
    desk: Desk, row: dict[str, object], reason: str
) -> None:
    (desk.folder.parent / "secret.jpg").write_bytes(paint_jpeg(21))
    (desk.folder / "link.jpg").symlink_to(desk.folder.parent / "secret.jpg")
    (desk.folder / "notes.jpg").write_text("not an image")
    assert desk.reason(row) == reason
    assert desk.site.asked == []
    assert not (desk.root.sources / "web").exists()


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("file:///etc/hostname", "redirect_refused"),
        ("http://10.0.0.8/a.jpg", "private_address"),
        ("http://127.0.0.1:1/a.jpg", "private_address"),
        ("http://user:word@127.0.0.1/a.jpg", "redirect_refused"),
    ],
)
def test_a_redirect_is_looked_at_like_an_address(desk: Desk, target: str, reason: str) -> None:
    desk.site.moved["/a.jpg"] = target
    assert desk.reason({"url": desk.site.url("/a.jpg")}) == reason


def test_a_server_is_judged_by_what_it_sends(desk: Desk) -> None:
    desk.site.pages |= {
        "/page.jpg": ("text/html; charset=utf-8", HTML),
        "/liar.jpg": ("image/jpeg", HTML),
        "/cut.jpg": ("image/jpeg", paint_jpeg(22)[:900]),
        "/large.jpg": ("image/jpeg", paint_jpeg(23) + bytes(300_000)),
        "/silent.jpg": ("", paint_jpeg(24)),
    }
    reasons = {
        path: desk.reason({"url": desk.site.url(path)}, most_bytes=200_000)
        for path in ("/page.jpg", "/liar.jpg", "/cut.jpg", "/large.jpg", "/silent.jpg", "/no.jpg")
    }
    assert reasons == {
        "/page.jpg": "wrong_type",
        "/liar.jpg": "not_a_picture",
        "/cut.jpg": "truncated",
        "/large.jpg": "too_large",
        "/silent.jpg": None,
        "/no.jpg": "not_fetched",
    }


def test_the_rules_of_a_host_are_kept(desk: Desk) -> None:
    rules = b"User-agent: *\nDisallow: /private\nAllow: /private/open\n"
    desk.site.pages["/robots.txt"] = ("text/plain", rules)
    for path in ("/private/a.jpg", "/private/open/a.jpg"):
        desk.site.pages[path] = ("image/jpeg", paint_jpeg(len(path)))
    desk.site.moved["/way"] = desk.site.url("/private/a.jpg")
    assert desk.reason({"url": desk.site.url("/private/a.jpg")}) == "robots_disallowed"
    assert desk.reason({"url": desk.site.url("/way")}) == "robots_disallowed"
    assert desk.reason({"url": desk.site.url("/private/open/a.jpg")}) is None
    assert desk.site.asked.count("/private/a.jpg") == 0


def test_a_host_that_cannot_tell_its_rules_is_left_for_later(desk: Desk) -> None:
    desk.site.statuses["/robots.txt"] = [500] * 4
    rows: list[dict[str, object]] = [{"url": desk.site.url("/0.jpg"), "licence": "CC0"}]
    first = desk.collect(rows)
    assert (first.rows[1]["status"], first.rows[1]["reason"]) == ("error", "robots_unknown")
    assert desk.site.asked.count("/0.jpg") == 0
    assert desk.collect(rows).rows[1]["status"] == "ok"


def test_a_query_is_not_collected_beyond_its_cap(desk: Desk) -> None:
    rows: list[dict[str, object]] = [
        {"url": desk.site.url(f"/{n}.jpg"), "licence": "CC0", "query": "a calm lake"}
        for n in range(4)
    ]
    done = desk.collect(rows, images_per_query=2)
    assert [row["reason"] for row in done.rows.values()] == [None, None, *["query_is_full"] * 2]
    assert [path for path in desk.site.asked if path != "/robots.txt"] == ["/0.jpg", "/1.jpg"]
    assert desk.collect(rows, images_per_query=3).reasons == {"ok": 3, "query_is_full": 1}


def test_a_name_that_resolves_to_this_machine_is_no_way_in(desk: Desk) -> None:
    with pytest.raises(DownloadFailed) as caught:
        PublicHosts(1000).connect(("localhost", desk.site.port))
    assert caught.value.reason == "private_address"


def test_the_command_says_what_came_of_the_rows(desk: Desk) -> None:
    manifest = desk.folder / "found.csv"
    manifest.write_text(
        f"url,licence,query\n{desk.site.url('/0.jpg')},CC0,a lake\n{desk.site.url('/1.jpg')},,\n"
    )
    words = ("collect", manifest, "--data", desk.root.path, "--pause-s", "0", "--json")
    told = call_eemo(*words, "--private-host", desk.site.host, folder=None)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["outcomes"] == {"missing_licence": 1, "ok": 1}
    refused = call_eemo("collect", desk.folder / "no.csv", "--data", desk.root.path, folder=None)
    assert refused.returncode == 2
    assert "no such file" in refused.stderr


def test_what_is_no_manifest_is_said_so(desk: Desk) -> None:
    (desk.folder / "list.txt").write_text("http://example.org/a.jpg\n")
    with pytest.raises(BadManifest, match="jsonl"):
        collect(desk.folder / "list.txt", desk.root, CollectionLimits(), desk.workers)
