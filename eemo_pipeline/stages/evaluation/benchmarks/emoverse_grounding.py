"""EmoVerse's Table 5: boxes, emotion and intensity of records, as published and strictly.

Items come in response files: objects with the right record and the reply, each a text or an object.
A record of a reply is one item per measure, so that each has its interval. Descriptions and
triplets are compared by CLIP's text encoder where a model is there (`similar_texts.py`); CLIP is
the mean of both, since the paper does not say which of the three it prints.
"""

import json
from collections.abc import Mapping
from typing import Any

from eemo_pipeline.stages.evaluation.answer_parsing import Parsed
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Number, Prompt
from eemo_pipeline.stages.evaluation.grounding_marks import (
    published_marks,
    read_record,
    strict_marks,
)

PUBLISHED = {
    "iou": "IoU",
    "centre": "Centre",
    "f1": "F1",
    "emotion": "Emotion",
    "intensity": "Intensity",
}
_STRICT = " strict"
_TEXTS = {"clip_description": "CLIP of descriptions", "clip_triplet": "CLIP of triplets"}
_TRIPLET = (("background",), ("attribute", "adjective"), ("subject", "noun"))
SECTIONS = (*PUBLISHED, *(f"{name}{_STRICT}" for name in PUBLISHED), *_TEXTS)
_BOXES = (("iou", "IoU"), ("centre", "Centre"), ("f1", "F1"))


def _ask(item: Item) -> Prompt:
    return Prompt("describe-1", item.question)


def _read(item: Item, reply: str) -> Parsed:  # noqa: ARG001 (every measure reads the same record)
    record = read_record(reply)
    text = None if record is None else json.dumps(record, sort_keys=True, ensure_ascii=False)
    is_alone = reply.strip().startswith("{") and reply.strip().endswith("}")
    return Parsed(text, text if is_alone else None)


def _mark(item: Item, answer: str) -> float | None:
    if item.section in _TEXTS:
        return None
    gold, named = read_record(item.gold) or {}, read_record(answer) or {}
    measure = item.section.removesuffix(_STRICT)
    rules = strict_marks if item.section.endswith(_STRICT) else published_marks
    return round(rules(gold, named)[measure], 6)


def _compared(item: Item, answer: str) -> tuple[str, str] | None:
    if item.section not in _TEXTS:
        return None
    gold, named = (_text(item.section, read_record(text) or {}) for text in (item.gold, answer))
    return gold, named


def _text(section: str, record: Mapping[str, Any]) -> str:
    if section == "clip_description":
        return str(record.get("description") or "").strip()
    parts = (next((record[one] for one in names if record.get(one)), "") for names in _TRIPLET)
    return " ".join(str(part).strip() for part in parts if part)


def _guess(item: Item, draw: float) -> str:  # noqa: ARG001 (chance names no box)
    return "{}"


BENCHMARK = Benchmark(
    name="emoverse_grounding",
    title="EmoVerse, Table 5: boxes, emotion and intensity",
    citation="arXiv 2511.12554",
    numbers=(
        *(Number(section, name) for section, name in PUBLISHED.items()),
        Number("boxes", "Boxes", of=_BOXES),
        *(Number(section, name) for section, name in _TEXTS.items()),
        Number("clip", "CLIP", of=tuple(_TEXTS.items())),
        *(Number(f"{section}{_STRICT}", f"{name} strict") for section, name in PUBLISHED.items()),
    ),
    prompt=_ask,
    parse=_read,
    mark=_mark,
    guess=_guess,
    notes="Boxes without a partner cost nothing as published.",
    rubric="",
    compared=_compared,
)
