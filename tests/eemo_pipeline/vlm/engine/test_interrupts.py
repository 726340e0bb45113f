"""A process that is interrupted or killed while it asks: nothing that was answered is lost."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

IN_FLIGHT = 16
# Asks two models for ever; prints each key once it is handed out. Both write down what they were
# paid for.
PROGRAM = f"""
import itertools, json, os, sys
from datetime import date
from pathlib import Path
from eemo_pipeline.ledger.interleaving import take_turns
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.vlm.contract import VlmRequest
from eemo_pipeline.vlm.engine.run import Crew, ask_all
from eemo_pipeline.vlm.questions import Limits, Question
from eemo_pipeline.vlm.scripted import Act, ScriptedModel
from eemo_pipeline.vlm.spending.budget import Budget
from eemo_pipeline.vlm.spending.prices import Price, Prices

folder, seconds = Path(sys.argv[1]), float(sys.argv[2])
bill = os.open(folder / "bill", os.O_CREAT | os.O_APPEND | os.O_WRONLY)


class Billed(ScriptedModel):
    async def send(self, request):
        reply = await super().send(request)
        os.write(bill, (request.question + "\\n").encode())
        return reply


def ask(name):
    request = VlmRequest("Look.", name, (), "reply", {{}})
    return Question(name, name, "annotator", lambda: request, json.loads)


ledger = Ledger(folder / "ledger.sqlite")
prices = Prices({{("scripted", "*"): Price(1, 1, 1, 50)}}, {{"scripted": date(2026, 1, 1)}}, ())
names = (str(number) for number in itertools.count())
wanted = (name for name in names if not ledger.find([name]))
others = (name for name in map("other-{{}}".format, itertools.count()) if not ledger.find([name]))
model = Billed(lambda _request, _times: Act("{{}}", after_s=seconds))
other = Billed(lambda _request, _times: Act("{{}}", after_s=seconds))
crew = Crew()
runs = [
    ask_all(
        model, map(ask, wanted), stage="annotation", ledger=ledger, budget=Budget(), prices=prices,
        limits=Limits(in_flight={IN_FLIGHT // 2}), crew=crew,
    )
    for model, wanted in ((model, wanted), (other, others))
]
for _, (question, _) in take_turns(runs):
    os.write(1, (question.key + "\\n").encode())
"""


@contextmanager
def asking(folder: Path, call_s: float) -> Iterator[subprocess.Popen[bytes]]:
    """The program, once it has handed out its first answers."""
    folder.mkdir(exist_ok=True)
    with (folder / "said").open("ab") as said:
        before = len(lines(folder / "said"))
        command = [sys.executable, "-c", PROGRAM, str(folder), str(call_s)]
        with subprocess.Popen(command, stdout=said, stderr=subprocess.PIPE) as process:
            deadline = time.monotonic() + 60
            while len(lines(folder / "said")) < before + 20:
                assert process.poll() is None, process.communicate()[1].decode()
                assert time.monotonic() < deadline, "nothing was answered"
                time.sleep(0.01)
            try:
                yield process
            finally:
                process.kill()


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def stored(folder: Path) -> tuple[set[str], int]:
    """The keys in the ledger, and how many attempts it holds."""
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as connection:
        keys = {key for (key,) in connection.execute("select key from answers")}
        return keys, connection.execute("select count(*) from attempts").fetchone()[0]


def sent(folder: Path) -> set[str]:
    """The keys of calls that were announced and have no outcome."""
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as connection:
        return {key for (key,) in connection.execute("select key from sent_calls")}


def test_an_interrupt_lets_what_is_in_flight_come_to_its_end(tmp_path: Path) -> None:
    with asking(tmp_path, 0.2) as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=120) not in (0, None)
    keys, attempts = stored(tmp_path)
    bill = lines(tmp_path / "bill")
    assert len(bill) == len(set(bill)) == attempts
    assert set(bill) == keys >= set(lines(tmp_path / "said"))
    assert sent(tmp_path) == set(), "what was announced and not sent is withdrawn"


def test_a_second_interrupt_stops_at_once(tmp_path: Path) -> None:
    with asking(tmp_path, 0.01) as process:
        pass
    with asking(tmp_path, 0.05) as process:
        process.send_signal(signal.SIGSTOP)  # what follows comes together, when it goes on
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        assert process.wait(timeout=120) not in (0, None)
        assert time.monotonic() - started < 60
    assert set(lines(tmp_path / "said")) <= stored(tmp_path)[0]


@pytest.mark.parametrize("moment", [0.0, 0.013, 0.057, 0.21])
def test_after_a_kill_at_most_what_was_in_flight_is_paid_twice(
    tmp_path: Path, moment: float
) -> None:
    with asking(tmp_path, 0.02) as process:
        time.sleep(moment)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=120)
    said, bill = set(lines(tmp_path / "said")), lines(tmp_path / "bill")
    keys, _ = stored(tmp_path)
    assert said <= keys, "an answer was handed out and is lost"
    assert len(set(bill) - keys) <= IN_FLIGHT
    assert set(bill) - keys <= sent(tmp_path), "a call that is billed is not in the ledger"
    assert len(sent(tmp_path)) <= 2 * IN_FLIGHT
    with asking(tmp_path, 0.02):
        pass
    again = lines(tmp_path / "bill")
    assert len(again) - len(set(again)) <= IN_FLIGHT
    assert keys <= stored(tmp_path)[0]
