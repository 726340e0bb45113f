"""The run that the command line starts, and how things stand, told without Dagster's types.

Belongs here: the bridge between Dagster and `cli/`. Does not belong here: assets, jobs and
triggers (`definitions.py`). With that one, the only module of the library that knows Dagster.
"""

import fcntl
import logging
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.orchestration.build import build_definitions
from eemo_pipeline.orchestration.jobs import build_dataset, partition_tags
from eemo_pipeline.orchestration.run_outcome import RunOutcome, summarise
from resources.instance.dagster_home import open_instance

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
    return summarise(result, definitions, time.monotonic() - began)


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
