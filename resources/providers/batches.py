"""The providers' batch interfaces and the batch settings, as a Dagster resource.

The interfaces are in `openai_batches.py` and `gemini_batches.py`; `eemo_pipeline/vlm/batch/` uses
them. The local provider server ends with its run, and its batches with it, so `local` has no batch
interface.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.batches import read_open
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.vlm.batch.interface import (
    BatchInterface,
    BatchUnsupported,
    Standing,
    look_at_open,
)
from eemo_pipeline.vlm.batch.submission import BatchPolicy
from eemo_pipeline.vlm.errors import ProviderProblem
from resources.providers.gemini_batches import GeminiBatches
from resources.providers.openai_batches import (
    OpenAiBatches,
    OpenAiImageBatches,
    is_image_model,
)

ROWS = "EEMO_BATCH_ROWS"
_LOOKS = 12  # sensor ticks that a requested run gets before another one is requested
BATCH_INTERFACES: dict[str, Callable[[str], BatchInterface]] = {
    "openai": OpenAiBatches,
    "gemini": GeminiBatches,
}


def find_interface(provider: str, model: str) -> BatchInterface:
    """Return the batch interface of a provider's model, without opening a connection.

    Raises:
        BatchUnsupported: The provider has none.
    """
    if provider not in BATCH_INTERFACES:
        known = " and ".join(BATCH_INTERFACES)
        raise BatchUnsupported(
            f"{provider} has no batch interface that is known here, and {known} have one: name one "
            "of them in --providers or EEMO_PROVIDERS, or ask one by one in a normal run"
        )
    if provider == "openai" and is_image_model(model):
        return OpenAiImageBatches(model)
    return BATCH_INTERFACES[provider](model)


@dataclass(frozen=True)
class Batches:
    """The batch settings and interfaces for assets.

    Attributes:
        policy: How batches are made.
    """

    policy: BatchPolicy

    @staticmethod
    def find_interface(provider: str, model: str) -> BatchInterface:
        """Return the batch interface of a provider's model."""
        return find_interface(provider, model)


@dataclass(frozen=True)
class BatchLook:
    """Whether there are results to collect.

    Attributes:
        why_not: The reason to wait, for people; None if a run should collect.
        cursor: State for the next call.
    """

    why_not: str | None
    cursor: str | None = None


def look_at_batches(ledger: Ledger, batches: Batches, cursor: str | None) -> BatchLook:
    """Ask the providers for the state of open batches; ask nothing if there are none.

    A run for the same batches is requested again after `_LOOKS` calls, in case the first one
    failed.
    """
    waiting = read_open(ledger)
    if not waiting:
        return BatchLook("No batch is open.")
    standings: list[Standing] = []
    over: list[str] = []
    failed: Exception | None = None
    try:
        for batch, _, standing in look_at_open(ledger, batches.find_interface):
            standings.append(standing)
            over += [batch.token] if standing.state != "open" else []
    except (ProviderProblem, BatchUnsupported) as problem:
        failed = problem
    if failed and not over:
        return BatchLook(f"A provider could not be asked: {failed}", cursor)
    if not over:
        rows = sum(batch.row_count for batch in waiting)
        done = sum(standing.done_count for standing in standings)
        intended = len(waiting) - len(standings)
        why = f"{len(standings)} batches are open: {done} of {rows} rows are done."
        if intended:
            why += f" {intended} were not sent; the next submission sends them."
        return BatchLook(why, cursor)
    seen = json.loads(cursor) if cursor else {}
    looks = seen.get("looks", 0) + 1 if seen.get("over") == over else 0
    if 0 < looks < _LOOKS:
        why = f"A run was asked for that collects {len(over)} batches; another one will be if it "
        why += f"has failed, in {_LOOKS - looks} looks."
        return BatchLook(why, json.dumps({"over": over, "looks": looks}))
    return BatchLook(None, json.dumps({"over": over, "looks": 0}))


class BatchesResource(dg.ConfigurableResource):
    """Maximum batch size, and how often a question is tried in batches."""

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
        """Return the batch settings of this run."""
        rows = self.rows or int(os.environ.get(ROWS) or 0) or None
        return Batches(BatchPolicy(self.data_root.batches, rows, self.size_bytes, self.tries))
