"""Room on a Ray cluster: what waits for it says so within seconds, and gives up by one rule.

A node that is large enough and busy is waited for longer than one that does not exist, which only
joins where something adds nodes. EEMO_RAY_WAIT_S replaces both times.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence

VARIABLE = "EEMO_RAY_WAIT_S"
BUSY_S, TOO_SMALL_S = 900.0, 30.0
_QUIET_S = 3.0  # a node needs this long to start a process
_REPEATED_S = 60.0
# The keys of a recipe, and Ray's names.
_NAMES = {"cpus": "CPU", "gpus": "GPU", "memory_gb": "memory"}
_GIB = 1024**3

Nodes = Sequence[Mapping[str, float]]


class NoRoom(Exception):
    """No node had room in time; the message says for what, and what helps."""


def read_wait_s() -> float | None:
    """Return the seconds of EEMO_RAY_WAIT_S, None if it is not set.

    Raises:
        NoRoom: it is no number of seconds.
    """
    text = os.environ.get(VARIABLE, "").strip()
    try:
        seconds = float(text) if text else None
    except ValueError:
        seconds = -1.0
    if seconds is None or 0 <= seconds < float("inf"):
        return seconds
    raise NoRoom(f"{VARIABLE} is {text!r}: set it to seconds, such as {BUSY_S:g}, or unset it")


def describe_room(wanted: Mapping[str, float]) -> str:
    """Return resources as keys of a recipe: cores, GPUs, and GiB of memory."""
    return "cpus {cpus:g}, gpus {gpus:g} and memory_gb {memory_gb:g}".format(**wanted)


class Waiting:
    """One request for room, from its start until it is given up."""

    def __init__(self, who: str, wanted: Mapping[str, float], fix: str) -> None:
        """Start the clock.

        Args:
            who: what waits, as the beginning of a sentence.
            wanted: `cpus`, `gpus` and `memory_gb` that it asks for.
            fix: what helps, as a sentence.
        """
        self._who, self._wanted, self._fix = who, wanted, fix
        self._began = time.monotonic()
        self._next_s = _QUIET_S

    def look(self, list_nodes: Callable[[], Nodes], say: Callable[[str], None]) -> None:
        """Say what is waited for, soon after the start and then once a minute.

        Args:
            list_nodes: returns the resources of each living node, by Ray's names, in bytes.
            say: told a sentence or two.

        Raises:
            NoRoom: it has waited long enough.
        """
        waited = time.monotonic() - self._began
        if waited < self._next_s:
            return
        nodes = [node for node in list_nodes() if node.get("CPU") or node.get("GPU")]
        fits = any(self._fits(node) for node in nodes)
        set_s = read_wait_s()
        most_s = (BUSY_S if fits else TOO_SMALL_S) if set_s is None else set_s
        why = "every node that is large enough is busy" if fits else _describe_small(nodes)
        said = f"{self._who} waits for a node with room for {describe_room(self._wanted)}: {why}"
        if waited >= most_s:
            raise NoRoom(f"{said}. It gave up after {waited:.0f} s ({VARIABLE}). {self._fix}")
        self._next_s = min(waited + _REPEATED_S, most_s)
        say(f"{said}. It gives up after {most_s:g} s ({VARIABLE}).")

    def _fits(self, node: Mapping[str, float]) -> bool:
        scale = {"cpus": 1, "gpus": 1, "memory_gb": _GIB}
        return all(
            node.get(_NAMES[key], 0.0) >= self._wanted[key] * unit for key, unit in scale.items()
        )


def _describe_small(nodes: Nodes) -> str:
    if not nodes:
        return "the cluster has no node that takes work"
    most = {key: max(node.get(name, 0.0) for node in nodes) for key, name in _NAMES.items()}
    most["memory_gb"] = round(most["memory_gb"] / _GIB, 1)
    return (
        f"none is that large; the most that one of {len(nodes)} has of each is "
        f"{describe_room(most)}"
    )
