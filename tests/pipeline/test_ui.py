"""The Dagster UI from a user's view: `dagster dev`, a real browser, and the UI's GraphQL API."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from assets import STAGES
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.root_lock import hold_data_root
from eemo_pipeline.orchestration.jobs import build_dataset, partition_tags
from eemo_pipeline.orchestration.triggers import ONCE_MORE
from tests.support.servers import FAULT_SCRIPT

REPOSITORY = Path(__file__).parents[2]
DAGSTER = Path(sys.executable).parent / "dagster"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The assets that call models, the assets between them, and the published costs. The assets
# downstream of the answers are tested in `tests/pipeline/test_providers.py`.
ASKING = (
    "annotation__replies",
    "verification__replies",
    "verification__patterns",
    "verification__decisions",
    "grounding__regions",
    "critic__verdicts",
    "critic__steps",
    "critic__choices",
    "critic__word_choices",
    "critic__word_choices",
    "critic__weights",
    "_critic__replies",
    "_critic__regions",
    "critic__queue",
    "costs__calls",
    "warehouse__database",
)
LAUNCH = """
mutation Launch($executionParams: ExecutionParams!) {
  launchRun(executionParams: $executionParams) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""
STATUS = """
query Status($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }
"""
AUTOMATIONS = """
{ repositoriesOrError { ... on RepositoryConnection { nodes {
    location { name }
    sensors { name description sensorState { status } }
    schedules { name description scheduleState { status } }
} } } }
"""
PROCESS = """
query Process($id: ID!) { runOrError(runId: $id) { ... on Run {
  eventConnection { events { ... on EngineEvent { metadataEntries {
    label ... on TextMetadataEntry { text } ... on IntMetadataEntry { intRepr }
  } } } }
} } }
"""
RETRIES = """
query Retries($id: String!) {
  runsOrError(filter: {tags: [{key: "dagster/parent_run_id", value: $id}]}) {
    ... on Runs { results { status assetMaterializations { assetKey { path } } } }
  }
}
"""
CHECKS = """
{ assetNodes {
    assetKey { path }
    assetChecksOrError { ... on AssetChecks { checks {
      name
      executionForLatestMaterialization { status evaluation { success severity } }
    } } }
} }
"""


@dataclass(frozen=True)
class Server:
    """A running `dagster dev` and its data root."""

    address: str
    root: Path

    def ask(self, query: str, **variables: object) -> dict:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(  # noqa: S310 (our own server)
            f"{self.address}/graphql", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)["data"]


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, pictures: Path, small_lake: Path
) -> Iterator[Server]:
    """Start `dagster dev` in a folder with the repository's two YAML files and default settings.

    The data root is the folder's own `data/`, the default of a new checkout, with the images
    linked as a source. Its ledger is copied from the shared small lake, which has the same images:
    the tests cover the tables and checks of a run without repeating the measurements.
    """
    home = tmp_path_factory.mktemp("checkout")
    shutil.copy(REPOSITORY / "workspace.yaml", home)
    settings = (REPOSITORY / "dagster.yaml").read_text("utf-8")
    watching = "poll_interval_seconds: "  # of killed runs
    assert f"{watching}10\n" in settings
    (home / "dagster.yaml").write_text(settings.replace(f"{watching}10", f"{watching}1"), "utf-8")
    (home / "data" / "sources").mkdir(parents=True)
    (home / "data" / "sources" / "folder").symlink_to(pictures)
    shutil.copy(small_lake / "ledger.sqlite", home / "data")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"EEMO_DATA", "DAGSTER_HOME"}
    }
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [DAGSTER, "dev", "-h", "127.0.0.1", "-p", str(port)],
            cwd=home,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    found = Server(f"http://127.0.0.1:{port}", home / "data")
    try:
        wait_for(found, process, home / "log")
        yield found
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        assert process.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(f"{server.address}/server_info", timeout=5)  # noqa: S310
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise AssertionError(log.read_text())


def launch(
    server: Server,
    run_config: dict[str, object],
    assets: Sequence[str] | None = None,
    **tags: str,
) -> str:
    """Launch the Launchpad's job for all assets, or for `assets`, and return the run's id."""
    chosen = assets and [{"path": [name]} for name in assets]
    tagged = partition_tags() | tags
    launched = server.ask(
        LAUNCH,
        executionParams={
            "selector": {
                "repositoryLocationName": "eemo_pipeline",
                "repositoryName": "__repository__",
                "jobName": build_dataset.name,
                "assetSelection": chosen,
            },
            "runConfigData": run_config,
            "executionMetadata": {
                "tags": [{"key": key, "value": value} for key, value in tagged.items()]
            },
        },
    )["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    return launched["run"]["runId"]


def run_job(
    server: Server, run_config: dict[str, object], assets: Sequence[str] | None = None
) -> str:
    """Run the Launchpad's job for all assets, or for `assets`, and return its final status."""
    run_id = launch(server, run_config, assets)
    for _ in range(600):
        status = server.ask(STATUS, id=run_id)["runOrError"]["status"]
        if status in {"SUCCESS", "FAILURE", "CANCELED"}:
            return status
        time.sleep(0.5)
    return "UNFINISHED"


@pytest.fixture(scope="module")
def run_status(server: Server) -> str:
    """Return the final status of a run with default settings."""
    return run_job(server, {})


def test_a_run_of_everything_succeeds_with_its_checks(server: Server, run_status: str) -> None:
    assert run_status == "SUCCESS"
    outcomes = {
        (node["assetKey"]["path"][0], check["name"]): check["executionForLatestMaterialization"]
        for node in server.ask(CHECKS)["assetNodes"]
        for check in node["assetChecksOrError"].get("checks", [])
    }
    assert len(outcomes) > 100
    assert all(outcome["status"] in {"SUCCEEDED", "FAILED"} for outcome in outcomes.values())
    failed = {
        key: outcome["evaluation"]["severity"]
        for key, outcome in outcomes.items()
        if not outcome["evaluation"]["success"]
    }
    assert set(failed.values()) == {"WARN"}
    assert ("sources__datasets", "sources_are_complete") in failed
    assert (server.root / "eemo.duckdb").exists()


def test_every_automation_is_off_and_says_what_it_does(server: Server) -> None:
    [found] = server.ask(AUTOMATIONS)["repositoriesOrError"]["nodes"]
    assert found["location"]["name"] == "eemo_pipeline"
    states = {
        part["name"]: part[state]["status"]
        for parts, state in (("sensors", "sensorState"), ("schedules", "scheduleState"))
        for part in found[parts]
    }
    # One sensor watches every source: there is no switch per source.
    assert set(states) == {
        *("changed_sources", "finished_batches", "new_votes"),
        *("nightly_build", "remote_changes"),
    }
    assert set(states.values()) == {"STOPPED"}
    assert all(part["description"] for part in (*found["sensors"], *found["schedules"]))


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_pages_show_the_stages_and_what_a_table_is(server: Server, run_status: str) -> None:
    from playwright.sync_api import sync_playwright

    assert run_status == "SUCCESS"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        page = browser.new_page(viewport={"width": 1700, "height": 1000})
        page.goto(f"{server.address}/asset-groups")
        for stage in STAGES:
            page.get_by_text(stage, exact=True).first.wait_for(timeout=60_000)
        assert page.get_by_text("Join the Dagster community").count() == 0
        page.goto(f"{server.address}/assets/dedup__images?view=events")
        plot = page.locator("img[src^='data:image/svg+xml']")
        plot.first.wait_for(timeout=60_000)  # the plot is visible without a click
        assert page.get_by_text("rows_in", exact=True).count() == 1
        for asset, chart in (
            ("reports__dataset", "emotion_balance"),
            ("costs__calls", "total_usd"),
        ):
            page.goto(f"{server.address}/assets/{asset}?view=events")
            page.get_by_text(chart, exact=True).first.wait_for(timeout=60_000)
            plot.first.wait_for(timeout=60_000)
            assert page.get_by_role("dialog").count() == 0
        page.goto(f"{server.address}/assets/dedup__images?view=overview")
        page.get_by_text("One row per kept image, with the split of its cluster.").wait_for(
            timeout=60_000
        )
        page.get_by_text("SHA-256 of the image file's bytes, lower-case hexadecimal").wait_for(
            timeout=60_000
        )
        browser.close()


def find_process(server: Server, run_id: str) -> int:
    """Return the process of a run, once it has begun to wait for the data root."""
    for _ in range(1200):
        events = server.ask(PROCESS, id=run_id)["runOrError"]["eventConnection"]["events"]
        told = [entry for event in events for entry in event.get("metadataEntries", ())]
        found = [
            entry.get("text") or entry.get("intRepr") for entry in told if entry["label"] == "pid"
        ]
        if found and (server.root / ".dagster" / "alive" / run_id).exists():
            return int(found[-1])
        time.sleep(0.2)
    raise AssertionError("the run did not start")


def test_a_run_of_a_trigger_that_was_killed_is_begun_again_once(server: Server) -> None:
    asset, retries = "sources__datasets", []
    with hold_data_root(DataRoot(server.root), "a test", lambda _: None):
        run_id = launch(server, {}, [asset], **ONCE_MORE)
        os.kill(find_process(server, run_id), signal.SIGKILL)
        for _ in range(1200):
            if server.ask(STATUS, id=run_id)["runOrError"]["status"] == "FAILURE":
                break
            time.sleep(0.2)
    for _ in range(1200):
        retries = server.ask(RETRIES, id=run_id)["runsOrError"]["results"]
        if [run["status"] for run in retries] == ["SUCCESS"]:
            break
        time.sleep(0.2)
    made = [[one["assetKey"]["path"][0] for one in run["assetMaterializations"]] for run in retries]
    assert made == [[asset]]


def test_all_that_asks_over_http_with_faults_from_the_launchpad(
    server: Server, run_status: str
) -> None:
    assert run_status == "SUCCESS"
    choices = {
        "annotators": {"providers": "local"},
        "verifier": {"verifier": "local"},
        "critic_in_charge": {"critic": "local"},
        "local_models": {"script": FAULT_SCRIPT},
    }
    resources = {name: {"config": config} for name, config in choices.items()}
    assert run_job(server, {"resources": resources}, ASKING) == "SUCCESS"
    bill = json.loads((server.root / "local_account.json").read_text())
    with duckdb.connect(str(server.root / "eemo.duckdb"), read_only=True) as warehouse:
        seen = warehouse.execute("select provider, model, sum(usd) from costs group by all")
        costs = {(provider, model): round(usd, 9) for provider, model, usd in seen.fetchall()}
        paid = warehouse.execute("select distinct stage from costs where usd > 0").fetchall()
    assert {stage for (stage,) in paid} == {"annotation", "verification", "critic"}
    lines = {(line["provider"], line["model"]): line["nano_usd"] / 1e9 for line in bill["lines"]}
    assert len(lines) == 4
    assert {who: usd for who, usd in costs.items() if usd} == lines
    faults = {kind for line in bill["lines"] for kind in line["outcomes"]}
    assert {"server_error", "rate_limited", "broken_json", "refused"} <= faults
