"""The entry point of Dagster's code location; it is built in `orchestration/build.py`.

Scripts that start runs with `dagster job execute --tags` take the tags from here, too.
"""

import dagster as dg

from eemo_pipeline.lake.data_root import find_data_root
from eemo_pipeline.orchestration.build import build_definitions
from eemo_pipeline.orchestration.jobs import partition_tags
from resources.instance.open_pages import warn_of_open_pages

__all__ = ["defs", "partition_tags"]


@dg.definitions
def defs() -> dg.Definitions:
    """Return the code location; nothing is built when the module is imported."""
    warn_of_open_pages(find_data_root())
    return build_definitions()
