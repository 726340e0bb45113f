"""Review tools for tests: a data root with tasks, a running server, and a rater who talks to it."""

import http.client
import json
import re
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.imaging.opening import measure_file
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import table_path, write_table
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.review.queue import build_queue, draft_fields
from eemo_pipeline.stages.review.sampling import sample_images
from eemo_pipeline.web.assignment import Assigned, claim
from eemo_pipeline.web.database import ReviewDatabase
from eemo_pipeline.web.event_log import find_end
from eemo_pipeline.web.fields import BlindJudgement, Event
from eemo_pipeline.web.judging import commit, reveal
from eemo_pipeline.web.people import add_rater, find_session, log_in
from eemo_pipeline.web.queue_import import import_queue
from tests.support.commands import start_eemo
from tests.support.images import paint

# Words that no reply may hold before the person's own judgement is stored.
CAPTION, FINDING, FILE_NAME = "a secret caption", "a secret finding", "secret-name"
JUDGEMENT = {"emotion": "contentment", "valence": 1, "arousal": 1}


def make_review_root(path: Path, count: int, objects: Sequence[str] = ()) -> DataRoot:
    """Write `count` small images and the tables of a queue, in which every image is a task.

    Args:
        path: where the data root is made.
        count: how many images.
        objects: the drafted objects of every image; without any, objects are not asked.
    """
    root = DataRoot(path)
    folder = root.sources / "folder"
    names = [f"{FILE_NAME}-{number}.png" for number in range(count)]
    folder.mkdir(parents=True)
    for number, name in enumerate(names):
        paint(number).save(folder / name)
    images = [{"path": name, **measure_file(folder / name)} for name in names]
    records, replies, disputes, regions, kept = [], [], [], [], []
    for number, image in enumerate(images):
        image_id = image["image_id"]
        kept.append({"image_id": image_id, "source": "folder", **image})
        records.append(
            {
                "image_id": image_id,
                "annotator": "a",
                "description": f"{CAPTION} {number}",
                "background": f"a secret background {number}",
                "emotion": MIKELS_8[number % 8],
                "machine_emotion": MIKELS_8[number % 8],
                "boxes_px": [1, 2, 30, 20],
            }
        )
        replies.append(
            {
                **{"image_id": image_id, "annotator": "a", "status": "ok"},
                **{"valence": number % 9 / 8, "evidence": ["a secret cue"]},
                "objects": list(objects) or None,
            }
        )
        regions.append(
            {
                **{"image_id": image_id, "region_no": 1, "detector": "secret-detector"},
                **{"round": 1, "segmenter": "s", "model": "m", "method": "m"},
                **{"x1_px": 1, "y1_px": 2, "x2_px": 30, "y2_px": 20},
                **{"mask_size_px": [2, 2], "mask_counts": [1, 2, 1]},
            }
        )
        disputes.append(
            {
                "image_id": image_id,
                "field": "description",
                "priority": 0.5,
                "finding": FINDING,
                "codes": ["CAP_SECRET"],
                "candidates": [],
            }
        )
    frames = {
        "records__emoverse": records,
        "annotation__replies": replies,
        "grounding__regions": regions,
        "records__regions": regions,
        "critic__queue": disputes,
        "dedup__images": kept,
    }
    tables = {name: _frame(name, rows) for name, rows in frames.items()}
    drafts = draft_fields(
        tables["records__emoverse"],
        tables["annotation__replies"],
        tables["grounding__regions"],
        tables["critic__queue"],
    )
    sampled = sample_images(
        tables["dedup__images"],
        TABLES["verification__decisions"].empty(),
        TABLES["critic__verdicts"].empty(),
        tables["critic__queue"]["image_id"].to_list(),
        _gold([image["image_id"] for image in images]),
        TABLES["records__class_stops"].empty(),
    )
    queue = build_queue(
        sampled,
        drafts,
        tables["critic__queue"],
        tables["records__emoverse"],
        tables["annotation__replies"],
        TABLES["records__class_stops"].empty(),
    )
    for name, frame in (
        ("dedup__images", tables["dedup__images"]),
        ("records__regions", tables["records__regions"]),
        ("review__drafts", drafts),
        ("review__queue", queue),
    ):
        write_table(frame, TABLES[name], table_path(root.tables, TABLES[name]))
    return root


def _gold(ids: list[str]) -> pl.DataFrame:
    """Return labels by which every third image is gold."""
    named = {"taxonomy": "mikels8", "semantics": "evoked", "rater_count": 9}
    rows = [{"image_id": name, "emotion": "awe", "mass": 0.9, **named} for name in ids[::3]]
    return _frame("labels__emotions", rows)


def _frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = TABLES[name].polars_schema
    known = [{key: value for key, value in row.items() if key in schema} for row in rows]
    return pl.DataFrame(known, schema=schema)


def new_link(root: DataRoot, name: str, role: str = "annotator") -> str:
    """Add a person to a data root; return the token of their login link."""
    database = ReviewDatabase(root.review)
    token = add_rater(database, name, role)
    database.close()
    return token


def one_vote(root: DataRoot, name: str) -> int:
    """Have a new person judge one image blind; return the number of the last event."""
    with closing(ReviewDatabase(root.review)) as database:
        import_queue(database, root)
        secret = log_in(database, add_rater(database, name, "annotator"))
        session = find_session(database, secret or "")
        assert session is not None
        task = claim(database, session)
        assert isinstance(task, Assigned)
        felt = BlindJudgement.model_validate(JUDGEMENT)
        commit(database, session, task.task_id, str(uuid.uuid4()), felt)
        reveal(database, session, task.task_id)
        with database.reading() as connection:
            return find_end(connection)[0]


def accept_drafts(seen: Mapping[str, Any]) -> list[list[Event]]:
    """Return, request by request, what accepts all drafts revealed and keeps the own emotion."""
    return [
        [Event(event_id=str(uuid.uuid4()), **event) for event in request]
        for request in _accepting(seen)
    ]


def _accepting(seen: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """At once, where the person may; else one by one."""
    said = [
        {"kind": "field_accept", "field": draft["field"], "seen_ms": 1_000}
        for draft in seen["drafts"]
    ]
    if seen["must_reconcile"]:
        said.append({"kind": "reconcile", "value": "keep"})
    return [said] if seen["may_accept_rest"] else [[event] for event in said]


@contextmanager
def serve_reviews(root: DataRoot, port: int | None = None) -> Iterator["Server"]:
    """Run `eemo review serve` on a data root until the block ends."""
    port = port or find_free_port()
    log = root.path / "review.log"
    process = start_eemo(log, "review", "serve", "--data", root.path, "--port", str(port))
    try:
        for _ in range(1200):
            assert process.poll() is None, log.read_text()
            try:
                if Rater(port).ask("GET", "/healthz").status == 200:
                    break
            except OSError:
                time.sleep(0.1)
        else:
            raise AssertionError(log.read_text())
        yield Server(port, process, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(120)


def find_free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Server:
    """A running review server.

    Attributes:
        port: where it listens, on this machine.
        process: its process.
        log: what it said.
    """

    def __init__(self, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.port, self.process, self.log = port, process, log


class Answer:
    """A reply of the server: its status, headers and body."""

    def __init__(self, reply: http.client.HTTPResponse) -> None:
        self.status = reply.status
        self.headers = {name.lower(): value for name, value in reply.getheaders()}
        self.content = reply.read()

    @property
    def body(self) -> Any:
        return json.loads(self.content)


class Rater:
    """A person's browser, without the browser: it keeps the cookie and sends the page's token."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookie = ""
        self.csrf = ""
        self.heard: list[bytes] = []

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            return self.ask_over(connection, method, path, body, headers)

    def ask_over(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Any,
        headers: dict[str, str] | None,
    ) -> Answer:
        """Send a request over a connection of the caller's."""
        sent = {"Cookie": self.cookie, "X-CSRF-Token": self.csrf}
        content = None
        if body is not None or method != "GET":
            content = json.dumps(body if body is not None else {}).encode()
            sent["Content-Type"] = "application/json"
        connection.request(method, path, content, sent | (headers or {}))
        answer = Answer(connection.getresponse())
        self.heard.append(repr(answer.headers).encode() + answer.content)
        return answer

    def log_in(self, token: str) -> "Rater":
        """Use a login link and accept the information."""
        answer = self.ask("POST", "/login", {"token": token})
        assert answer.status == 200, answer.content
        found = re.match(r"([^=]+=[^;]+)", answer.headers["set-cookie"])
        assert found
        self.cookie = found[1]
        me = self.ask("GET", "/api/me").body
        self.csrf = me["csrf"]
        read = {"guide_version": me["guide_version"]}
        assert self.ask("POST", "/api/me/consent", read).status == 200
        return self

    def next_task(self) -> dict[str, Any]:
        """Return the next task, or why there is none; a break is over at once."""
        found = self.ask("POST", "/api/next", {"have": []}).body
        if found.get("reason") != "break":
            return found
        assert self.ask("POST", "/api/me/break").status == 200
        return self.ask("POST", "/api/next", {"have": []}).body

    def commit(self, task_id: str, **changes: Any) -> Answer:
        body = {"event_id": str(uuid.uuid4()), "judgement": JUDGEMENT | changes}
        return self.ask("POST", f"/api/tasks/{task_id}/commit", body)

    def reveal(self, task_id: str) -> Answer:
        return self.ask("POST", f"/api/tasks/{task_id}/reveal")

    def say(self, task_id: str, *events: dict[str, Any]) -> Answer:
        sent = [{"event_id": str(uuid.uuid4()), **event} for event in events]
        return self.ask("POST", f"/api/tasks/{task_id}/events", sent)

    def submit(self, task_id: str) -> Answer:
        return self.ask("POST", f"/api/tasks/{task_id}/submit", {"event_id": str(uuid.uuid4())})

    def finish(self, task_id: str, **changes: Any) -> None:
        """Judge a task and accept its drafts."""
        assert self.commit(task_id, **changes).status == 200
        self.accept_drafts(task_id)

    def answer_drafts(self, task_id: str, kind: str) -> None:
        """Answer every draft of a judged task alike, keep the own emotion, and submit."""
        seen = self.reveal(task_id).body
        for draft in seen["drafts"]:
            assert self.say(task_id, {"kind": kind, "field": draft["field"]}).status == 200
        if seen["must_reconcile"]:
            assert self.say(task_id, {"kind": "reconcile", "value": "keep"}).status == 200
        assert self.submit(task_id).status == 200

    def accept_drafts(self, task_id: str) -> None:
        """Accept the drafts of a judged task, keep the own emotion, and submit."""
        for request in _accepting(self.reveal(task_id).body):
            assert self.say(task_id, *request).status == 200
        assert self.submit(task_id).status == 200
