"""`eemo ledger` shows, exports and prunes; nothing is deleted without a word."""

import json
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from eemo_pipeline.ledger.store import Ask, Attempt, Ledger, SentCall
from tests.support.commands import call_eemo

MODEL = "local-a\x1b[31m"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data root whose ledger holds a refusal, an answer after a retry, and an embedded one."""
    root = tmp_path / "root"
    asked = ("annotation", "annotator", "local_openai", MODEL)
    attempts = [
        Attempt("1" * 64, *asked, "a" * 64, "malformed", "no JSON", 1000, 10, 0, 416_000, 200),
        Attempt("1" * 64, *asked, "a" * 64, "ok", None, 1000, 100, 0, 560_000, 200),
        Attempt("2" * 64, *asked, "b" * 64, "refused", "safety", 1000, 10, 0, 416_000, 200),
        Attempt("3" * 64, *asked, "c" * 64, "timed_out", bound_nano_usd=700_000),
    ]
    answers = [
        ("1" * 64, "annotator", MODEL, "a" * 64, {"status": "ok", "description": "'); drop"}),
        ("2" * 64, "annotator", MODEL, "b" * 64, {"status": "refused", "reason": "safety"}),
    ]
    with closing(Ledger(root / "ledger.sqlite", "run")) as ledger:
        ledger.record([], sent=[SentCall(7, "4" * 64, *asked, "d" * 64, 300_000)])
        ledger.record(attempts, answers)
        ledger.store("grounder", "e", [(Ask("a" * 64), {"status": "ok"})], stage="grounding")
    return root


def test_sums_are_shown(root: Path) -> None:
    for words in (("ledger",), ("ledger", "show")):
        answer = call_eemo(*words, "--data", root)
        assert answer.returncode == 0, answer.stderr
        header, paid, embedded = answer.stdout.splitlines()
        assert header.split("\t")[:3] == ["stage", "provider", "model"]
        assert paid.split("\t")[:3] == ["annotation", "local_openai", "local-a"]
        assert paid.split("\t")[4:10] == ["5", "1", "1", "1", "1", "1"]
        assert paid.endswith("0.001392")
        assert embedded.split("\t")[1] == "embedded"
        told = "5 calls of providers for 0.001392 USD; 2 of them have no known cost: "
        assert told + "at most 0.002392 USD in all" in answer.stderr


@pytest.mark.parametrize(
    "words", [("ledger", "--json"), ("ledger", "show", "--json"), ("ledger", "--json", "show")]
)
def test_sums_as_json(root: Path, words: tuple[str, ...]) -> None:
    paid, embedded = json.loads(call_eemo(*words, EEMO_DATA=str(root)).stdout)
    assert (paid["calls"], paid["refused"], paid["cached"], paid["usd"]) == (5, 1, 0, 0.001392)
    assert (paid["unanswered"], paid["usd_at_most"]) == (1, 0.002392)
    assert (paid["model"], embedded["stage"]) == (MODEL, "grounding")


@pytest.mark.parametrize("name", ["all rows.parquet", "rows.jsonl"])
def test_every_row_is_exported(root: Path, tmp_path: Path, name: str) -> None:
    answer = call_eemo("ledger", "--data", root, "export", name)
    assert answer.returncode == 0, answer.stderr
    read = pl.read_parquet if name.endswith("parquet") else pl.read_ndjson
    rows = read(tmp_path / name)
    assert rows["entry"].to_list() == ["attempt"] * 4 + ["sent_call"] + ["answer"] * 3
    assert rows["nano_usd"].sum() == 1_392_000
    assert {path.name for path in tmp_path.iterdir()} == {name, "root"}
    again = call_eemo("ledger", "export", name, "--data", root)
    assert again.returncode == 2
    assert "rm" in again.stderr


@pytest.mark.parametrize("name", ["rows.csv", "no/such/folder/rows.jsonl"])
def test_an_export_that_cannot_be_is_told(root: Path, name: str) -> None:
    answer = call_eemo("ledger", "export", name, "--data", root)
    assert answer.returncode == 2
    assert "fix:" in answer.stderr


def test_pruning_says_what_was_paid_and_wants_a_word(root: Path) -> None:
    words = ("ledger", "prune", "--status", "refused", "--data", root)
    rehearsed = call_eemo(*words, "--dry-run")
    assert "would delete 1 answer that cost 0.000416 USD" in rehearsed.stdout
    unasked = call_eemo(*words)
    assert (unasked.returncode, "--yes" in unasked.stderr) == (2, True)
    done = json.loads(call_eemo(*words, "--yes", "--json").stdout)
    assert (done["answers"], done["deleted"], done["models"]) == (1, 1, {MODEL: 1})
    assert json.loads(call_eemo(*words, "--yes", "--json").stdout)["deleted"] == 0
    assert json.loads(call_eemo("ledger", "--data", root, "--json").stdout)[0]["calls"] == 5


def test_pruning_all_is_not_what_is_meant(root: Path) -> None:
    answer = call_eemo("ledger", "prune", "--yes", "--data", root)
    assert answer.returncode == 2
    assert "--status refused" in answer.stderr


def test_no_ledger_is_no_crash_and_none_is_made(tmp_path: Path) -> None:
    answer = call_eemo("ledger", "--data", "nowhere")
    assert answer.returncode == 1
    assert "eemo demo" in answer.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_damaged_ledger_is_told(root: Path) -> None:
    (root / "ledger.sqlite").write_bytes(b"no database" * 1000)
    answer = call_eemo("ledger", "--data", root)
    assert answer.returncode == 1
    assert "ledger.broken" in answer.stderr


def test_a_database_that_is_not_reached_is_told_without_its_password() -> None:
    url = "postgresql://keeper:s3cret@127.0.0.1:1/ledger"
    for words in (("ledger",), ("ledger", "prune", "--status", "ok"), ("doctor",)):
        answer = call_eemo(*words, EEMO_LEDGER_URL=url)
        assert answer.returncode == 1
        assert "keeper@127.0.0.1" in answer.stdout + answer.stderr
        assert "s3cret" not in answer.stdout + answer.stderr
