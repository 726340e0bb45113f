"""The ledger as a Dagster resource: opened for a run and closed after it.

The store itself is `eemo_pipeline/ledger/store.py`.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import dagster as dg

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import open_ledger


class LedgerResource(dg.ConfigurableResource):
    """Opens the database that EEMO_LEDGER_URL names, else `ledger.sqlite` in the data root."""

    data_root: dg.ResourceDependency[DataRoot]

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Any]:
        """Yield the open ledger; attempts are recorded under the run's id."""
        run_id = context.run.run_id if context.run else ""
        with closing(open_ledger(self.data_root.ledger, run_id)) as ledger:
            yield ledger
