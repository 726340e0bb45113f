"""What people changed in tables by hand: kept append-only, and put into every table written.

Edits are in `gate/<table>/<number>.jsonl` of the data root, one file per import and one edit per
line. A file is written aside and linked, so an import is whole or absent, and no file is changed
afterwards. `apply_edits` is the one place that puts edits into a table; the IO manager calls it.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import polars as pl

from eemo_pipeline.lake.durability import flush_folder
from eemo_pipeline.schema.tables import Table

Key = tuple[Any, ...]
# Column -> the columns that it joins by hyphens: it follows an edit of one of them.
_JOINED = {"joined_triplet": ("background", "attribute", "subject")}


@dataclass(frozen=True)
class Edit:
    """One value that a person changed.

    Attributes:
        number: the import that brought it, from 1 per table.
        key: the values of the table's key columns.
        column: the column.
        old: the value that the person saw.
        new: the value that the person gave.
        by: pseudonym of the person.
        at: when it was imported, UTC, ISO 8601.
    """

    number: int
    key: Key
    column: str
    old: Any
    new: Any
    by: str
    at: str


@dataclass(frozen=True)
class Applied:
    """A table with its edits.

    Attributes:
        frame: the rows, in their order.
        changed: the number of values that edits set.
        waiting: edits whose row changed underneath: the value is neither the one that the person
            saw nor the one that the person gave. They are not applied.
    """

    frame: pl.DataFrame
    changed: int
    waiting: int


class DamagedEdits(Exception):
    """A file of edits cannot be read; it was altered from outside."""

    def __init__(self, path: Path, why: str) -> None:
        """Name the file, the cause and the remedy."""
        super().__init__(f"{path} holds no edits: {why}. Restore the file from a copy.")


def read_edits(gate: Path, table: str) -> list[Edit]:
    """Return the edits of a table in the order in which they were made.

    Raises:
        DamagedEdits: a file cannot be read.
    """
    edits: list[Edit] = []
    for number, path in _list_imports(gate / table):
        for line in path.read_text("utf-8").splitlines():
            try:
                fields = json.loads(line)
                edit = Edit(**{**fields, "key": tuple(fields["key"]), "number": number})
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise DamagedEdits(path, str(error)[:200]) from error
            edits.append(edit)
    return edits


def append_edits(gate: Path, table: str, edits: Iterable[Edit]) -> Path:
    """Store the edits of one import; return when they are on disk."""
    folder = gate / table
    folder.mkdir(parents=True, exist_ok=True)
    rows = ({**asdict(edit), "key": list(edit.key)} for edit in edits)
    with NamedTemporaryFile("w", dir=folder, suffix=".tmp", encoding="utf-8") as aside:
        aside.writelines(json.dumps(row, ensure_ascii=True) + "\n" for row in rows)
        aside.flush()
        os.fchmod(aside.fileno(), 0o444)
        os.fsync(aside.fileno())
        path = _publish(Path(aside.name), folder)
    flush_folder(folder)
    return path


def _publish(aside: Path, folder: Path) -> Path:
    """Link the file under the next free number; an import of the same moment is never replaced."""
    number = max((number for number, _ in _list_imports(folder)), default=0)
    while True:
        number += 1
        path = folder / f"{number}.jsonl"
        with suppress(FileExistsError):
            path.hardlink_to(aside)
            return path


def list_edited(gate: Path) -> list[str]:
    """Return the names of the tables that have edits."""
    if not gate.is_dir():
        return []
    return sorted(path.name for path in gate.iterdir() if any(path.glob("*.jsonl")))


def apply_edits(frame: pl.DataFrame, table: Table, edits: Sequence[Edit]) -> Applied:
    """Return the rows with the edits of people, in the order in which they were made.

    An edit is applied where the value is the one that the person saw. Where it already is what the
    person gave, nothing is to be done.

    Args:
        frame: rows of the table, all or a part.
        table: the table.
        edits: its edits; those of rows that are not in `frame` are left alone.
    """
    if not edits or frame.is_empty():
        return Applied(frame, 0, 0)
    keys = pl.DataFrame(
        [dict(zip(table.key, key, strict=True)) for key in dict.fromkeys(e.key for e in edits)],
        schema={name: table.polars_schema[name] for name in table.key},
    )
    touched = frame.with_row_index("_place").join(keys, on=table.key, how="semi", nulls_equal=True)
    if touched.is_empty():
        return Applied(frame, 0, 0)
    rows = {tuple(row[name] for name in table.key): row for row in touched.to_dicts()}
    computed = {key: dict(row) for key, row in rows.items()}
    for edit in edits:
        row = rows.get(edit.key)
        if row is not None and same(row[edit.column], edit.old):
            row[edit.column] = edit.new
    wanted = {(edit.key, edit.column): edit.new for edit in edits if edit.key in rows}
    changed = sum(not same(rows[key][column], computed[key][column]) for key, column in wanted)
    waiting = sum(not same(rows[key][column], new) for (key, column), new in wanted.items())
    edited = pl.DataFrame(list(rows.values()), schema={"_place": pl.UInt32} | dict(frame.schema))
    edited = edited.with_columns(
        pl.concat_str(parts, separator="-").alias(name)
        for name, parts in _JOINED.items()
        if name in frame.columns
    )
    rest = frame.with_row_index("_place").join(keys, on=table.key, how="anti", nulls_equal=True)
    return Applied(pl.concat([rest, edited]).sort("_place").drop("_place"), changed, waiting)


def same(one: Any, other: Any) -> bool:
    """Return whether two values of one column are equal; numbers by value, lists by element."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def values_of(row: Mapping[str, Any], table: Table) -> Key:
    """Return the values of the key columns."""
    return tuple(row[name] for name in table.key)


def _list_imports(folder: Path) -> Iterator[tuple[int, Path]]:
    paths = [path for path in folder.glob("*.jsonl") if path.stem.isdigit()]
    yield from sorted((int(path.stem), path) for path in paths)
