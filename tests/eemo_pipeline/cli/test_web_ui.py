"""`eemo ui`: its server, who may use it, and its end."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import call_eemo, start_eemo
from tests.support.processes import list_processes

LAUNCH = """mutation { launchRun(executionParams: {
  selector: { repositoryLocationName: "eemo_pipeline", repositoryName: "__repository__",
    jobName: "build_dataset", assetSelection: [{path: ["sources__datasets"]}],
    assetCheckSelection: [] }, mode: "default", runConfigData: "{}"
}) { __typename } }"""
RUNS = "{ runsOrError { ... on Runs { results { status } } } }"
LOCATIONS = """{ repositoriesOrError {
  ... on RepositoryConnection { nodes { location { name } } }
} }"""


@dataclass
class Ui:
    """A running `eemo ui` with its data root."""

    address: str
    root: Path
    process: subprocess.Popen[bytes]

    def ask(self, query: str) -> Any:
        """The data that the server answers, as its own pages get it."""
        request = urllib.request.Request(  # noqa: S310 (our own server)
            f"{self.address}/graphql",
            json.dumps({"query": query}).encode(),
            {"content-type": "application/json", "origin": self.address},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)["data"]


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    place = tmp_path_factory.mktemp("ui")
    root, log = place / "root", place / "log"
    root.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = start_eemo(log, "ui", "--data", root, "--port", str(port))
    try:
        for _ in range(300):
            assert process.poll() is None, log.read_text()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5):
                    break
            except OSError:
                time.sleep(0.5)
        yield Ui(f"http://127.0.0.1:{port}", root, process)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_the_code_location_has_the_name_that_dagster_dev_gives_it(ui: Ui) -> None:
    nodes = ui.ask(LOCATIONS)["repositoriesOrError"]["nodes"]
    assert [node["location"]["name"] for node in nodes] == ["eemo_pipeline"]


def test_a_second_one_on_the_same_data_root_is_refused(ui: Ui) -> None:
    result = call_eemo("ui", "--data", ui.root, "--port", "1")
    assert result.returncode == 1
    assert f"process {ui.process.pid} serves them at {ui.address}" in result.stderr


def test_another_site_cannot_start_a_run(ui: Ui) -> None:
    for path, body, headers in (
        (f"/graphql?query={urllib.parse.quote(LAUNCH)}", None, {}),
        ("/graphql", json.dumps({"query": LAUNCH}).encode(), {"origin": "http://evil.example"}),
        ("/graphql", json.dumps({"query": LAUNCH}).encode(), {"host": "evil.example"}),
    ):
        headers = {"content-type": "application/json", **headers}
        request = urllib.request.Request(f"{ui.address}{path}", body, headers)  # noqa: S310
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(request, timeout=60)  # noqa: S310
    assert ui.ask(RUNS)["runsOrError"]["results"] == []


def test_its_own_pages_can_start_a_run(ui: Ui) -> None:
    assert ui.ask(LAUNCH)["launchRun"]["__typename"] == "LaunchRunSuccess"
    deadline = time.monotonic() + 120
    while ui.ask(RUNS)["runsOrError"]["results"] != [{"status": "SUCCESS"}]:
        assert time.monotonic() < deadline, ui.ask(RUNS)
        time.sleep(0.5)
    assert (ui.root / "tables" / "sources__datasets.parquet").exists()


def test_sigterm_ends_the_server_and_all_that_it_started(ui: Ui) -> None:
    assert len(list_processes(ui.process.pid)) > 2
    ui.process.send_signal(signal.SIGTERM)
    assert ui.process.wait(60) == 130
    deadline = time.monotonic() + 120
    while left := list_processes(ui.process.pid):
        assert time.monotonic() < deadline, left
        time.sleep(0.2)
    assert "Fatal Python error" not in (ui.root.parent / "log").read_text()


def test_a_mistyped_data_root_is_not_created(tmp_path: Path) -> None:
    answer = call_eemo("ui", "--data", tmp_path / "typo")
    assert answer.returncode == 1
    assert "there is no data root yet" in answer.stderr
    assert list(tmp_path.iterdir()) == []
