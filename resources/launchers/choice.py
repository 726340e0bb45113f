"""Chooses how training jobs are run: `EEMO_LAUNCHER`, or the resource in the launchpad."""

import os
from typing import Any

import dagster as dg
from pydantic import Field

from resources.launchers.by_hand_launcher import ByHandLauncher
from resources.launchers.ray_launcher import RayLauncher
from resources.launchers.subprocess_launcher import SubprocessLauncher

VARIABLE = "EEMO_LAUNCHER"
SUBPROCESS, BY_HAND, RAY = "subprocess", "by_hand", "ray"


class BadLauncher(ValueError):
    """There is no such launcher; the message lists the available ones."""


def build_launcher(name: str) -> Any:
    """Return the launcher of that name.

    Raises:
        BadLauncher: there is no such launcher.
    """
    if name == SUBPROCESS:
        return SubprocessLauncher()
    if name == BY_HAND:
        return ByHandLauncher()
    if name == RAY:
        return RayLauncher()
    raise BadLauncher(
        f"there is no launcher {name!r}: set {VARIABLE} to {SUBPROCESS}, {RAY} or {BY_HAND}"
    )


class LauncherResource(dg.ConfigurableResource):
    """Chooses the launcher of a run; by default jobs are subprocesses of it."""

    launcher: str | None = Field(
        default=None,
        description=f"{SUBPROCESS}, {RAY} or {BY_HAND}; else {VARIABLE}, else the first.",
    )

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """Build the launcher of this run."""
        return build_launcher(self.launcher or os.environ.get(VARIABLE) or SUBPROCESS)
