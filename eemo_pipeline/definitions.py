"""The composition root: joins stages, checks, jobs, triggers and resources.

Belongs here: policy that holds for all assets (group, columns, kinds, owners), applied once, and
what runs when. Does not belong here: any asset, any rule, anything that runs at import beyond
declaring.
"""

import dagster as dg

from eemo_pipeline.orchestration.build import build_definitions


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads; nothing is built when the module is imported."""
    return build_definitions()
