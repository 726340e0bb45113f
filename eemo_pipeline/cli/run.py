"""Takes images through the graph: `eemo demo` and `eemo run`.

`orchestration/runs.py` runs the graph, and `demo/` creates the demo lake.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eemo_pipeline.cli.data_root import choose_data_root, hold, use_records
from eemo_pipeline.cli.doctor import look_at_ledger, look_at_place
from eemo_pipeline.cli.findings import MOST_FINDINGS, tell_findings
from eemo_pipeline.cli.model_choice import ModelChoice, choose_models
from eemo_pipeline.cli.output import clean, counted, paint, rows_in_words, say, show, show_json
from eemo_pipeline.cli.problems import Exit, Problem, wrong_usage
from eemo_pipeline.cli.refusals import find_refusals, tell_refusals
from eemo_pipeline.cli.server_words import find_words, tell_words
from eemo_pipeline.cli.shell_text import (
    beside,
    command,
    has_sources,
    making_commands,
    quoted,
    shown,
)
from eemo_pipeline.lake.data_root import VARIABLE, DataRoot

if TYPE_CHECKING:
    from eemo_pipeline.orchestration.run_outcome import RunOutcome

_DEMO = Path("data/demo")
_ATTACHED = "folder"  # the source that reads any folder of images
_QUERY = "select emotion, count(*) as images from records__emoverse group by all order by all"


def run_demo(
    data: Path | None,
    providers: str | None,
    budgets: Sequence[str],
    most_findings: int,
    *,
    as_json: bool,
) -> Exit:
    """Lay out the demo lake, take it through the graph and show the result."""
    from eemo_pipeline.demo import lay_out

    models = choose_models(providers, budgets)
    named = data is not None or bool(os.environ.get(VARIABLE))
    root = choose_data_root(data if named else _DEMO)
    _require_sound(root)
    say(f"Laying out the demo lake under {shown(root.sources)}")
    with hold(root):
        lay_out(root.sources)
    return run_selection(
        root, "*", models, _demo_commands, as_json=as_json, most_findings=most_findings
    )


def run_pipeline(
    data: Path | None,
    images: Path | None,
    selection: str,
    providers: str | None,
    budgets: Sequence[str],
    most_findings: int,
    *,
    as_json: bool,
) -> Exit:
    """Attach the folder, if given, and take the contents of the data root through the graph."""
    models = choose_models(providers, budgets)
    root = choose_data_root(data)
    _require_sound(root)
    if images is not None:
        attach_folder(root, images)
    require_sources(root)
    return run_selection(
        root, selection, models, _next_commands, as_json=as_json, most_findings=most_findings
    )


def _require_sound(root: DataRoot) -> None:
    """Reject a data root that is not writable or has a damaged ledger, before a long run."""
    for finding in (look_at_place(root), look_at_ledger(root)):
        if finding.state == "broken":
            raise Problem(
                f"the {finding.name} cannot be used",
                shown(root.path),
                finding.detail,
                finding.fix,
                "choose another data root with --data DIR",
            )


def attach_folder(root: DataRoot, images: Path) -> None:
    """Make `sources/folder` a link to `images`; nothing is copied.

    Raises:
        Problem: `images` is not a readable folder, overlaps with the data root, or another folder
            is attached already.
    """
    folder = require_images(root, images)
    link = root.sources / _ATTACHED
    if link.is_symlink() or link.exists():
        if link.resolve() == folder:
            return
        held = f"links to {link.resolve()}" if link.is_symlink() else "is a folder of its own"
        raise wrong_usage(
            "another folder is attached to this data root",
            shown(link),
            f"it {held}, and a data root can hold only one",
            command(f"run --images {quoted(images)}", DataRoot(beside(root.path))),
            f"rm {quoted(link)}" if link.is_symlink() else "",
        )
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(folder, target_is_directory=True)
    except OSError as error:
        raise Problem(
            "the folder could not be attached",
            shown(link),
            str(error.strerror or error),
            "choose a writable data root with --data DIR",
        ) from error


def require_images(root: DataRoot, images: Path) -> Path:
    """Return the resolved folder of images.

    Raises:
        Problem: The folder does not exist, is not readable, or overlaps with the data root.
    """
    folder, home = images.resolve(), root.path.resolve()
    where = f"--images {images}"
    if not folder.exists():
        raise wrong_usage(
            "there is no such folder", where, f"{folder} does not exist", "check the spelling"
        )
    if not folder.is_dir():
        raise wrong_usage(
            "--images needs a folder",
            where,
            f"{folder} is a file",
            f"give the folder that contains it: --images {quoted(images.parent)}",
        )
    if not os.access(folder, os.R_OK | os.X_OK):
        raise wrong_usage(
            "the folder cannot be read", where, "permission denied", f"chmod u+rx {quoted(images)}"
        )
    if home == folder or home.is_relative_to(folder):
        relation = "contains the data root"
    elif folder.is_relative_to(home):
        relation = "lies inside the data root"
    else:
        return folder
    raise wrong_usage(
        f"the folder {relation}",
        where,
        f"the pipeline would read its own output: the data root is {home}",
        "choose another data root with --data DIR",
    )


def require_sources(root: DataRoot) -> None:
    """Reject a data root without a source, or with an attached folder that no longer exists."""
    link = root.sources / _ATTACHED
    if link.is_symlink() and not link.exists():
        raise wrong_usage(
            "the attached folder is gone",
            shown(link),
            f"it links to {link.resolve()}, which does not exist",
            f"restore the folder {quoted(link.resolve())}",
            f"rm {quoted(link)}",
        )
    if has_sources(root):
        return
    raise wrong_usage(
        "there is nothing to process",
        shown(root.sources),
        "the data root contains no source",
        *making_commands(root),
    )


def run_selection(
    root: DataRoot,
    selection: str,
    models: ModelChoice,
    next_commands: Callable[[DataRoot], list[str]],
    *,
    as_json: bool,
    settings: Mapping[str, Any] | None = None,
    most_findings: int = MOST_FINDINGS,
) -> Exit:
    """Run the selected assets, show the result and return the exit code.

    Args:
        root: the data root.
        selection: Dagster's asset selection syntax.
        models: which models answer, and what they may cost.
        next_commands: returns the commands that a success is followed by.
        as_json: print one JSON object.
        settings: step -> its configuration.
        most_findings: the most failures and warnings that are listed at the end.
    """
    say(f"Processing {shown(root.sources)}; tables are written to {shown(root.tables)}")
    from eemo_pipeline.orchestration import runs

    try:
        with hold(root), use_records(root):
            outcome = runs.run_assets(
                root.path,
                selection,
                _Follower().hear,
                models.providers,
                models.budget_usd,
                settings=settings,
            )
    except runs.BadSelection as error:
        raise wrong_usage(
            "the selection was not understood",
            f"--select {selection}",
            str(error),
            command("run --select 'key:\"qa__items\"'", root),
            command("status", root, " # lists the tables"),
        ) from error
    except KeyboardInterrupt:
        say("finished work is kept; run the same command again to continue")
        return Exit.INTERRUPTED
    return _tell(root, outcome, models, next_commands, most_findings, as_json=as_json)


def _tell(
    root: DataRoot,
    outcome: "RunOutcome",
    models: ModelChoice,
    next_commands: Callable[[DataRoot], list[str]],
    most_findings: int,
    *,
    as_json: bool,
) -> Exit:
    """Show the outcome of a run and return its exit code."""
    commands = next_commands(root) if outcome.is_success else []
    refusals = find_refusals(root, outcome)
    words = find_words(root, outcome.run_id)
    if as_json:
        about = {
            "providers": models.providers,
            "server_words": [asdict(line) for line in words],
            "refused": asdict(refusals),
        }
        show_json({**about, **_as_object(root, outcome, commands)})
    else:
        tell_words(words)
        tell_refusals(root, refusals)
        tell_findings(outcome, most_findings)
        _show_summary(root, outcome, commands)
    code = judge(outcome)
    if code in (Exit.BUDGET, Exit.CREDENTIAL):
        say("every answer so far is in the ledger; run the same command again to continue")
    if code != Exit.OK:
        say(f"{command('ui', root)} shows run {clean(outcome.run_id)}")
    return code


class _Follower:
    """Reports the progress of a run on stderr: one line per table and per failed check."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def hear(self, kind: str, name: str, metadata: dict[str, Any]) -> None:
        """Report one event of the run."""
        name = clean(name)
        if kind == "table":
            rows = metadata.get("rows")
            self._tell("✔", "32", f"{name:<30} {'' if rows is None else rows_in_words(rows):>14}")
        elif kind == "failed":
            self._tell("✘", "31", f"{name} failed")
        elif kind == "warning":
            self._tell("!", "33", name)
        elif kind == "check" and not metadata.get("passed", True):
            is_warning = metadata.get("severity") == "WARN"
            self._tell(
                "!" if is_warning else "✘",
                "33" if is_warning else "31",
                f"{name}: {'warning' if is_warning else 'check failed'}",
            )

    def _tell(self, mark: str, colour: str, text: str) -> None:
        elapsed = time.monotonic() - self._began
        say(f"{elapsed:6.1f} s  {paint(mark, colour, sys.stderr)} {text}")


def _show_summary(root: DataRoot, outcome: "RunOutcome", commands: list[str]) -> None:
    rows = counted(sum(outcome.tables.values()), "row")
    show(f"tables    {len(outcome.tables)}, {rows}; listed by  {command('status', root)}")
    show(
        f"computed {outcome.computed:,}, reused {outcome.reused:,} "
        f"({outcome.seconds:.1f} s, run {clean(outcome.run_id)})"
    )
    if outcome.calls or outcome.cached:
        show(
            f"models    {counted(outcome.calls, 'call')}, {outcome.cached:,} answered before, "
            f"{outcome.usd:,.4f} USD"
        )
    if root.database.exists():
        show(f"database  {shown(root.database)}")
    if commands:
        show("next")
        for line in commands:
            show(f"  {line}")


def _as_object(root: DataRoot, outcome: "RunOutcome", commands: list[str]) -> dict[str, Any]:
    def checks(lines: Any) -> list[dict[str, str]]:
        return [
            {"asset": line.asset, "check": line.check, "description": line.description}
            for line in lines
        ]

    return {
        "run_id": outcome.run_id,
        "is_success": outcome.is_success,
        "tables": dict(outcome.tables),
        "computed": outcome.computed,
        "reused": outcome.reused,
        "calls": outcome.calls,
        "cached": outcome.cached,
        "usd": outcome.usd,
        "stopped_by": outcome.stopped_by,
        "seconds": round(outcome.seconds, 3),
        "failed_steps": [{"step": step, "message": text} for step, text in outcome.failed_steps],
        "failed_checks": checks(outcome.failed_checks),
        "warned_checks": checks(outcome.warned_checks),
        "database": str(root.database) if root.database.exists() else None,
        "next": commands,
    }


def judge(outcome: "RunOutcome") -> Exit:
    """Return the exit code: 3 if a check of severity ERROR failed, else 5, 4, 1 or 0."""
    if outcome.failed_checks:
        return Exit.CHECK_FAILED
    if outcome.stopped_by is not None:
        return Exit.CREDENTIAL if outcome.stopped_by == "credential" else Exit.BUDGET
    return Exit.OK if outcome.is_success and not outcome.failed_steps else Exit.FAILURE


def _demo_commands(root: DataRoot) -> list[str]:
    return [command(words, root) for words in ("report open", "ui", "review serve")]


def _next_commands(root: DataRoot) -> list[str]:
    look = f'sql "{_QUERY}"' if root.database.exists() else "sources"
    report = ["report open"] if root.report_page.is_file() else []
    return [command(words, root) for words in ("status", look, *report, "ui")]
