"""`kill -9` at several moments, then the same command again: the output of an undisturbed run.

The image folder and the data root have other paths than in the undisturbed run, and the images are
the same. So equal bytes also show that no table contains an absolute path.
"""

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from eemo_pipeline.lake.warehouse import query
from eemo_pipeline.schema.tables import TABLES
from resources.instance.dagster_home import open_instance
from tests.support.commands import call_eemo, start_eemo
from tests.support.hashing import hash_files
from tests.support.images import fill_folder


def ledger_has_rows(lake: Path) -> bool:
    try:
        with sqlite3.connect(
            f"{(lake / 'ledger.sqlite').as_uri()}?mode=ro", uri=True
        ) as connection:
            return connection.execute("select count(*) from files").fetchone()[0] > 0
    except sqlite3.OperationalError:  # the file or its tables do not exist yet
        return False


def has_file(name: str) -> Callable[[Path], bool]:
    return lambda lake: (lake / name).exists()


# In the order in which a run reaches them.
MOMENTS = (
    ledger_has_rows,  # first measurements
    has_file("tables/annotation__replies.parquet"),
    has_file("tables/critic__queue.parquet"),  # all models have answered, the warehouse is missing
)


def test_a_run_killed_again_and_again_ends_as_an_undisturbed_one(
    small_lake: Path,
    tmp_path: Path,
) -> None:
    folder, lake = tmp_path / "another folder", tmp_path / "another lake"
    fill_folder(folder)
    words = ("run", "--images", folder, "--data", lake)
    for has_come in MOMENTS:
        assert not has_come(lake)
        kill_at(start_eemo(tmp_path / "output", *words), partial(has_come, lake))
        litter(lake)
    assert not (lake / "eemo.duckdb").exists()
    answer = call_eemo(*words, "--json")
    assert answer.returncode == 0, answer.stderr
    hashes = hash_files(lake)
    assert len(hashes) > len(TABLES)
    assert hashes == hash_files(small_lake)
    assert fingerprint(lake) == fingerprint(small_lake)
    # The killed runs are recorded as failed, not as still running.
    assert outcomes(lake) == ["FAILURE", "FAILURE", "FAILURE", "SUCCESS"]
    told = json.loads(answer.stdout)
    undisturbed = json.loads((small_lake / "answer.json").read_text())
    assert told["tables"] == undisturbed["tables"]
    # Work that the killed runs finished is not repeated.
    assert told["reused"] > 1
    assert told["computed"] < 0.1 * undisturbed["computed"]


def fingerprint(lake: Path) -> str:
    """Return the fingerprint of the published database."""
    return query(lake / "eemo.duckdb", "select fingerprint from meta.build")[1][0][0]


def outcomes(lake: Path) -> list[str]:
    with open_instance(lake) as instance:
        return sorted(run.status.value for run in instance.get_runs())


def kill_at(process: subprocess.Popen[bytes], is_due: Callable[[], bool]) -> None:
    """Kill the process and its workers once `is_due`; fail if the process ends before that."""
    deadline = time.monotonic() + 600
    try:
        while not is_due():
            assert process.poll() is None, "the run ended before the moment came"
            assert time.monotonic() < deadline, "the moment never came"
            time.sleep(0.002)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        ended = process.wait(timeout=120)
    assert ended == -signal.SIGKILL


def litter(lake: Path) -> None:
    """Write truncated temporary files, as a kill can leave them."""
    for name in (
        "tables/.ingest__images.parquet.0badcafe-0.tmp",
        "tables/ingest__records/.folder.parquet.0badcafe-0.tmp",
        "exports/llava/.qa_train.jsonl.99999.tmp",
        ".eemo.duckdb.99999.tmp",
    ):
        (lake / name).parent.mkdir(parents=True, exist_ok=True)
        (lake / name).write_bytes(b"PAR1 cut short")
