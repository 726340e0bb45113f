"""The expansion over HTTP: triplets, prompts, generated images, and the run that takes them in.

The local server answers for a compatible provider, and spoils some images on purpose.
"""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from eemo_pipeline.demo import lay_out
from eemo_pipeline.ledger.accounts import add_up
from eemo_pipeline.ledger.store import Ledger
from resources.local_server import LocalServer, local_server
from tests.support.commands import call_eemo, start_eemo
from tests.support.hashing import hash_files
from tests.support.lakes import copy_lake

SIZE = "320x240"
PROMPTED = '+key:"expansion__prompts"'
GENERATED = 'key:"expansion__images" or key:"costs__calls"'
TAKEN_IN = (
    '+key:"expansion__intent_matches" or +key:"expansion__balance" or key:"expansion__images" or '
    'key:"expansion__prompts" or key:"costs__calls"'
)
PRICE = '[compatible."local-painter"]\ninput = 0.10\noutput = 0\nimage = 0.0123\n'
# What the server does wrong to the first prompts, and the reason that follows.
FAULTS = {
    "html_image": "not_a_picture",
    "tiny_image": "other_size",
    "other_size": "other_size",
    "truncated": "truncated",
    "empty": "model_refused",
    "given_image": "is_parent",
}


@dataclass(frozen=True)
class Grown:
    """Data roots at three moments, the server's account, and the spoilt prompts.

    Attributes:
        prompted: before any image was made.
        generated: after the images were made.
        taken_in: after the next run.
        faults: prompt_id -> fault.
        account: the server's account after each of the three.
    """

    prompted: Path
    generated: Path
    taken_in: Path
    faults: dict[str, str]
    account: list[dict[str, Any]]


def table(lake: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(lake / "tables" / f"{name}.parquet")


def variables(server: LocalServer, base: Path) -> dict[str, str]:
    return {
        "EEMO_GENERATOR": "compatible:local-painter",
        "EEMO_GENERATOR_SIZE": SIZE,
        "EEMO_COMPATIBLE_BASE_URL": server.openai_url,
        "EEMO_COMPATIBLE_API_KEY": server.key,
        "EEMO_PRICES": str(base / "prices.toml"),
    }


def run(lake: Path, selection: str, **chosen: str) -> dict[str, Any]:
    told = call_eemo("run", "--data", lake, "--select", selection, "--json", folder=None, **chosen)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with local_server() as running:
        yield running


@pytest.fixture(scope="module")
def prompted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root of some demo images with its prompts; never changed."""
    base = tmp_path_factory.mktemp("expansion")
    (base / "prices.toml").write_text(PRICE)
    lay_out(base / "demo")
    shutil.move(base / "demo" / "oasis", base / "lake" / "sources" / "oasis")
    run(base / "lake", PROMPTED)
    return base / "lake"


@pytest.fixture(scope="module")
def grown(prompted: Path, server: LocalServer) -> Grown:
    base = prompted.parent
    prompts = table(prompted, "expansion__prompts").to_dicts()
    faults = dict(zip((row["prompt_id"] for row in prompts), FAULTS, strict=False))
    files = {
        row["image_id"]: prompted / "sources" / row["source"] / row["path"]
        for row in table(prompted, "dedup__images").to_dicts()
    }
    rules: list[dict[str, Any]] = [{"fault": "server_error", "endpoint": "images", "first": 2}]
    for row in prompts[: len(FAULTS)]:
        rule = {"fault": faults[row["prompt_id"]], "contains": row["prompt"]}
        rules.append(rule | {"file": str(files[row["parent_image_id"]])})
    server.follow({"rules": rules})
    accounts = [server.account()]
    generated = copy_lake(prompted, base / "generated")
    run(generated, GENERATED, **variables(server, base))
    accounts.append(server.account())
    taken_in = copy_lake(generated, base / "taken_in")
    run(taken_in, TAKEN_IN, **variables(server, base))
    accounts.append(server.account())
    return Grown(prompted, generated, taken_in, faults, accounts)


def test_every_prompt_has_an_image_or_a_reason(grown: Grown) -> None:
    prompts, images = (table(grown.generated, f"expansion__{n}") for n in ("prompts", "images"))
    assert images["prompt_id"].to_list() == prompts["prompt_id"].to_list()
    found = dict(images.select("prompt_id", "reason").iter_rows())
    assert {prompt: found[prompt] for prompt in grown.faults} == {
        prompt: FAULTS[fault] for prompt, fault in grown.faults.items()
    }
    good = images.filter(~pl.col("prompt_id").is_in(list(grown.faults)))
    assert set(good["status"]) == {"ok"}
    assert good["distance_bits"].min() > 10  # pyright: ignore[reportOperatorIssue]
    for path in good["path"]:
        assert (grown.generated / "sources" / "aigc" / path).is_file()


def test_what_was_paid_for_is_on_disk_even_where_it_is_no_image(grown: Grown) -> None:
    images = table(grown.generated, "expansion__images")
    came = images.drop_nulls("image_id")
    assert came.filter(pl.col("status") == "refused").height == len(FAULTS) - 1
    kept = {path.name for path in (grown.generated / "generated").rglob("*") if path.is_file()}
    assert kept == set(came["image_id"])


def test_the_costs_are_the_servers_to_the_nano_usd(grown: Grown) -> None:
    with_images = grown.account[1]["nano_usd"] - grown.account[0]["nano_usd"]
    ledger = Ledger(grown.generated / "ledger.sqlite")
    paid = sum(line.nano_usd for line in add_up(ledger) if line.role == "generator")
    ledger.close()
    assert paid == with_images > 0
    costs = table(grown.generated, "costs__calls").filter(pl.col("model_role") == "generator")
    assert round(float(costs["usd"].sum()) * 1e9) == with_images
    assert costs["stage"].to_list() == ["expansion"]


def test_the_next_run_takes_the_images_in_and_pays_nothing(grown: Grown) -> None:
    assert grown.account[2] == grown.account[1]
    images = table(grown.generated, "expansion__images").filter(pl.col("status") == "ok")
    children = table(grown.taken_in, "expansion__children")
    assert set(children["image_id"]) == set(images["image_id"])
    assert table(grown.taken_in, "expansion__images").equals(
        table(grown.generated, "expansion__images")
    )
    records = table(grown.taken_in, "records__emoverse")
    assert set(children["image_id"]) <= set(records["image_id"])


def test_prompts_do_not_follow_from_what_they_made(grown: Grown) -> None:
    before, after = (table(lake, "expansion__prompts") for lake in (grown.prompted, grown.taken_in))
    assert after.equals(before)


def test_a_child_is_in_its_parents_split_and_none_is_of_an_evaluation_image(grown: Grown) -> None:
    children = table(grown.taken_in, "expansion__children")
    assert children["split"].to_list() == children["parent_split"].to_list()
    assert set(children["split"]) == {"train"}
    before = dict(table(grown.prompted, "dedup__images").select("image_id", "split").iter_rows())
    after = dict(table(grown.taken_in, "dedup__images").select("image_id", "split").iter_rows())
    assert {image: after[image] for image in before} == before
    edges = table(grown.taken_in, "dedup__edges").filter(pl.col("tier") == "parent")
    assert edges.height == children.height


def test_the_intention_is_met_or_not_by_annotators_that_do_not_know_it(
    grown: Grown, tmp_path: Path
) -> None:
    matches = table(grown.taken_in, "expansion__intent_matches")
    total = matches.row(by_predicate=pl.col("intended") == "all", named=True)
    children = table(grown.taken_in, "expansion__children")
    assert total["image_count"] == children.height
    assert total["match_count"] == children["is_match"].sum()
    assert 0 < total["match_lower"] < total["match_share"] < total["match_upper"] < 1
    # Another intention in the manifest changes no annotation.
    lake = copy_lake(grown.taken_in, tmp_path / "lake")
    manifest = lake / "sources" / "aigc" / "expansion" / "manifest.jsonl"
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    told = [json.dumps(row | {"intended_emotion": "anger"}) for row in rows]
    manifest.write_text("\n".join(told))
    run(lake, '+key:"expansion__children"')
    names = ("annotation__replies", "verification__decisions", "records__emoverse")
    for name in names:
        assert table(lake, name).equals(table(grown.taken_in, name)), name
    assert set(table(lake, "expansion__children")["intended_emotion"]) == {"anger"}


def test_the_balance_is_told_before_and_after(grown: Grown) -> None:
    balance = table(grown.taken_in, "expansion__balance")
    counts = dict(balance.select("scope", "image_count").iter_rows())
    assert counts["before"] == counts["with_web"] < counts["with_web_and_generated"]
    records = table(grown.taken_in, "records__emoverse").filter(
        pl.col("state") == "preserved", ~pl.col("is_contested")
    )
    assert counts["with_web_and_generated"] == records.height
    assert counts["before"] == records.filter(pl.col("source") != "aigc").height


def test_a_killed_run_loses_no_paid_image(
    prompted: Path, server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = copy_lake(prompted, tmp_path / "lake")
    chosen = variables(server, prompted.parent)
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    server.follow({"latency_ms": 300})
    before = server.account()
    words = ("run", "--data", lake, "--select", GENERATED, "--json")
    process = start_eemo(tmp_path / "output", *words)
    deadline = time.monotonic() + 600
    try:
        while server.account()["billed"] - before["billed"] < 6:
            assert process.poll() is None, (tmp_path / "output").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=120)
    kept = hash_files(lake, ("generated",))
    rest = call_eemo(*words)
    assert rest.returncode == 0, rest.stderr
    bill = server.account()
    prompts = table(lake, "expansion__prompts").height
    # Only calls in flight at the kill are made twice; eight are at once.
    assert bill["billed"] - before["billed"] <= prompts + 8
    assert json.loads(rest.stdout)["cached"] >= len(kept) - 8
    after = hash_files(lake, ("generated",))
    whole = {name: found for name, found in kept.items() if not name.endswith(".new")}
    assert whole == {name: after[name] for name in whole}
    assert table(lake, "expansion__images").filter(pl.col("status") == "ok").height == prompts
    again = call_eemo(*words)
    assert json.loads(again.stdout)["calls"] == 0
    assert server.account() == bill


def test_a_budget_ends_the_generation_and_the_same_command_goes_on(
    prompted: Path, server: LocalServer, tmp_path: Path
) -> None:
    lake = copy_lake(prompted, tmp_path / "lake")
    chosen = variables(server, prompted.parent)
    server.follow({})
    before = server.account()["nano_usd"]
    words = ("run", "--data", lake, "--select", GENERATED, "--json")
    capped = call_eemo(*words, "--budget-usd", "expansion=0.05", folder=None, **chosen)
    assert capped.returncode == 4, capped.stderr
    assert 0 < server.account()["nano_usd"] - before <= 50_000_000
    forecast = call_eemo("run", "--data", lake, "--dry-run", "--json", folder=None, **chosen)
    (line,) = json.loads(forecast.stdout)["lines"]
    assert line["stage"] == "expansion"
    rest = call_eemo(*words, folder=None, **chosen)
    assert rest.returncode == 0, rest.stderr
    assert json.loads(rest.stdout)["calls"] == line["calls_low"] == line["calls_high"]
    spent = (server.account()["nano_usd"] - before) / 1e9 - 0.05
    assert line["usd_low"] <= json.loads(rest.stdout)["usd"] <= line["usd_high"]
    assert spent < line["usd_high"]
