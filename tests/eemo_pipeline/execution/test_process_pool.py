"""The pool of processes: every item comes back, also those that kill their process."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from eemo_pipeline.execution.process_pool import (
    MEMORY_LIMIT_BYTES,
    TookTooLong,
    WorkerCrash,
    Workers,
    perform_on_pictures,
)
from eemo_pipeline.ledger.store import Ask
from tests.support.processes import list_processes


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A module that worker processes can import by name."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "work_for_workers.py").write_text(
        "import os, signal, time\n"
        "def double(n): return n * 2\n"
        "def refuse(n): raise ValueError(f'no {n}')\n"
        "def die_on_seven(n):\n"
        "    if n == 7: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return {'status': 'ok', 'value': n}\n"
        "def burn_on_seven(n):\n"
        "    while n == 7: pass\n"
        "    return {'status': 'ok', 'value': n}\n"
        "def note(path, value):\n"
        "    with open(path, 'a') as file: file.write(value)\n"
        "def note_and_burn(item):\n"
        "    note(*item)\n"
        "    while item[1] == 'x': pass\n"
        "def note_and_die(item):\n"
        "    note(*item)\n"
        "    if item[1] == 'x': os.kill(os.getpid(), signal.SIGKILL)\n"
        "def sleep(n): time.sleep(n); return n\n"
        "def swallow(n): return len(bytes(n))\n"
    )
    sys.path.insert(0, str(folder))
    import work_for_workers  # type: ignore[import-not-found] (written above)

    yield work_for_workers
    sys.path.remove(str(folder))


def test_every_item_comes_back_once(work: ModuleType):
    with closing(Workers(2)) as workers:
        results = list(workers.map(work.double, range(100), chunk=7))
    assert Counter(results) == Counter((n, n * 2) for n in range(100))


def test_no_items_start_no_process():
    with closing(Workers(2)) as workers:
        assert list(workers.map(len, [])) == []
        assert workers._pool is None


def test_an_exception_of_the_function_is_raised(work: ModuleType):
    with closing(Workers(1)) as workers, pytest.raises(ValueError, match="no 3"):
        list(workers.map(work.refuse, [3]))


def test_only_the_item_that_kills_its_process_is_lost(work: ModuleType):
    with closing(Workers(2)) as workers:
        results = dict(workers.map(work.die_on_seven, list(range(30)), chunk=4))
    assert set(results) == set(range(30))
    assert [n for n, result in results.items() if isinstance(result, WorkerCrash)] == [7]


def test_maps_at_work_together_lose_nothing_by_each_others_crashes(work: ModuleType):
    with closing(Workers(2)) as workers:
        maps = [workers.map(work.die_on_seven, list(range(40)), chunk=2) for _ in range(3)]
        found: list[dict[int, object]] = [{} for _ in maps]
        for _ in range(40):  # by turns
            for results, one in zip(found, maps, strict=True):
                results.update([next(one)])
        assert all(next(one, None) is None for one in maps)
    for results in found:
        assert set(results) == set(range(40))
        assert [n for n, result in results.items() if isinstance(result, WorkerCrash)] == [7]


def test_an_item_that_takes_too_long_is_given_up_alone(work: ModuleType):
    with closing(Workers(2, time_limit_s=0.5)) as workers:
        results = dict(workers.map(work.burn_on_seven, list(range(12)), chunk=4))
    assert set(results) == set(range(12))
    late = {n: result for n, result in results.items() if isinstance(result, WorkerCrash)}
    assert set(late) == {7}
    assert isinstance(late[7], TookTooLong)
    asks = [Ask(f"{n:064x}", payload=n) for n in (6, 7)]
    with closing(Workers(1, time_limit_s=0.5)) as workers:
        perform = perform_on_pictures(workers, work.burn_on_seven, "testing")
        answers = {ask.payload: answer for ask, answer in perform(asks)}
    assert answers[6] == {"status": "ok", "value": 6}
    assert (answers[7]["status"], answers[7]["reason"]) == ("error", "took_too_long")


def test_an_item_over_its_time_is_tried_once(work: ModuleType, tmp_path: Path):
    items = [(tmp_path / "tries", letter) for letter in "abxcd"]
    with closing(Workers(1, time_limit_s=0.5)) as workers:
        results = list(workers.map(work.note_and_burn, items))
    assert [type(result) for _, result in results] == [type(None)] * 2 + [TookTooLong] + [
        type(None)
    ] * 2
    assert (tmp_path / "tries").read_text() == "abxcd"


def test_only_the_item_that_kills_its_process_is_tried_again(work: ModuleType, tmp_path: Path):
    items = [(tmp_path / "tries", letter) for letter in "abxcd"]
    with closing(Workers(1)) as workers:
        assert len(list(workers.map(work.note_and_die, items))) == 5
    assert (tmp_path / "tries").read_text() == "abxxcd"


def test_an_interrupt_does_not_wait_for_the_item_at_work(tmp_path: Path):
    (tmp_path / "run.py").write_text(INTERRUPTED)
    with subprocess.Popen(
        [sys.executable, tmp_path / "run.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"at work\n"
        started = time.monotonic()
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does, to all processes
        assert run.stdout.read() == b"interrupted\n"
        assert run.wait() == 0
    assert time.monotonic() - started < 30


def test_an_interrupt_during_the_start_of_the_workers_prints_no_traceback(tmp_path: Path):
    (tmp_path / "run.py").write_text(PRELOADING)
    (tmp_path / "slow.py").write_text('import time\nprint("slow", flush=True)\ntime.sleep(1)\n')
    with subprocess.Popen(
        [sys.executable, tmp_path / "run.py"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"slow\n"
        os.killpg(run.pid, signal.SIGINT)
        assert run.stdout.read() == b"interrupted\n"
        assert run.wait() == 0


def test_waiting_is_no_processor_time(work: ModuleType):
    with closing(Workers(1, time_limit_s=0.5)) as workers:
        assert dict(workers.map(work.sleep, [1.0])) == {1.0: 1.0}


def test_memory_has_a_limit(work: ModuleType):
    with closing(Workers(1)) as workers:
        assert dict(workers.map(work.swallow, [2**20])) == {2**20: 2**20}
        with pytest.raises(MemoryError):
            list(workers.map(work.swallow, [MEMORY_LIMIT_BYTES]))


def test_a_crash_becomes_an_answer_with_a_reason(work: ModuleType):
    asks = [Ask(f"{n:064x}", payload=n) for n in (6, 7)]
    with closing(Workers(1)) as workers:
        perform = perform_on_pictures(workers, work.die_on_seven, "testing")
        answers = {ask.payload: answer for ask, answer in perform(asks)}
    assert answers[6] == {"status": "ok", "value": 6}
    assert (answers[7]["status"], answers[7]["reason"]) == ("error", "decoder_crashed")


INTERRUPTED = """
import time
from contextlib import closing
from eemo_pipeline.execution.process_pool import Workers
if __name__ == "__main__":
    try:
        with closing(Workers(1)) as workers:
            for _ in workers.map(time.sleep, [0, 120], chunk=1):
                print("at work", flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""
PRELOADING = """
from contextlib import closing
from eemo_pipeline.execution import process_pool
if __name__ == "__main__":
    process_pool._PRELOAD = ["slow"]
    try:
        with closing(process_pool.Workers(1)) as workers:
            list(workers.map(abs, [1]))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""
RUN = """
import time
from eemo_pipeline.execution.process_pool import Workers
if __name__ == "__main__":
    workers = Workers(2)
    print(sum(1 for _ in workers.map(abs, range(100), chunk=1)), flush=True)
    time.sleep(60)
"""


def test_no_process_outlives_a_killed_run(tmp_path: Path):
    (tmp_path / "run.py").write_text(RUN)
    with subprocess.Popen(
        [sys.executable, tmp_path / "run.py"], stdout=subprocess.PIPE, start_new_session=True
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"100\n"
        assert len(list_processes(run.pid)) >= 3  # with the fork server and a worker
        run.kill()
        run.wait()
        deadline = time.monotonic() + 120
        while left := list_processes(run.pid):
            if time.monotonic() > deadline:
                os.killpg(run.pid, signal.SIGKILL)
            assert time.monotonic() < deadline, left
            time.sleep(0.1)
