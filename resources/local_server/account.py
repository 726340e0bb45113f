"""The server's account: counts of its answers, and their cost.

Every answer of a model is billed, useful or not: malformed, refused or filtered. Errors (4xx and
5xx) are free, and so are requests that the server never answered. If a client hangs up, the work
continues: the finished answer is billed, as real providers do, and listed separately under
`hung_up` if the server can tell. A client that leaves while the answer is being sent is not
noticed.
"""

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resources.local_server.asked import Tokens

_SUMS = ("billed", "repeated", "input_tokens", "output_tokens", "nano_usd")


@dataclass
class Line:
    """The account of one model at one price.

    Attributes:
        outcomes: outcome -> number of requests; all but errors are billed.
        sums: See `_SUMS`; `repeated` counts billed requests whose bytes had been billed before.
        hung_up: The part of the sums whose client had hung up.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    hung_up: Counter[str] = field(default_factory=Counter)


class Account:
    """Counts requests and costs; kept in a file if one is given."""

    def __init__(self, file: Path | None = None) -> None:
        """Open a new account, or continue the one in the file."""
        self._file = file
        self._lines: dict[tuple[str, str, bool], Line] = {}
        self._seen: set[bytes] = set()
        self._is_saved = True
        self.nano_usd = 0
        self.in_flight = 0
        self.in_flight_most = 0
        if file is not None and file.exists():
            self._load(json.loads(file.read_text("utf-8")))

    def enter(self) -> None:
        """Count the start of a request."""
        self.in_flight += 1
        self.in_flight_most = max(self.in_flight_most, self.in_flight)

    def leave(self) -> None:
        """Count the end of a request."""
        self.in_flight -= 1

    def count_free(
        self, provider: str, model: str, outcome: str, *, is_batch: bool = False
    ) -> None:
        """Count a request that got no answer of a model."""
        self._line(provider, model, is_batch).outcomes[outcome] += 1
        self._is_saved = False

    def count_billed(
        self,
        source: tuple[str, str, bytes],
        outcome: str,
        tokens: Tokens,
        nano_usd: int,
        *,
        is_batch: bool = False,
        is_gone: bool = False,
    ) -> None:
        """Count an answered request; `source` is provider, model and the request's digest."""
        provider, model, digest = source
        line = self._line(provider, model, is_batch)
        line.outcomes[outcome] += 1
        amounts = {
            "billed": 1,
            "repeated": int(digest in self._seen),
            "input_tokens": tokens.input,
            "output_tokens": tokens.output,
            "nano_usd": nano_usd,
        }
        self._seen.add(digest)
        line.sums.update(amounts)
        if is_gone:
            line.hung_up.update(amounts)
        self.nano_usd += nano_usd
        self._is_saved = False

    def report(self) -> dict[str, Any]:
        """Return the account as JSON; the sums of `hung_up` are part of the sums beside them."""
        lines = [
            {
                "provider": provider,
                "model": model,
                "is_batch": is_batch,
                "requests": line.outcomes.total(),
                **{name: line.sums[name] for name in _SUMS},
                "outcomes": dict(sorted(line.outcomes.items())),
                "hung_up": {name: line.hung_up[name] for name in _SUMS},
            }
            for (provider, model, is_batch), line in sorted(self._lines.items())
        ]
        return {
            "requests": sum(line["requests"] for line in lines),
            "billed": sum(line["billed"] for line in lines),
            "repeated": sum(line["repeated"] for line in lines),
            "nano_usd": self.nano_usd,
            "usd": f"{self.nano_usd // 10**9}.{self.nano_usd % 10**9:09d}",
            "in_flight": self.in_flight,
            "in_flight_most": self.in_flight_most,
            "lines": lines,
        }

    def save(self) -> None:
        """Write the file atomically, if there is one and something has changed."""
        if self._file is None or self._is_saved:
            return
        self._is_saved = True
        beside = self._file.with_name(f"{self._file.name}.{os.getpid()}.new")
        beside.write_text(json.dumps(self.report(), indent=1), "utf-8")
        beside.replace(self._file)

    def _line(self, provider: str, model: str, is_batch: bool) -> Line:  # noqa: FBT001
        key = (provider, model, is_batch)
        if (line := self._lines.get(key)) is None:
            line = self._lines[key] = Line()
        return line

    def _load(self, report: dict[str, Any]) -> None:
        for part in report["lines"]:
            line = self._line(part["provider"], part["model"], part["is_batch"])
            line.outcomes.update(part["outcomes"])
            line.sums.update({name: part[name] for name in _SUMS})
            line.hung_up.update(part["hung_up"])
        self.nano_usd = report["nano_usd"]
