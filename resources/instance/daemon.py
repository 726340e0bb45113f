"""Runs Dagster's daemon as a child process: `python -m resources.instance.daemon run ...`.

It ends with its stdin, whose other end its parent holds until that ends, by `kill -9` or otherwise.
"""

import os
import signal
import sys
import threading


def run_daemon() -> None:
    """Run the daemon's command line."""
    from dagster._daemon.cli import main

    threading.Thread(target=_end_with_stdin, daemon=True).start()
    main()


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    run_daemon()
