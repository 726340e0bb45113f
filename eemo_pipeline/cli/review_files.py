"""The work of `eemo review import` and `eemo review export`."""

from collections import Counter
from pathlib import Path

from eemo_pipeline.cli.data_root import choose_data_root
from eemo_pipeline.cli.output import counted, say, show, show_json, show_rows
from eemo_pipeline.cli.problems import Exit, Problem, wrong_usage
from eemo_pipeline.cli.review import open_reviews
from eemo_pipeline.cli.shell_text import command, shown
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.web.label_files import LabelFormat

_COLUMNS = ("row", "image", "person", "field", "reason", "detail")


def import_file(data: Path | None, file: Path, format_name: str | None, *, as_json: bool) -> Exit:
    """Store the labels of a file, and show what was not taken.

    Raises:
        Problem: the file cannot be read or is too large, its ending says no format, or the data
            root has no images.
    """
    from eemo_pipeline.web.label_import import MAX_BYTES, import_labels

    root = choose_data_root(data)
    format_name = format_name or _ENDINGS.get(file.suffix.lower())
    if format_name is None:
        raise wrong_usage(
            "the ending says no format",
            shown(file),
            f"only {', '.join(_ENDINGS)} does; known: {', '.join(_formats())}",
            "name it with --format",
        )
    _require_images(root)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise wrong_usage(
                "the file is too large",
                shown(file),
                f"at most {MAX_BYTES // 1024**2} MiB are read at once",
                "split it",
            )
        content = file.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise wrong_usage("the file cannot be read", shown(file), why, "check the path") from error
    with open_reviews(root) as database:
        taken = import_labels(database, root, file.name, content, _formats()[format_name])
    rows = [
        (one.row, one.image, one.rater, one.field, one.reason, one.detail) for one in taken.refusals
    ]
    if as_json:
        show_json(
            {
                "stored": taken.stored,
                "replaced": taken.replaced,
                "repeated": taken.repeated,
                "refused": [dict(zip(_COLUMNS, row, strict=True)) for row in rows],
            }
        )
    else:
        if rows:
            show_rows(_COLUMNS, rows)
            reasons = Counter(one.reason for one in taken.refusals).most_common()
            counts = ", ".join(f"{count} {reason}" for reason, count in reasons)
            say(f"{len(rows)} refused: {counts}")
        show(f"{counted(taken.stored, 'label')} stored, {taken.repeated:,} there already")
        if taken.replaced:
            say(f"{taken.replaced} of them replace what the same person said in an earlier import")
        if taken.stored:
            say(f"{command('run', root)}  # takes them in")
    return Exit.FAILURE if rows and not taken.stored + taken.repeated else Exit.OK


def export_file(data: Path | None, file: Path, format_name: str | None, *, as_json: bool) -> None:
    """Write what people said to a new file.

    Raises:
        Problem: the file exists, its ending is unknown, or the data root has no images.
    """
    from eemo_pipeline.web.votes import read_votes

    root = choose_data_root(data)
    if format_name is None and file.suffix not in _TABLE_ENDINGS:
        raise wrong_usage(
            "the ending says no format",
            shown(file),
            f"known: {', '.join(_TABLE_ENDINGS)}; or --format {', '.join(_formats())}",
            "rename it",
        )
    if file.exists():
        raise wrong_usage(
            "the file exists", shown(file), "nothing is overwritten", "choose another name"
        )
    with open_reviews(root) as database, database.reading() as connection:
        votes = read_votes(connection).rows
    if format_name is None:
        _write_table(votes, file)
        written, noun = len(votes), "votes"
    else:
        written, noun = _write_judgements(root, votes, file, format_name), "judgements"
    if as_json:
        show_json({"file": str(file), noun: written})
    else:
        show(f"{written} {noun} in {shown(file)}")


_ENDINGS = {".jsonl": "jsonl"}  # of files that are read; JSON may be of several formats
_TABLE_ENDINGS = (".parquet", ".jsonl", ".csv")


def _formats() -> dict[str, LabelFormat]:
    """Return the formats by their name on the command line."""
    from eemo_pipeline.discovery import discover
    from eemo_pipeline.web import label_files

    found = discover(label_files, "FORMAT", LabelFormat)
    return {name.replace("_", "-"): form for name, form in found.items()}


def _write_table(votes: list[dict[str, object]], file: Path) -> None:
    import polars as pl

    from eemo_pipeline.schema.tables import TABLES

    frame = pl.DataFrame(votes, schema=TABLES["review__votes"].polars_schema)
    if file.suffix == ".parquet":
        frame.write_parquet(file)
    elif file.suffix == ".jsonl":
        frame.write_ndjson(file)
    else:
        frame.write_csv(file)


def _write_judgements(
    root: DataRoot, votes: list[dict[str, object]], file: Path, format_name: str
) -> int:
    """Write judgements; return how many have something that the format can hold."""
    from eemo_pipeline.web.label_export import list_judgements

    _require_images(root)
    form = _formats()[format_name]
    needed = form.holds[0] if form.holds[0] == "box" else None
    judgements = [
        one for one in list_judgements(root, votes) if needed is None or one.values.get(needed)
    ]
    file.write_text(form.write(judgements), "utf-8")
    return len(judgements)


def _require_images(root: DataRoot) -> None:
    """Require the table of kept images.

    Raises:
        Problem: there is none.
    """
    from eemo_pipeline.lake.parquet import table_path
    from eemo_pipeline.schema.tables import TABLES

    if not table_path(root.tables, TABLES["dedup__images"]).exists():
        raise Problem(
            "there are no images yet",
            shown(root.path),
            "labels are about images of the data root",
            command("run", root),
        )
