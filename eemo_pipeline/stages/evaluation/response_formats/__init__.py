"""The contract of a response file's format, and how to add one.

To add a format, add one file `eemo_pipeline/stages/evaluation/response_formats/<name>.py` that
declares `FORMAT = ResponseFormat(name="<name>", ...)`. Formats are tried in the order of their
names, and the first that recognises a file reads it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eemo_pipeline.readers.encodings import decode
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark
from eemo_pipeline.stages.evaluation.responses import ResponseFile

_LARGEST_FILE = 256_000_000


class BadResponses(ValueError):
    """A response file cannot be read; the message says why."""


@dataclass(frozen=True)
class ResponseFormat:
    """A layout of files with the answers of a model.

    Attributes:
        name: equals the module's name.
        title: the layout in words.
        suffixes: endings of its files, lower case.
        recognises: whether the loaded content has this layout.
        load: reads a file within its limits.
        read: returns what was answered to a benchmark. The last argument names the model where a
            file has several; None takes the only one. Raises BadResponses.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    load: Callable[[Path], Any]
    recognises: Callable[[Any], bool]
    read: Callable[[Any, Benchmark, str | None], ResponseFile]


def choose(formats: Mapping[str, ResponseFormat], path: Path) -> tuple[ResponseFormat, Any]:
    """Return the format of a file, and its loaded content.

    Raises:
        BadResponses: no format recognises it, or it cannot be loaded.
    """
    faults: list[str] = []
    for layout in formats.values():
        if path.suffix.lower() not in layout.suffixes:
            continue
        try:
            content = layout.load(path)
        except BadResponses as error:
            faults.append(str(error))
            continue
        if layout.recognises(content):
            return layout, content
    known = "; ".join(layout.title for layout in formats.values())
    raise BadResponses(faults[0] if faults else f"it has none of the known layouts: {known}")


def read_text(path: Path) -> str:
    """Return the text of a response file.

    Raises:
        BadResponses: it is larger than 256 MB, or cannot be read.
    """
    try:
        size = path.stat().st_size
        if size > _LARGEST_FILE:
            raise BadResponses(f"it has {size:,} bytes, more than {_LARGEST_FILE:,}")
        return decode(path.read_bytes())[0]
    except OSError as error:
        raise BadResponses(str(error.strerror or error)) from error
