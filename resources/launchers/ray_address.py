"""Where the Ray cluster is, and why it cannot be reached."""

import os
import sys
from pathlib import Path
from typing import Any

import dagster as dg

VARIABLE = "RAY_ADDRESS"  # Ray's own: the HTTP address of the cluster's dashboard
DEFAULT_ADDRESS = "http://127.0.0.1:8265"
_POLL_S = 0.5


class NoCluster(Exception):
    """The Ray cluster cannot be used; the message says why, and what helps."""


def ray_address() -> str:
    """Return the HTTP address of the cluster's job server."""
    return os.environ.get(VARIABLE) or DEFAULT_ADDRESS


def list_nodes(cluster: Any) -> list[dict[str, float]]:
    """Return the resources of each living node, by Ray's names, memory in bytes.

    Args:
        cluster: a client of its job server, which has no public way to ask for them.

    Raises:
        OSError: the cluster does not answer.
    """
    told = cluster._do_request("GET", "/api/v0/nodes?detail=1").json()
    nodes = told.get("data", {}).get("result", {}).get("result", [])
    return [node.get("resources_total") or {} for node in nodes if node.get("state") == "ALIVE"]


def connect(reports: Path) -> tuple[Any, Any]:
    """Return a client of the cluster's job server, and one that reports its jobs to Dagster.

    A job reports through a file and not through what it prints, which fills the terminal.

    Args:
        reports: the file, on a file system that the nodes see, too.

    Raises:
        NoCluster: the extra `distributed` is not installed, or no cluster answers.
    """
    try:
        from dagster_ray import PipesRayJobClient  # pyright: ignore
        from ray.job_submission import JobSubmissionClient  # pyright: ignore
    except ImportError as error:
        raise NoCluster(
            f"Ray is not installed ({error.name}): in the folder of this project, "
            f"{sys.executable} -m pip install -c constraints.txt -e '.[distributed]'"
        ) from error
    try:
        client = JobSubmissionClient(ray_address())
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise NoCluster(
            f"no Ray cluster answers at {ray_address()} "
            f"({str(error).splitlines()[0][:200]}): start one on this machine with `make cluster`, "
            f"or name its dashboard in {VARIABLE}, such as {DEFAULT_ADDRESS}"
        ) from error
    return client, PipesRayJobClient(
        address=ray_address(),
        poll_interval=_POLL_S,
        message_reader=dg.PipesFileMessageReader(str(reports), cleanup_file=True),
    )
