"""Batches through the command line and Dagster: submit, poll, collect, and a normal run."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from eemo_pipeline.ledger.batches import read_open
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.orchestration.build import build_definitions
from eemo_pipeline.orchestration.runs import run_assets
from resources.local_server import LocalServer, local_server
from tests.support.commands import call_eemo
from tests.support.lakes import copy_lake

openai = pytest.importorskip("openai")


TO_DEDUP = '+key:"dedup__images"'
ANNOTATION = 'key:"annotation__replies" or key:"costs__calls"'
PROVIDERS = "openai:local-a,gemini:local-b"
# The prices of the local server's own models.
PRICES = """
[openai."local-a"]
input = 0.40
output = 1.60
batch_share = 0.5
[gemini."local-b"]
input = 0.30
output = 2.40
batch_share = 0.5
"""


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with local_server() as running:
        yield running


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Path:
    """Return a data root with all stages up to dedup, shared and read-only."""
    lake = tmp_path_factory.mktemp("known") / "lake"
    (lake / "sources").mkdir(parents=True)
    (lake / "sources" / "folder").symlink_to(pictures)
    outcome = run_assets(lake, TO_DEDUP)
    assert outcome.is_success, outcome.failed_steps
    return lake


@pytest.fixture
def lake(
    server: LocalServer,
    tmp_path: Path,
    known: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Return a private copy of the data root; the vendors' variables point to the local server."""
    (tmp_path / "prices.toml").write_text(PRICES)
    monkeypatch.setenv("EEMO_PRICES", str(tmp_path / "prices.toml"))
    monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.gemini_url)
    monkeypatch.setenv("OPENAI_API_KEY", server.key)
    monkeypatch.setenv("GEMINI_API_KEY", server.key)
    return copy_lake(known, tmp_path / "lake")


def collect(lake: Path) -> dict[str, Any]:
    """Wait until no batch is open at its provider, then collect."""
    for _ in range(50):
        status = call_eemo("batch", "status", "--data", lake, "--json")
        assert status.returncode == 0, status.stderr
        if all(batch["at_provider"] != "open" for batch in json.loads(status.stdout)):
            break
        time.sleep(0.1)
    answer = call_eemo("batch", "collect", "--data", lake, "--json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_submit_collect_and_a_normal_run_that_pays_nothing(lake: Path, server: LocalServer) -> None:
    kept = pl.read_parquet(lake / "tables" / "dedup__images.parquet").height
    words = ("--data", lake, "--providers", PROVIDERS, "--json")
    sent = call_eemo("batch", "submit", *words)
    assert sent.returncode == 0, sent.stderr
    assert json.loads(sent.stdout)["numbers"]["submitted"] == 2 * kept
    # A normal run pays for no question that waits in a batch.
    early = run_assets(lake, ANNOTATION, providers=PROVIDERS)
    replies = pl.read_parquet(lake / "tables" / "annotation__replies.parquet")
    assert set(replies["reason"]) == {"waits_in_batch"}
    assert early.calls == 0

    collected = collect(lake)
    assert collected["numbers"]["answered"] == 2 * kept
    bill = server.account()
    assert bill["billed"] == 2 * kept
    assert all(line["is_batch"] for line in bill["lines"])
    run = run_assets(lake, f'{ANNOTATION} or key:"batches__jobs"', providers=PROVIDERS)
    assert run.is_success, run.failed_steps
    assert (run.calls, run.cached) == (0, 2 * kept)
    assert server.account() == bill
    replies = pl.read_parquet(lake / "tables" / "annotation__replies.parquet")
    assert set(replies["status"]) == {"ok"}
    costs = pl.read_parquet(lake / "tables" / "costs__calls.parquet").filter(stage="annotation")
    assert costs["call_count"].sum() == 2 * kept
    assert Decimal(str(round(costs["usd"].sum(), 9))) == Decimal(bill["usd"]).normalize()
    jobs = pl.read_parquet(lake / "tables" / "batches__jobs.parquet")
    assert set(jobs["batch_state"]) == {"completed"}
    assert jobs["row_count"].sum() == jobs["answered_count"].sum() == 2 * kept
    assert round(jobs["usd"].sum(), 9) == round(costs["usd"].sum(), 9)


def test_a_budget_sends_what_fits_and_the_same_command_sends_the_rest(
    lake: Path, server: LocalServer
) -> None:
    words = ("batch", "submit", "--data", lake, "--providers", "openai:local-a", "--json")
    capped = call_eemo(*words, "--budget-usd", "0.01")
    assert capped.returncode == 4, capped.stderr
    assert "run the same command again to continue" in capped.stderr
    first = json.loads(capped.stdout)
    assert first["stopped_by"] == "budget"
    (batch,) = first["batches"]
    kept = pl.read_parquet(lake / "tables" / "dedup__images.parquet").height
    assert 0 < batch["rows"] < kept
    rest = call_eemo(*words)
    assert rest.returncode == 0, rest.stderr
    numbers = json.loads(rest.stdout)["numbers"]
    assert (numbers["waiting"], numbers["submitted"]) == (batch["rows"], kept - batch["rows"])
    collect(lake)
    bill = server.account()
    assert (bill["billed"], bill["repeated"]) == (kept, 0)


def test_what_is_missing_is_named_and_nothing_is_sent(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("batch", "submit", "--data", lake, "--providers")
    for providers in ("embedded", "local", "compatible:any"):
        refused = call_eemo(*words, providers)
        assert refused.returncode in (2, 5), refused.stderr
    assert "there is no batch interface" in call_eemo(*words, "local").stderr
    revoked = "sk-proj-A1b2C3d4E5f6G7h8I9j0K1l2"
    monkeypatch.setenv("OPENAI_API_KEY", revoked)
    wrong = call_eemo(*words, "openai:local-a", "--json")
    assert wrong.returncode == 5, wrong.stderr
    assert "put a valid key into OPENAI_API_KEY" in wrong.stdout
    assert revoked not in wrong.stdout + wrong.stderr
    monkeypatch.delenv("OPENAI_API_KEY")
    missing = call_eemo(*words, "openai:local-a")
    assert missing.returncode == 5
    assert "export OPENAI_API_KEY=" in missing.stderr


def test_the_sensor_asks_for_a_collection_when_there_is_something_to_collect(
    lake: Path, server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EEMO_BATCH_ROWS", "3")
    definitions = build_definitions(str(lake))
    sensor = definitions.resolve_sensor_def("finished_batches")
    resources = definitions.resources or {}

    def look(cursor: str | None = None) -> Any:
        with dg.build_sensor_context(cursor=cursor, resources=resources) as context:
            return sensor.evaluate_tick(context)

    assert look().skip_message == "No batch is open."
    # "Materialize all" of the pages runs the assets without the settings of their job.
    nothing = run_assets(
        lake, 'key:"batches__submissions"', providers="openai:local-a", job="__ASSET_JOB"
    )
    assert nothing.is_success, nothing.failed_steps
    assert nothing.numbers["batches__submissions"]["batches"] == 0
    assert look().skip_message == "No batch is open."
    server.follow({"batch": {"delay_s": 600}})
    sent = run_assets(lake, "*", providers="openai:local-a", job="submit_batches")
    assert sent.is_success, sent.failed_steps
    assert sent.numbers["batches__submissions"]["batches"] > 1
    quiet = look()
    assert "batches are open: 0 of" in (quiet.skip_message or "")
    assert not quiet.run_requests
    client = openai.OpenAI()
    for batch in client.batches.list():
        client.batches.cancel(batch.id)
    server.follow({})
    asked = look()
    for _ in range(100):
        if not asked.run_requests:
            asked = look()
    assert len(asked.run_requests or ()) == 1
    assert "A run was asked for" in (look(asked.cursor).skip_message or "")
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def("collect_batches").execute_in_process(
            instance=instance
        )
    assert result.success
    jobs = pl.read_parquet(lake / "tables" / "batches__jobs.parquet")
    assert set(jobs["batch_state"]) == {"cancelled"}
    assert jobs["failed_count"].sum() == jobs["row_count"].sum()
    assert look(asked.cursor).skip_message == "No batch is open."
    monkeypatch.delenv("OPENAI_API_KEY")
    run_assets(lake, "*", providers="gemini:local-b", job="submit_batches")
    monkeypatch.delenv("GEMINI_API_KEY")
    assert "GEMINI_API_KEY is not set" in (look().skip_message or "")
    # An unreachable provider does not block the other one.
    monkeypatch.setenv("OPENAI_API_KEY", server.key)
    run_assets(lake, "*", providers="openai:local-a", job="submit_batches")
    for _ in range(100):
        if look().run_requests:
            break
    partial = run_assets(lake, "*", job="collect_batches")
    assert partial.stopped_by == "credential"
    with closing(Ledger(lake / "ledger.sqlite")) as ledger:
        assert {batch.provider for batch in read_open(ledger)} == {"gemini"}
