"""Parses a budget given on the command line, in the launchpad or in the environment.

Budgets are enforced in `eemo_pipeline/vlm/spending/budget.py`.
"""

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.vlm.spending.budget import Budget

VARIABLE = "EEMO_BUDGET_USD"


class BadBudget(ValueError):
    """A budget that cannot be parsed; the message says why."""


def read_budget(text: str | None) -> Budget:
    """Parse a budget in USD: `5` for the run, `annotation=2` for a stage, or several with commas.

    None means no cap. An empty text is an error: it usually comes from an unset variable.

    Raises:
        BadBudget: empty, not a number, an unknown stage, a repeated cap, or a cap that `Budget`
            rejects.
    """
    caps: dict[str, float] = {}
    stages = {table.stage for table in TABLES.values()}
    for part in () if text is None else text.split(","):
        stage, _, amount = part.strip().rpartition("=")
        if not amount.strip():
            raise BadBudget("an amount is empty; is the variable that it came from set?")
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
