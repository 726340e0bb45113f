"""The review tool under load: 25 people at once over 20,000 tasks, each with an image per second.

That is several times as fast as people are. Every answer is stored with fsync before it is
acknowledged. Beside them, in the same run, one person alone: what waiting for the others costs.
Times in milliseconds, as the clients see them.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import table_path, write_table
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.review.queue import build_queue, draft_fields
from tests.support.reviews import Rater, Server, new_link, serve_reviews

TASKS, PEOPLE, EACH = 20_000, 25, 20
PAUSE_S = 1.0


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
    queue = build_queue(images, drafts, disputes, records, replies, stops)
    written = {"dedup__images": images, "review__drafts": drafts, "review__queue": queue}
    for name, table in written.items():
        write_table(table, TABLES[name], table_path(root.tables, TABLES[name]))
    return root


@contextmanager
def timed(times: list[float]) -> Iterator[None]:
    """Add the milliseconds of the block to `times`."""
    started = time.perf_counter()
    yield
    times.append((time.perf_counter() - started) * 1000)


def work(person: Rater, asking: list[float], submitting: list[float]) -> None:
    """Judge some images as fast as the server answers."""
    for _ in range(EACH):
        time.sleep(PAUSE_S)
        with timed(asking):
            task = person.next_task()
        person.commit(task["task_id"])
        seen = person.reveal(task["task_id"]).body
        said = [{"kind": "field_accept", "field": draft["field"]} for draft in seen["drafts"]]
        if seen["must_reconcile"]:
            said.append({"kind": "reconcile", "value": "keep"})
        person.say(task["task_id"], *said)
        with timed(submitting):
            person.submit(task["task_id"])


def show(name: str, times: list[float]) -> None:
    """Print the median, p95, p99.9 and slowest."""
    ordered = sorted(times)
    p95, p999 = (ordered[min(len(ordered) - 1, int(len(ordered) * p))] for p in (0.95, 0.999))
    median = statistics.median(ordered)
    sys.stdout.write(f"{name:28} median {median:7.1f}  p95 {p95:7.1f}  p99.9 {p999:7.1f}\n")


def measure(root: DataRoot, server: Server) -> None:
    """Time one person alone, then all of them at once."""
    alone, *crowd = (
        Rater(server.port).log_in(new_link(root, f"person {number}"))
        for number in range(PEOPLE + 1)
    )
    for name, people in (("one person", [alone]), (f"{PEOPLE} people", crowd)):
        asking: list[float] = []
        submitting: list[float] = []
        started = time.perf_counter()
        with ThreadPoolExecutor(len(people)) as pool:
            list(pool.map(lambda one, a=asking, s=submitting: work(one, a, s), people))
        rate = len(people) * EACH / (time.perf_counter() - started)
        show(f"{name}: next", asking)
        show(f"{name}: submit", submitting)
        sys.stdout.write(f"{name}: {rate:.0f} images per second\n")
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    memory = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    sys.stdout.write(f"most memory of the server: {int(memory) / 1024:.0f} MiB\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        lake = lay_out(Path(folder))
        began = time.perf_counter()
        with serve_reviews(lake) as running:
            sys.stdout.write(f"{TASKS} tasks served after {time.perf_counter() - began:.1f} s\n")
            measure(lake, running)
