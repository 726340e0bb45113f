"""EEmo-Bench's own response files: a JSON list with one object per question, answers included.

The model's name is part of keys: `response(M)`, `eval_result(M)`, `if_invalid(M)`. The owners'
example script writes replies under the key M itself, and no results. Options are the text of a
Python dict. Paths have backslashes.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eemo_pipeline.emotion.taxonomies import EKMAN_7, canonical
from eemo_pipeline.readers.python_literals import parse_literal
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item
from eemo_pipeline.stages.evaluation.response_formats import (
    BadResponses,
    ResponseFormat,
    read_text,
)
from eemo_pipeline.stages.evaluation.responses import Refusal, Response, ResponseFile

PERCEPTION, DESCRIPTION = "perception", "description"
_OPEN = "Open_ended"
_TYPES = ("Yes-or-No", "What/How", _OPEN)
_LONGEST_OPTIONS = 10_000
_RESPONSE = "response("
_RANKING, _RANKED, _PLACES = "eemo_bench_ranking", "(ranking)", 3
_VOTES = re.compile(r"Ranking:\s*(\{[^{}]*\})")
_OF_THE_BENCHMARK = frozenset(
    (
        *("id", "image", "image_url", "image_label", "question", "options", "correct_answer"),
        *("image1", "image1_url", "image1_label", "image2", "image2_url", "image2_label"),
        *("question_type", "perceptual_dimension", "question_concern", "describing_dimension"),
    )
)


def load_json(path: Path) -> Any:
    """Return the value of a JSON file.

    Raises:
        BadResponses: it is too large, or no JSON.
    """
    text = read_text(path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadResponses(f"it is no JSON: {str(error)[:160]}") from error


def _recognises(content: Any) -> bool:
    return isinstance(content, list) and any(
        isinstance(row, dict) and "question_type" in row and "correct_answer" in row
        for row in content[:20]
    )


def _read(content: Any, benchmark: Benchmark, named: str | None) -> ResponseFile:
    rows = [row for row in content if isinstance(row, dict)]
    model = _choose_model(rows, named)
    responses: list[Response] = []
    refusals: list[Refusal] = []
    seen: set[str] = set()
    for place, row in enumerate(content):
        fault = _fault(row, place, seen)
        if fault:
            refusals.append(Refusal(place + 1, *fault))
            continue
        if benchmark.name != _RANKING:
            responses.append(_response(row, place, model))
        elif (ranked := _ranking(row, place, model)) is not None:
            responses.append(ranked)
        else:
            refusals.append(
                Refusal(place + 1, "other_task", "the row has no ranking, or no labels")
            )
    return ResponseFile(model, responses, refusals)


def _choose_model(rows: Sequence[Mapping[str, Any]], named: str | None) -> str:
    models = list(dict.fromkeys(model for row in rows for model in _models_of(row)))
    if named is not None and named not in models:
        raise BadResponses(f"it has no answers of {named}, only of {', '.join(models) or 'nobody'}")
    if named is None and len(models) != 1:
        raise BadResponses(f"it has answers of {', '.join(models) or 'nobody'}; one is needed")
    return named or models[0]


def _models_of(row: Mapping[str, Any]) -> Iterator[str]:
    for key, value in row.items():
        if key.startswith(_RESPONSE) and key.endswith(")"):
            yield key[len(_RESPONSE) : -1].removesuffix(_RANKED)
        elif key.endswith(_RANKED):
            yield key.removesuffix(_RANKED)
        elif key not in _OF_THE_BENCHMARK and "(" not in key and isinstance(value, str):
            yield key


def _fault(row: Any, place: int, seen: set[str]) -> tuple[str, str] | None:
    if not isinstance(row, dict):
        return "not_an_object", f"element {place + 1} is {type(row).__name__}"
    kind = row.get("question_type")
    if kind not in _TYPES:
        return "unknown_value", f"question_type = {str(kind)[:80]}"
    name = _name(row, place)
    if name in seen:
        return "duplicate_row", f"id = {name[:80]}"
    seen.add(name)
    return None


def _response(row: Mapping[str, Any], place: int, model: str) -> Response:
    given = row.get(f"{_RESPONSE}{model})", row.get(model))
    verdict = row.get(f"eval_result({model})")
    item = _item(row, place, is_valid=row.get(f"if_invalid({model})") != 1)
    return Response(
        item,
        given if isinstance(given, str) else None,
        _votes(verdict) if item.section == DESCRIPTION else _verdict(verdict),
        reason=None if isinstance(given, str) else "no_reply",
    )


def _ranking(row: Mapping[str, Any], place: int, model: str) -> Response | None:
    """Return the ranking of a row, which stands beside the answer to its question.

    The truth is in the image's label, the emotions with most votes first.
    """
    given = row.get(f"{model}{_RANKED}", row.get(f"{_RESPONSE}{model}{_RANKED})"))
    found = _VOTES.search(str(row.get("image_label") or "")[:_LONGEST_OPTIONS])
    votes = parse_literal(found[1], _LONGEST_OPTIONS) if found else None
    if not isinstance(given, str) or not isinstance(votes, dict):
        return None
    gold = list(dict.fromkeys(canonical(str(label)) for label in votes))[:_PLACES]
    if len(gold) < _PLACES or not set(gold) <= set(EKMAN_7):
        return None
    image = str(row.get("image_url") or "")
    options = {label: label for label in EKMAN_7}
    item = Item(
        _name(row, place), "ranking", "ranking", "", ", ".join(gold), (image,), options, unit=image
    )
    return Response(item, given)


def _item(row: Mapping[str, Any], place: int, *, is_valid: bool) -> Item:
    is_open = row["question_type"] == _OPEN
    kind = row.get("describing_dimension") if is_open else row["question_type"]
    images = tuple(
        str(row[name]).replace("\\", "/")
        for name in ("image_url", "image1_url", "image2_url")
        if row.get(name)
    )
    return Item(
        _name(row, place),
        DESCRIPTION if is_open else PERCEPTION,
        str(kind or "other"),
        str(row.get("question") or ""),
        str(row.get("correct_answer") or "").strip(),
        images,
        {} if is_open else _options(row.get("options")),
        str(row.get("perceptual_dimension") or ""),
        " ".join(sorted(images)),
        is_valid,
    )


def _name(row: Mapping[str, Any], place: int) -> str:
    """Return the id with leading zeros, so that texts sort like numbers."""
    given = row.get("id")
    is_number = isinstance(given, int) and not isinstance(given, bool)
    return f"{given:05d}" if is_number else str(place if given is None else given)[:80].zfill(5)


def _options(given: Any) -> dict[str, str]:
    options = parse_literal(given, _LONGEST_OPTIONS) if isinstance(given, str) else given
    if not isinstance(options, dict):
        return {}
    return {
        letter: text
        for letter, text in options.items()
        if isinstance(letter, str) and isinstance(text, str) and len(letter) == 1
    }


def _verdict(given: Any) -> float | None:
    """Return the owners' mark of a choice: 1 where they wrote 1.

    Where their judge voted, they count no choice as right.
    """
    if given is None:
        return None
    return float(not isinstance(given, bool) and given == 1)


def _votes(given: Any) -> float | None:
    """Return the mark of a text: the sum of five votes of 0, 1 or 2, divided by ten."""
    if not isinstance(given, list) or len(given) != 5:
        return None
    votes = [str(vote).strip() for vote in given]
    if not all(vote in ("0", "1", "2") for vote in votes):
        return None
    return sum(map(int, votes)) / 10


FORMAT = ResponseFormat(
    name="eemo_bench",
    title="EEmo-Bench's list of questions with response(MODEL)",
    suffixes=(".json",),
    load=load_json,
    recognises=_recognises,
    read=_read,
)
