"""Batch interfaces of providers, and how batches are made, as a Dagster resource.

Belongs here: which providers have one (one line each), and the settings. Does not belong here:
any interface (`openai_batches.py`, `gemini_batches.py`), what is done with them
(`eemo_pipeline/vlm/batch_submission.py`, `batch_collection.py`).

The local provider server ends with its run, and its batches with it, so `local` has none.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.data_root import DataRoot
from eemo_pipeline.vlm.batch_submission import BatchPolicy
from eemo_pipeline.vlm.batches import BatchInterface, BatchUnsupported
from resources.gemini_batches import GeminiBatches
from resources.openai_batches import OpenAiBatches

ROWS = "EEMO_BATCH_ROWS"
BATCH_INTERFACES: dict[str, Callable[[str], BatchInterface]] = {
    "openai": OpenAiBatches,
    "gemini": GeminiBatches,
}


def find_interface(provider: str, model: str) -> BatchInterface:
    """The batch interface of a provider's model; nothing is opened.

    Raises:
        BatchUnsupported: it has none.
    """
    if provider not in BATCH_INTERFACES:
        raise BatchUnsupported(
            f"{provider} has no batch interface that is known here; {' and '.join(BATCH_INTERFACES)} "
            "have one. Ask it in a normal run, or name one of those in --providers or "
            "EEMO_PROVIDERS"
        )
    return BATCH_INTERFACES[provider](model)


@dataclass(frozen=True)
class Batches:
    """What assets need of batches.

    Attributes:
        policy: how batches are made.
    """

    policy: BatchPolicy

    @staticmethod
    def find_interface(provider: str, model: str) -> BatchInterface:
        """The batch interface of a provider's model."""
        return find_interface(provider, model)


class BatchesResource(dg.ConfigurableResource):
    """How large batches are, and how often a question is tried in one."""

    data_root: dg.ResourceDependency[DataRoot]
    rows: int | None = Field(
        default=None,
        ge=1,
        description=f"Questions in a batch at most; else {ROWS}, else as the provider takes.",
    )
    size_bytes: int | None = Field(
        default=None, ge=1, description="Bytes of a batch's file at most, if fewer than it takes."
    )
    tries: int = Field(
        default=3, ge=1, description="Batches that a question may fail in before it is left out."
    )

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """The policy of this run."""
        rows = self.rows or int(os.environ.get(ROWS) or 0) or None
        return Batches(BatchPolicy(self.data_root.batches, rows, self.size_bytes, self.tries))
