"""The local Ray cluster of `make cluster`, for the tests of a module."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from resources.launchers.local_cluster import read_state

_START_S, _STOP_S = 120, 60
_MODULE = "resources.launchers.local_cluster"


@dataclass(frozen=True)
class LocalCluster:
    """A running cluster: its addresses, and the daemon of each node by the node's id."""

    address: str
    head: str
    nodes: dict[str, int]

    def lose(self, node_id: str) -> None:
        """Kill the daemon of a node, without which everything on the node ends."""
        os.kill(self.nodes[node_id], signal.SIGKILL)


@contextmanager
def run_local_cluster(folder: Path) -> Iterator[LocalCluster]:
    """Start the cluster, and end it whatever happens."""
    state = folder / "cluster.json"
    command = [sys.executable, "-m", _MODULE]
    try:
        words = [*command, "start", str(state), str(_free_port())]
        done = subprocess.run(words, capture_output=True, text=True, timeout=_START_S, check=False)
        told = read_state(state)
        log = state.with_suffix(".log")
        assert told, done.stdout + (log.read_text()[-3000:] if log.exists() else "")
        yield LocalCluster(told["address"], told["head"], told["nodes"])
    finally:
        subprocess.run([*command, "stop", str(state)], timeout=_STOP_S, check=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
