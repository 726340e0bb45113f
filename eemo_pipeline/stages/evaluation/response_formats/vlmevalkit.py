"""VLMEvalKit's prediction files: its TSV of questions with a column `prediction`.

VLMEvalKit writes `<model>_<dataset>.xlsx`, and `.tsv` where PRED_FORMAT says so. The columns are
those of the exported questions: `index`, `id`, `question`, `A` to `H`, `answer`, `category` and the
paths of the images; files of its own datasets lack some of them. A sheet is read as text: a formula
is never computed.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from eemo_pipeline.readers.encodings import decode
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark
from eemo_pipeline.stages.evaluation.framework_rows import (
    LETTERS,
    FrameworkRow,
    read_framework_rows,
)
from eemo_pipeline.stages.evaluation.response_formats import BadResponses, ResponseFormat
from eemo_pipeline.stages.evaluation.responses import Refusal, ResponseFile

_LARGEST_FILE = 256_000_000
_MOST_ROWS = 1_000_000
_MOST_COLUMNS = 200
_NEEDED = ("prediction", "question", "answer")
_EMPTY = ("", "nan", "none")


def _load(path: Path) -> Any:
    """Return the name of the file and its rows, column -> text.

    Raises:
        BadResponses: the file is too large, or no table.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise BadResponses(f"it has more than {_LARGEST_FILE:,} bytes")
        read = _read_sheet if path.suffix.lower() == ".xlsx" else _read_tsv
        return {"name": path.stem, "rows": read(path)}
    except OSError as error:
        raise BadResponses(str(error.strerror or error)) from error


def _read_tsv(path: Path) -> list[dict[str, str]]:
    text, _ = decode(path.read_bytes())
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t", restkey="rest")
        return [
            {str(name): str(value) for name, value in row.items() if value is not None}
            for row in rows
        ]
    except csv.Error as error:
        raise BadResponses(f"it is no TSV: {error}") from error


def _read_sheet(path: Path) -> list[dict[str, str]]:
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise BadResponses(
            "an .xlsx file needs openpyxl: install the extra `evaluation`, or set PRED_FORMAT=tsv "
            "for VLMEvalKit"
        ) from error
    try:
        book = load_workbook(path, read_only=True)
        cells = book.worksheets[0].iter_rows(
            max_row=_MOST_ROWS, max_col=_MOST_COLUMNS, values_only=True
        )
        names = [str(name) for name in next(cells, ())]
        rows = [
            {name: str(value) for name, value in zip(names, row, strict=False) if value is not None}
            for row in cells
        ]
        book.close()
    except (BadZipFile, ValueError, KeyError, IndexError, SyntaxError) as error:
        raise BadResponses(f"it is no sheet: {str(error)[:160]}") from error
    return rows


def _recognises(content: Any) -> bool:
    rows = content.get("rows") if isinstance(content, Mapping) else None
    return bool(rows) and isinstance(rows, list) and set(_NEEDED[1:]) <= set(rows[0])


def _read(content: Any, benchmark: Benchmark, named: str | None) -> ResponseFile:
    rows = content["rows"]
    if not any("prediction" in row for row in rows):
        raise BadResponses("it has no column prediction: these are questions without answers")
    # VLMEvalKit names a file <model>_<dataset>.
    return read_framework_rows(_rows(rows), benchmark, named or content["name"])


def _rows(rows: list[dict[str, str]]) -> Iterator[FrameworkRow | Refusal]:
    for place, row in enumerate(rows, 1):
        missing = [name for name in _NEEDED[1:] if not row.get(name)]
        if missing or "rest" in row:
            detail = f"without {', '.join(missing)}" if missing else "more cells than columns"
            yield Refusal(place, "bad_row", detail)
            continue
        reply = row.get("prediction", "")
        yield FrameworkRow(
            name=row.get("id") or row.get("index", str(place)).zfill(5),
            question=row["question"],
            options={
                letter: row[letter]
                for letter in LETTERS
                if row.get(letter, "").lower() not in _EMPTY
            },
            gold=row["answer"],
            reply=reply if reply.strip().lower() not in _EMPTY else None,
            category=row.get("category", ""),
            subset=row.get("question_type", ""),
            images=_images(row.get("image_path", "")),
        )


def _images(text: str) -> tuple[str, ...]:
    if not text.startswith("["):
        return (text,) if text else ()
    try:
        names = json.loads(text)
    except (ValueError, RecursionError):
        return (text,)
    return tuple(map(str, names)) if isinstance(names, list) else (text,)


FORMAT = ResponseFormat(
    name="vlmevalkit",
    title="VLMEvalKit's table of questions with a column prediction (.tsv, .xlsx)",
    suffixes=(".tsv", ".xlsx"),
    load=_load,
    recognises=_recognises,
    read=_read,
)
