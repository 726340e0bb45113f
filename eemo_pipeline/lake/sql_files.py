"""SQL text: reads the files of `sql/`, and quotes names, values and types for statements."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7, MIKELS_8
from eemo_pipeline.schema.columns import EMOTIONS, SPLITS, Column

_CATALOGUE = files("sql")
_TYPES = {
    "String": "varchar",
    "Int64": "bigint",
    "Float64": "double",
    "Float32": "float",
    "Boolean": "boolean",
}
# Vocabularies that are types of the published file: name -> what it is, and its values in order.
ENUMS = {
    "mikels8": ("Mikels' eight emotions", MIKELS_8),
    "ekman7": ("Ekman's six emotions and neutral", EKMAN_7),
    "emotion": ("Emotions of both taxonomies", EMOTIONS),
    "split": ("Parts of the dataset, in the order train, validation, test", SPLITS),
}
_SEVERITY = "severity:"
_COLUMN = re.compile(r"(?P<name>\w+)(?: \[(?P<unit>[^]]+)])?: (?P<meaning>.+)")


@dataclass(frozen=True)
class ColumnNote:
    """What the head of a view says of one of its columns."""

    meaning: str
    unit: str


@dataclass(frozen=True)
class Statement:
    """A file of `sql/`.

    Attributes:
        name: the stem of the file.
        description: the leading comment up to a line without text.
        severity: of a check: error or warn.
        sql: the text, with its comments.
        columns: what the leading comment says below that line, column by column. A column of a view
            that is not there is one of the schema.
    """

    name: str
    description: str
    severity: str
    sql: str
    columns: dict[str, ColumnNote]


def list_views() -> list[Statement]:
    """Return the views in the order in which they are created: folder, then name."""
    folders = sorted(item.name for item in _CATALOGUE.iterdir() if item.name[:2].isdigit())
    return [statement for folder in folders for statement in read_folder(folder)]


def list_macros() -> list[Statement]:
    """Return the table macros; the text is their parameters and their query."""
    return list(read_folder("macros"))


def list_examples() -> list[Statement]:
    """Return the example queries, in order; the description is the title."""
    return list(read_folder("examples"))


def list_queries() -> list[Statement]:
    """Return the named queries; each takes the parameters that its comment names."""
    return list(read_folder("queries"))


def read_folder(folder: str) -> Iterator[Statement]:
    """Yield the statements of a folder of `sql/` by name; none where there is no such folder."""
    place = _CATALOGUE.joinpath(*folder.split("/"))
    if not place.is_dir():
        return
    for item in sorted(place.iterdir(), key=lambda entry: entry.name):
        if item.name.endswith(".sql"):
            yield _parse(item.name.removesuffix(".sql"), item.read_text(encoding="utf-8"))


def quote_name(identifier: str) -> str:
    """Quote a table or column name as SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def quote_text(value: str) -> str:
    """Quote a text as an SQL literal, for statements that take no parameters."""
    return "'" + value.replace("'", "''") + "'"


def quote_files(paths: Sequence[Path]) -> str:
    """Return a table expression for the rows of exactly these Parquet files.

    A path is a name and not a pattern: a data root may be called "a*" or "source=b".
    """
    names = ", ".join(quote_text(re.sub(r"([*?[])", r"[\1]", str(path))) for path in paths)
    return f"read_parquet([{names}], hive_partitioning = false)"


def column_type(column: Column) -> str:
    """Return the DuckDB type of a column."""
    dtype = column.dtype
    if isinstance(dtype, pl.List):
        return f"{_TYPES[str(dtype.inner)]}[]"
    return _TYPES[str(dtype)]


def published_type(column: Column) -> str:
    """Return the type of a column in the published file: an ENUM for emotions and splits.

    DuckDB compares an ENUM with any text, and shows its values where it shows the type.
    """
    found = (name for name, (_, values) in ENUMS.items() if values == column.values)
    return next(found, "varchar") if column.dtype == pl.String else column_type(column)


def _parse(name: str, text: str) -> Statement:
    comment: list[str] = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        comment.append(line.removeprefix("--").strip())
    severity = "error"
    if comment and comment[0].startswith(_SEVERITY):
        severity = comment.pop(0).removeprefix(_SEVERITY).strip()
    description, columns = _split_comment(comment)
    return Statement(name, description, severity, text.strip().rstrip(";"), columns)


def _split_comment(comment: Sequence[str]) -> tuple[str, dict[str, ColumnNote]]:
    """Return the text above the first empty line, and the columns below it."""
    end = comment.index("") if "" in comment else len(comment)
    columns: dict[str, ColumnNote] = {}
    for text in comment[end + 1 :]:
        if found := _COLUMN.fullmatch(text):
            columns[found["name"]] = ColumnNote(found["meaning"], found["unit"] or "")
        else:  # the rest of a meaning that is longer than a line
            name, note = columns.popitem()
            columns[name] = ColumnNote(f"{note.meaning} {text}", note.unit)
    return " ".join(comment[:end]), columns
