"""`eemo gate`: hands a table out to be edited by hand, and takes it back.

`stages/gate/` reads and writes the files.
"""

import re
import shlex
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from eemo_pipeline.cli.data_root import choose_data_root, hold
from eemo_pipeline.cli.output import clean, counted, say, show, show_json
from eemo_pipeline.cli.problems import Exit, Problem, wrong_usage
from eemo_pipeline.cli.shell_text import command, quoted, shown
from eemo_pipeline.cli.tables import choose_rows, find_table, read_table
from eemo_pipeline.lake.data_root import DataRoot

if TYPE_CHECKING:
    from eemo_pipeline.schema.tables import Table
    from eemo_pipeline.stages.gate.taken_back import TakenBack

_PSEUDONYM = re.compile(r"[\w.-]{1,40}", re.ASCII)
_SHOWN = 20


def export(data: Path | None, name: str, to: Path, where: str, *, as_json: bool) -> None:
    """Write the rows to a file and say how to take them back.

    Raises:
        Problem: there is no such table, the condition is no SQL, or the file exists.
    """
    from eemo_pipeline.stages.gate.handed_out import hand_out

    root = choose_data_root(data)
    table = _find_table(root, name)
    _require_format(to)
    if to.exists():
        raise wrong_usage(
            "the file exists",
            shown(to),
            "it may hold a person's work",
            command(f"gate export {table.name} --to {quoted(to.with_stem(to.stem + '-2'))}", root),
        )
    frame = choose_rows(root, table, where)
    hand_out(frame, table, to)
    if as_json:
        show_json({"table": table.name, "file": str(to), "rows": frame.height})
        return
    show(f"{counted(frame.height, 'row')} of {table.name} in {shown(to)}")
    say("leave the key columns and gate_row as they are; rows may be left out")
    say(f"next      {command(f'gate import {table.name} {quoted(to)} --by NAME', root)}")


def take_back(data: Path | None, name: str, file: Path, by: str, *, as_json: bool) -> Exit:
    """Store what a person changed, show it, and return the exit code.

    Raises:
        Problem: there is no such table, or the file cannot be taken as a whole.
    """
    from eemo_pipeline.lake.edits import append_edits
    from eemo_pipeline.stages.gate.taken_back import BadFile
    from eemo_pipeline.stages.gate.taken_back import take_back as read

    root = choose_data_root(data)
    table = _find_table(root, name)
    _require_format(file)
    if not _PSEUDONYM.fullmatch(by):
        raise wrong_usage(
            "this is no pseudonym",
            f"--by {clean(by)}",
            "letters, digits, hyphen, dot and underscore, at most 40",
            "choose another, such as --by ann",
        )
    if not file.is_file():
        raise wrong_usage(
            "there is no such file",
            shown(file),
            "nothing to take back",
            command(f"gate export {table.name} --to {quoted(file)}", root),
        )
    with hold(root):
        now = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            taken = read(file, read_table(root, table), table, by, now)
        except BadFile as error:
            raise Problem(
                "the file cannot be taken back",
                shown(file),
                clean(str(error)),
                command(f"gate export {table.name} --to {quoted(_another(file))}", root),
            ) from error
        if taken.edits:
            append_edits(root.gate, table.name, taken.edits)
    _show_taken(taken, as_json=as_json)
    if taken.edits:
        selection = shlex.quote(f'key:"{table.name}"+')
        say(f"next      {command(f'run --select {selection}', root)}")
    return Exit.CHECK_FAILED if taken.refused else Exit.OK


def _show_taken(taken: "TakenBack", *, as_json: bool) -> None:
    if as_json:
        show_json(
            {
                "rows": taken.rows,
                "changed": taken.changed,
                "unchanged": taken.unchanged,
                "edits": [asdict(edit) for edit in taken.edits],
                "refused": [asdict(row) for row in taken.refused],
            }
        )
    else:
        show(f"file      {counted(taken.rows, 'row')}")
        show(f"changed   {counted(taken.changed, 'row')}, {counted(len(taken.edits), 'value')}")
        show(f"unchanged {counted(taken.unchanged, 'row')}")
        show(f"refused   {counted(len(taken.refused), 'row')}")
        for row in taken.refused[:_SHOWN]:
            key = clean(" ".join(map(str, row.key)))
            say(f"row {row.place} ({key}): {row.reason}: {clean(row.detail)}")
        if len(taken.refused) > _SHOWN:
            say(f"{len(taken.refused) - _SHOWN:,} more; --json lists all")


def _find_table(root: DataRoot, name: str) -> "Table":
    if name == "gate__edits":
        raise wrong_usage(
            "this table is not edited by hand",
            name,
            "it lists the edits of all others",
            command("status", root),
        )
    return find_table(root, name)


def _require_format(file: Path) -> None:
    from eemo_pipeline.stages.gate.handed_out import WRITERS

    if file.suffix not in WRITERS:
        raise wrong_usage(
            "the ending of the file names no format",
            shown(file),
            f"it is one of {', '.join(WRITERS)}",
            f"name it {quoted(file.with_suffix('.csv'))}",
        )


def _another(file: Path) -> Path:
    return file.with_stem(f"{file.stem}-2")
