"""The executor of Dagster's runs: steps in one process, their models here or on a Ray cluster.

A step is short where no model works, and pixels have a pool of processes of their own, so one
process per run is the fastest. What takes long and needs a GPU is a child process of its step, and
that is what `executor: ray` sends away.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.in_process import InProcessExecutor

from eemo_pipeline.execution.garbage import collect_seldom
from resources.child_models.placement import (
    LOCAL,
    RAY,
    RESOURCES,
    ROLES,
    VARIABLE,
    Executor,
    executed_by,
    read_executor,
)

_STEPS = "; ".join(f"{role}: {steps}" for role, steps in ROLES.items())


class StepsExecutor(InProcessExecutor):
    """Dagster's executor of one process, with the place of the models of the run."""

    def __init__(self, executor: Executor) -> None:
        """Store where the run's models work."""
        super().__init__(RetryMode.ENABLED)
        self._executor = executor

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[dg.DagsterEvent]:
        """Execute the steps; the resources of the run are built within, and its models placed."""
        collect_seldom()
        with executed_by(self._executor):
            yield from super().execute(plan_context, execution_plan)


@dg.executor(
    name="steps",
    config_schema={
        "executor": dg.Field(
            dg.Noneable(str),
            default_value=None,
            description=f"{LOCAL} or {RAY}: where the models of the heavy steps work; else "
            f"{VARIABLE}, else {LOCAL}.",
        ),
        "resources": dg.Field(
            dg.Permissive(),
            default_value={},
            description="cpus, gpus and memory_gb that each model asks a cluster for, or one of "
            f"them for a role, such as grounder.gpus; else {RESOURCES}. The roles, and the steps "
            f"that they work for: {_STEPS}.",
        ),
    },
)
def steps_executor(init_context: dg.InitExecutorContext) -> StepsExecutor:
    """Build the executor of a run."""
    config: Any = init_context.executor_config
    numbers = {name: float(number) for name, number in config["resources"].items()}
    return StepsExecutor(read_executor(config["executor"], numbers))
