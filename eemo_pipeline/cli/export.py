"""`eemo export`: exports the published items within the terms of their sources.

`stages/release/redistribution.py` interprets the terms.
"""

from pathlib import Path

from eemo_pipeline.cli.output import clean, counted, show, show_json
from eemo_pipeline.cli.problems import Problem, wrong_usage
from eemo_pipeline.cli.shell_text import command, making_commands, quoted, shown
from eemo_pipeline.lake.data_root import find_data_root


def export(
    data: Path | None, to: Path, permitted: list[str], *, redistributable_only: bool, as_json: bool
) -> None:
    """Write the published files below `to`, or list the sources that forbid it.

    Raises:
        Problem: Nothing is published yet, `to` is inside the data root, or terms forbid it.
    """
    from eemo_pipeline.stages.release.redistribution import (
        TermsForbid,
        hand_out,
        hand_out_redistributable,
    )

    root = find_data_root(data)
    if not (root.tables / "qa__items.parquet").exists():
        raise Problem(
            "there is nothing to export yet",
            shown(root.path),
            "qa__items has not been built",
            *making_commands(root),
        )
    if to.resolve().is_relative_to(root.path.resolve()):
        raise wrong_usage(
            "the folder lies inside the data root",
            f"--to {to}",
            "what is exported leaves the data root; inside it, exports/ holds the same files",
            command("export --to ../handed-out", root),
        )
    write = hand_out_redistributable if redistributable_only else hand_out
    try:
        handed = write(root.tables, to, permitted)
    except TermsForbid as error:
        sources = "; ".join(
            f"{offender.source}: {offender.licence} ({counted(offender.items, 'item')})"
            for offender in error.offenders
        )
        granted = " ".join(f"--permitted {offender.source}" for offender in error.offenders)
        raise Problem(
            "the terms of some sources forbid redistributing these items",
            shown(root.path),
            clean(sources),
            command(f"export --to {quoted(to)} --redistributable-only", root),
            command(
                f"export --to {quoted(to)} {granted}",
                root,
                " # if their owners have given permission",
            ),
        ) from error
    if as_json:
        files = handed.files.to_dicts()
        show_json({"items": handed.items, "withheld": handed.withheld, "files": files})
        return
    for row in handed.files.iter_rows(named=True):
        show(f"{clean(row['path']):<44} {counted(row['row_count'], 'item'):>15}")
    show(
        f"{counted(handed.items, 'item')} exported, {handed.withheld:,} left out; terms in TERMS.md"
    )
