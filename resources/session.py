"""What all model calls of one run share, as a Dagster resource: ledger, budget, prices, limits.

Belongs here: reading the budget and the limits of a run. Does not belong here: keeping them
(`eemo_pipeline/vlm/`).
"""

import os
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.ledger import Ledger
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.vlm.budget import Budget
from eemo_pipeline.vlm.prices import read_prices
from eemo_pipeline.vlm.questions import Limits
from eemo_pipeline.vlm.session import Session

VARIABLE = "EEMO_BUDGET_USD"


class BadBudget(ValueError):
    """A budget that cannot be understood; the message says why."""


def read_budget(text: str | None) -> Budget:
    """`5` for the run, `annotation=2` for a stage, or both with a comma; empty is no cap.

    Raises:
        BadBudget: no number, an unknown stage, or a cap named twice.
    """
    caps: dict[str, float] = {}
    stages = {table.stage for table in TABLES.values()}
    for part in filter(None, (part.strip() for part in (text or "").split(","))):
        stage, _, amount = part.rpartition("=")
        if stage and stage not in stages:
            raise BadBudget(f"there is no stage {stage!r}; there are {', '.join(sorted(stages))}")
        if stage in caps:
            raise BadBudget(f"the budget of {stage or 'the run'} is named twice")
        try:
            caps[stage] = float(amount)
        except ValueError:
            raise BadBudget(f"{amount!r} is no sum of USD, as 5 or 0.25") from None
    try:
        return Budget(caps.pop("", None), caps)
    except ValueError as error:
        raise BadBudget(str(error)) from error


class SessionResource(dg.ConfigurableResource):
    """What may be spent in a run, and how hard a provider may be worked."""

    ledger: dg.ResourceDependency[Ledger]
    budget_usd: str | None = Field(
        default=None,
        description="Cap in USD: 5, annotation=2, or both with a comma; else EEMO_BUDGET_USD.",
    )
    in_flight: int = Field(default=256, ge=1, description="Calls to one model at the same time.")
    requests_per_minute: float | None = Field(
        default=None, gt=0, description="The provider's limit; it is learned where not given."
    )
    tokens_per_minute: float | None = Field(
        default=None, gt=0, description="The provider's limit, where it is known."
    )

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """The session of this run, with a budget of its own."""
        limits = Limits(
            in_flight=self.in_flight,
            requests_per_minute=self.requests_per_minute,
            tokens_per_minute=self.tokens_per_minute,
        )
        budget = read_budget(self.budget_usd or os.environ.get(VARIABLE))
        return Session(self.ledger, budget, read_prices(), limits)
