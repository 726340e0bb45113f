"""Kills of what stores reviews, and what must be true after any number of them.

`kill_at_work` kills a process that stores reviews; `kill_server_at_work` kills `eemo review serve`
under the requests of several people at once.
"""

import os
import random
import select
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

import sqlalchemy as sa

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.web import assignment, event_log, judging
from eemo_pipeline.web.database import SLOTS, ReviewDatabase
from eemo_pipeline.web.fields import BlindJudgement
from eemo_pipeline.web.people import Session, add_rater, find_session, log_in
from eemo_pipeline.web.queue_import import import_queue
from eemo_pipeline.web.replay import replay
from eemo_pipeline.web.votes import read_votes
from tests.support.reviews import (
    JUDGEMENT,
    Rater,
    accept_drafts,
    find_free_port,
    new_link,
    serve_reviews,
)

_AWAKE_S = 0.12  # a process is killed within this time after its first answers


@dataclass(frozen=True)
class Survived:
    """What was found after the kills.

    Attributes:
        acknowledged: events that the process reported as stored.
        lost: those of them that the log does not hold.
        double: tasks that one person judged more than once.
        broken: where the chain of the log does not hold.
        is_same: whether replaying the log gives the tables that are there.
    """

    acknowledged: int
    lost: int
    double: int
    broken: event_log.Broken | None
    is_same: bool


def kill_at_work(root: DataRoot, count: int, seed: int) -> Survived:
    """Let a process judge images and kill it (SIGKILL) at a random moment, `count` times."""
    draws = random.Random(seed)  # noqa: S311
    with closing(ReviewDatabase(root.review)) as database:
        import_queue(database, root)
        sessions = [_enter(database, f"person {number}") for number in range(3)]
    acknowledged: list[str] = []
    for number in range(count):
        acknowledged += _work_until_killed(root, sessions[number % 3], draws.random() * _AWAKE_S)
    return _look_at(root, acknowledged)


def kill_server_at_work(root: DataRoot, count: int, seed: int, people: int = 4) -> Survived:
    """Let people judge images over HTTP and kill the server at a random moment, `count` times.

    What was sent and not answered is sent again to the next server, as the page does.
    """
    draws = random.Random(seed)  # noqa: S311
    port = find_free_port()
    at_work = [_AtWork(Rater(port)) for _ in range(people)]
    for number in range(count):
        with serve_reviews(root, port) as running:
            for place, one in enumerate(at_work):
                if number == 0:
                    one.rater.log_in(new_link(root, f"person {place}"))
            before = sum(len(one.acknowledged) for one in at_work)
            threads = [threading.Thread(target=one.work) for one in at_work]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads) and (
                sum(len(one.acknowledged) for one in at_work) < before + people
            ):
                time.sleep(0.002)
            time.sleep(draws.random() * _AWAKE_S)
            running.process.send_signal(signal.SIGKILL)
            running.process.wait()
            for thread in threads:
                thread.join()
    return _look_at(root, [event_id for one in at_work for event_id in one.acknowledged])


class _AtWork:
    """A person who goes on with what was left when the server comes back."""

    def __init__(self, rater: Rater) -> None:
        self.rater = rater
        self.acknowledged: list[str] = []
        self._unanswered: tuple[str, object] | None = None

    def work(self) -> None:
        """Judge images until the server is gone."""
        try:
            if self._unanswered is not None:
                self._send(*self._unanswered)
            while "task_id" in (task := self.rater.next_task()):
                self._judge(f"/api/tasks/{task['task_id']}", task)
        except (OSError, HTTPException):
            return

    def _judge(self, path: str, task: Mapping[str, Any]) -> None:
        if not task["is_committed"]:
            self._send(f"{path}/commit", {"event_id": str(uuid.uuid4()), "judgement": JUDGEMENT})
        for said in accept_drafts(self.rater.reveal(task["task_id"]).body):
            events = [event.model_dump(exclude_defaults=True) for event in said]
            self._send(f"{path}/events", events)
        self._send(f"{path}/submit", {"event_id": str(uuid.uuid4())})

    def _send(self, path: str, body: object) -> None:
        self._unanswered = (path, body)
        answer = self.rater.ask("POST", path, body)
        self._unanswered = None
        assert answer.status == 200, answer.content
        self.acknowledged += answer.body["acked"]


def _look_at(root: DataRoot, acknowledged: list[str]) -> Survived:
    with closing(ReviewDatabase(root.review)) as database:
        with database.reading() as connection:
            stored: set[str] = set()
            for start in range(0, len(acknowledged), 500):
                part = acknowledged[start : start + 500]
                stored |= set(event_log.find_stored(connection, part))
            broken = event_log.verify(connection)
            judged = Counter(
                (event["task_id"], event["rater_id"])
                for event in event_log.read_events(connection)
                if event["kind"] == "blind_commit"
            )
            held = connection.execute(sa.select(SLOTS.c.task_id, SLOTS.c.rater_id)).all()
            assert len(set(held)) == len(held)
            assert read_votes(connection).last_event
        is_same = replay(database)[1]
    double = sum(number > 1 for number in judged.values())
    return Survived(len(acknowledged), len(set(acknowledged) - stored), double, broken, is_same)


def _enter(database: ReviewDatabase, name: str) -> Session:
    session = find_session(database, log_in(database, add_rater(database, name, "annotator")) or "")
    assert session is not None
    return session


def _work_until_killed(root: DataRoot, session: Session, awake_s: float) -> list[str]:
    """Fork a process that reports each stored event; kill it, and return what it reported."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            _work(root, session, writing)
        finally:
            os._exit(0)
    os.close(writing)
    select.select([reading], [], [], 30)  # it is at work
    time.sleep(awake_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as reports:
        lines = reports.read().split(b"\n")
    return [line.decode() for line in lines[:-1]]  # the last one has no end


def _work(root: DataRoot, session: Session, reports: int) -> None:
    database = ReviewDatabase(root.review)

    def report(event_id: str) -> None:
        os.write(reports, event_id.encode() + b"\n")

    while isinstance(task := assignment.claim(database, session), assignment.Assigned):
        if task.state == "leased":
            name = str(uuid.uuid4())
            felt = BlindJudgement(**JUDGEMENT)
            judging.commit(database, session, task.task_id, name, felt)
            report(name)
        seen = judging.reveal(database, session, task.task_id)
        for said in accept_drafts(seen):
            judging.record(database, session, task.task_id, said)
            for event in said:
                report(event.event_id)
        name = str(uuid.uuid4())
        judging.submit(database, session, task.task_id, name)
        report(name)
