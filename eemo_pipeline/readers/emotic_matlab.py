"""Reads EMOTIC's MATLAB files: one row per person and annotator, unchanged.

Handles the nested structs of `Annotations.mat` (2019) and `CVPR17_Annotations.mat` (2017), and the
process that opens them. The rows are interpreted in `sources/emotic.py`.

A damaged file can crash scipy's reader with a segmentation fault, request all memory, or nest
deeper than its stack. So a separate process opens the file, with a limit on memory and time, and
returns the rows as lines of JSON; the caller's process never parses MATLAB.

Structs are read by the names of their fields, because `train` and `val`/`test` order them
differently and `combined_categories` is a bare list of texts. Nothing is squeezed, so a struct
array of one element stays an array and a label of one letter a text.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

SPLITS = ("train", "val", "test")
RATINGS = ("valence", "arousal", "dominance")
_HEADER_BYTES = 128
_BYTE_ORDERS = (b"IM", b"MI")
_MEMORY_LIMIT_BYTES = 8 * 2**30
_TIME_LIMIT_S = 1800
_LONGEST_LIST = 1000

Row = dict[str, Any]


def read_people(path: Path) -> tuple[list[Row], str | None]:
    """Return the rows of a MATLAB 5 file in the order train, val, test, and why it has none.

    A row holds split, folder, filename, box, gender, age, worker (the identifier as found; all null
    where absent), labels and ratings where the annotator gave them, and combined_labels and
    combined_ratings where the person has them. `is_combined` marks a person without annotators,
    whose labels and ratings are the combined ones. Ratings are valence, arousal and dominance; null
    means absent, NaN is either in the file or not a number. Labels are null where they are not a
    list of texts.
    """
    if trouble := _judge_header(path):
        return [], trouble
    command = [sys.executable, "-P", "-m", "eemo_pipeline.readers.emotic_matlab", str(path)]
    try:
        # our own interpreter and module; the path is one argument and is not parsed by a shell
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, timeout=_TIME_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return [], f"not read within {_TIME_LIMIT_S} seconds"
    if done.returncode < 0:
        return [], f"the process that read it died of signal {-done.returncode}"
    if done.returncode:
        last_line = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return [], last_line or "not readable"
    return [json.loads(line) for line in done.stdout.splitlines()], None


def _judge_header(path: Path) -> str | None:
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or header[126:128] not in _BYTE_ORDERS:
        return "no MATLAB 5 file"
    if 2 in header[124:126]:
        return "a MATLAB 7.3 file; save it as version 7"
    return None


def iterate_people(path: Path) -> Iterator[Row]:
    """Parse the file in this process; callers use `read_people`, which is safe.

    Raises:
        ValueError: none of train, val and test is a struct array.
        Exception: anything that scipy raises on a damaged file.
    """
    from scipy.io import loadmat

    found = False
    for split in SPLITS:
        value = loadmat(path, variable_names=[split], squeeze_me=False).get(split)
        records = _records(value)
        found = found or bool(records)
        for record in records:
            for row in _people_of(record):
                yield {"split": split, **row}
    if not found:
        raise ValueError("none of train, val and test is a struct array")


def _people_of(picture: np.void) -> Iterator[Row]:
    """Yield the rows of one image; at least one, so that no image vanishes."""
    named = {name: _text(_field(picture, name)) for name in ("folder", "filename")}
    people = _records(_field(picture, "person"))
    if not people:
        yield named
    for person in people:
        facts = {name: _fact(person, name) for name in ("gender", "age")}
        combined: Row = {}
        if (labels := _field(person, "combined_categories")) is not None:
            combined["labels"] = _texts(labels)
        for record in _records(_field(person, "combined_continuous"))[:1]:
            combined.update(_rate(record))
        common = {**named, **facts, "box": _numbers(_field(person, "body_bbox"))}
        judgements = _judgements(person)
        if not judgements:
            yield {**common, "is_combined": True, **combined}
        for judgement in judgements:
            yield {
                **common,
                **judgement,
                **{f"combined_{name}": value for name, value in combined.items()},
            }


def _judgements(person: np.void) -> list[Row]:
    """Return each annotator's labels, ratings or both.

    Labels and ratings were given in two tasks. They belong to one annotator if the worker is the
    same; if any worker is not named, they are paired by position.
    """
    given: list[tuple[str, list[np.void]]] = [
        (kind, _records(_field(person, f"annotations_{kind}")))
        for kind in ("categories", "continuous")
    ]
    is_named = all(_worker(record) for _, records in given for record in records)
    judgements: dict[tuple[str | None, int], Row] = {}
    for kind, records in given:
        seen: Counter[str | None] = Counter()
        for place, record in enumerate(records):
            worker = _worker(record)
            key = (worker, seen[worker]) if is_named else (None, place)
            seen[worker] += 1
            judgement = judgements.setdefault(key, {"worker": None})
            judgement["worker"] = judgement["worker"] or worker
            if kind == "categories":
                judgement["labels"] = _texts(_field(record, "categories"))
            else:
                judgement.update(_rate(record))
    return list(judgements.values())


def _rate(record: np.void) -> Row:
    """Return `ratings`, if the record has any."""
    rated = [_number(_field(record, name)) for name in RATINGS]
    return {} if all(value is None for value in rated) else {"ratings": rated}


def _worker(record: np.void) -> str | None:
    worker = _field(record, "worker_id")
    if text := _text(worker):
        return text
    numbers = _numbers(worker)
    return f"{numbers[0]:g}" if numbers and len(numbers) == 1 else None


def _fact(person: np.void, name: str) -> str | None:
    """Return gender or age: a text, or in an early version a struct with a text of that name."""
    value = _field(person, name)
    inner = _records(value)
    return _text(_field(inner[0], name)) if inner else _text(value)


# --- MATLAB values -----------------------------------------------------------------------------


def _field(record: np.void, name: str) -> Any:
    names = record.dtype.names or ()
    return record[name] if name in names else None


def _records(value: Any) -> list[np.void]:
    """Return the elements of a struct array, or of the struct arrays in a cell array."""
    if not isinstance(value, np.ndarray):
        return []
    if value.dtype.names:
        return list(value.ravel(order="F"))
    if value.dtype == object:
        structs = [cell for cell in value.ravel(order="F") if isinstance(cell, np.ndarray)]
        return [record for cell in structs if cell.dtype.names for record in cell.ravel(order="F")]
    return []


def _text(value: Any) -> str | None:
    """Return a row of characters, or a cell with one, as a text that a table can hold."""
    if isinstance(value, np.ndarray) and value.dtype == object and value.size == 1:
        value = value.flat[0]
    if not isinstance(value, np.ndarray) or value.dtype.kind != "U" or value.size > 1:
        return None
    text = "".join(str(part) for part in value.ravel())
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _texts(value: Any) -> list[str] | None:
    """Return the texts of a cell array; a bare text is a list of one; None for anything else."""
    if not isinstance(value, np.ndarray) or value.size > _LONGEST_LIST:
        return None
    if value.dtype.names:
        inner = _records(value)
        is_nested = len(inner) == 1 and "categories" in value.dtype.names
        return _texts(inner[0]["categories"]) if is_nested else None
    if value.size == 0:
        return []
    if value.dtype.kind == "U":
        text = _text(value)
        return None if text is None else [text]
    if value.dtype != object:
        return None
    texts = [_text(cell) for cell in value.ravel(order="F")]
    return [text for text in texts if text is not None] if None not in texts else None


def _numbers(value: Any) -> list[float] | None:
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf":
        return None
    if value.size > _LONGEST_LIST:
        return None
    return [float(number) for number in value.ravel(order="F")]


def _number(value: Any) -> float | None:
    """Return the number; None where there is no value, NaN where it is not a single number."""
    if value is None or (isinstance(value, np.ndarray) and value.size == 0):
        return None
    numbers = _numbers(value)
    return numbers[0] if numbers and len(numbers) == 1 else float("nan")


def _limit_memory() -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = _MEMORY_LIMIT_BYTES if hard < 0 else min(hard, _MEMORY_LIMIT_BYTES)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _limit_memory()
    for person_row in iterate_people(Path(sys.argv[1])):
        sys.stdout.write(json.dumps(person_row) + "\n")
