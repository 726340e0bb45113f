"""What ends a run: an interrupt is told from a failure."""

import dagster as dg
import pytest

from eemo_pipeline.orchestration.runs import is_interrupt


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
