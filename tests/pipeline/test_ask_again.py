"""Models are asked again about chosen rows: within a budget, once, and the old answers stay."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from tests.support.commands import call_eemo
from tests.support.lakes import copy_lake

PLANTED = "Words that no server says."
TABLE = "annotation__replies"


def ask_ledger(root: Path, query: str, *values: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(root / "ledger.sqlite")) as connection, connection:
        return connection.execute(query, values).fetchall()


def test_old_answers_stay_and_new_ones_are_used(small_lake: Path, tmp_path: Path) -> None:
    root = copy_lake(small_lake, tmp_path / "root")
    usual = ("--providers", "local", "--data", root)
    first = call_eemo("run", "--select", f'key:"{TABLE}"', *usual, "--json")
    assert first.returncode == 0, first.stderr

    query = "select key, image_id, answer from answers where provider = 'local_openai'"
    key, image_id, told = sorted(ask_ledger(root, query))[0]
    old = json.dumps(json.loads(told) | {"description": PLANTED})
    ask_ledger(root, "update answers set answer = ? where key = ?", old, key)
    wish = ("ask-again", "--table", TABLE, "--where", f"image_id = '{image_id}'", *usual)

    forecast = json.loads(call_eemo(*wish, "--dry-run", "--json").stdout)
    asked = [(line["provider"], line["questions"]) for line in forecast["lines"]]
    assert (forecast["images"], asked) == (1, [("local_gemini", 1), ("local_openai", 1)])
    assert forecast["usd"] > 0
    assert not ask_ledger(root, "select * from past_answers")

    table = root / "tables" / f"{TABLE}.parquet"
    before = table.read_bytes()
    stopped = call_eemo(*wish, "--budget-usd", "0.0000001")
    assert stopped.returncode == 4, stopped.stderr
    assert table.read_bytes() == before
    past = ask_ledger(root, "select key, answer from past_answers")
    assert len(past) == 2
    assert (key, old) in past

    done = call_eemo(*wish, "--budget-usd", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert "going on with an unfinished request: 2 questions left" in done.stderr
    assert ask_ledger(root, "select key, answer from past_answers") == past
    ((new,),) = ask_ledger(root, "select answer from answers where key = ?", key)
    assert json.loads(new)["description"] == json.loads(told)["description"]
    replies = pl.read_parquet(table).filter(pl.col("image_id") == image_id)
    assert PLANTED not in replies["description"].to_list()
    attempts = "select count(*) from attempts where key = ? and outcome = 'ok'"
    assert ask_ledger(root, attempts, key) == [(2,)]


def test_what_cannot_be_asked_again_is_said(small_lake: Path, tmp_path: Path) -> None:
    for words, said in (
        (["--where", "true"], "no paid model is chosen"),
        (["--where", "true", "--providers", "local"], "none of local_gemini local-b"),
        (["--where", "image_id = 'x'", "--providers", "local"], "no row fulfils the condition"),
        (["--where", "true", "--table", "labels__centroids"], "names no image"),
        (["--where", "true", "--stage", "dedup"], "asks no model about images"),
        (["--where", "true", "--table", "record"], "there is no table 'record'"),
        (["--where", "true", "--providers", "openai"], "OPENAI_API_KEY is not set"),
    ):
        dry = [] if "openai" in words else ["--dry-run"]
        answer = call_eemo("ask-again", *words, *dry, "--data", small_lake)
        assert (answer.returncode in (1, 2, 5), said in answer.stderr) == (True, True), (
            answer.stderr
        )
