"""A verifier that reads recorded answers from a file, one JSON object per line.

A line has `image_id` (the SHA-256 of the image's bytes) and either `text`, or `emotion` with
optional `scores` (emotion -> probability, summing to 1), or `status` "abstain" with a `reason`. So
the predictions of any model can serve as the verifier, and a published experiment can be repeated.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from eemo_pipeline.ledger.answering import Answers
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.roles.verifier import VerificationRequest, VerifierDescription, answer_by_ledger
from eemo_pipeline.stages.verification.answer_parsing import read_label, read_scores

ANSWERS = "EEMO_VERIFIER_ANSWERS"


class NoAnswers(Exception):
    """There is no readable file of recorded answers; the message says why."""


@dataclass(frozen=True)
class ReplayVerifier:
    """Recorded answers; implements `Verifier`. Abstains if the file lacks the image."""

    path: Path

    def describe(self) -> VerifierDescription:
        """Describe the recorded answers; their version is a hash of the file."""
        version = sha256(self._content).hexdigest()[:16]
        method = "answers recorded before, read from a file"
        return VerifierDescription("replay", f"recorded answers {version}", method)

    def answer(self, requests: Sequence[VerificationRequest], ledger: Ledger) -> Answers:
        """Look up the answers, from the ledger where it has them, else in the file."""
        return answer_by_ledger(self.describe(), requests, ledger, self._perform)

    def _perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        recorded = dict(_read_lines(self._content))
        for ask in asks:
            line = recorded.get(ask.image_id)
            missing = {"status": "abstain", "reason": "not_recorded"}
            yield ask, missing if line is None else read_recorded(line)

    @cached_property
    def _content(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise NoAnswers(
                f"the recorded answers cannot be read: {error}. Correct {ANSWERS}, or choose "
                "another verifier"
            ) from error


def build_replay() -> ReplayVerifier:
    """Build the verifier from the file that EEMO_VERIFIER_ANSWERS names.

    Raises:
        NoAnswers: the variable is not set.
    """
    if not (path := os.environ.get(ANSWERS)):
        raise NoAnswers(f"{ANSWERS} is not set. Set it to a file of recorded answers")
    return ReplayVerifier(Path(path))


def read_recorded(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer of one line."""
    if line.get("status") == "abstain":
        return {"status": "abstain", "reason": str(line.get("reason") or "abstained")}
    if isinstance(scores := line.get("scores"), dict):
        return read_scores(scores)
    text = line.get("text") or line.get("emotion")
    return read_label(text) if isinstance(text, str) else {"status": "error", "reason": "garbage"}


def _read_lines(content: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in content.decode("utf-8", "replace").splitlines():
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and isinstance(value.get("image_id"), str):
            yield value["image_id"], value
