"""The outcome of a run, in types of our own: the command line needs none of Dagster's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import dagster as dg

from eemo_pipeline.schema.tables import TABLES

Stop = Literal["budget", "credential"]

# Errors that only a person can resolve, by class name: Dagster records no more of an error.
_STOPS: dict[str, Stop] = {
    "BudgetReached": "budget",
    "CredentialProblem": "credential",
    "ProviderDown": "credential",
}


@dataclass(frozen=True)
class CheckLine:
    """A check that did not pass: its asset, its name, and the statement that does not hold."""

    asset: str
    check: str
    description: str


@dataclass(frozen=True)
class RunOutcome:
    """The outcome of a run.

    Attributes:
        failed_steps: step and message of its innermost error.
        failed_checks: checks of severity error that did not pass.
        warned_checks: checks of severity warning that did not pass.
        tables: table -> rows written.
        computed: answers and measurements made in this run.
        reused: answers and measurements read from the ledger.
        calls: calls of model providers, failed ones included.
        cached: answers of providers read from the ledger.
        usd: cost of the calls, in US dollars.
        stopped_by: the problem that ended the run and that only a person can resolve.
        numbers: asset -> the numbers of its metadata.
    """

    run_id: str
    is_success: bool
    seconds: float
    failed_steps: list[tuple[str, str]] = field(default_factory=list)
    failed_checks: list[CheckLine] = field(default_factory=list)
    warned_checks: list[CheckLine] = field(default_factory=list)
    tables: dict[str, int] = field(default_factory=dict)
    computed: int = 0
    reused: int = 0
    calls: int = 0
    cached: int = 0
    usd: float = 0.0
    stopped_by: Stop | None = None
    numbers: dict[str, dict[str, int | float]] = field(default_factory=dict)


def summarise(
    result: dg.ExecuteInProcessResult, definitions: dg.Definitions, seconds: float
) -> RunOutcome:
    """Return the outcome of a finished run, which took `seconds`."""
    work = _sum_numbers(result.all_events)
    failures = [event for event in result.all_events if event.is_step_failure and event.step_key]
    failed_steps = [(str(event.step_key), _reason(event)) for event in failures]
    if not result.success and not failed_steps:
        failed_steps = [("run", _innermost(_before_steps(result.all_events)))]
    stops: set[Stop] = {
        _STOPS[error.cls_name]
        for event in failures
        for error in list_causes(event.step_failure_data.error)
        if error.cls_name in _STOPS
    }
    checks = _list_failed_checks(result, definitions)

    def total(name: str) -> int:
        return sum(int(numbers.get(name, 0)) for numbers in work.values())

    return RunOutcome(
        result.run_id,
        result.success,
        seconds,
        failed_steps,
        checks["ERROR"],
        checks["WARN"],
        {name: int(numbers.get("rows", 0)) for name, numbers in work.items() if name in TABLES},
        total("computed"),
        total("reused"),
        total("calls"),
        total("cached"),
        round(sum(numbers.get("usd", 0.0) for numbers in work.values()), 9),
        "credential" if "credential" in stops else next(iter(stops), None),
        work,
    )


def _list_failed_checks(
    result: dg.ExecuteInProcessResult, definitions: dg.Definitions
) -> dict[str, list[CheckLine]]:
    """Return severity -> the checks that did not pass."""
    promises = {
        spec.key: spec.description or ""
        for definition in definitions.asset_checks or ()
        for spec in definition.check_specs
    }
    checks: dict[str, list[CheckLine]] = {"ERROR": [], "WARN": []}
    for event in result.all_events:
        if event.event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            continue
        evaluation = event.asset_check_evaluation_data
        if not evaluation.passed:
            key = evaluation.asset_check_key
            promise = evaluation.description or promises.get(key, "")
            line = CheckLine(key.asset_key.to_user_string(), key.name, promise)
            checks[evaluation.severity.value].append(line)
    return checks


def _sum_numbers(events: Sequence[dg.DagsterEvent]) -> dict[str, dict[str, int | float]]:
    """Return asset -> its numbers; a partitioned table has one event per partition."""
    sums: dict[str, dict[str, int | float]] = {}
    for event in events:
        if event.is_step_materialization and event.asset_key:
            into = sums.setdefault(event.asset_key.to_user_string(), {})
            metadata = event.step_materialization_data.materialization.metadata
            for name, value in _numbers(metadata).items():
                into[name] = into.get(name, 0) + value
    return sums


def _numbers(metadata: Mapping[str, dg.MetadataValue]) -> dict[str, int | float]:
    return {
        name: value.value
        for name, value in metadata.items()
        if isinstance(value, dg.IntMetadataValue | dg.FloatMetadataValue)
        and value.value is not None
    }


def _reason(event: dg.DagsterEvent) -> str:
    """Return the innermost message of a failed step."""
    return _innermost(event.step_failure_data.error)


def _innermost(error: Any) -> str:
    messages = [cause.message.strip() for cause in list_causes(error)]
    return messages[-1] if messages else "no reason was recorded"


def list_causes(error: Any) -> Iterator[Any]:  # Dagster's type of errors has no public name
    """Yield an error and its causes, the innermost last."""
    while error is not None:
        yield error
        error = error.cause


def _before_steps(events: Sequence[dg.DagsterEvent]) -> Any:
    """Return the error of a run that ended before its first step, as in building a resource."""
    for event in events:
        if event.event_type == dg.DagsterEventType.RESOURCE_INIT_FAILURE:
            return event.engine_event_data.error
        if event.event_type == dg.DagsterEventType.RUN_FAILURE:
            return event.job_failure_data.error
    return None
