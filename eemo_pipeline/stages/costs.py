"""Stage costs: the calls to models and their cost, from the ledger.

Turns the ledger's accounts into a table. The sums are computed in `ledger/accounts.py`, prices and
budgets are in `vlm/spending/`.
"""

import polars as pl

from eemo_pipeline.ledger.store import Ledger, Spent
from eemo_pipeline.schema.tables import TABLES

_TABLE = TABLES["costs__calls"]
_DAYS = TABLES["costs__days"]
# Column -> field of an account.
_FIELDS = {
    "stage": "stage",
    "model_role": "role",
    "provider": "provider",
    "model": "model",
    "call_count": "calls",
    "answered_count": "answered",
    "declined_count": "refused",
    "malformed_count": "malformed",
    "limited_count": "limited",
    "failed_count": "failed",
    "unanswered_count": "unanswered",
    "retry_count": "retries",
    "found_count": "found",
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cached_tokens": "cached_tokens",
    "estimated_count": "estimated",
    "unpriced_count": "unpriced",
}


def count_calls(ledger: Ledger) -> pl.DataFrame:
    """Return `costs__calls`: one row per stage, role, provider and model, over the ledger's life.

    Calls for images that have since been removed are included, as in the provider's bill. Attempts
    are kept when answers are pruned.
    """
    from eemo_pipeline.ledger.accounts import add_up

    rows = [
        {column: getattr(account, name) for column, name in _FIELDS.items()}
        | {
            "usd": Spent(0, account.nano_usd).usd,
            "usd_at_most": Spent(0, account.nano_usd_at_most).usd,
        }
        for account in add_up(ledger)
    ]
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)


def count_days(ledger: Ledger) -> pl.DataFrame:
    """Return `costs__days`: the calls to providers of each day, and their cost.

    Embedded models make no calls, so a run without providers leaves the table empty.
    """
    from eemo_pipeline.ledger.accounts import add_up_days

    rows = [
        {
            "day": row["day"],
            "stage": row["stage"],
            "model_role": row["role"],
            "provider": row["provider"],
            "model": row["model"],
            "call_count": row["calls"],
            "usd": Spent(0, row["nano_usd"]).usd,
        }
        for row in add_up_days(ledger)
    ]
    return pl.DataFrame(rows, schema=_DAYS.polars_schema).sort(_DAYS.key)
