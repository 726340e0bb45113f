"""The ledger as a Dagster resource: opened for a run, closed after it.

Belongs here: its life cycle. Does not belong here: the store (`eemo_pipeline/ledger/`).
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import dagster as dg

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import open_ledger


class LedgerResource(dg.ConfigurableResource):
    """Opens the database of EEMO_LEDGER_URL, else `ledger.sqlite` of the data root."""

    data_root: dg.ResourceDependency[DataRoot]

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Any]:
        """The open ledger; attempts are recorded under the run."""
        run_id = context.run.run_id if context.run else ""
        with closing(open_ledger(self.data_root.ledger, run_id)) as ledger:
            yield ledger
