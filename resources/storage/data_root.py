"""The data root of a run as a Dagster resource, which the run holds for itself.

The layout of the folder is defined in `eemo_pipeline/lake/data_root.py`, its lock in
`eemo_pipeline/lake/root_lock.py`.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.errors import raise_execution_interrupts
from pydantic import Field

from eemo_pipeline.lake.data_root import find_data_root
from eemo_pipeline.lake.root_lock import Holder, hold_data_root


class DataRootResource(dg.ConfigurableResource):
    """Builds the DataRoot of assets and checks."""

    path: str | None = Field(
        default=None, description="Folder of the data root; else EEMO_DATA, else ./data."
    )

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Any]:
        """Yield the data root; the environment is read here, at run time, not at import.

        A run waits until no other process writes to the data root. Sensors and schedules do not.
        """
        root = find_data_root(Path(self.path) if self.path else None)
        if context.run is None:
            yield root
            return

        def tell(holder: Holder) -> None:
            if context.log is not None:
                context.log.info(
                    f"Waiting for process {holder.process} ({holder.activity}), which writes to "
                    f"{root.path}; kill -INT {holder.process} stops it, finished work is kept."
                )

        with ExitStack() as held:
            with raise_execution_interrupts():  # which Dagster holds back until the first step
                activity = f"Dagster run {context.run.run_id}"
                held.enter_context(hold_data_root(root, activity, tell))
            yield root
