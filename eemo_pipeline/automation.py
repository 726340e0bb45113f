"""The run that the command line starts, and how things stand, told without Dagster's types.

Belongs here: the bridge between Dagster and `cli/`. Does not belong here: assets, jobs and
triggers (`definitions.py`). With that one, the only module of the library that knows Dagster.
"""

import fcntl
import logging
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import dagster as dg
import polars as pl

from eemo_pipeline.data_root import DataRoot
from eemo_pipeline.definitions import build_dataset, build_definitions, partition_tags
from eemo_pipeline.schema.tables import TABLES, Table
from eemo_pipeline.storage import scan_table
from resources.dagster_home import open_instance

Listener = Callable[[str, str, dict[str, Any]], None]
Stop = Literal["budget", "credential"]
# The errors behind a failed step that a person has to act on, by name: Dagster keeps no more.
_STOPS: dict[str, Stop] = {"BudgetReached": "budget", "CredentialProblem": "credential"}


class BadSelection(Exception):
    """The asset selection cannot be parsed, or selects nothing."""


@dataclass(frozen=True)
class CheckLine:
    """A check that did not pass: its asset, its name, and what it promises."""

    asset: str
    check: str
    description: str


@dataclass(frozen=True)
class RunOutcome:
    """What a run did, for the command line.

    Attributes:
        calls: calls of model providers, failed ones included.
        cached: answers of providers that the ledger held.
        usd: what the calls cost.
        stopped_by: what only a person can mend, where that ended the run.
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


@dataclass(frozen=True)
class TableStatus:
    """A table on disk, and how its checks stand."""

    table: str
    stage: str
    rows: int
    size_bytes: int | None
    written_at: str | None
    checks_passed: int
    checks_warned: int
    checks_failed: int


def run_assets(
    data: Path,
    selection: str = "*",
    on_event: Listener | None = None,
    providers: str | None = None,
    budget_usd: str | None = None,
    job: str = build_dataset.name,
) -> RunOutcome:
    """Materialise the selected assets with their checks, in this process, for all sources.

    The run is recorded in the data root's own Dagster instance: `eemo ui` shows it.

    Args:
        data: the data root.
        selection: Dagster's asset selection syntax.
        on_event: told what happens.
        providers: which models answer; else EEMO_PROVIDERS, else the embedded ones.
        budget_usd: what may be spent; else EEMO_BUDGET_USD, else all it takes.
        job: the job that the assets are of.

    Raises:
        BadSelection: `selection` is not Dagster's selection syntax, or selects nothing.
        KeyboardInterrupt: the run was stopped; what is finished is kept.
    """
    definitions = build_definitions(
        str(data), {"listener": _listening(on_event)}, providers, budget_usd
    )
    resolved = definitions.resolve_job_def(job)
    keys = _select(selection, definitions, resolved)
    began = time.monotonic()
    run_id = str(uuid4())
    with open_instance(data) as instance, _alive(DataRoot(data).state / "alive", run_id):
        _close_killed_runs(instance, DataRoot(data).state / "alive")
        result = resolved.execute_in_process(
            run_id=run_id,
            instance=instance,
            asset_selection=keys,
            tags=partition_tags(),
            run_config={"loggers": {"listener": {}}},
            raise_on_error=False,
        )
    if any(_is_interrupt(event) for event in result.all_events):
        raise KeyboardInterrupt
    return _summarise(result, definitions, time.monotonic() - began)


def read_status(data: Path) -> list[TableStatus]:
    """Every table of the schema, in stage order, with the latest result of its checks."""
    graph = build_definitions(str(data)).resolve_asset_graph()
    with open_instance(data) as instance:
        latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(
            list(graph.asset_check_keys)
        )
    marks: dict[str, list[str]] = {}
    for key, record in latest.items():
        evaluation = record.evaluation if record else None
        if evaluation is not None:
            mark = "passed" if evaluation.passed else evaluation.severity.value
            marks.setdefault(key.asset_key.to_user_string(), []).append(mark)
    return [_status(table, DataRoot(data), marks.get(table.name, [])) for table in TABLES.values()]


def _status(table: Table, root: DataRoot, marks: list[str]) -> TableStatus:
    place = root.tables / (table.name if table.is_partitioned else f"{table.name}.parquet")
    files = sorted(place.glob("[!.]*.parquet")) if place.is_dir() else [place]
    stats = [file.stat() for file in files if file.is_file()]
    written = max((stat.st_mtime for stat in stats), default=None)
    return TableStatus(
        table.name,
        table.stage,
        scan_table(root.tables, table.name).select(pl.len()).collect().item(),
        sum(stat.st_size for stat in stats) if stats else None,
        datetime.fromtimestamp(written, UTC).isoformat(timespec="seconds") if written else None,
        marks.count("passed"),
        marks.count("WARN"),
        marks.count("ERROR"),
    )


def _select(
    selection: str, definitions: dg.Definitions, job: dg.JobDefinition
) -> list[dg.AssetKey] | None:
    if selection == "*":
        return None
    graph = definitions.resolve_asset_graph()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.BetaWarning)  # of group:, which stays documented
            keys = dg.AssetSelection.from_string(selection).resolve(graph)
    except (dg.DagsterInvalidDefinitionError, dg.DagsterError, ValueError) as error:
        raise BadSelection(str(error)) from error
    chosen = keys & set(job.asset_layer.executable_asset_keys)
    if not chosen:
        raise BadSelection(f"the selection matches no asset of the job {job.name}")
    # What one step makes together is taken together.
    together = (graph.get_execution_set_asset_and_check_keys(key) for key in chosen)
    return sorted({key for made in together for key in made if isinstance(key, dg.AssetKey)})


def _listening(on_event: Listener | None) -> dg.LoggerDefinition:
    """A Dagster logger that hands events to `on_event` as they happen."""

    told: set[tuple[str, str]] = set()  # a partitioned table has one event per partition

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            meta = getattr(record, "dagster_meta", None) or {}
            event = meta.get("dagster_event") if isinstance(meta, dict) else None
            if on_event is None or event is None:
                return
            for kind, name, metadata in _translate(event):
                if (kind, name) not in told:
                    told.add((kind, name))
                    on_event(kind, name, metadata)

    def build_logger(_: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("eemo_pipeline")
        logger.addHandler(Handler())
        return logger

    return dg.LoggerDefinition(build_logger, description="Tells the command line what happens.")


def _translate(event: dg.DagsterEvent) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if event.is_step_start and event.step_key:
        yield "started", event.step_key, {}
    elif event.is_step_materialization and event.asset_key:
        rows = event.step_materialization_data.materialization.metadata.get("rows")
        yield (
            "table",
            event.asset_key.to_user_string(),
            {"rows": rows.value if isinstance(rows, dg.IntMetadataValue) else None},
        )
    elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        evaluation = event.asset_check_evaluation_data
        yield (
            "check",
            f"{evaluation.asset_key.to_user_string()} {evaluation.check_name}",
            {"passed": evaluation.passed, "severity": evaluation.severity.value},
        )
    elif event.is_step_failure and event.step_key:
        yield "failed", event.step_key, {}


@contextmanager
def _alive(folder: Path, run_id: str) -> Iterator[None]:
    """A file that is locked for as long as this process lives, however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / run_id).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        (folder / run_id).unlink(missing_ok=True)


def _close_killed_runs(instance: dg.DagsterInstance, folder: Path) -> None:
    """Record as failed the runs whose process was killed, and free the pools that they hold.

    Dagster frees a pool when a step ends, and a killed step does not: without this the next run
    would wait for it for ever.
    """
    for path in sorted(folder.iterdir()):
        try:
            with path.open() as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, FileNotFoundError):
            continue  # at work, or just finished
        run = instance.get_run_by_id(path.name)
        if run is not None and not run.is_finished:
            instance.report_run_failed(run, "The process of this run was killed.")
        instance.event_log_storage.free_concurrency_slots_for_run(path.name)
        path.unlink(missing_ok=True)


def _is_interrupt(event: dg.DagsterEvent) -> bool:
    error = event.step_failure_data.error if event.is_step_failure else None
    return error is not None and error.cls_name == dg.DagsterExecutionInterruptedError.__name__


def _summarise(
    result: dg.ExecuteInProcessResult, definitions: dg.Definitions, seconds: float
) -> RunOutcome:
    # One event per partition, each with the numbers of the whole step: the last counts.
    work = {
        event.asset_key.to_user_string(): _numbers(
            event.step_materialization_data.materialization.metadata
        )
        for event in result.all_events
        if event.is_step_materialization and event.asset_key
    }
    failures = [event for event in result.all_events if event.is_step_failure and event.step_key]
    failed_steps = [(str(event.step_key), _reason(event)) for event in failures]
    if not result.success and not failed_steps:
        failed_steps = [("run", _innermost(_before_steps(result.all_events)))]
    stops: set[Stop] = {
        _STOPS[error.cls_name]
        for event in failures
        for error in _causes(event.step_failure_data.error)
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
    """Severity -> the checks that did not pass."""
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


def _numbers(metadata: Mapping[str, dg.MetadataValue]) -> dict[str, int | float]:
    return {
        name: value.value
        for name, value in metadata.items()
        if isinstance(value, dg.IntMetadataValue | dg.FloatMetadataValue)
        and value.value is not None
    }


def _reason(event: dg.DagsterEvent) -> str:
    """The innermost message of a failed step."""
    return _innermost(event.step_failure_data.error)


def _innermost(error: Any) -> str:
    messages = [cause.message.strip() for cause in _causes(error)]
    return messages[-1] if messages else "no reason was recorded"


def _causes(error: Any) -> Iterator[Any]:  # Dagster's type of errors has no public name
    """An error and its causes, the innermost last."""
    while error is not None:
        yield error
        error = error.cause


def _before_steps(events: Sequence[dg.DagsterEvent]) -> Any:
    """The error of a run that ended before its first step, as where a resource was not made."""
    for event in events:
        if event.event_type == dg.DagsterEventType.RESOURCE_INIT_FAILURE:
            return event.engine_event_data.error
        if event.event_type == dg.DagsterEventType.RUN_FAILURE:
            return event.job_failure_data.error
    return None
