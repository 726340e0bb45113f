"""First contact: whether a model has replied at all, and what its server says until then.

An error that every request gets before one reply is about the server, not about an image: a model
that cannot see, a context that is too short, a parameter that the server does not know. The run
then ends with the server's words.
"""

from collections import Counter
from collections.abc import Callable

from eemo_pipeline.vlm.errors import CredentialProblem

_ENOUGH = 5  # failed questions without a reply, after which no new question is begun
_MOST_WORDS = 3  # different messages that are quoted


class FirstContact:
    """The questions that failed before a model's first reply."""

    def __init__(self, provider: str, model: str, has_replied: Callable[[], bool]) -> None:
        """Call `has_replied` at the first failure: does the ledger hold a reply of the model?"""
        self._provider = provider
        self._model = model
        self._has_replied_before = has_replied
        self._has_replied: bool | None = None
        self._failed = 0
        self._said: Counter[str] = Counter()

    @property
    def is_pending(self) -> bool:
        """Whether questions failed, and none was replied to."""
        return self._failed > 0 and not self._has_replied

    @property
    def is_in_doubt(self) -> bool:
        """Whether so many failed that no new question is begun while others are in flight."""
        return self.is_pending and self._failed >= _ENOUGH

    def reply(self) -> None:
        """Record a reply, good or malformed: the server takes such requests."""
        self._has_replied = True

    def fail(self, said: str) -> None:
        """Record a question that was given up or rejected, with the server's words."""
        if self._has_replied is None:
            self._has_replied = self._has_replied_before()
        self._failed += 1
        self._said[said] += 1

    def explain(self, stage: str) -> CredentialProblem:
        """Return the problem that ends the run."""
        words = [
            f"{said} ({count} times)" if count > 1 else said
            for said, count in self._said.most_common(_MOST_WORDS)
        ]
        return CredentialProblem(
            f"{self._provider} {self._model} answered none of the {self._failed} questions of "
            f"{stage} that it was asked; it said: {'; '.join(words)}",
            "EEMO_PROVIDERS",
            "mend what it names, or name another model in --providers or EEMO_PROVIDERS",
        )
