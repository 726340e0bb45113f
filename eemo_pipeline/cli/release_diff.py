"""`eemo release diff`: shows which rows, labels and numbers moved between releases, and why."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eemo_pipeline.cli.data_root import choose_data_root
from eemo_pipeline.cli.output import clean, counted, say, shorten, show, show_json
from eemo_pipeline.cli.problems import Problem
from eemo_pipeline.cli.release import find_release
from eemo_pipeline.cli.shell_text import command, shown

if TYPE_CHECKING:
    from eemo_pipeline.stages.release.diff import ConfigChange

_MOVES = 40
_CAUSES = 12
_WIDTH = 160


def show_difference(data: Path | None, old: str, new: str | None, *, as_json: bool) -> None:
    """Show the difference of two releases.

    Raises:
        Problem: there is no such release, or one is damaged.
    """
    from eemo_pipeline.stages.release.diff import diff_releases
    from eemo_pipeline.stages.release.manifest import BadManifest

    folders = find_release(data, old), find_release(data, new)
    for folder in folders:
        _require_sound(data, folder)
    try:
        found = diff_releases(*folders)
    except BadManifest as error:  # altered since it was checked
        raise Problem("a release is damaged", shown(folders[0].parent), str(error)) from error
    if as_json:
        show_json(asdict(found))
        return
    if not (found.changes or found.numbers or found.statements):
        say(f"releases {found.old} and {found.new} hold the same")
        return
    for change in found.changes:
        _show_change(change)
    _show_moves("numbers of the card", found.numbers)
    _show_moves("statements", found.statements)


def _show_moves(title: str, moves: list[tuple[str, Any, Any]]) -> None:
    if moves:
        show(title)
    for name, before, after in moves[:_MOVES]:
        show(f"  {clean(shorten(name))}: {_value(before)} -> {_value(after)}")
    if len(moves) > _MOVES:
        say(f"  {len(moves) - _MOVES:,} more; --json lists all")


def _require_sound(data: Path | None, folder: Path) -> None:
    from eemo_pipeline.stages.release.check import check_release

    damaged = [f for f in check_release(folder) if f.check.endswith(("_whole", "_unchanged"))]
    if damaged:
        first = damaged[0]
        raise Problem(
            "the release is damaged, so nothing is compared",
            shown(folder),
            clean(f"{first.path}: {first.detail}"),
            command(f"release check {clean(folder.name)}", choose_data_root(data)),
        )


def _show_change(change: "ConfigChange") -> None:
    show(
        f"{change.config}: {counted(change.added, 'row')} added, {change.removed:,} removed, "
        f"{change.changed:,} changed"
    )
    for column in change.columns:
        moves = "; ".join(f"{old} -> {new} ({count:,})" for old, new, count in column.moves)
        rows = counted(column.rows, "row")
        show(f"  {column.column} in {rows}: {clean(shorten(moves, _WIDTH))}")
    for cause in change.causes[:_CAUSES]:
        rows = counted(cause.rows, "row")
        show(f"  because {clean(shorten(cause.detail, _WIDTH))}: {rows}")
        show(f"    {clean(shorten(', '.join(cause.examples), _WIDTH))}")
    if len(change.causes) > _CAUSES:
        say(f"  {counted(len(change.causes) - _CAUSES, 'more cause')}; --json lists all")


def _value(value: object) -> str:
    if value is None:
        return "none"
    return f"{value:,}" if isinstance(value, int) else clean(shorten(str(value), 80))
