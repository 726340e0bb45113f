"""The embedded annotators: classical models on pixels, without a key, a download or a GPU.

Belongs here: what makes a function an annotator, and which there are. Does not belong here: the
models (`valdez_mehrabian.py`, `ou_solli_lenz.py`).
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
        """Nobody is paid."""
        return EMBEDDED

    @property
    def revision_hash(self) -> str:
        """Later rounds have no text of their own either."""
        return self.prompt_hash

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        """Answer the asks as they come; a picture that kills its process is an error row."""
        return perform_on_pictures(self.workers, self.answer, f"{self.name} reads")(asks)


def embedded_annotators(workers: Workers) -> tuple[Annotator, ...]:
    """Both embedded annotators. There is no prompt: its hash is that of the method's text."""
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
