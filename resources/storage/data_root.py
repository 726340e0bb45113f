"""The data root of a run as a Dagster resource.

The layout of the folder is defined in `eemo_pipeline/lake/data_root.py`.
"""

from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.lake.data_root import find_data_root


class DataRootResource(dg.ConfigurableResource):
    """Builds the DataRoot of assets and checks."""

    path: str | None = Field(
        default=None, description="Folder of the data root; else EEMO_DATA, else ./data."
    )

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002 (Dagster's)
        """Return the data root; the environment is read here, at run time, not at import."""
        return find_data_root(Path(self.path) if self.path else None)
