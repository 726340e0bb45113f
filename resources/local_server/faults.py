"""The fault script: which faults occur, when, and how fast the server is.

`openai_wire.py` and `gemini_wire.py` write faults in their protocol, `spoiling.py` writes them into
an answer.

A script is a JSON object; every part is optional:

    {"seed": 7,
     "requests_per_second": 300, "burst": 300, "says_retry_after": true, "says_limits": true,
     "latency_ms": 200, "latency_sigma": 0.4,
     "balance_usd": 0.5,
     "rules": [{"fault": "server_error", "share": 0.015},
               {"fault": "hang", "share": 0.005, "seconds": 30},
               {"fault": "rate_limited", "every": 20, "retry_after_s": 1.5},
               {"fault": "refused", "share": 0.01, "model": "local-a"},
               {"fault": "revoked", "after": 100}],
     "batch": {"delay_s": 1, "expired": 0.1, "failed": 0.05, "jobs_failed": 1}}

The first matching rule decides. A rule matches if its `model`, `endpoint`, `contains` (a part of
the request's text) and `picture` (first digits of the SHA-256 of an image as sent) match. Endpoints
are chat, responses, images, generate and batch (a row of a batch), and also files and batches:
these calls ask no model, and only a rule that names them matches. Rows of a batch only meet spoilt
answers and rejected images.

Of the matching requests, a rule skips the first `after` and then takes all, or the `first` n, or
one in `every` n in order of arrival, or the `share` by a hash of seed, rule and request. Faults
that would persist on the next attempt (`refused`, `content_filter`, `picture_rejected`) are drawn
per image, all others per attempt at the same request, so that the order of arrival plays no part.
Latency is the median of a log-normal distribution with that sigma; a sigma of 0 makes it constant.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from hashlib import sha256
from pathlib import Path
from statistics import NormalDist
from typing import Any

from resources.local_server.asked import Asked, draw
from resources.local_server.tokens import picture_bytes

# No answer: an HTTP error, or a broken connection. These are free.
ERRORS = ("rate_limited", "server_error", "unavailable", "revoked", "balance_empty")
REJECTIONS = ("picture_rejected",)
BREAKS = ("hang", "reset")
# A useless or late answer of a model. These are billed.
SPOILT = (
    "truncated",
    "broken_json",
    "prose",
    "wrong_label",
    "two_labels",
    "refused",
    "content_filter",
    "enormous",
    "empty",
    "uncounted",
    "slow",
)
# Useless images; they are billed, and only requests for images meet them.
IMAGES = ("html_image", "tiny_image", "other_size", "given_image")
FAULTS = (*ERRORS, *REJECTIONS, *BREAKS, *SPOILT, *IMAGES)
# Endpoints that ask a model.
ASKING = ("chat", "responses", "images", "generate", "batch")
_OF_ROWS = frozenset((*REJECTIONS, *SPOILT, *IMAGES)) - {"slow"}
_LASTING = frozenset(("refused", "content_filter", "picture_rejected"))
_NORMAL = NormalDist()


class BadScript(Exception):
    """An invalid fault script; the message says where and why."""


@dataclass(frozen=True)
class Rule:
    """One rule of a script; see the module docstring.

    Attributes:
        seconds: Duration of a hang, or additional delay of a slow answer.
        size_bytes: Size of an enormous answer.
        file: The image that `given_image` returns.
    """

    fault: str
    share: float | None = None
    every: int | None = None
    first: int | None = None
    after: int = 0
    model: str | None = None
    endpoint: str | None = None
    contains: str | None = None
    picture: str | None = None
    retry_after_s: float | None = None
    seconds: float = 30.0
    size_bytes: int = 2_000_000
    file: str | None = None

    def __post_init__(self) -> None:
        """Reject an invalid rule."""
        if self.fault not in FAULTS:
            raise BadScript(f"unknown fault {self.fault!r}; there are {', '.join(FAULTS)}")
        if sum(part is not None for part in (self.share, self.every, self.first)) > 1:
            raise BadScript(f"rule {self.fault}: give one of share, every and first")

    def covers(self, asked: Asked, endpoint: str) -> bool:
        """Return whether the rule matches the request, regardless of its share."""
        if endpoint == "batch" and self.fault not in _OF_ROWS:
            return False
        if asked.wish is None and self.fault in IMAGES:
            return False
        return (
            self.model in (None, asked.model)
            and (self.endpoint == endpoint or (self.endpoint is None and endpoint in ASKING))
            and (self.contains is None or any(self.contains in text for text in asked.texts))
            and (self.picture is None or any(map(self._is_named, asked.pictures)))
        )

    def _is_named(self, picture: Any) -> bool:
        return sha256(picture_bytes(picture)).hexdigest().startswith(self.picture or "")


@dataclass(frozen=True)
class BatchScript:
    """Behaviour of batch jobs.

    Attributes:
        delay_s: Seconds from submission to the start of processing.
        expired: Share of rows that are not answered in time.
        failed: Share of rows that end in a provider error.
        jobs_failed: Number of jobs, the first ones, that fail as a whole, without any answered row.
        rows_most: A job with more rows is rejected.
        bytes_most: A file with more bytes is rejected.
        inline_bytes_most: A Gemini job with more bytes in its request is rejected.
        inlines_results: Whether every Gemini job returns its results in itself, and no file.
    """

    delay_s: float = 0.0
    expired: float = 0.0
    failed: float = 0.0
    jobs_failed: int = 0
    rows_most: int = 50_000
    bytes_most: int = 200_000_000
    inline_bytes_most: int = 20_000_000
    inlines_results: bool = False


@dataclass(frozen=True)
class Script:
    """A whole fault script; see the module docstring."""

    seed: int = 0
    requests_per_second: float | None = None
    burst: float | None = None
    says_retry_after: bool = True
    says_limits: bool = True
    latency_ms: float = 0.0
    latency_sigma: float = 0.0
    balance_usd: float | None = None
    rules: tuple[Rule, ...] = ()
    batch: BatchScript = field(default_factory=BatchScript)

    def latency_s(self, digest: bytes, attempt: int) -> float:
        """Return the duration of this attempt in seconds."""
        if not self.latency_sigma:
            return self.latency_ms / 1000
        chance = draw(self.seed, "latency", digest.hex(), attempt)
        spread = _NORMAL.inv_cdf(min(max(chance, 1e-9), 1 - 1e-9))
        return self.latency_ms / 1000 * 2.718281828459045 ** (self.latency_sigma * spread)


def read_script(source: str | Mapping[str, Any]) -> Script:
    """Read a script from a mapping, from JSON text, or from a file of that name.

    Raises:
        BadScript: The script is invalid.
    """
    where = "the script"
    if isinstance(source, str):
        text = source
        if not source.lstrip().startswith("{"):
            where = source
            try:
                text = Path(source).read_text("utf-8")
            except OSError as error:
                raise BadScript(f"{where}: cannot be read ({error.strerror})") from None
        try:
            source = json.loads(text)
        except json.JSONDecodeError as error:
            raise BadScript(f"{where}: not JSON ({error})") from None
    if not isinstance(source, Mapping):
        raise BadScript(f"{where}: not a JSON object")
    parts = dict(source)
    rules = tuple(_build(Rule, rule, where) for rule in parts.pop("rules", ()))
    batch = _build(BatchScript, parts.pop("batch", {}), where)
    return _build(Script, {**parts, "rules": rules, "batch": batch}, where)


def _build(kind: type[Any], parts: Mapping[str, Any], where: str) -> Any:
    known = {part.name for part in fields(kind)}
    if unknown := set(parts) - known:
        raise BadScript(
            f"{where}: {kind.__name__} has no {', '.join(sorted(unknown))}; "
            f"it has {', '.join(sorted(known))}"
        )
    return kind(**parts)


class Fate:
    """Decides which rule applies to each attempt; counts arrivals."""

    def __init__(self, script: Script) -> None:
        """Start with empty counts."""
        self.script = script
        self._attempts: dict[bytes, int] = {}
        self._covered = [0] * len(script.rules)

    def count_attempt(self, digest: bytes) -> int:
        """Return 1 for the first arrival of this request, 2 for the second, and so on."""
        attempt = self._attempts.get(digest, 0) + 1
        self._attempts[digest] = attempt
        return attempt

    def decide(self, asked: Asked, endpoint: str, attempt: int) -> Rule | None:
        """Return the first rule that takes this attempt, or None."""
        for number, rule in enumerate(self.script.rules):
            if not rule.covers(asked, endpoint):
                continue
            self._covered[number] += 1
            if self._takes(rule, number, self._covered[number] - rule.after, asked, attempt):
                return rule
        return None

    def _takes(self, rule: Rule, number: int, place: int, asked: Asked, attempt: int) -> bool:
        if place < 1:
            return False
        if rule.first is not None:
            return place <= rule.first
        if rule.every is not None:
            return place % rule.every == 0
        if rule.share is None:
            return True
        if rule.fault in _LASTING and asked.pictures:
            subject = "".join(picture.base64 for picture in asked.pictures)
            return draw(self.script.seed, number, subject) < rule.share
        return draw(self.script.seed, number, asked.digest.hex(), attempt) < rule.share
