"""lmms-eval's samples: one JSON object per line, in the file `..._samples_<task>.jsonl` of a model.

A sample has `doc_id`, `target`, and the replies in `filtered_resps` and `resps`. The question is in
`doc`, with its columns, or, from lmms-eval 0.7 on, in `input` as it was asked, with the images in
`input_media`: there the options are the lines that begin with their letters. The model is the name
of the folder that the file lies in.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

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
_LONGEST_INPUT = 20_000


def _load(path: Path) -> Any:
    """Return the model and the lines; a line that is no JSON is None.

    Raises:
        BadResponses: the file is too large, or cannot be read.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise BadResponses(f"it has more than {_LARGEST_FILE:,} bytes")
        text, _ = decode(path.read_bytes())
    except OSError as error:
        raise BadResponses(str(error.strerror or error)) from error
    return {"model": path.absolute().parent.name, "samples": [*map(_parse, text.splitlines())]}


def _parse(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _recognises(content: Any) -> bool:
    samples = content.get("samples") if isinstance(content, Mapping) else None
    return isinstance(samples, list) and any(
        isinstance(sample, Mapping)
        and "doc_id" in sample
        and ("resps" in sample or "filtered_resps" in sample)
        for sample in samples[:20]
    )


def _read(content: Any, benchmark: Benchmark, named: str | None) -> ResponseFile:
    rows = _rows(content["samples"])
    return read_framework_rows(rows, benchmark, named or content["model"])


def _rows(samples: list[Any]) -> Iterator[FrameworkRow | Refusal]:
    for place, sample in enumerate(samples, 1):
        doc = _document(sample) if isinstance(sample, Mapping) else None
        if doc is None:
            yield Refusal(place, "bad_row", "no JSON object with a doc or an input")
            continue
        options = doc.get("options")
        named = dict(zip(LETTERS, options, strict=False)) if isinstance(options, list) else {}
        gold = sample.get("target") or doc.get("answer_letter") or doc.get("answer")
        yield FrameworkRow(
            name=str(doc.get("id") or doc.get("item_id") or f"{sample.get('doc_id')}".zfill(5)),
            question=str(doc.get("question") or ""),
            options={letter: str(text) for letter, text in named.items()},
            gold=str(gold or ""),
            reply=_reply(sample),
            category=str(doc.get("category") or ""),
            subset=str(doc.get("subset") or doc.get("question_type") or ""),
            images=_images(doc.get("images")),
        )


def _document(sample: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the columns of the question, or what its text says of them; None without either."""
    doc, asked = sample.get("doc"), sample.get("input")
    if isinstance(doc, Mapping):
        return doc
    if not isinstance(asked, str):
        return None
    lines = asked[:_LONGEST_INPUT].splitlines()
    options: list[str] = []
    question: list[str] = []
    for line in lines:
        if line.startswith(f"{LETTERS[len(options) % len(LETTERS)]}: "):
            options.append(line[3:])
        elif not options:
            question.append(line)
    return {
        "question": "\n".join(question),
        "options": options[: len(LETTERS)],
        "images": sample.get("input_media"),
    }


def _reply(sample: Mapping[str, Any]) -> str | None:
    """Return the first text in the nested lists of replies."""
    for key in ("filtered_resps", "resps"):
        found = sample.get(key)
        while isinstance(found, list) and found:
            found = found[0]
        if isinstance(found, str):
            return found
    return None


def _images(found: Any) -> tuple[str, ...]:
    if isinstance(found, str):
        return (found,)
    return tuple(str(name) for name in found) if isinstance(found, list) else ()


FORMAT = ResponseFormat(
    name="lmms_eval",
    title="lmms-eval's samples, one JSON object per line",
    suffixes=(".jsonl",),
    load=_load,
    recognises=_recognises,
    read=_read,
)
