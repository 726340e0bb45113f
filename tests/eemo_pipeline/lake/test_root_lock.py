"""The lock of a data root: one process at a time; what a killed holder left is removed."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.root_lock import Holder, hold_data_root, is_held_elsewhere

HOLD = """
import sys, time
from pathlib import Path
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.root_lock import hold_data_root
with hold_data_root(DataRoot(Path(sys.argv[1])), "test holder", lambda holder: None):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def held_by_another_process(root: DataRoot) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(root.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def fail(holder: Holder) -> None:
    raise AssertionError(holder)


def test_who_waits_is_given_the_holder_and_goes_on_after_its_kill(tmp_path: Path) -> None:
    root = DataRoot(tmp_path)
    told: list[Holder] = []
    with held_by_another_process(root) as process:

        def kill(holder: Holder) -> None:
            told.append(holder)
            process.send_signal(signal.SIGKILL)

        assert is_held_elsewhere(root) == Holder(process.pid, "test holder")
        with hold_data_root(root, "us", kill):
            assert told == [Holder(process.pid, "test holder")]
    assert is_held_elsewhere(root) is None


def test_waiting_takes_little_processor_time_and_ends_with_an_interrupt(tmp_path: Path) -> None:
    root = DataRoot(tmp_path)
    with held_by_another_process(root):

        def interrupt(_: Holder) -> None:
            signal.setitimer(signal.ITIMER_REAL, 2)

        before = signal.signal(signal.SIGALRM, signal.default_int_handler)
        began = time.process_time()
        try:
            with pytest.raises(KeyboardInterrupt), hold_data_root(root, "us", interrupt):
                pass
        finally:
            signal.signal(signal.SIGALRM, before)
        assert time.process_time() - began < 1


def test_a_process_that_holds_it_does_not_wait_for_itself(tmp_path: Path) -> None:
    root = DataRoot(tmp_path)
    with hold_data_root(root, "outer", fail), hold_data_root(root, "inner", fail):
        pass
    assert is_held_elsewhere(root) is None
    with held_by_another_process(root):
        pass


def test_temporary_files_are_removed_and_others_are_not(tmp_path: Path) -> None:
    torn = (
        ".eemo.duckdb.99999.tmp",
        ".eemo.duckdb.99999.tmp.wal",
        "tables/.qa__items.parquet.0badcafe-0.tmp",
        "tables/ingest__records/.folder.parquet.0badcafe-0.tmp",
        "exports/llava/.qa_train.jsonl.99999.tmp",
    )
    kept = ("sources/folder/.notes.tmp", "tables/qa__items.parquet", "exports/llava/qa.jsonl")
    for name in (*torn, *kept):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"cut short")
    with hold_data_root(DataRoot(tmp_path), "us", fail):
        pass
    assert [name for name in torn if (tmp_path / name).exists()] == []
    assert [name for name in kept if not (tmp_path / name).exists()] == []
