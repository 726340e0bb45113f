"""The entry point of Dagster's code location; it is built in `orchestration/build.py`."""

import dagster as dg

from eemo_pipeline.orchestration.build import build_definitions


@dg.definitions
def defs() -> dg.Definitions:
    """Return the code location; nothing is built when the module is imported."""
    return build_definitions()
