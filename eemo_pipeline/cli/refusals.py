"""The end of a run: how many files and rows were refused, why, and the command that lists them."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from eemo_pipeline.cli.output import clean, say, shorten
from eemo_pipeline.cli.shell_text import command, shown
from eemo_pipeline.lake.data_root import DataRoot

if TYPE_CHECKING:
    from eemo_pipeline.orchestration.run_outcome import RunOutcome

_REJECTS, _RECORDS = "ingest__rejects", "ingest__records"
_LISTING = "select source, path, row, line, reason, detail from ingest__rejects order by all"
_MOST_SHOWN = 5  # reasons of which a row is shown
_WIDEST = 200  # characters of such a row


@dataclass(frozen=True)
class Refusals:
    """What a run refused, and whether it read anything.

    Attributes:
        files: reason -> refused files.
        rows: reason -> refused rows of annotation files.
        first_rows: reason -> place, reason and detail of the first row refused for it; of the most
            frequent reasons.
        is_nothing_read: the run read the sources, and no image of them was accepted.
    """

    files: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    first_rows: dict[str, str] = field(default_factory=dict)
    is_nothing_read: bool = False


def find_refusals(root: DataRoot, outcome: "RunOutcome") -> Refusals:
    """Return the refusals of a run; those of earlier runs are not its own."""
    import polars as pl

    from eemo_pipeline.lake.parquet import scan_table

    if _REJECTS not in outcome.tables:
        return Refusals()
    rejects = scan_table(root.tables, _REJECTS)
    files, rows = (
        dict(
            rejects.filter(is_meant)
            .group_by("reason")
            .agg(pl.len())
            .sort("len", "reason", descending=[True, False])
            .collect()
            .iter_rows()
        )
        for is_meant in (pl.col("row").is_null(), pl.col("row").is_not_null())
    )
    firsts = {
        reason: f"{name_place(source, path, row, line)}: {reason}, {detail}"
        for reason, source, path, row, line, detail in rejects.filter(
            pl.col("row").is_not_null(), pl.col("reason").is_in(list(rows)[:_MOST_SHOWN])
        )
        .sort("source", "path", "row")
        .unique("reason", keep="first", maintain_order=True)
        .select("reason", "source", "path", "row", "line", "detail")
        .collect()
        .iter_rows()
    }
    return Refusals(files, rows, firsts, outcome.tables.get(_RECORDS) == 0)


def name_place(source: str, path: str, row: int | None, line: int | None) -> str:
    """Return where something was refused: a file, its line as editors count, or else its row."""
    if line is not None:
        return f"{source} {path}:{line}"
    return f"{source} {path}" if row is None else f"{source} {path} row {row}"


def tell_refusals(root: DataRoot, refusals: Refusals) -> None:
    """Write the refusals to stderr; nothing where there are none."""
    if refusals.is_nothing_read:
        say(f"warning   no image was read: none of the files below {shown(root.sources)} is one")
    for kind, reasons in (("file", refusals.files), ("row", refusals.rows)):
        if reasons:
            total = sum(reasons.values())
            by_reason = ", ".join(f"{clean(reason)} {n:,}" for reason, n in reasons.items())
            say(f"refused   {total:,} {kind}{'s' * (total != 1)}: {by_reason}")
    for place in refusals.first_rows.values():
        say(f"          {shorten(clean(place), _WIDEST)}")
    if not (refusals.files or refusals.rows):
        return
    if not root.database.exists():  # the run was limited to some tables
        say(f"they are listed in {shown(root.tables / _REJECTS)}")
    else:
        say("list them with  " + command(f'sql "{_LISTING}"', root))
