"""Runs that the command line starts, in its own process and without a Dagster daemon."""

import logging
import re
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import dagster as dg

from eemo_pipeline.orchestration.build import build_definitions
from eemo_pipeline.orchestration.jobs import build_dataset, partition_tags
from eemo_pipeline.orchestration.run_outcome import RunOutcome, list_causes, summarise
from resources.instance.dagster_home import open_instance
from resources.instance.run_history import prune_runs

_QUERY_INTERRUPTED = "Query interrupted"

Listener = Callable[[str, str, dict[str, Any]], None]


class BadSelection(Exception):
    """The asset selection cannot be parsed, or selects nothing."""


def run_assets(
    data: Path,
    selection: str = "*",
    on_event: Listener | None = None,
    providers: str | None = None,
    budget_usd: str | None = None,
    job: str = build_dataset.name,
    settings: Mapping[str, Any] | None = None,
) -> RunOutcome:
    """Materialise the selected assets with their checks, in this process, for all sources.

    The run is recorded in the Dagster instance of the data root, where `eemo ui` shows it.

    Args:
        data: the data root.
        selection: Dagster's asset selection syntax.
        on_event: called with kind, name and details of each event: a step started or failed, a
            table was written, a check was evaluated, a warning was logged.
        providers: which models answer; else EEMO_PROVIDERS, else the embedded ones.
        budget_usd: the most that may be spent; else EEMO_BUDGET_USD, else no limit.
        job: the job that holds the assets.
        settings: step -> its configuration, in place of what the job sets for it.

    Raises:
        BadSelection: `selection` is not Dagster's selection syntax, or selects nothing.
        KeyboardInterrupt: the run was interrupted; finished tables and answers are kept.
    """
    definitions = build_definitions(
        str(data), {"listener": build_listener(on_event)}, providers, budget_usd
    )
    resolved = definitions.resolve_job_def(job)
    keys = _select(selection, definitions, resolved)
    began = time.monotonic()
    with open_instance(data) as instance:
        result = resolved.execute_in_process(
            instance=instance,
            asset_selection=keys,
            tags=partition_tags(),
            run_config={
                "loggers": {"listener": {}},
                "ops": (resolved.run_config or {}).get("ops", {})
                | {step: {"config": config} for step, config in (settings or {}).items()},
            },
            raise_on_error=False,
        )
        prune_runs(instance)
    if any(is_interrupt(event) for event in result.all_events):
        raise KeyboardInterrupt
    return summarise(result, definitions, time.monotonic() - began)


def _select(
    selection: str, definitions: dg.Definitions, job: dg.JobDefinition
) -> list[dg.AssetKey] | None:
    if selection == "*":
        return None
    graph = definitions.resolve_asset_graph()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.BetaWarning)  # about `group:`
            keys = dg.AssetSelection.from_string(selection).resolve(graph)
    except dg.DagsterInvalidSubsetError as error:
        raise BadSelection(_name_missing(str(error), graph.get_all_asset_keys())) from error
    except (dg.DagsterInvalidDefinitionError, dg.DagsterError, ValueError) as error:
        raise BadSelection(str(error)) from error
    chosen = keys & set(job.asset_layer.executable_asset_keys)
    if not chosen:
        raise BadSelection(f"the selection matches no asset of the job {job.name}")
    # The tables of one step cannot be made apart.
    together = (graph.get_execution_set_asset_and_check_keys(key) for key in chosen)
    return sorted({key for made in together for key in made if isinstance(key, dg.AssetKey)})


def _name_missing(message: str, keys: Iterable[dg.AssetKey]) -> str:
    """Return which assets of a selection do not exist, and which names are near to theirs.

    Args:
        message: Dagster's, which begins with the list of the keys that it misses.
        keys: the assets that exist.
    """
    known = [key.to_user_string() for key in keys]
    said = []
    for name in re.findall(r"'([^']*)'", message.partition("were selected")[0]):
        near = get_close_matches(name, known, 1)
        said.append(f"there is no asset {name}" + (f": did you mean {near[0]}?" if near else ""))
    return "; ".join(said) or message


class _Reporter(logging.Handler):
    """Passes events to a listener; the partitions of a table are one event with their sum."""

    def __init__(self, on_event: Listener) -> None:
        super().__init__()
        self._on_event = on_event
        self._table: tuple[str, int | None] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Report the event of a record, or a warning that is logged beside the events."""
        meta = getattr(record, "dagster_meta", None) or {}
        event = meta.get("dagster_event")
        if event is None:
            if record.levelno >= logging.WARNING:
                self._on_event("warning", str(meta.get("orig_message") or record.msg), {})
            return
        if event.is_step_materialization and event.asset_key:
            self._add(event.asset_key.to_user_string(), _count_rows(event))
            return
        self._pass_table()
        for kind, name, metadata in _translate(event):
            self._on_event(kind, name, metadata)

    def _add(self, name: str, rows: int | None) -> None:
        if self._table and self._table[0] == name:
            rows = (rows or 0) + (self._table[1] or 0)
        else:
            self._pass_table()
        self._table = name, rows

    def _pass_table(self) -> None:
        if self._table:
            name, rows = self._table
            self._table = None
            self._on_event("table", name, {"rows": rows})


def build_listener(on_event: Listener | None) -> dg.LoggerDefinition:
    """Return a Dagster logger that passes events and warnings to `on_event` as they happen."""

    logger = logging.Logger("eemo_pipeline")
    if on_event is not None:
        logger.addHandler(_Reporter(on_event))

    def build_logger(_: dg.InitLoggerContext) -> logging.Logger:
        return logger

    return dg.LoggerDefinition(build_logger, description="Passes events to the command line.")


def _count_rows(event: dg.DagsterEvent) -> int | None:
    rows = event.step_materialization_data.materialization.metadata.get("rows")
    return rows.value if isinstance(rows, dg.IntMetadataValue) else None


def _translate(event: dg.DagsterEvent) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if event.is_step_start and event.step_key:
        yield "started", event.step_key, {}
    elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        evaluation = event.asset_check_evaluation_data
        yield (
            "check",
            f"{evaluation.asset_key.to_user_string()} {evaluation.check_name}",
            {"passed": evaluation.passed, "severity": evaluation.severity.value},
        )
    elif event.is_step_failure and event.step_key:
        yield "failed", event.step_key, {}


def is_interrupt(event: dg.DagsterEvent) -> bool:
    """Return whether a step ended by Ctrl-C, which DuckDB turns into an error of its own."""
    if not event.is_step_failure:
        return False
    return any(
        error.cls_name == dg.DagsterExecutionInterruptedError.__name__
        or (error.cls_name == "RuntimeError" and error.message.strip().endswith(_QUERY_INTERRUPTED))
        for error in list_causes(event.step_failure_data.error)
    )
