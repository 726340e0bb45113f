"""The graph with model providers: over HTTP, with faults, within a budget, without an API key."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from eemo_pipeline.cli.model_choice import choose_models
from eemo_pipeline.cli.problems import Exit, Problem
from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.orchestration.build import build_definitions
from eemo_pipeline.orchestration.jobs import build_dataset, partition_tags
from eemo_pipeline.orchestration.runs import run_assets
from eemo_pipeline.vlm.contract import Usage, VlmReply, VlmRequest
from resources.local_server import LocalServer, local_server
from resources.providers.registry import PROVIDERS, Provider
from tests.support.commands import call_eemo
from tests.support.hashing import hash_files
from tests.support.lakes import copy_lake
from tests.support.servers import FAULT_SCRIPT

ANNOTATION = 'key:"annotation__replies"'
KEY = "sk-proj-Q7xT2mVb9sLwE4kHnZ8rJ1yD"


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EEMO_LOCAL_SCRIPT", FAULT_SCRIPT)


@pytest.fixture
def lake(small_lake: Path, tmp_path: Path) -> Path:
    """Return a data root whose images are ingested and annotated by the embedded models."""
    return copy_lake(small_lake, tmp_path / "lake")


def account(lake: Path) -> dict[str, Any]:
    """Return the local server's own account of requests and costs."""
    return json.loads((lake / "local_account.json").read_text())


def costs(lake: Path) -> dict[str, Any]:
    query = "select sum(calls)::bigint as calls, sum(usd)::double as usd from costs"
    answer = call_eemo("sql", query, "--data", lake, "--json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)[0]


def test_the_whole_graph_over_http_with_faults(lake: Path, faults: None) -> None:
    run = call_eemo("run", "--data", lake, "--providers", "local", "--json")
    assert run.returncode == 0, run.stderr
    summary, billed = json.loads(run.stdout), account(lake)
    assert summary["providers"] == "local"
    assert summary["calls"] >= 20
    seen = costs(lake)
    assert round(Decimal(str(seen["usd"])), 2) == round(Decimal(billed["usd"]), 2)
    assert Decimal(str(round(seen["usd"], 9))) == Decimal(billed["usd"]).normalize()
    replies = pl.read_parquet(lake / "tables" / "annotation__replies.parquet")
    assert set(replies["annotator"]) == {"local_openai", "local_gemini"}
    assert set(replies["model"]) == {"local-a", "local-b"}
    assert replies.filter(pl.col("status") == "ok").height > 0.8 * replies.height
    assert replies.filter(pl.col("status") == "ok")["style"].null_count() == 0

    before = hash_files(lake)
    again = call_eemo("run", "--data", lake, "--providers", "local", "--json")
    assert again.returncode == 0, again.stderr
    # A question left unanswered by faults, in any round, is asked again, and its answer may be
    # revised.
    later = pl.read_parquet(lake / "tables" / "_critic__replies.parquet")
    failed = sum(rows.filter(pl.col("status") == "error").height for rows in (replies, later))
    assert json.loads(again.stdout)["calls"] <= 12 * failed
    if not failed:
        assert account(lake)["requests"] == billed["requests"]
        after = hash_files(lake)
        for hashes in (before, after):  # the costs include cache hits
            del hashes["tables/costs__calls.parquet"]
        assert after == before


def execute(lake: Path, selection: str, run_config: Mapping[str, Any] | None = None) -> Any:
    """Run the selected assets as the Dagster UI does."""
    definitions = build_definitions(str(lake))
    graph = definitions.resolve_asset_graph()
    keys = sorted(dg.AssetSelection.from_string(selection).resolve(graph))
    with dg.DagsterInstance.ephemeral() as instance:
        return definitions.resolve_job_def(build_dataset.name).execute_in_process(
            instance=instance,
            asset_selection=keys,
            tags=partition_tags(),
            run_config=run_config,
            raise_on_error=False,
        )


def numbers(result: Any, asset: str) -> dict[str, Any]:
    (event,) = result.asset_materializations_for_node(asset)
    return {name: value.value for name, value in event.metadata.items()}


def test_dagster_takes_the_choice_from_environment_and_launchpad(
    lake: Path, faults: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EEMO_PROVIDERS", "local")
    first = execute(lake, ANNOTATION)
    assert first.success
    found, billed = numbers(first, "annotation__replies"), account(lake)
    assert found["calls"] >= billed["requests"], "a cut connection may be no request to the server"
    assert Decimal(str(found["usd"])) == Decimal(billed["usd"]).normalize()
    assert found["rows_in"] == found["rows_out"] + found["rows_refused"]
    monkeypatch.delenv("EEMO_PROVIDERS")
    launchpad = {"resources": {"annotators": {"config": {"providers": "local"}}}}
    second = execute(lake, ANNOTATION, launchpad)
    assert second.success
    assert numbers(second, "annotation__replies")["cached"] >= found["computed"] - 2
    capped = {
        "resources": {
            "annotators": {"config": {"providers": "local", "long_side_px": 512}},
            "session": {"config": {"budget_usd": "annotation=0"}},
        }
    }
    third = execute(lake, ANNOTATION, capped)
    assert not third.success
    assert "budget" in str(third.all_events)


def test_a_budget_ends_the_run_and_the_same_command_goes_on(lake: Path) -> None:
    words = ("--data", lake, "--providers", "local", "--select", ANNOTATION)
    run = call_eemo("run", *words, "--budget-usd", "0.006", "--json")
    assert run.returncode == 4, run.stderr
    assert json.loads(run.stdout)["stopped_by"] == "budget"
    assert "run again with a higher --budget-usd" in run.stdout
    assert "run the same command again to continue" in run.stderr
    first = account(lake)
    assert Decimal("0") < Decimal(first["usd"]) <= Decimal("0.006")
    stage = call_eemo("run", *words, "--budget-usd", "annotation=0")
    assert stage.returncode == 4, stage.stderr
    assert account(lake)["requests"] == first["requests"]
    rest = call_eemo("run", *words, "--json")
    assert rest.returncode == 0, rest.stderr
    total = account(lake)
    assert total["repeated"] == 0, "nothing is paid twice"
    assert json.loads(rest.stdout)["calls"] == total["requests"] - first["requests"]
    assert json.loads(rest.stdout)["cached"] == first["billed"]


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with local_server(keys=(KEY,)) as running:
        yield running


@pytest.fixture
def at_server(server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalServer:
    """Point the vendors' variables to the local server and set prices for its models."""
    prices = tmp_path / "prices.toml"
    models = [("openai", "local-a"), ("gemini", "local-b"), ("echo", "echo-1")]
    prices.write_text("".join(f'["{p}"."{m}"]\ninput = 0.4\noutput = 1.6\n' for p, m in models))
    monkeypatch.setenv("EEMO_PRICES", str(prices))
    monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.gemini_url)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    return server


def test_a_revoked_key_is_named_and_stands_nowhere(
    lake: Path, at_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    revoked = "sk-proj-A1b2C3d4E5f6G7h8I9j0K1l2"
    words = ("--data", lake, "--select", ANNOTATION, "--providers")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    missing = call_eemo("run", *words, "openai:local-a,gemini:local-b")
    assert missing.returncode == 5
    assert "export OPENAI_API_KEY=" in missing.stderr
    monkeypatch.setenv("OPENAI_API_KEY", revoked)
    run = call_eemo("run", *words, "openai:local-a,gemini:local-b", "--json")
    assert run.returncode == 5, run.stderr
    assert json.loads(run.stdout)["stopped_by"] == "credential"
    assert "put a valid key into OPENAI_API_KEY" in run.stdout
    for secret in (revoked, revoked[:12], KEY):
        assert secret not in run.stdout + run.stderr
        for path in lake.rglob("*"):
            if path.is_file() and not path.is_symlink():
                assert secret.encode() not in path.read_bytes(), path
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    cured = call_eemo("run", *words, "openai:local-a,gemini:local-b", "--json")
    assert cured.returncode == 0, cured.stderr
    replies = pl.read_parquet(lake / "tables" / "annotation__replies.parquet")
    assert set(replies["annotator"]) == {"openai", "gemini"}


class EchoVlm:
    """A minimal annotator model: the complete code that a new provider needs."""

    provider = "echo"

    def __init__(self, model: str) -> None:
        self.model = model

    async def send(self, request: VlmRequest) -> VlmReply:
        width = request.pictures[0].width_px
        reply = {
            "description": f"A picture of {width} pixels across that leaves the viewer calm.",
            "background": "nothing in particular",
            "subject": "picture",
            "attribute": "plain",
            "objects": [],
            "style": "other",
            "setting": "neither",
            "scene": "none",
            "facial_expression": "absent",
            "human_action": "absent",
            "evidence": ["its width"],
            "cannot_tell": False,
            "emotion": "contentment",
            "alternatives": [],
            "clarity": 1,
            "intensity": 1,
        }
        return VlmReply(json.dumps(reply), Usage(100, 50), self.model)

    def bound_tokens(self, request: VlmRequest) -> Usage:
        return Usage(100, len(request.pictures) * 50)

    async def close(self) -> None:
        pass


def test_a_new_annotator_is_one_file_and_one_line(
    lake: Path, at_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROVIDERS, "echo", Provider(EchoVlm, "echo-1", ()))
    outcome = run_assets(lake, ANNOTATION, providers="echo,gemini:local-b")
    assert outcome.is_success, outcome.failed_steps
    replies = pl.read_parquet(lake / "tables" / "annotation__replies.parquet")
    pictures_kept = replies["image_id"].n_unique()
    assert replies.height == 2 * pictures_kept
    echoed = replies.filter(pl.col("annotator") == "echo")
    assert set(echoed["emotion"]) == {"contentment"}
    assert outcome.calls == 2 * pictures_kept
    assert outcome.usd > pictures_kept * 120e-6, "100 input and 50 output tokens each, and more"


def test_the_embedded_models_load_no_sdk(lake: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from eemo_pipeline.orchestration.runs import run_assets\n"
        f"assert run_assets(pathlib.Path({str(lake)!r}), {ANNOTATION!r}).is_success\n"
        "print(sorted({'openai', 'google.genai', 'aiohttp', 'httpx2'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines()[-1] == "[]"


def test_a_dry_run_calls_nothing_and_leaves_nothing(
    pictures: Path, small_lake: Path, tmp_path: Path
) -> None:
    words = ("--providers", "openai,gemini", "--dry-run", "--json")
    fresh = call_eemo("run", "--images", pictures, "--data", tmp_path / "lake", *words)
    assert fresh.returncode == 0, fresh.stderr
    assert not (tmp_path / "lake").exists()
    guess = json.loads(fresh.stdout)
    assert guess["pictures"] == 0
    assert guess["unread_files"] >= 11
    known = call_eemo("run", "--data", small_lake, *words)
    forecast = json.loads(known.stdout)
    kept = scan_table(small_lake / "tables", "dedup__images").collect().height
    assert forecast["pictures"] == kept
    first = [line for line in forecast["lines"] if line["stage"] == "annotation"]
    assert {line["provider"] for line in first} == {"openai", "gemini"}
    for line in forecast["lines"]:
        assert line["calls_low"] <= line["calls_high"]
        assert line["input_tokens_low"] <= line["input_tokens_high"]
        assert line["usd_low"] <= line["usd_high"]
    assert 0 < forecast["usd_low"] < forecast["usd_high"]
    free = call_eemo("run", "--data", small_lake, "--dry-run", "--json")
    assert json.loads(free.stdout)["usd_high"] == 0


def test_a_forecast_counts_verifier_and_critic_and_encloses_what_they_cost(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EEMO_VERIFIER", "local")
    monkeypatch.setenv("EEMO_CRITIC", "local")

    def forecast() -> list[dict[str, Any]]:
        told = call_eemo("run", "--data", lake, "--dry-run", "--json")
        assert told.returncode == 0, told.stderr
        return json.loads(told.stdout)["lines"]

    verifier, critic, later = forecast()
    pictures = verifier["pictures"]
    assert (verifier["stage"], critic["stage"]) == ("verification", "critic")
    assert (verifier["calls_low"], verifier["calls_high"]) == (pictures, 3 * pictures)
    assert (critic["calls_low"], critic["calls_high"]) == (3 * pictures, 9 * pictures)
    assert (later["calls_low"], later["calls_high"]) == (0, 12 * pictures)
    assert not (lake / "local_account.json").exists(), "nothing was called"
    chosen = (
        'key:"verification__replies" or key:"verification__decisions" or key:"critic__verdicts"'
    )
    run = call_eemo("run", "--data", lake, "--select", chosen, "--json")
    assert run.returncode == 0, run.stderr
    paid = {line["provider"]: line for line in account(lake)["lines"]}
    ours = ("local_openai", [verifier]), ("local_gemini", [critic, later])
    for provider, lines in ours:
        bill = paid[provider]
        assert bill["requests"] <= sum(line["calls_high"] for line in lines)
        assert bill["input_tokens"] <= sum(line["input_tokens_high"] for line in lines)
        assert bill["nano_usd"] / 1e9 <= sum(line["usd_high"] for line in lines)
    assert paid["local_openai"]["requests"] == verifier["calls_low"]
    assert paid["local_openai"]["nano_usd"] / 1e9 >= verifier["usd_low"]
    again, seen, _ = forecast()
    assert (again["answered"], again["calls_high"], again["usd_high"]) == (pictures, 0, 0)
    assert 0 < seen["answered"] <= pictures
    assert seen["calls_low"] == 3 * (pictures - seen["answered"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--providers", "opneai"), "no provider 'opneai'"),
        (("--providers", "openai,openai:gpt-4o"), "named twice"),
        (("--providers", "compatible"), "compatible:MODEL"),
        (("--providers", "openai:gpt-unheard-of"), "has no price"),
        (("--budget-usd", "much"), "no sum of USD"),
        (("--budget-usd", "-1"), "no budget"),
        (("--budget-usd", "nan"), "no budget"),
        (("--budget-usd", "kitchen=1"), "no stage 'kitchen'"),
        (("--budget-usd", "1", "--budget-usd", "2"), "named twice"),
    ],
)
def test_a_wrong_choice_is_refused_before_anything_runs(words: tuple[str, ...], said: str) -> None:
    providers = next((b for a, b in pairwise(words) if a == "--providers"), None)
    budgets = [b for a, b in pairwise(words) if a == "--budget-usd"]
    with pytest.raises(Problem) as caught:
        choose_models(providers, budgets)
    assert caught.value.code == Exit.USAGE
    assert said in caught.value.why
