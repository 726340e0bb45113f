"""The session of a run as a Dagster resource: ledger, budget, prices and limits of model calls.

Holds the configuration. The limits are enforced in `eemo_pipeline/vlm/`; a budget is parsed in
`budgets.py`.
"""

import os
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.vlm.questions import Limits
from eemo_pipeline.vlm.session import Session
from eemo_pipeline.vlm.spending.prices import read_prices
from resources.budgets import VARIABLE, read_budget


class SessionResource(dg.ConfigurableResource):
    """Budget of a run, and concurrency and rate limits of a model."""

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
        """Build the session of this run, with its own budget."""
        limits = Limits(
            in_flight=self.in_flight,
            requests_per_minute=self.requests_per_minute,
            tokens_per_minute=self.tokens_per_minute,
        )
        text = os.environ.get(VARIABLE) if self.budget_usd is None else self.budget_usd
        return Session(self.ledger, read_budget(text), read_prices(), limits)
