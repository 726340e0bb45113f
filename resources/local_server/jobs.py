"""Files and batch jobs, independent of the protocol.

`openai_jobs.py` and `gemini_jobs.py` write their JSON. Nothing is written to disk: files and jobs
end with the server; the account persists.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from resources.local_server.asked import Dialect, Problem
from resources.local_server.service import Served, Service

State = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class StoredFile:
    """An uploaded file, or the result of a job.

    Attributes:
        file_id: Its name in the protocol.
        data: The bytes.
        name: The client's name for it; returned to the client only, never shown to a model.
        purpose: batch, batch_output and so on.
        created_s: Seconds since 1970.
    """

    file_id: str
    data: bytes
    name: str
    purpose: str
    created_s: int


@dataclass(frozen=True)
class Row:
    """One request of a job: the client's key, the request's JSON, and its model if separate."""

    key: Any
    body: bytes
    model: str | None = None


@dataclass
class Job:
    """A batch job.

    Attributes:
        job_id: Its name in the protocol.
        dialect: The protocol that reads and answers its rows.
        rows: The requests.
        about: Facts that the protocol returns later: file, endpoint, metadata.
        results: One per answered or refused row, in order.
        stamps: state -> seconds since 1970 at which it was reached.
        output_ids: The result files, once there are any.
    """

    job_id: str
    dialect: Dialect
    rows: Sequence[Row]
    about: dict[str, Any]
    state: State = "waiting"
    results: list[Served] = field(default_factory=list)
    stamps: dict[str, float] = field(default_factory=dict)
    output_ids: dict[str, str] = field(default_factory=dict)
    wants_cancel: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_over(self) -> bool:
        """Whether the state is final."""
        return self.state in ("done", "failed", "cancelled")

    def enter(self, state: State) -> None:
        """Enter a state and record the time."""
        self.state = state
        self.stamps[state] = time.time()


class Desk:
    """Stores the files and jobs of one protocol, newest last."""

    def __init__(self, service: Service) -> None:
        """Start empty."""
        self.service = service
        self.files: dict[str, StoredFile] = {}
        self.jobs: dict[str, Job] = {}
        self._numbers = count(1)
        self._running: set[asyncio.Task[None]] = set()

    def new_id(self, kind: str) -> str:
        """Return a new name."""
        return f"{kind}{next(self._numbers):012x}"

    def keep_file(self, file_id: str, data: bytes, name: str, purpose: str) -> StoredFile:
        """Store a file.

        Raises:
            Problem: It is larger than the script allows.
        """
        most = self.service.script.batch.bytes_most
        if purpose == "batch" and len(data) > most:
            raise Problem(
                "bad_request", f"The file has {len(data)} bytes; at most {most} may come."
            )
        stored = StoredFile(file_id, data, name, purpose, int(time.time()))
        self.files[file_id] = stored
        return stored

    def find_file(self, file_id: str) -> StoredFile:
        """Return a file.

        Raises:
            Problem: There is none.
        """
        if (found := self.files.get(file_id)) is None:
            raise Problem("not_found", f"There is no file {file_id}.")
        return found

    def find_job(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            Problem: There is none.
        """
        if (found := self.jobs.get(job_id)) is None:
            raise Problem("not_found", f"There is no batch {job_id}.")
        return found

    def start(self, job: Job) -> None:
        """Start the job."""
        job.enter("waiting")
        self.jobs[job.job_id] = job
        task = asyncio.get_running_loop().create_task(self._run(job))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, job: Job) -> None:
        delay_s = self.service.script.batch.delay_s
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(job.wants_cancel.wait(), delay_s)
        if self.service.fails_job():
            job.enter("failed")
            return
        job.enter("running")
        for row in job.rows:
            if job.wants_cancel.is_set():
                break
            job.results.append(await self.service.serve_row(job.dialect, row.body, row.model))
            await asyncio.sleep(0)  # let other tasks run between rows
        job.enter("cancelled" if job.wants_cancel.is_set() else "done")


def page(names: Sequence[str], after: str | None, most: int) -> tuple[list[str], bool]:
    """Return names from the newest on, beginning after `after`, and whether more follow.

    Raises:
        Problem: `after` is not in the list.
    """
    newest_first = list(reversed(names))
    if after is not None and after not in newest_first:
        raise Problem("bad_request", f"There is no {after} to go on from.")
    start = 0 if after is None else newest_first.index(after) + 1
    return newest_first[start : start + most], len(newest_first) > start + most
