"""The entry point of Dagster's code location; it is built in `orchestration/build.py`.

Scripts that start runs with `dagster job execute --tags` take the tags from here, too.
"""

import dagster as dg

from eemo_pipeline.orchestration.build import build_definitions
from eemo_pipeline.orchestration.jobs import partition_tags

__all__ = ["defs", "partition_tags"]


@dg.definitions
def defs() -> dg.Definitions:
    """Return the code location; nothing is built when the module is imported."""
    return build_definitions()
