"""Shows what the servers of models said in a run, once per kind."""

import os
import sys
from contextlib import closing

from eemo_pipeline.cli.output import clean, counted, paint, say
from eemo_pipeline.lake.data_root import LEDGER_VARIABLE, DataRoot
from eemo_pipeline.ledger.accounts import ServerWords, read_words
from eemo_pipeline.ledger.store import open_ledger


def find_words(root: DataRoot, run_id: str) -> list[ServerWords]:
    """Return the servers' words from the ledger, which keeps them beside the attempts."""
    if not (root.ledger.exists() or os.environ.get(LEDGER_VARIABLE)):
        return []
    with closing(open_ledger(root.ledger)) as ledger:
        return read_words(ledger, run_id)


def tell_words(words: list[ServerWords]) -> None:
    """Show one line per kind on stderr."""
    for line in words:
        kind = " ".join(filter(None, (line.outcome, line.reason)))
        place = f"{clean(line.provider)} {clean(line.model)}"
        say(
            f"{paint('server', '33', sys.stderr)}  {place}, {clean(kind)}, "
            f"{counted(line.calls, 'call')}: {clean(line.said)}"
        )
