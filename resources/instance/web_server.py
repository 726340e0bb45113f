"""Dagster's web server and daemon for one data root, in place of `dagster dev`.

The pages are served from this process behind `request_guard.py`. The daemon, which runs sensors,
schedules and the queue, is a child process; it and both code servers end with this process.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resources.instance.dagster_home import open_instance, prepare_home
from resources.instance.live_runs import LiveRuns
from resources.instance.request_guard import RequestGuard

HOST = "127.0.0.1"  # the pages have no login, so they are served to this machine only
_POLL_MS = 2000  # how often the pages ask for news, as under `dagster dev`
_PATIENCE_S = 20


class DaemonEnded(Exception):
    """Dagster's daemon ended by itself, with an error."""


def serve_pages(data: Path, port: int) -> None:
    """Serve the pages of a data root on this machine until the process is interrupted.

    Raises:
        DaemonEnded: Dagster's daemon failed.
    """
    import uvicorn
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import WorkspaceFileTarget
    from dagster_webserver.app import create_app_from_workspace_process_context
    from dagster_webserver.version import __version__

    home = prepare_home(data)
    workspace = home / "workspace.yaml"
    with open_instance(data) as instance, _run_daemon(workspace):
        LiveRuns(home / "alive").close_killed(instance)
        instance.optimize_for_webserver(15_000, 3_600, 20)
        target = WorkspaceFileTarget([str(workspace)])
        with WorkspaceProcessContext(instance, target, version=__version__) as context:
            app = create_app_from_workspace_process_context(context, "", _POLL_MS)
            uvicorn.run(RequestGuard(app), host=HOST, port=port, log_level="warning")


@contextmanager
def _run_daemon(workspace: Path) -> Iterator[None]:
    """Run Dagster's daemon; if it ends by itself, so does this process."""
    command = [sys.executable, "-m", "resources.instance.daemon", "run"]
    daemon = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        [*command, "--workspace", str(workspace)], stdin=subprocess.PIPE
    )
    is_over = threading.Event()

    def watch() -> None:
        daemon.wait()
        if not is_over.is_set():
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
        if daemon.poll():
            raise DaemonEnded(f"dagster-daemon ended with exit code {daemon.returncode}")
    finally:
        is_over.set()
        daemon.terminate()
        try:
            daemon.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
