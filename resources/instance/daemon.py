"""Runs Dagster's daemon as a child process: `python -m resources.instance.daemon run ...`.

It ends with its stdin, whose other end its parent holds until that ends, by `kill -9` or otherwise.
"""

import os
import signal
import threading


def run_daemon() -> None:
    """Run the daemon's command line."""
    from dagster._daemon.cli import main

    threading.Thread(target=_end_with_stdin, daemon=True).start()
    main()


def _end_with_stdin() -> None:
    # Not by `sys.stdin`: this thread would hold its lock, which aborts the interpreter at its end.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    run_daemon()
