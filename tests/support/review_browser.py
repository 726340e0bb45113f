"""A review tool in a real browser, for benchmarks whose clock is the page's own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from eemo_pipeline.lake.data_root import DataRoot
from tests.support.reviews import serve_reviews

if TYPE_CHECKING:
    from playwright.sync_api import Page


@contextmanager
def open_as_person(root: DataRoot, token: str, script: str, path: str) -> Iterator["Page"]:
    """Serve the tool, log a person in, and yield the page at `path`, where `script` measures.

    Args:
        root: the data root.
        token: of a login link that was not used before.
        script: a JavaScript function, called before each document's own scripts.
        path: the page's path, from `/` on.
    """
    from playwright.sync_api import sync_playwright

    with serve_reviews(root) as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"http://127.0.0.1:{running.port}/login#{token}")
        page.locator("#consent:enabled").click()
        page.locator("#start").wait_for()
        page.add_init_script(f"({script})()")
        page.goto(f"http://127.0.0.1:{running.port}{path}")
        yield page
        browser.close()
