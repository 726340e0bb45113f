"""Reads the published results: `eemo status`, `sources`, `sql` and `explain`.

SQL that knows the tables is in `lake/warehouse.py` and `sql/`; layout is in `output.py`.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eemo_pipeline.cli.data_root import choose_data_root, require_data_root, use_records
from eemo_pipeline.cli.image_summary import summarise_image
from eemo_pipeline.cli.output import (
    as_objects,
    cell,
    clean,
    has_room,
    lay_out_record,
    say,
    shorten,
    show,
    show_json,
    show_rows,
    size_in_words,
)
from eemo_pipeline.cli.problems import Problem, wrong_usage
from eemo_pipeline.cli.shell_text import command, making_commands, quoted, shown
from eemo_pipeline.lake.data_root import LEDGER_VARIABLE, DataRoot

if TYPE_CHECKING:
    from eemo_pipeline.lake.parquet import DamagedTable
    from eemo_pipeline.lake.warehouse import Explained

_ROOM_FOR_TERMS = 130  # columns below which `eemo sources` has one line per source
_NARROW = 24  # characters of a cell on a narrow terminal
_ROOM_FOR_SIZES = 90  # columns that `eemo status` takes with the sizes of tables
_SHORTEST_PREFIX = 4
_IMAGE_ID_LENGTH = 64
_CANDIDATES = 10  # maximum named in a message; one more is queried, to know whether there are more
_WIDEST_VALUE = 300
_QUICKLY_READ = 5_000_000  # limit of annotation bytes read to find missing images


def show_status(data: Path | None, *, as_json: bool) -> None:
    """Show one line per table: rows, size, time of writing, check results.

    Raises:
        Problem: there is no data root, or files do not hold their table; it comes after the lines.
    """
    root = choose_data_root(data)
    require_data_root(root)
    from eemo_pipeline.orchestration.status import read_status

    with use_records(root):
        tables = read_status(root.path)
    columns = (
        "table",
        "stage",
        "rows",
        "size_bytes",
        "written_at",
        "checks_passed",
        "checks_warned",
        "checks_failed",
    )
    rows = [[getattr(table, column) for column in columns] for table in tables]
    damaged = [table.damage for table in tables if table.damage]
    if damaged and as_json:
        raise _explain_damage(root, damaged)
    if as_json:
        show_json(as_objects(columns, rows))
        return
    if all(table.written_at is None for table in tables):
        say(f"no table yet in {shown(root.path)}; build them with: {making_commands(root)[0]}")
    # On a narrow terminal the names of the tables matter more than their sizes.
    with_size = has_room(_ROOM_FOR_SIZES)
    show_rows(
        ("table", "rows", *["size"] * with_size, "written (UTC)", "pass", "warn", "fail"),
        [
            (
                name,
                count,
                *[None if size is None else size_in_words(size)] * with_size,
                _minute(at),
                *checks,
            )
            for name, _, count, size, at, *checks in rows
        ],
    )
    if damaged:
        raise _explain_damage(root, damaged)


def _explain_damage(root: DataRoot, damaged: "Sequence[DamagedTable]") -> Problem:
    first, others = damaged[0], len(damaged) - 1
    return Problem(
        f"{len(damaged)} tables cannot be read" if others else "a table cannot be read",
        shown(first.path),
        f"{first.why}{f'; {others} more are of another version or damaged' if others else ''}",
        command("run", root, " # builds the tables again"),
        f"rm -r {quoted(first.path)} && {command('run', root)}",
    )


def _minute(at: str | None) -> str | None:
    """Return a time in ISO 8601 to the minute, which a terminal of 80 columns has room for."""
    return at and at[: len("2026-01-31T12:00")].replace("T", " ")


def show_sources(data: Path | None, *, as_json: bool) -> None:
    """Show one line per known source dataset: files on disk, licence, missing files."""
    from eemo_pipeline.stages.sources import describe_sources, known_sources

    root = choose_data_root(data)
    described = describe_sources(known_sources(), root.sources, _QUICKLY_READ).sort("source")
    if as_json:
        show_json(described.to_dicts())
        return
    columns = {
        "source": "source",
        "role": "role",
        "state": "state",
        "found": "found_files",
        "expected": "expected_files",
        "licence": "licence",
        "missing": "missing",
    }
    if has_room(_ROOM_FOR_TERMS):
        show_rows(tuple(columns), described.select(columns.values()).rows())
        return
    del columns["licence"]
    rows = described.select(columns.values()).rows()
    show_rows(tuple(columns), [(*row[:-1], shorten(row[-1] or "", _NARROW)) for row in rows])
    say("a wider terminal shows licences and all that is missing; eemo fetch NAME obtains a source")


def answer_query(data: Path | None, sql: str, *, as_json: bool) -> None:
    """Show the rows of a read-only query over the published tables."""
    from eemo_pipeline.lake import warehouse

    root = choose_data_root(data)
    require_database(root)
    try:
        columns, rows = warehouse.query(root.database, sql)
    except warehouse.WarehouseError as error:
        raise wrong_usage(
            "the query failed",
            shorten(" ".join(sql.split()), _WIDEST_VALUE),
            " ".join(str(error.__cause__ or error).split("\n\nLINE ")[0].split()),
            command('sql "show tables"', root, " # lists tables and views"),
        ) from error
    if as_json:
        show_json(as_objects(columns, rows))
    else:
        show_rows(columns, rows)


def explain_image(data: Path | None, image: str, *, as_json: bool) -> None:
    """Show a summary of one image, then everything the warehouse holds on it, in stage order."""
    from eemo_pipeline.lake import warehouse

    root = choose_data_root(data)
    require_database(root)
    try:
        named = find_image(root, image)
        explained = [*warehouse.explain(root.database, named), *_read_cost(root, named)]
    except warehouse.WarehouseError as error:  # for example, tables of an older version
        raise Problem(
            "the database cannot be read",
            shown(root.database),
            str(error.__cause__ or error).splitlines()[0],
            command("run", root, " # publishes it again"),
        ) from error
    if as_json:
        show_json(
            [
                {"stage": part.stage, "table": part.table, "rows": list(part.rows)}
                for part in explained
            ]
        )
        return
    show(f"image {clean(named)}")
    for line in lay_out_record(summarise_image(explained)):
        show(line)
    for part in explained:
        show()
        show(f"{clean(part.stage)}  {clean(part.table)}")
        for number, row in enumerate(part.rows):
            if number:
                show("  -")
            _show_record(row)


def _read_cost(root: DataRoot, image_id: str) -> "list[Explained]":
    """Return the calls of models about the image; none where there is no ledger."""
    from eemo_pipeline.cli.ledger import open_existing
    from eemo_pipeline.lake.warehouse import Explained
    from eemo_pipeline.ledger.accounts import cost_of_image

    if not (os.environ.get(LEDGER_VARIABLE) or root.ledger.exists()):
        return []
    with open_existing(root) as ledger:
        calls = cost_of_image(ledger, image_id)
    return [Explained("costs", "ledger", tuple(calls))] if calls else []


def _show_record(row: dict[str, Any]) -> None:
    told = {
        name: shorten(cell(value), _WIDEST_VALUE)
        for name, value in row.items()
        if value is not None
    }
    for line in lay_out_record(told):
        show(line)


def require_database(root: DataRoot) -> None:
    """Reject a data root without a database that can be opened.

    Raises:
        Problem: there is none, or it is damaged.
    """
    from eemo_pipeline.lake import warehouse

    if not root.database.is_file():
        raise Problem(
            "there is no database yet",
            shown(root.database),
            "nothing was published to this data root",
            *making_commands(root),
        )
    try:
        warehouse.query(root.database, "select 1")
    except warehouse.WarehouseError as error:
        raise Problem(
            "the database cannot be opened",
            shown(root.database),
            str(error.__cause__ or error),
            f"rm {quoted(root.database)} && {command('run', root)}",
        ) from error


def find_image(root: DataRoot, image: str, verb: str = "explain") -> str:
    """Return the image_id that `image` means, or a refused file's path as its source lists it.

    Args:
        root: the data root.
        image: the first digits of an image_id, or the path of an image.
        verb: the command that asks, for its error messages.

    Raises:
        Problem: there is no such image, or more than one.
    """
    from eemo_pipeline.lake.parquet import file_sha256

    path = Path(image)
    # As `readers/listing.py` writes a name that is not valid UTF-8.
    image = image.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if os.path.isfile(path):  # noqa: PTH113 (Path.is_file raises on a name that is too long)
        image_id = file_sha256(path)
        if _matches(root, image_id):
            return image_id
        return _find_refused(root, path)
    prefix = image.lower()
    is_hexadecimal = re.fullmatch(r"[0-9a-f]+", prefix) is not None
    if not is_hexadecimal and _has_path(root, image):
        return image
    if not is_hexadecimal or not _SHORTEST_PREFIX <= len(prefix) <= _IMAGE_ID_LENGTH:
        raise wrong_usage(
            "this names no image",
            shorten(f"{verb} {image}", _WIDEST_VALUE),
            f"an image_id is {_SHORTEST_PREFIX} to {_IMAGE_ID_LENGTH} hexadecimal digits, "
            "and there is no such file",
            _listing_command(root),
        )
    found = _matches(root, prefix)
    if len(found) > 1:
        some = ", ".join(match[:16] for match in found[:_CANDIDATES])
        raise wrong_usage(
            "this matches more than one image",
            shorten(f"{verb} {image}", _WIDEST_VALUE),
            f"{'at least ' * (len(found) > _CANDIDATES)}{min(len(found), _CANDIDATES)} "
            f"image_ids begin with it: {some}",
            command(f"{verb} {found[0][:16]}", root),
        )
    if found:
        return found[0]
    near = _near_misses(root, prefix)
    raise Problem(
        "no image has this image_id",
        f"{verb} {image}",
        f"the nearest are {', '.join(match[:16] for match in near)}"
        if near
        else "the database contains no image",
        command(f"{verb} {near[0][:16]}", root) if near else "",
        _listing_command(root),
    )


def _matches(root: DataRoot, prefix: str) -> list[str]:
    return _ids(
        root,
        "select image_id from ingest__images where starts_with(image_id, $prefix) "
        # People judged it, and it has left its source since.
        "union select image_id from review__records where starts_with(image_id, $prefix) "
        "order by image_id limit $most",
        {"prefix": prefix, "most": _CANDIDATES + 1},
    )


def _near_misses(root: DataRoot, prefix: str) -> list[str]:
    return _ids(
        root,
        "select image_id from ingest__images "
        "order by levenshtein(left(image_id, length($prefix)), $prefix), image_id limit 3",
        {"prefix": prefix},
    )


def _has_path(root: DataRoot, path: str) -> bool:
    """Return whether a source lists an image or a refused file under this path."""
    return bool(
        _ids(
            root,
            'select 1 from ingest__records where "path" = $path union all '
            'select 1 from ingest__rejects where "path" = $path and "row" is null limit 1',
            {"path": path},
        )
    )


def _ids(root: DataRoot, sql: str, parameters: dict[str, Any]) -> list[Any]:
    from eemo_pipeline.lake import warehouse

    _, rows = warehouse.query(root.database, sql, parameters)
    return [row[0] for row in rows]


def _find_refused(root: DataRoot, path: Path) -> str:
    resolved = path.resolve()
    folders = sorted(root.sources.iterdir()) if root.sources.is_dir() else []
    for folder in folders:
        if resolved.is_relative_to(folder.resolve()):
            listed = resolved.relative_to(folder.resolve()).as_posix()
            listed = listed.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            if _has_path(root, listed):
                return listed
    raise Problem(
        "this image is not in the data root",
        shown(path),
        f"no file with the same bytes was read into {shown(root.path)}",
        command("run", root, " # if the file is new there"),
        _listing_command(root),
    )


def _listing_command(root: DataRoot) -> str:
    query = "select image_id, source, path from ingest__images"
    return command(f'sql "{query}"', root)
