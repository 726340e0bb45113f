"""What ends a run, and what is heard of it."""

import logging
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from eemo_pipeline.orchestration.runs import (
    BadSelection,
    build_listener,
    is_interrupt,
    run_assets,
)
from resources.instance.dagster_home import open_instance


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        # As DuckDB raises it for a signal that comes during a query.
        (RuntimeError("Query interrupted"), True),
        (dg.DagsterExecutionInterruptedError(), True),
        (RuntimeError("the worker died"), False),
        (ValueError("Query interrupted"), False),
    ],
)
def test_an_interrupt_is_told_from_a_failure(error: Exception, *, is_one: bool) -> None:
    @dg.op
    def failing() -> None:
        raise error

    @dg.job
    def job() -> None:
        failing()

    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
    assert any(is_interrupt(event) for event in result.all_events) == is_one


def test_a_warning_that_is_logged_in_a_step_is_heard_and_kept(tmp_path: Path) -> None:
    @dg.asset
    def asking() -> None:
        log = logging.getLogger("eemo_pipeline.vlm")
        log.debug("a detail")
        log.info("halfway")
        log.warning("openai asks to wait")

    heard: list[tuple[str, str, dict[str, Any]]] = []
    definitions = dg.Definitions(
        [asking], loggers={"listener": build_listener(lambda *event: heard.append(event))}
    )
    job = definitions.resolve_implicit_global_asset_job_def()
    with open_instance(tmp_path) as instance:
        result = job.execute_in_process(instance=instance, run_config={"loggers": {"listener": {}}})
        kept = [
            (entry.level, entry.user_message)
            for entry in instance.all_logs(result.run_id)
            if not entry.is_dagster_event
        ]
    assert ("warning", "openai asks to wait", {}) in heard
    assert "halfway" not in [name for _, name, _ in heard]
    assert kept == [(logging.INFO, "halfway"), (logging.WARNING, "openai asks to wait")]


def test_a_mistyped_asset_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(BadSelection, match=r"^there is no asset qa__item: did you mean qa__items"):
        run_assets(tmp_path, "qa__item")
