"""Where child models run: beside the run, or on the nodes of a Ray cluster.

`EEMO_EXECUTOR=ray`, or `executor: ray` in the run's execution configuration, sends the
models of the heavy steps to the cluster: whatever is a child process here. The steps themselves
stay where they are, with the ledger and the tables, and `ray_relay.py` carries the lines. What a
child is asked and answers does not depend on the place.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from resources.launchers.cluster_room import BUSY_S, NoRoom, read_wait_s
from resources.named_numbers import BadItem, read_named_numbers

LOCAL, RAY = "local", "ray"
VARIABLE = "EEMO_EXECUTOR"
RESOURCES = "EEMO_EXECUTOR_RESOURCES"
CLUSTER = "EEMO_RAY_CLUSTER"
# The role of each child, and the steps that it works for.
GROUNDER, IMAGE_EMBEDDER, MODEL = "grounder", "image_embedder", "model"
SIMILARITY, VERIFIER = "similarity", "verifier"
ROLES = {
    GROUNDER: "grounding__regions, critic__verdicts",
    IMAGE_EMBEDDER: "_dedup__embeddings, _evaluation__visual_baselines",
    MODEL: "what asks transformers:FOLDER: annotation, critic, texts, evaluation",
    SIMILARITY: "verification__decisions, critic__verdicts",
    VERIFIER: "verification__replies",
}
_DEFAULT = {"cpus": 1.0, "gpus": 0.0, "memory_gb": 0.0}
_RELAY = "resources.child_models.ray_relay"


class BadExecutor(ValueError):
    """The executor or what its children ask for cannot be used; the message says the fix."""


@dataclass(frozen=True)
class Executor:
    """Where the children of a run work.

    Attributes:
        name: `local` or `ray`.
        resources: pairs of a name and a number: `cpus`, `gpus` or `memory_gb` of every child, or of
            one role, as `grounder.gpus`.
    """

    name: str = LOCAL
    resources: tuple[tuple[str, float], ...] = ()

    def wanted(self, role: str) -> dict[str, float]:
        """Return `cpus`, `gpus` and `memory_gb` (GiB) that a child of the role asks for."""
        given = dict(self.resources)
        return {
            key: given.get(f"{role}.{key}", given.get(key, default))
            for key, default in _DEFAULT.items()
        }


_of_run: list[Executor] = []  # that of the run's configuration; else the environment decides


@contextmanager
def executed_by(executor: Executor) -> Iterator[None]:
    """Place the children of a run, one at a time per process, as its configuration says."""
    _of_run.append(executor)
    try:
        yield
    finally:
        _of_run.remove(executor)


def current_executor() -> Executor:
    """Return the executor of this process's run, else the one that the environment names.

    Raises:
        BadExecutor: the environment names none, or resources that do not exist.
    """
    return _of_run[-1] if _of_run else read_executor()


def read_executor(
    name: str | None = None, resources: Mapping[str, float] | None = None
) -> Executor:
    """Return the executor of a name and resources, which replace those of the environment.

    Raises:
        BadExecutor: there is no such executor, role or resource, or a number is not one.
    """
    chosen = (name or os.environ.get(VARIABLE) or LOCAL).strip()
    if chosen not in (LOCAL, RAY):
        raise BadExecutor(f"there is no executor {chosen!r}: set {VARIABLE} to {LOCAL} or {RAY}")
    given = {**_read_resources(os.environ.get(RESOURCES, "")), **(resources or {})}
    known = [*_DEFAULT, *(f"{role}.{key}" for role in ROLES for key in _DEFAULT)]
    for key, number in given.items():
        if key not in known:
            raise BadExecutor(
                f"{RESOURCES} has {key!r}: write {', '.join(_DEFAULT)} for every model, or one of "
                f"them behind {', '.join(ROLES)} and a dot, such as grounder.gpus=1"
            )
        if not 0 <= number < float("inf"):
            raise BadExecutor(f"{RESOURCES} has {key}={number:g}: give a number from 0")
    return Executor(chosen, tuple(sorted(given.items())))


def place(command: Sequence[str], role: str) -> tuple[str, ...]:
    """Return the command that runs a child's command where the run has its children.

    Raises:
        BadExecutor: the settings cannot be used.
    """
    executor = current_executor()
    if executor.name == LOCAL:
        return tuple(command)
    wanted = executor.wanted(role)
    return (
        sys.executable,
        "-m",
        _RELAY,
        role,
        *(str(wanted[key]) for key in _DEFAULT),
        os.environ.get(CLUSTER) or "auto",
        *command,
    )


def waits_s(command: Sequence[str]) -> float:
    """Return how long a command may wait for a node before its child starts, in seconds."""
    if _RELAY not in command[:3]:
        return 0.0
    try:
        return read_wait_s() or BUSY_S
    except NoRoom as error:
        raise BadExecutor(str(error)) from error


def _read_resources(text: str) -> dict[str, float]:
    try:
        return read_named_numbers(text)
    except BadItem as error:
        raise BadExecutor(
            f"{RESOURCES} has {str(error)!r}: write name=number, separated by commas"
        ) from None
