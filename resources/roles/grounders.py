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
from eemo_pipeline.stages.grounding.limits import GROUNDING_LIMITS, GroundingLimits
from eemo_pipeline.stages.grounding.saliency_grabcut import SaliencyGrabCut
from resources.child_models.dino_sam_grounder import build_dino_sam
from resources.child_models.groundingdino_native_grounder import build_native
from resources.roles.grounding_limits import VARIABLE as THRESHOLDS
from resources.roles.grounding_limits import read_grounding_limits
from resources.roles.replay_grounder import build_replay

VARIABLE = "EEMO_GROUNDER"
EMBEDDED = "saliency_grabcut"
# Grounders by name; each is built from the process pool and the thresholds of grounding by words.
GROUNDERS: dict[str, Callable[[Workers, GroundingLimits], Grounder]] = {
    EMBEDDED: lambda workers, _limits: SaliencyGrabCut(workers),
    "grounding_dino_sam": lambda _workers, limits: build_dino_sam(limits),
    "groundingdino_native": lambda _workers, limits: build_native(limits),
    "replay": build_replay,
}


class BadGrounder(ValueError):
    """There is no such grounder; the message lists the available ones."""


def build_grounder(
    name: str, workers: Workers, limits: GroundingLimits = GROUNDING_LIMITS
) -> Grounder:
    """Build the grounder of that name.

    Raises:
        BadGrounder: there is no such grounder.
        ChildProblem: its models cannot be loaded.
        NoAnswers: its file is not named.
    """
    return GROUNDERS[check_name(name)](workers, limits)


def check_name(name: str) -> str:
    """Return the name of a grounder.

    Raises:
        BadGrounder: there is none of that name.
    """
    if name not in GROUNDERS:
        raise BadGrounder(
            f"there is no grounder {name!r}. Set {VARIABLE} to one of {', '.join(GROUNDERS)}"
        )
    return name


class GrounderResource(dg.ConfigurableResource):
    """Builds the grounder; the embedded one needs no key, no download and no GPU."""

    workers: dg.ResourceDependency[Workers]
    grounder: str | None = Field(
        default=None,
        description=f"One of {', '.join(GROUNDERS)}; else {VARIABLE}, else {EMBEDDED}.",
    )
    thresholds: dict[str, float] = Field(
        default_factory=dict,
        description="name: number, for a grounder that searches for words; one that is not named "
        f"comes from {THRESHOLDS}, else: {GROUNDING_LIMITS.describe()}.",
    )

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """Build the grounder of this run."""
        name = (self.grounder or os.environ.get(VARIABLE) or EMBEDDED).strip()
        limits = read_grounding_limits(os.environ.get(THRESHOLDS, ""), dict(self.thresholds))
        return build_grounder(name, self.workers, limits)
