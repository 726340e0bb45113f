"""What makes files outlive a loss of power."""

import os
from pathlib import Path


def flush_folder(folder: Path) -> None:
    """Bring the names of the folder's new files to disk; their content has its own `fsync`."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
