"""The rules of hosts for programs (robots.txt, RFC 9309), and a pause between two requests.

A host that answers 4xx has no rules. One that cannot answer, or answers 5xx, may have some, so
nothing is fetched from it in this run.
"""

import time
import urllib.error
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from resources.network.downloads import download
from resources.network.fetch_policy import DownloadFailed, Policy

if TYPE_CHECKING:
    from protego import Protego

AGENT = "eemo"
_LONGEST_PAUSE_S = 60.0
# Content of robots.txt, None where there is none; raises DownloadFailed where that is unknown.
ReadRules = Callable[[str], str | None]


class Robots:
    """The rules of every host that was asked about, each read once."""

    def __init__(self, read: ReadRules, pause_s: float) -> None:
        """Store the settings.

        Args:
            read: Returns the content of an address of a robots.txt.
            pause_s: Seconds between two requests to one host, if its rules ask for no longer.
        """
        self._read = read
        self._pause_s = pause_s
        self._rules: dict[str, Protego | DownloadFailed] = {}
        self._last: dict[str, float] = {}
        self._locks: dict[str, Lock] = {}
        self._guard = Lock()

    def require(self, url: str, asked: str) -> None:
        """Raise DownloadFailed for an address that its host does not want to be fetched."""
        with self._lock(url):
            rules = self._rules_of(url)
        if isinstance(rules, DownloadFailed):
            why = f"its robots.txt cannot be read: {rules.why}"
            raise DownloadFailed(
                "the host's rules are unknown",
                asked,
                why,
                "try again later",
                reason="robots_unknown",
            )
        if not rules.can_fetch(url, AGENT):
            raise DownloadFailed(
                "the host does not want programs here",
                asked,
                f"robots.txt of {urlsplit(url).netloc} disallows it",
                "leave the row out, or ask the owner for the file",
                reason="robots_disallowed",
                is_lasting=True,
            )

    def wait(self, url: str) -> None:
        """Wait until the host of the address may be asked again."""
        with self._lock(url):
            rules = self._rules_of(url)
            wanted = None if isinstance(rules, DownloadFailed) else rules.crawl_delay(AGENT)
            pause = min(_LONGEST_PAUSE_S, max(self._pause_s, wanted or 0.0))
            host = urlsplit(url).netloc
            left = self._last.get(host, -pause) + pause - time.monotonic()
            if left > 0:
                time.sleep(left)
            self._last[host] = time.monotonic()

    def _lock(self, url: str) -> Lock:
        with self._guard:
            return self._locks.setdefault(urlsplit(url).netloc, Lock())

    def _rules_of(self, url: str) -> "Protego | DownloadFailed":
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.netloc}/robots.txt"
        if place not in self._rules:
            self._rules[place] = self._parse(place)
        return self._rules[place]

    def _parse(self, place: str) -> "Protego | DownloadFailed":
        from protego import Protego

        try:
            return Protego.parse(self._read(place) or "")
        except DownloadFailed as problem:
            return problem


def read_robots(place: str, policy: Policy) -> str | None:
    """Return the content of a robots.txt, or None where the host has none.

    Raises:
        DownloadFailed: The host does not answer, refuses the connection, or answers 5xx.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder) / "robots.txt"
        try:
            download(place, file, pause_s=0.1, policy=policy)
        except DownloadFailed as problem:
            cause = problem.__cause__
            if isinstance(cause, urllib.error.HTTPError) and 400 <= cause.code < 500:
                return None
            raise
        return file.read_text("utf-8", "replace")
