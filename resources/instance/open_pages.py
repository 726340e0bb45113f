"""Says which process serves the pages of a data root, if one does.

`eemo ui` holds the lock; `dagster dev` on the same data root runs a second daemon beside its own.
"""

import fcntl
import logging
import os

from eemo_pipeline.lake.data_root import DataRoot

# Set by `eemo ui` for the code servers that it starts: the process that holds the lock.
SERVED_BY = "EEMO_UI_PROCESS"
LOCK = "ui.lock"


def warn_of_open_pages(root: DataRoot) -> None:
    """Log a warning if another process than the one that started us serves the data root."""
    holder = _read_holder(root)
    if holder is None or holder[0] == os.environ.get(SERVED_BY):
        return
    process, address = holder
    logging.getLogger(__name__).warning(
        "the pages of the data root %s are open already: process %s (eemo ui) serves them at %s. "
        "A second daemon on the same records starts sensors and schedules twice. Stop one of the "
        "two: kill -INT %s",
        root.path,
        process,
        address,
        process,
    )


def _read_holder(root: DataRoot) -> tuple[str, str] | None:
    """Return process and address of `eemo ui`; None if it does not serve this data root."""
    try:
        with (root.state / LOCK).open(encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                process, _, address = lock.read().partition(" ")
                return process, address
    except FileNotFoundError:
        pass
    return None
