"""Logs of inspect_ai: the JSON file, or the `.eval` archive with one file per sample.

A log names the model in `eval.model`. A sample has `id`, `epoch`, `input` (a text or messages),
`choices`, `target`, `output.completion`, `metadata` and, where it failed, `error`. Of several
epochs the first is read; the others are refused as duplicates.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from struct import Struct
from typing import Any
from zipfile import BadZipFile, ZipFile

from eemo_pipeline.readers.encodings import decode
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark
from eemo_pipeline.stages.evaluation.framework_rows import (
    LETTERS,
    FrameworkRow,
    read_framework_rows,
)
from eemo_pipeline.stages.evaluation.response_formats import BadResponses, ResponseFormat
from eemo_pipeline.stages.evaluation.responses import Refusal, ResponseFile

_LARGEST_FILE = 1_000_000_000
_LARGEST_PART = 64_000_000
_MOST_PARTS = 1_000_000
_ZSTANDARD = 93  # method of compression in the ZIP specification, 4.4.5
_LOCAL_HEADER = Struct("<4s22x2H")  # ends with the lengths of the name and of what follows it


def _load(path: Path) -> Any:
    """Return the log with its samples.

    Raises:
        BadResponses: the file is too large, or neither JSON nor an archive of JSON.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise BadResponses(f"it has more than {_LARGEST_FILE:,} bytes")
        if path.suffix.lower() == ".eval":
            return _read_archive(path)
        text, _ = decode(path.read_bytes())
        return json.loads(text)
    except OSError as error:
        raise BadResponses(str(error.strerror or error)) from error
    except (BadZipFile, RuntimeError, NotImplementedError) as error:
        raise BadResponses(f"it is no archive: {str(error)[:160]}") from error
    except (ValueError, RecursionError) as error:
        raise BadResponses(f"it is no JSON: {str(error)[:160]}") from error


def _read_archive(path: Path) -> dict[str, Any]:
    with ZipFile(path) as archive:
        parts = archive.infolist()
        total = sum(part.file_size for part in parts)
        if len(parts) > _MOST_PARTS or total > _LARGEST_FILE:
            raise BadResponses(f"its {len(parts):,} files have {total:,} bytes unpacked")
        names = sorted(part.filename for part in parts)
        head = next((name for name in ("header.json", "_journal/start.json") if name in names), "")
        log: dict[str, Any] = _read_part(archive, head) if head else {}
        samples = [name for name in names if name.startswith("samples/")]
        return {**log, "samples": [_read_part(archive, name) for name in samples]}


def _read_part(archive: ZipFile, name: str) -> Any:
    """Return the JSON of one file; None where it is too large or no JSON."""
    with _open_part(archive, name) as stream:
        content = stream.read(_LARGEST_PART + 1)
    if len(content) > _LARGEST_PART:
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _open_part(archive: ZipFile, name: str) -> Any:
    """Return the stream of one file of the archive.

    inspect_ai packs with Zstandard, which `zipfile` reads from Python 3.14 on; pyarrow does.

    Raises:
        BadZipFile: the file's header is damaged.
    """
    entry = archive.getinfo(name)
    if entry.compress_type != _ZSTANDARD or archive.fp is None:
        return archive.open(entry)
    import pyarrow as pa

    archive.fp.seek(entry.header_offset)
    head = archive.fp.read(_LOCAL_HEADER.size)
    if len(head) < _LOCAL_HEADER.size or not head.startswith(b"PK\x03\x04"):
        raise BadZipFile(f"the header of {name[:80]!r} is damaged")
    archive.fp.seek(sum(_LOCAL_HEADER.unpack(head)[-2:]), 1)
    packed = archive.fp.read(min(entry.compress_size, _LARGEST_PART))
    return pa.CompressedInputStream(pa.BufferReader(packed), "zstd")


def _recognises(content: Any) -> bool:
    if not isinstance(content, Mapping):
        return False
    return isinstance(content.get("eval"), Mapping) and isinstance(content.get("samples"), list)


def _read(content: Any, benchmark: Benchmark, named: str | None) -> ResponseFile:
    model = str(content["eval"].get("model") or "model")
    if named is not None and named != model:
        raise BadResponses(f"it has no answers of {named}, only of {model}")
    return read_framework_rows(_rows(content["samples"]), benchmark, model)


def _rows(samples: list[Any]) -> Iterator[FrameworkRow | Refusal]:
    for place, sample in enumerate(samples, 1):
        if not isinstance(sample, Mapping) or sample.get("id") is None:
            yield Refusal(place, "bad_row", "no JSON object with an id")
            continue
        about = sample.get("metadata")
        about = about if isinstance(about, Mapping) else {}
        choices, target = sample.get("choices"), sample.get("target")
        options = dict(zip(LETTERS, choices, strict=False)) if isinstance(choices, list) else {}
        gold = target[0] if isinstance(target, list) and target else target
        images = about.get("images")
        yield FrameworkRow(
            name=str(sample["id"]).zfill(5),
            question=_question(sample.get("input")),
            options={letter: str(text) for letter, text in options.items()},
            gold=str(gold or ""),
            reply=_reply(sample),
            category=str(about.get("category") or ""),
            subset=str(about.get("subset") or ""),
            images=tuple(map(str, images)) if isinstance(images, list) else (),
        )


def _question(given: Any) -> str:
    """Return the text of an input: a text, or messages whose content is a text or parts."""
    if isinstance(given, str):
        return given
    messages = given if isinstance(given, list) else []
    return "\n".join(
        _text(message.get("content")) for message in messages if isinstance(message, Mapping)
    )


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, Mapping)]
    return "\n".join(str(text) for text in texts if text)


def _reply(sample: Mapping[str, Any]) -> str | None:
    output = sample.get("output")
    said = output.get("completion") if isinstance(output, Mapping) else None
    is_empty = not isinstance(said, str) or not said
    return None if is_empty else str(said)


FORMAT = ResponseFormat(
    name="inspect_ai",
    title="logs of inspect_ai (.json, .eval)",
    suffixes=(".json", ".eval"),
    load=_load,
    recognises=_recognises,
    read=_read,
)
