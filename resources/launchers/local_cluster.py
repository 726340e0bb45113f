"""A Ray cluster of two nodes on this machine, for trying: `make cluster`, `make cluster-stop`.

A head without cores coordinates, as on a real cluster. Each of the two nodes has a core and daemons
of its own, so that a job runs on one of them, and killing its daemon loses the node. `start` leaves
the cluster running, `stop` ends it; `serve` keeps it in the foreground. A file says where the
cluster is: its address, its process, and the process of each node.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from resources.child_models.child_process import child_environment
from resources.launchers.ray_address import DEFAULT_ADDRESS, VARIABLE

STATE = Path(".ray-cluster.json")
_PORT = int(DEFAULT_ADDRESS.rpartition(":")[2])
_OBJECT_STORE = 100 * 1024 * 1024  # bytes per node; jobs pass nothing through it
_MEMORY = 4 * 1024 * 1024 * 1024  # bytes per node that steps and jobs can ask for
_NODES = 2
_START_S, _STOP_S = 90, 30
# A node is taken for lost after three missed looks; on a real cluster after half a minute.
_HEALTH = {"health_check_period_ms": 1000, "health_check_failure_threshold": 3}


def main(words: Sequence[str]) -> int:
    """Run `start`, `serve` or `stop`, with the place of the state file and a port, if given."""
    verb = words[0] if words else "start"
    state = Path(words[1]) if len(words) > 1 else STATE
    port = int(words[2]) if len(words) > 2 else _PORT
    if verb == "serve":
        return _serve(state, port)
    if verb == "stop":
        return _stop(state)
    return _start(state, port)


def read_state(state: Path) -> dict[str, Any] | None:
    """Return the state of the cluster that the file describes; None if it does not run."""
    try:
        told = json.loads(state.read_bytes())
        os.kill(told["process"], 0)
    except (OSError, ValueError, KeyError):
        return None
    return told


def _start(state: Path, port: int) -> int:
    if told := read_state(state):
        _say(f"the cluster runs already: {VARIABLE}={told['address']}")
        return 0
    log = state.with_suffix(".log")
    command = [sys.executable, "-m", "resources.launchers.local_cluster", "serve"]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 (our own module)
            [*command, str(state), str(port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=child_environment(),
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_S
    while not (told := read_state(state)):
        if process.poll() is not None or time.monotonic() > deadline:
            if process.poll() is None:
                process.terminate()
            _say(f"the cluster did not start; what it said is in {log}")
            return 1
        time.sleep(0.1)
    _say(f"two nodes run; their pages are at {told['address']}")
    _say("eemo train --recipe sft_lora --tiny, with EEMO_LAUNCHER=ray, trains on them")
    _say("eemo run, with EEMO_EXECUTOR=ray, asks the models of your own on them")
    _say("make cluster-stop ends them")
    return 0


def _serve(state: Path, port: int) -> int:
    """Start the nodes, write the state, and end the nodes when this process is told to end."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is sent to anybody
    os.environ.setdefault("RAY_JOB_START_TIMEOUT_SECONDS", "120")  # no node joins later
    # Jobs call `python` and `dagster` by name.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, (str(Path.cwd()), os.environ.get("PYTHONPATH")))
    )
    ended = threading.Event()
    for how in (signal.SIGTERM, signal.SIGINT):
        signal.signal(how, lambda *_: ended.set())
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as place:
        os.environ["RAY_TMPDIR"] = place
        cluster = _new_cluster()
        common: dict[str, Any] = {"object_store_memory": _OBJECT_STORE, "memory": _MEMORY}
        try:
            cluster.add_node(
                num_cpus=0,
                include_dashboard=True,
                dashboard_host="127.0.0.1",
                dashboard_port=port,
                dashboard_agent_listen_port=0,  # any: another cluster may have the usual one
                _system_config=_HEALTH,
                **common,
            )
            workers = [cluster.add_node(num_cpus=1, **common) for _ in range(_NODES)]
            nodes = {worker.node_id: _process_of(worker) for worker in workers}
            told: dict[str, Any] = {
                "address": f"http://{cluster.webui_url}",
                "process": os.getpid(),
            }
            told["head"] = cluster.address
            temporary = state.with_name(f".{state.name}.tmp")
            temporary.write_text(json.dumps({**told, "nodes": nodes}, indent=1))
            temporary.replace(state)
            ended.wait()
        finally:
            state.unlink(missing_ok=True)
            with suppress(AssertionError):  # a node that was killed before
                cluster.shutdown()
    return 0


def _new_cluster() -> Any:
    try:
        from ray.cluster_utils import Cluster  # pyright: ignore
    except ImportError as error:
        raise SystemExit(
            f"Ray is not installed ({error.name}): `make cluster` installs it"
        ) from error
    return Cluster()


def _process_of(node: Any) -> int:
    """Return the process of the node's daemon, without which the node is lost."""
    return node.all_processes["raylet"][0].process.pid


def _stop(state: Path) -> int:
    told = read_state(state)
    if told is None:
        _say("no cluster runs here")
        return 0
    os.kill(told["process"], signal.SIGTERM)
    deadline = time.monotonic() + _STOP_S
    while _is_alive(told["process"]) and time.monotonic() < deadline:
        time.sleep(0.1)
    if _is_alive(told["process"]):
        _say(f"process {told['process']} did not end within {_STOP_S} s: kill -KILL it")
        return 1
    _say("the cluster has ended")
    return 0


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
