"""Stage batches: the providers' batch jobs, from the ledger.

Turns the ledger's batches into a table. Submission and collection are in
`vlm/batch/submission.py` and `vlm/batch/collection.py`.
"""

import polars as pl

from eemo_pipeline.ledger.batches import Tally, tally_batches
from eemo_pipeline.ledger.store import Ledger, Spent
from eemo_pipeline.schema.tables import TABLES

_TABLE = TABLES["batches__jobs"]


def list_batches(ledger: Ledger) -> pl.DataFrame:
    """Return `batches__jobs`: one row per batch, with counts of the states of its rows."""
    rows = [_as_row(tally) for tally in tally_batches(ledger)]
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)


def _as_row(tally: Tally) -> dict[str, object]:
    batch = tally.batch
    return {
        "batch_id": batch.token,
        "stage": batch.stage,
        "model_role": batch.role,
        "provider": batch.provider,
        "model": batch.model,
        "batch_state": batch.state,
        "is_collected": batch.state not in ("intended", "open"),
        "row_count": batch.row_count,
        "size_bytes": batch.size_bytes,
        "answered_count": tally.answered,
        "declined_count": tally.declined,
        "malformed_count": tally.malformed,
        "failed_count": tally.failed,
        "expired_count": tally.expired,
        "not_run_count": tally.not_run,
        "waiting_count": tally.waiting,
        "stray_count": batch.stray_count,
        "usd": Spent(0, tally.nano_usd).usd,
    }
