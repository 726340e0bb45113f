"""How long the review page takes to answer a key, and to show the next image, in a real browser.

The clock is the page's own. A key of stage 1 is answered once its choice is on the screen: at the
second frame after it. The next image is shown after an empty moment of 500 ms, in which the page
loads it; what it takes beyond that moment is waiting.
"""

import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.review_browser import open_as_person
from tests.support.reviews import make_review_root, new_link

if TYPE_CHECKING:
    from playwright.sync_api import Page

IMAGES, JUDGED, GAP_MS = 60, 30, 500
_MEASURE = """() => {
  window.times = { key: [], next: [] };
  let finished = 0;
  document.addEventListener("keydown", (event) => {
    const began = performance.now();
    if (event.key === "Enter") finished = began;
    else {
      const note = () => window.times.key.push(performance.now() - began);
      requestAnimationFrame(() => requestAnimationFrame(note));
    }
  }, true);
  document.addEventListener("DOMContentLoaded", () => {
    const image = document.getElementById("image");
    if (!image) return;
    new MutationObserver(() => {
      if (image.hidden) return;
      if (finished) window.times.next.push(performance.now() - finished);
      finished = 0;
    }).observe(image, { attributeFilter: ["hidden"] });
  });
}"""


def await_image(page: "Page") -> None:
    """Wait for the next image; go on where a break is offered, as after some hard images."""
    page.wait_for_selector("#blind:not([hidden]), #break:not([hidden])")
    if page.locator("#break").is_visible():
        page.locator("#go-on").click()
        page.wait_for_selector("#blind:not([hidden])")


def judge(page: "Page") -> None:
    """Judge the image on the screen, accept its drafts, and go to the next."""
    await_image(page)
    page.wait_for_timeout(200)
    for key in ("3", "y", "h", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector("#drafts:not([hidden])")
    while page.locator(".draft:not([data-answer])").count():
        page.wait_for_timeout(400)
        page.keyboard.press("Shift+A")
    if page.locator("#reconcile").is_visible():
        page.keyboard.press("k")
    page.locator("#finish:enabled").wait_for()
    page.keyboard.press("Enter")


def show(name: str, times: list[float]) -> None:
    """Print the median and the 95th percentile."""
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    median = statistics.median(ordered)
    sys.stdout.write(f"{name:44} {len(times):4} times  median {median:6.1f}  p95 {p95:6.1f} ms\n")


def main(root_path: Path) -> None:
    """Judge images by keyboard and print what the page measured."""
    root = make_review_root(root_path, IMAGES)
    with open_as_person(root, new_link(root, "keys"), _MEASURE, "/label") as page:
        for _ in range(JUDGED):
            judge(page)
        await_image(page)
        times: dict[str, list[float]] = page.evaluate("() => window.times")
        show("a key until its choice is on the screen", times["key"])
        waited = [max(0.0, one - GAP_MS) for one in times["next"]]
        show(f"the next image, beyond the gap of {GAP_MS} ms", waited)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(Path(place))
