"""The embedded annotators: classical models on pixels that need no key, no download and no GPU.

Wraps the two models, `valdez_mehrabian.py` and `ou_solli_lenz.py`, as annotators.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from eemo_pipeline.execution.process_pool import Workers, perform_on_pictures
from eemo_pipeline.ledger.store import EMBEDDED, Ask
from eemo_pipeline.roles.annotator import AnnotationRequest, Annotator
from eemo_pipeline.stages.annotation import ou_solli_lenz, valdez_mehrabian
from eemo_pipeline.stats.hash_draws import short_hash


@dataclass(frozen=True)
class EmbeddedAnnotator:
    """An annotator whose `answer` runs in the worker processes; implements `Annotator`."""

    name: str
    model: str
    method: str
    prompt_hash: str
    answer: Callable[[AnnotationRequest], dict[str, Any]]
    workers: Workers

    @property
    def provider(self) -> str:
        """Always "embedded": runs locally at no cost."""
        return EMBEDDED

    @property
    def revision_hash(self) -> str:
        """The same as `prompt_hash`: later rounds have no prompt either."""
        return self.prompt_hash

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        """Answer the asks in the order of completion; a crashed worker gives an error row."""
        return perform_on_pictures(self.workers, self.answer, f"{self.name} reads")(asks)


def embedded_annotators(workers: Workers) -> tuple[Annotator, ...]:
    """Return both embedded annotators; without a prompt, `prompt_hash` is that of the method."""
    return tuple(
        EmbeddedAnnotator(
            module.NAME,
            module.MODEL,
            module.METHOD,
            short_hash(module.METHOD),
            module.answer,
            workers,
        )
        for module in (valdez_mehrabian, ou_solli_lenz)
    )
