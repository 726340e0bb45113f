"""Which models a run asks and what it may spend, as typed: understood and checked before it starts.

Belongs here: turning what is wrong with a choice into a problem with a fix. Does not belong here:
the providers (`resources/providers.py`), the budget (`resources/session.py`).
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from eemo_pipeline.cli.pasting import called
from eemo_pipeline.cli.problems import Exit, Problem, wrong_usage


@dataclass(frozen=True)
class ModelChoice:
    """Who is asked, and what may be spent; None leaves it to the environment."""

    providers: str
    budget_usd: str | None


def choose_models(providers: str | None, budgets: Sequence[str] = ()) -> ModelChoice:
    """Read the choice; every key, address and price that it takes is there.

    Raises:
        Problem: something about it is wrong (exit code 2) or missing (5).
    """
    from eemo_pipeline.vlm.prices import BadPrices, UnknownPrice, read_prices
    from resources.providers import BadProviders, chosen_text, read_choices
    from resources.session import BadBudget, read_budget

    text = chosen_text(providers)
    where = f"--providers {text}"
    budget = ",".join(budgets) or None
    try:
        choices = read_choices(text)
        read_budget(budget or os.environ.get("EEMO_BUDGET_USD"))
        prices = read_prices()
        for choice in choices:
            prices.find(choice.provider, choice.model)
    except BadProviders as error:
        raise wrong_usage(
            "the providers were not understood",
            where,
            str(error),
            f"{called()} run --providers openai,gemini",
        ) from error
    except BadBudget as error:
        raise wrong_usage(
            "the budget was not understood",
            f"--budget-usd {budget or os.environ.get('EEMO_BUDGET_USD')}",
            str(error),
            f"{called()} run --budget-usd 5 --budget-usd annotation=2",
        ) from error
    except (BadPrices, UnknownPrice) as error:
        raise wrong_usage("the cost of a model cannot be told", where, str(error)) from error
    for choice in choices:
        for variable in choice.missing(os.environ):
            raise Problem(
                f"{choice.provider} cannot be asked",
                where,
                f"the environment variable {variable} is not set",
                f"export {variable}=...",
                f"{called()} run --providers local  # the same graph without a key",
                code=Exit.CREDENTIAL,
            )
    return ModelChoice(text, budget)
