"""The gallery with 20,000 images, scrolled from end to end by a real browser.

Long tasks are those of the browser's own observer: 50 ms and more, in which the page answers to
nothing. The same images as plain markup in one page stand beside it: what keeping only the cards
near the screen saves.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from benchmarks.review import TASKS as COUNT
from benchmarks.review import lay_out
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.web.database import RATERS, SLOTS, TASKS, ReviewDatabase
from eemo_pipeline.web.people import add_rater
from eemo_pipeline.web.queue_import import import_queue
from tests.support.images import paint
from tests.support.review_browser import open_as_person

if TYPE_CHECKING:
    from playwright.sync_api import Page

STEP_PX, STEPS = 3_000, 120
_OBSERVE = """() => {
  window.longTasks = [];
  const note = (list) => list.getEntries().forEach((one) => window.longTasks.push(one.duration));
  new PerformanceObserver(note).observe({ type: "longtask", buffered: true });
}"""
# Every image as an element of the page: what a gallery does that draws all of them.
_DRAW_ALL = """async () => {
  const all = (await (await fetch("/api/gallery")).json()).groups.flatMap((group) => group.tasks);
  const list = document.createElement("ul");
  for (const task of all) {
    const card = document.createElement("li");
    const image = '<div class="view"><img alt="judged image" loading="lazy"></div>';
    card.innerHTML = `${image}<p>${task}</p>`;
    list.append(card);
  }
  document.querySelector("main").append(list);
}"""


def judge_all(root: DataRoot) -> str:
    """Give every image a file and a judgement of one reviewer; return their login link's token."""
    folder = root.sources / "s"
    folder.mkdir(parents=True)
    paint(1).save(folder / "one.png")
    for number in range(COUNT):
        os.link(folder / "one.png", folder / f"{number:064x}")
    database = ReviewDatabase(root.review)
    import_queue(database, root)
    token = add_rater(database, "looks", "adjudicator")
    with database.writing() as connection:
        rater_id = connection.execute(sa.select(RATERS.c.rater_id)).scalar_one()
        tasks = connection.execute(sa.select(TASKS.c.task_id)).scalars().all()
        rows = [
            {
                "task_id": task_id,
                "rater_id": rater_id,
                "state": "done",
                "emotion": MIKELS_8[number % 8],
                "valence": 0,
                "first_seq": 0,
                "last_seq": 0,
            }
            for number, task_id in enumerate(tasks)
        ]
        connection.execute(SLOTS.insert(), rows)
    database.close()
    return token


def show(page: "Page", name: str) -> None:
    """Print the long tasks since the last call."""
    found: list[float] = page.evaluate("() => window.longTasks.splice(0)")
    longest = f", the longest {max(found):.0f} ms" if found else ""
    elements = page.locator("*").count()
    sys.stdout.write(f"{name:34} {len(found):3} long tasks{longest}; {elements} elements\n")


def measure(root: DataRoot, token: str) -> None:
    """Open the gallery, scroll it, then draw all of it."""
    with open_as_person(root, token, _OBSERVE, "/gallery?group=emotion") as page:
        page.locator(".cell img").first.wait_for()
        show(page, f"{COUNT} images opened")
        for _ in range(STEPS):
            page.mouse.wheel(0, STEP_PX)
            page.wait_for_timeout(30)
        show(page, f"{STEPS} turns of {STEP_PX} px")
        page.evaluate("() => window.scrollTo(0, document.body.scrollHeight)")
        page.locator(f'[aria-posinset="{COUNT}"] .view').wait_for()
        show(page, "jump to the end")
        page.evaluate(_DRAW_ALL)
        page.wait_for_timeout(500)
        show(page, "all images as elements")
        for _ in range(STEPS // 4):
            page.mouse.wheel(0, STEP_PX)
            page.wait_for_timeout(30)
        show(page, f"{STEPS // 4} turns of {STEP_PX} px")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        lake = lay_out(Path(place))
        measure(lake, judge_all(lake))
