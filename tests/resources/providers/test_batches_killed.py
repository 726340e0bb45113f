"""Batches of both providers over HTTP, submitted and collected once, whoever dies when."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eemo_pipeline.ledger.batches import BatchConflict, read_open
from eemo_pipeline.vlm.batch.interface import look_at_open
from eemo_pipeline.vlm.errors import ProviderProblem
from tests.support.batches import Desk

# The steps of a submission, as (module or class, name) in the process that is killed.
STEPS = {
    "intend": "(submission, 'intend')",
    "send": "(type(desk.interface), 'send')",
    "record": "(submission, 'mark_open')",
}


def start(desk: Desk, act: str, prepare: str = "") -> subprocess.Popen[bytes]:
    """A process that does something with the desk, as another terminal would."""
    program = f"""
import os
from pathlib import Path
from eemo_pipeline.vlm.batch import collection, submission
from resources.local_server import LocalServer
from tests.support.batches import Desk
server = LocalServer({desk.server.port}, {desk.server.key!r}, 0)
desk = Desk(Path({str(desk.root)!r}), server, {desk.provider!r})
{prepare}
{act}
"""
    return subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[3])


def dying(place: str, when: str) -> str:
    """The process dies as by kill -9 before or after the step, at its first time."""
    return f"""
place, name = {place}
step = getattr(place, name)
def die(*values, **named):
    if {when!r} == "after":
        step(*values, **named)
    os._exit(9)
setattr(place, name, die)
"""


@pytest.mark.parametrize(
    ("when", "step"),
    [("before", "intend"), ("before", "send"), ("after", "send"), ("after", "record")],
)
def test_a_submission_killed_at_any_step_is_submitted_once(
    desk: Desk, step: str, when: str
) -> None:
    assert start(desk, "desk.submit()", dying(STEPS[step], when)).wait(60) == 9
    sent = desk.submit()
    assert sent.adopted + sent.batches + sent.waiting >= 1
    assert desk.jobs() == 1
    assert len(desk.tallies()) == 1
    assert desk.finish().rows == {"answered": 6}
    assert desk.bill() == {"billed": 6, "nano_usd": desk.spent(), "repeated": 0}
    assert list((desk.root / "batches").iterdir()) == []


def test_a_submission_killed_while_it_waits_for_the_provider_is_submitted_once(desk: Desk) -> None:
    # The server does the work, and tells nobody.
    hang = {"fault": "hang", "endpoint": "batches", "seconds": 60}
    desk.server.follow({"rules": [hang]})
    process = start(desk, "desk.submit()")
    until = time.monotonic() + 60
    while desk.bill()["billed"] < 6 and time.monotonic() < until:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    desk.server.follow({})
    assert [batch.state for batch in read_open(desk.ledger)] == ["intended"]
    assert desk.submit().adopted == 1
    assert desk.jobs() == 1
    assert desk.finish().rows == {"answered": 6}
    assert desk.bill()["repeated"] == 0


def test_a_lost_connection_submits_once(desk: Desk) -> None:
    desk.server.follow({"rules": [{"fault": "reset", "endpoint": "batches", "first": 1}]})
    with pytest.raises(ProviderProblem):
        desk.submit()
    assert desk.submit().adopted == 1
    assert desk.jobs() == 1
    # Collecting alone finds it too.
    assert desk.finish().rows == {"answered": 6}


def test_an_upload_that_fails_is_made_again(desk: Desk) -> None:
    desk.server.follow({"rules": [{"fault": "picture_rejected", "endpoint": "files", "first": 1}]})
    with pytest.raises(ProviderProblem):
        desk.submit()
    assert desk.tallies() == [], "what is refused is not waited for"
    assert desk.submit().submitted == 6
    assert desk.jobs() == 1


def test_a_collection_killed_between_two_transactions_is_completed_once(desk: Desk) -> None:
    desk.submit()
    while any(
        standing.state == "open"
        for *_, standing in look_at_open(desk.ledger, lambda *_: desk.interface)
    ):
        time.sleep(0.02)
    small = "collection._AT_ONCE = 2\n"
    killed = dying("(type(desk.ledger), 'record')", "after")
    assert start(desk, "desk.collect()", small + killed).wait(60) == 9
    assert desk.tallies()[0].answered == 2
    assert desk.collect().rows == {"answered": 4}
    assert desk.bill() == {"billed": 6, "nano_usd": desk.spent(), "repeated": 0}


def waiting_to_send(desk: Desk) -> str:
    """The process says that it is about to send, and sends when it may."""
    about, may = desk.root / "about to send", desk.root / "may send"
    return f"""
import time
step = type(desk.interface).send
def wait(*values, **named):
    Path({str(about)!r}).touch()
    while not Path({str(may)!r}).exists():
        time.sleep(0.01)
    return step(*values, **named)
type(desk.interface).send = wait
"""


def test_an_intention_of_a_process_at_work_is_not_taken_for_one_left_behind(desk: Desk) -> None:
    process = start(desk, "desk.submit()", waiting_to_send(desk))
    while not (desk.root / "about to send").exists():
        assert process.poll() is None
        time.sleep(0.01)
    with pytest.raises(BatchConflict, match="another process is submitting"):
        desk.submit()
    (desk.root / "may send").touch()
    assert process.wait(60) == 0
    desk.submit()
    assert desk.finish().rows == {"answered": 6}
    assert desk.bill() == {"billed": 6, "nano_usd": desk.spent(), "repeated": 0}


def test_two_submissions_at_once_submit_once(desk: Desk) -> None:
    processes = [start(desk, "desk.submit()") for _ in range(2)]
    codes = sorted(process.wait(60) for process in processes)
    assert codes[0] == 0
    desk.submit()
    assert sum(tally.batch.row_count for tally in desk.tallies()) == 6
    assert desk.finish().rows == {"answered": 6}
    assert desk.bill()["repeated"] == 0
