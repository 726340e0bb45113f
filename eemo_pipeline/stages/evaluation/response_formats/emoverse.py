"""Replies beside the right records of EmoVerse: a JSON list, or one object per line.

Each object has the right record under `gold`, `label`, `answer` or `ground_truth`, and the reply
under `response`, `prediction`, `pred` or `output`; each is a text or an object.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item
from eemo_pipeline.stages.evaluation.benchmarks.emoverse_grounding import SECTIONS
from eemo_pipeline.stages.evaluation.grounding_marks import read_record
from eemo_pipeline.stages.evaluation.response_formats import (
    BadResponses,
    ResponseFormat,
    read_text,
)
from eemo_pipeline.stages.evaluation.responses import Refusal, Response, ResponseFile

_GOLD = ("gold", "label", "answer", "ground_truth")
_REPLY = ("response", "prediction", "pred", "output")


def _load(path: Path) -> Any:
    text = read_text(path)
    try:
        if path.suffix.lower() == ".jsonl":
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadResponses(f"it is no JSON: {str(error)[:160]}") from error


def _recognises(content: Any) -> bool:
    return isinstance(content, list) and any(
        isinstance(row, Mapping) and _text(row, _GOLD) and _text(row, _REPLY)
        for row in content[:20]
    )


def _read(content: Any, benchmark: Benchmark, named: str | None) -> ResponseFile:
    if benchmark.name != "emoverse_grounding":
        raise BadResponses(f"its records answer emoverse_grounding, not {benchmark.name}")
    responses: list[Response] = []
    refusals: list[Refusal] = []
    for place, row in enumerate(content):
        gold = _text(row, _GOLD) if isinstance(row, Mapping) else None
        if gold is None or read_record(gold) is None:
            refusals.append(Refusal(place + 1, "bad_gold", "the right record is no JSON object"))
            continue
        reply = _text(row, _REPLY)
        unit = f"{place:06d}"
        for section in SECTIONS:
            item = Item(f"{unit} {section}", section, section, "", gold, unit=unit)
            responses.append(Response(item, reply, reason=None if reply else "no_reply"))
    return ResponseFile(named or "model", responses, refusals)


def _text(row: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    value = next((row[name] for name in names if row.get(name) is not None), None)
    if isinstance(value, Mapping):
        return json.dumps(value)
    return value if isinstance(value, str) else None


FORMAT = ResponseFormat(
    name="emoverse",
    title="EmoVerse's records as objects with gold and response",
    suffixes=(".json", ".jsonl"),
    load=_load,
    recognises=_recognises,
    read=_read,
)
