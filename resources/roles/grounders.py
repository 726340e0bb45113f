"""Chooses the grounder of a run.

The embedded grounder is in `eemo_pipeline/stages/grounding/saliency_grabcut.py`, the models are in
`resources/child_models/`.
"""

import os
from collections.abc import Callable
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.roles.grounder import Grounder
from eemo_pipeline.stages.grounding.saliency_grabcut import SaliencyGrabCut
from resources.child_models.dino_sam_grounder import build_dino_sam

VARIABLE = "EEMO_GROUNDER"
EMBEDDED = "saliency_grabcut"
# Grounders by name; each is built from the process pool.
GROUNDERS: dict[str, Callable[[Workers], Grounder]] = {
    EMBEDDED: SaliencyGrabCut,
    "grounding_dino_sam": lambda _workers: build_dino_sam(),
}


class BadGrounder(ValueError):
    """There is no such grounder; the message lists the available ones."""


def build_grounder(name: str, workers: Workers) -> Grounder:
    """Build the grounder of that name.

    Raises:
        BadGrounder: there is no such grounder.
        ChildProblem: its models cannot be loaded.
    """
    if name not in GROUNDERS:
        raise BadGrounder(
            f"there is no grounder {name!r}. Set {VARIABLE} to one of {', '.join(GROUNDERS)}"
        )
    return GROUNDERS[name](workers)


class GrounderResource(dg.ConfigurableResource):
    """Builds the grounder; the embedded one needs no key, no download and no GPU."""

    workers: dg.ResourceDependency[Workers]
    grounder: str | None = Field(
        default=None,
        description=f"One of {', '.join(GROUNDERS)}; else {VARIABLE}, else {EMBEDDED}.",
    )

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """Build the grounder of this run."""
        name = (self.grounder or os.environ.get(VARIABLE) or EMBEDDED).strip()
        return build_grounder(name, self.workers)
