"""The outside world: which real thing stands behind each name that assets ask for.

Belongs here: the composition of resources, one line per name. Does not belong here: any of them.
"""

from typing import Any

import dagster as dg

from resources.annotators import AnnotatorsResource
from resources.data_root import DataRootResource
from resources.ledger import LedgerResource
from resources.parquet_tables import ParquetTables
from resources.training_launcher import TrainingLauncher
from resources.workers import WorkersResource


def build_resources(data: str | None = None) -> dict[str, Any]:
    """All resources for a data root; without one, EEMO_DATA or ./data decides at run time."""
    data_root = DataRootResource(path=data)
    workers = WorkersResource()
    return {
        "data_root": data_root,
        "io_manager": ParquetTables(data_root=data_root),
        "ledger": LedgerResource(data_root=data_root),
        "workers": workers,
        "annotators": AnnotatorsResource(workers=workers),
        "launcher": TrainingLauncher(data_root=data_root, client=dg.PipesSubprocessClient()),
    }
