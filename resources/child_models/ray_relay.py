"""Runs a child model on a node of a Ray cluster, and carries the bytes to it and back.

    python -m resources.child_models.ray_relay ROLE CPUS GPUS MEMORY_GB ADDRESS COMMAND...

The process stands in for the child: its input, output, errors and exit code are those of COMMAND,
which runs in an actor on a node with room for it. The node needs this environment, the model's
files and no file of the data root. The child ends with its actor, and the actor with this process.

Exit codes of its own: `NO_ROOM` where no cluster or node can be had, `NODE_LOST` where the node
ended under the child; a new relay then gets another node.
"""

import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from resources.child_models.child_process import NO_ROOM, NODE_LOST, child_environment
from resources.launchers.cluster_room import NoRoom, Waiting

_BLOCK = 1 << 16
_LOOK_S = 0.5
_REACHED_S = 5.0
# What decides a child's answers travels with it. The rest is the node's own.
_PASSED_ON = ("EEMO_", "OMP_", "MKL_", "OPENBLAS_", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
# Its child ends with the actor, however that ends: PR_SET_PDEATHSIG is 1, SIGKILL is 9.
_BOUND = "import ctypes,os,sys; ctypes.CDLL(None).prctl(1, 9); os.execvp(sys.argv[1], sys.argv[1:])"


def main(words: list[str]) -> int:
    """Run the command on the cluster; return its exit code, or one of our own."""
    role, cpus, gpus, memory_gb, address, *command = words
    # Ray prints what happens to its nodes; the output is the child's alone.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    wanted = {"cpus": float(cpus), "gpus": float(gpus), "memory_gb": float(memory_gb)}
    try:
        ray = _connect(address)
        actor = _start(ray, role, wanted, command)
    except NoRoom as error:
        _say(str(error))
        return NO_ROOM
    lost = (ray.exceptions.RayActorError, ray.exceptions.RaySystemError)
    try:
        return _carry(ray, actor, answers)
    except lost as error:
        _say(f"the node of the {role} was lost: {str(error).strip().splitlines()[0][:200]}")
        return NODE_LOST


def _connect(address: str) -> Any:
    """Return ray, connected to the cluster.

    Raises:
        NoRoom: Ray is not installed, or no cluster answers.
    """
    try:
        import ray  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise NoRoom(
            f"Ray is not installed: in the folder of this project, {sys.executable} -m pip install "
            "-c constraints.txt -e '.[distributed]'"
        ) from error
    os.environ.pop("RAY_ADDRESS", None)  # the HTTP address of the cluster's dashboard
    try:
        _reach(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise NoRoom(
            f"no Ray cluster answers at {address} ({said}). Start one on this machine with `make "
            "cluster`, name the head of another in EEMO_RAY_CLUSTER, such as 127.0.0.1:6379, or "
            "set EEMO_EXECUTOR=local"
        ) from error
    return ray


def _reach(address: str) -> None:
    """Knock at the address, since Ray itself goes on trying for a minute.

    Raises:
        OSError: nothing listens there.
    """
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "//" not in host:
        socket.create_connection((host, int(port)), _REACHED_S).close()


def _start(ray: Any, role: str, wanted: dict[str, float], command: list[str]) -> Any:
    """Return the actor that runs the command, once a node has taken it.

    Raises:
        NoRoom: no node took it in time.
    """
    passed_on = {
        name: text for name, text in child_environment().items() if name.startswith(_PASSED_ON)
    }
    actor = (
        ray.remote(_Remote)
        .options(
            num_cpus=wanted["cpus"],
            num_gpus=wanted["gpus"],
            memory=int(wanted["memory_gb"] * 1024**3) or None,
            max_concurrency=4,
        )
        .remote(command, passed_on, str(Path.cwd()))
    )
    waiting = Waiting(
        f"the {role}",
        wanted,
        "Lower EEMO_EXECUTOR_RESOURCES, add a node, or set EEMO_EXECUTOR=local.",
    )
    started = actor.start.remote()
    while not ray.wait([started], timeout=_LOOK_S)[0]:
        waiting.look(lambda: [node["Resources"] for node in ray.nodes() if node["Alive"]], _say)
    if problem := ray.get(started):
        _say(problem)
        sys.exit(1)
    return actor


def _carry(ray: Any, actor: Any, answers: BinaryIO) -> int:
    """Carry input, output and errors until the child ends; return its exit code."""
    threading.Thread(target=_feed, args=(ray, actor), daemon=True).start()
    errors = threading.Thread(target=_pass_errors, args=(ray, actor), daemon=True)
    errors.start()
    _drain(ray, actor.read.remote, answers)
    errors.join()
    return ray.get(actor.end.remote())


def _feed(ray: Any, actor: Any) -> None:
    """Carry the input; the other direction notices where the child has ended."""
    with suppress(ray.exceptions.RayError):
        while block := os.read(0, _BLOCK):
            ray.get(actor.write.remote(block))
        ray.get(actor.write.remote(b""))


def _drain(ray: Any, read: Callable[[], Any], stream: BinaryIO) -> None:
    while block := ray.get(read()):
        stream.write(block)
        stream.flush()


def _pass_errors(ray: Any, actor: Any) -> None:
    with suppress(ray.exceptions.RayError):  # the other direction notices
        _drain(ray, actor.read_errors.remote, sys.stderr.buffer)


class _Remote:
    """The actor: one child process on the node."""

    def __init__(self, command: list[str], passed_on: dict[str, str], folder: str) -> None:
        environment = {**os.environ, **passed_on}
        self._process: Any = None
        self._problem = ""
        try:
            self._process = subprocess.Popen(  # noqa: S603 (the user's own command, no shell)
                [sys.executable, "-c", _BOUND, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                cwd=folder if Path(folder).is_dir() else None,
                start_new_session=True,
            )
        except OSError as error:
            self._problem = str(error)

    def start(self) -> str:
        return self._problem

    def write(self, block: bytes) -> None:
        stream = self._process.stdin
        try:
            if block:
                stream.write(block)
                stream.flush()
            else:
                stream.close()
        except OSError:
            return  # it has ended, which the other direction notices

    def read(self) -> bytes:
        return self._process.stdout.read1(1 << 16)

    def read_errors(self) -> bytes:
        return self._process.stderr.read1(1 << 16)

    def end(self) -> int:
        return self._process.wait()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
