"""The ledger as a Dagster resource: opened for a run, closed after it.

Belongs here: its life cycle. Does not belong here: the store (`eemo_pipeline/ledger.py`).
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import dagster as dg

from eemo_pipeline.data_root import DataRoot
from eemo_pipeline.ledger import Ledger


class LedgerResource(dg.ConfigurableResource):
    """Opens `ledger.sqlite` of the data root."""

    data_root: dg.ResourceDependency[DataRoot]

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Any]:  # noqa: ARG002
        """The open ledger."""
        with closing(Ledger(self.data_root.ledger)) as ledger:
            yield ledger
