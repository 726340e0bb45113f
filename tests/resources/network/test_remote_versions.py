"""The schedule of remote versions, against a real server on this machine."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dagster as dg
import pytest

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.orchestration.build import build_definitions
from eemo_pipeline.orchestration.jobs import partition_tags
from eemo_pipeline.orchestration.triggers import REMOTE_VERSION, build_remote_schedule
from eemo_pipeline.sources import Download, SourceDataset
from eemo_pipeline.stages.sources import known_sources
from resources.network.downloads import DownloadFailed, ask_version
from resources.network.remote_versions import look_at_remotes
from resources.storage.data_root import DataRootResource


@dataclass
class Server:
    """Its address, the headers of each path, and what it was asked."""

    url: str = ""
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            state.asked.append((self.command, self.path))
            if self.path not in state.headers:
                self.send_error(404)
                return
            self.send_response(200)
            for name, value in state.headers[self.path].items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        state.url = f"http://127.0.0.1:{running.server_port}"
        yield state
        running.shutdown()


@pytest.fixture
def offered(server: Server, tmp_path: Path) -> list[SourceDataset]:
    """Two sources on disk that the server offers, one that is not on disk, one behind a form."""
    known = known_sources()
    server.headers = {"/abstract8": {"ETag": '"one"'}, "/emotion6": {"ETag": '"one"'}}
    for name in ("abstract8", "emotion6", "emotic"):
        (tmp_path / "sources" / name).mkdir(parents=True)
    return [
        *(
            replace(known[name], downloads=(Download(f"{server.url}/{name}", f"{name}.zip"),))
            for name in ("abstract8", "emotion6", "warriner")
        ),
        known["emotic"],
    ]


def tick(sources: list[SourceDataset], lake: Path) -> list[dg.RunRequest] | str:
    data_root = DataRootResource(path=str(lake))
    with dg.build_schedule_context(resources={"data_root": data_root}) as context:
        data = build_remote_schedule(sources).evaluate_tick(context)
    return list(data.run_requests or ()) or str(data.skip_message)


def test_a_changed_source_alone_is_asked_for_and_once(
    offered: list[SourceDataset], server: Server, tmp_path: Path
) -> None:
    first = tick(offered, tmp_path)
    assert "abstract8.zip: first look, remembered" in first
    assert "warriner: it is not on disk" in first
    assert "emotic: its owner offers no file" in first
    assert "emotion6.zip: unchanged" in tick(offered, tmp_path)
    server.headers["/emotion6"] = {"ETag": '"two"'}
    (request,) = tick(offered, tmp_path)
    assert isinstance(request, dg.RunRequest)
    assert request.tags.items() >= partition_tags("emotion6", "emotion6").items()
    assert request.tags[REMOTE_VERSION] == 'emotion6.zip "two"'
    assert isinstance(tick(offered, tmp_path), str)
    assert {method for method, _ in server.asked} == {"HEAD"}
    assert "/warriner" not in {path for _, path in server.asked}


def test_an_address_that_fails_keeps_its_memory(
    offered: list[SourceDataset], server: Server, tmp_path: Path
) -> None:
    tick(offered, tmp_path)
    held = server.headers.pop("/abstract8")
    assert "abstract8.zip: the server answers 404" in tick(offered, tmp_path)
    server.headers["/abstract8"] = held
    assert "abstract8.zip: unchanged" in tick(offered, tmp_path)


def test_a_damaged_memory_is_a_first_look(offered: list[SourceDataset], tmp_path: Path) -> None:
    memory = tmp_path / "downloads" / "remote_versions.json"
    memory.parent.mkdir()
    for text in ("{", "[]", '{"x": 1}'):
        memory.write_text(text)
        assert look_at_remotes(offered, DataRoot(tmp_path)).changed == {}
        assert "one" in memory.read_text()


def test_versions_are_tags_or_times_with_sizes(server: Server) -> None:
    time = "Tue, 01 Sep 2026 10:00:00 GMT"
    server.headers = {
        "/tag": {"ETag": 'W/"x"', "Last-Modified": time},
        "/time": {"Last-Modified": time, "Content-Length": "12"},
        "/size": {"Content-Length": "12"},
    }
    assert ask_version(f"{server.url}/tag") == 'W/"x"'
    assert ask_version(f"{server.url}/time") == f"{time}, 12 bytes"
    assert ask_version(f"{server.url}/size") is None
    with pytest.raises(DownloadFailed, match="404"):
        ask_version(f"{server.url}/gone")
    with pytest.raises(DownloadFailed):
        ask_version("file:///etc/hostname")


def test_the_schedule_is_off(tmp_path: Path) -> None:
    schedules = build_definitions(str(tmp_path)).schedules or ()
    (found,) = [
        one
        for one in schedules
        if isinstance(one, dg.ScheduleDefinition) and one.name == "remote_changes"
    ]
    assert found.default_status is dg.DefaultScheduleStatus.STOPPED
