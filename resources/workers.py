"""The process pool as a Dagster resource: one per run, started when first used.

Configures the pool of `eemo_pipeline/execution/process_pool.py`.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.execution.process_pool import Workers


class WorkersResource(dg.ConfigurableResource):
    """Builds the process pool in which stages process images."""

    processes: int | None = Field(
        default=None, ge=1, description="Processes; by default one per core this run may use."
    )

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Any]:  # noqa: ARG002
        """Yield the pool; its processes end with the run."""
        with closing(Workers(self.processes)) as workers:
            yield workers
