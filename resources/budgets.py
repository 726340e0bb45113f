"""What a run may spend, as it is written at the command line, in the launchpad, in the environment.

Belongs here: reading it. Does not belong here: keeping to it
(`eemo_pipeline/vlm/spending/budget.py`).
"""

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.vlm.spending.budget import Budget

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
