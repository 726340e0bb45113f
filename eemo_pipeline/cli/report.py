"""`eemo report`: builds the report, opens it, and compares two of them.

`eemo_pipeline/stages/reports/` makes the page.
"""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from eemo_pipeline.cli.data_root import choose_data_root
from eemo_pipeline.cli.output import clean, counted, say, show, show_json, show_rows
from eemo_pipeline.cli.problems import Problem, wrong_usage
from eemo_pipeline.cli.shell_text import command, making_commands, shown
from eemo_pipeline.lake.data_root import DataRoot

if TYPE_CHECKING:
    from eemo_pipeline.stages.reports.build import Built


def build(
    data: Path | None, to: Path | None, images: str, permitted: list[str], *, as_json: bool
) -> None:
    """Build the report of a data root.

    Raises:
        Problem: there are no tables yet, or `to` is inside the data root.
    """
    root = choose_data_root(data)
    _require_tables(root)
    if to is not None and to.resolve().is_relative_to(root.path.resolve()):
        raise wrong_usage(
            "the folder lies inside the data root",
            f"--to {to}",
            "a report to hand out leaves the data root; inside it, the report is reports/dataset",
            command("report build --to ../report", root),
        )
    built = _write(root, to, images, permitted)
    if as_json:
        show_json(
            {
                "path": str(built.path),
                "filled": built.filled,
                "empty": built.empty,
                "images": built.thumbnails,
                "images_that_may_not_leave": built.closed,
                "images_not_shown": built.hidden,
            }
        )
        return
    show(shown(built.path))
    say(f"{counted(len(built.filled), 'section')} with data, {len(built.empty)} empty")
    say(f"{counted(built.thumbnails, 'image')} shown, {built.hidden:,} not shown")
    if built.closed:
        say(
            f"{built.closed:,} of them may not leave the data root; to hand a report out: "
            + command("report build --to FOLDER", root)
        )


def _write(root: DataRoot, to: Path | None, images: str, permitted: list[str]) -> "Built":
    import duckdb

    from eemo_pipeline.execution.process_pool import Workers
    from eemo_pipeline.stages.reports.build import (
        BadDate,
        build_report,
        build_report_to_hand_out,
        build_report_without_images,
    )

    try:
        with closing(Workers()) as workers:
            if images == "none":
                return build_report_without_images(root, to or root.report, workers)
            if to is None:
                return build_report(root, workers)
            return build_report_to_hand_out(root, to, workers, permitted)
    except BadDate as error:
        raise wrong_usage(
            "the date of the report cannot be read",
            "SOURCE_DATE_EPOCH",
            str(error),
            f"SOURCE_DATE_EPOCH=1767225600 {command('report build', root)}",
        ) from error
    except duckdb.Error as error:  # a damaged file, or one of an older version
        raise Problem(
            "a table cannot be read", shown(root.tables), clean(str(error)), command("run", root)
        ) from error


def open_page(data: Path | None, *, as_json: bool) -> None:
    """Open the report of a data root in the browser, and say where it is.

    Raises:
        Problem: there is no report yet.
    """
    import webbrowser

    root = choose_data_root(data)
    page = root.report_page
    if not page.is_file():
        raise Problem(
            "there is no report yet",
            shown(page),
            "it has not been built",
            command("report build", root),
        )
    is_opened = webbrowser.open(page.resolve().as_uri())
    if as_json:
        show_json({"path": str(page), "is_opened": is_opened})
        return
    show(shown(page))
    if not is_opened:
        say("no browser was found on this machine; open the file in one")


def show_changes(before: Path, after: Path, *, as_json: bool) -> None:
    """Show the numbers that moved between two reports.

    Raises:
        Problem: one of the folders holds no report.
    """
    from eemo_pipeline.stages.reports.comparison import NoReport, compare_reports

    try:
        changes = compare_reports(before, after)
    except NoReport as error:
        raise Problem(
            "this folder holds no report",
            clean(str(error.folder)),
            error.why,
            "eemo report build --data DIR, then name DIR/reports/dataset",
        ) from error
    columns = ["table", "row", "column", "before", "after"]
    rows = [(c.table, c.row, c.column, c.before, c.after) for c in changes]
    if as_json:
        show_json({"changes": [dict(zip(columns, row, strict=True)) for row in rows]})
        return
    if not rows:
        show("nothing moved")
        return
    show_rows(columns, rows)


def _require_tables(root: DataRoot) -> None:
    if not any(root.tables.glob("*.parquet")):
        raise Problem(
            "there is nothing to report on yet",
            shown(root.path),
            "no table has been built",
            *making_commands(root),
        )
