"""The review tool under load: 25 people at once over 20,000 tasks, an image per second each.

That is several times as fast as people are, and like people they do not answer in step. Every
answer is stored with fsync before it is acknowledged. Beside them, in the same run: one person
alone, which shows what waiting for the others costs, and a request that asks for nothing
(`/healthz`), which shows what the machine costs.

Times in milliseconds, as the clients see them. The clients are processes of their own, of five
people each, that keep their connections open as browsers do. The time that the server's processor
needs for an image does not depend on who else uses the machine.

`python benchmarks/review.py 5` gives each person 5 images instead of 20.
"""

import http.client
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import table_path, write_table
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.review.queue import build_queue, draft_fields
from eemo_pipeline.stages.review.sampling import sample_images
from tests.support.reviews import Answer, Rater, Server, new_link, serve_reviews

TASKS, PEOPLE, EACH = 20_000, 25, 20
PAUSE_S = 1.0
_IN_A_PROCESS = 5
Times = dict[str, list[float]]


def lay_out(path: Path) -> DataRoot:
    """Write the tables of a queue in which every image is a task; no image is on disk."""
    root = DataRoot(path)
    ids = [f"{number:064x}" for number in range(TASKS)]
    rows: dict[str, list[dict[str, object]]] = {
        "records__emoverse": [
            {
                "image_id": name,
                "annotator": "a",
                "emotion": MIKELS_8[place % 8],
                "description": f"text {place}",
                "background": f"background {place}",
            }
            for place, name in enumerate(ids)
        ],
        "annotation__replies": [
            {"image_id": name, "annotator": "a", "status": "ok", "valence": place % 9 / 8}
            for place, name in enumerate(ids)
        ],
        "grounding__regions": [],
        "records__class_stops": [],
        "critic__queue": [
            {"image_id": name, "field": "description", "priority": 0.5, "finding": "", "codes": []}
            for name in ids
        ],
        "dedup__images": [
            {"image_id": name, "source": "s", "path": name, "width_px": 9, "height_px": 9}
            for name in ids
        ],
    }
    tables = {
        name: pl.DataFrame(of_table, schema=TABLES[name].polars_schema)
        for name, of_table in rows.items()
    }
    records, replies, regions, stops, disputes, images = tables.values()
    drafts = draft_fields(records, replies, regions, disputes)
    decisions, verdicts, labels = (
        TABLES[name].empty()
        for name in ("verification__decisions", "critic__verdicts", "labels__emotions")
    )
    sampled = sample_images(images, decisions, verdicts, ids, labels, stops)
    queue = build_queue(sampled, drafts, disputes, records, replies, stops)
    written = {"dedup__images": images, "review__drafts": drafts, "review__queue": queue}
    for name, table in written.items():
        write_table(table, TABLES[name], table_path(root.tables, TABLES[name]))
    return root


class Browser(Rater):
    """A person whose connection stays open, and whose requests are timed."""

    def __init__(self, port: int) -> None:
        """Talk to the server at `port` of this machine."""
        super().__init__(port)
        self.times: Times = defaultdict(list)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send a request over the connection that is open."""
        started = time.perf_counter()
        answer = self.ask_over(self._connection, method, path, body, headers)
        name = path.rpartition("/")[2]
        self.times[name].append((time.perf_counter() - started) * 1000)
        return answer


def work(person: Browser, each: int, name: str) -> Times:
    """Judge some images, each after a pause of 0 to 2 seconds: people do not answer in step."""
    pauses = Random(name)  # noqa: S311 (the same pauses in every run)
    person.times.clear()
    started = time.perf_counter()
    for _ in range(each):
        time.sleep(2 * PAUSE_S * pauses.random())
        person.ask("GET", "/healthz")
        task_id = person.next_task()["task_id"]
        person.commit(task_id)
        person.accept_drafts(task_id)
    person.times["all"] = [(time.perf_counter() - started) * 1000]
    return person.times


def work_together(port: int, links: list[str], each: int, all_in: Any) -> list[Times]:
    """Let the people of one process judge images, each in a thread, once everybody is there."""
    people = [Browser(port) for _ in links]
    for person, link in zip(people, links, strict=True):
        person.log_in(link)
    all_in.wait()  # clients that still start would take the processors from the server
    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(work, people, [each] * len(people), links))


def show(name: str, times: list[float]) -> None:
    """Print the median, p95, p99.9 and slowest."""
    ordered = sorted(times)
    p95, p999 = (ordered[min(len(ordered) - 1, int(len(ordered) * p))] for p in (0.95, 0.999))
    median = statistics.median(ordered)
    sys.stdout.write(f"  {name:8} median {median:7.1f}  p95 {p95:7.1f}  p99.9 {p999:7.1f}\n")


def read_processor_s(server: Server) -> float:
    """Return the time that the server has spent on a processor, in seconds."""
    stat = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def measure(root: DataRoot, server: Server, each: int) -> None:
    """Time one person alone, then all of them at once."""
    for count in (1, PEOPLE):
        links = [new_link(root, f"person {number} of {count}") for number in range(count)]
        groups = [links[start : start + _IN_A_PROCESS] for start in range(0, count, _IN_A_PROCESS)]
        spent_s = read_processor_s(server)
        context = get_context("spawn")
        with context.Manager() as shared, ProcessPoolExecutor(len(groups), context) as pool:
            all_in = shared.Barrier(len(groups))
            jobs = [pool.submit(work_together, server.port, one, each, all_in) for one in groups]
            found = [times for job in jobs for times in job.result()]
        rate = count * each * 1000 / max(times["all"][0] for times in found)
        spent_ms = (read_processor_s(server) - spent_s) * 1000 / (count * each)
        sys.stdout.write(
            f"{count} at once, {rate:.0f} images per second; "
            f"{spent_ms:.1f} ms of the server's processor for an image\n"
        )
        for name in ("healthz", "next", "commit", "reveal", "events", "submit"):
            show(name, [one for times in found for one in times[name]])
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    memory = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    sys.stdout.write(f"most memory of the server: {int(memory) / 1024:.0f} MiB\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        lake = lay_out(Path(folder))
        began = time.perf_counter()
        with serve_reviews(lake) as running:
            sys.stdout.write(f"{TASKS} tasks served after {time.perf_counter() - began:.1f} s\n")
            measure(lake, running, int(sys.argv[1]) if len(sys.argv) > 1 else EACH)
