"""The answers of a local model to questions of a benchmark.

A ranking, a label and values follow from the model's V-A-D of the first image, as in `opinions.py`;
of options it takes one by the hash of the question. Nothing is claimed of their quality.
"""

import json
import re
from typing import Any

from eemo_pipeline.emotion.mappings import read_mapping
from eemo_pipeline.stats.hash_draws import unit_interval
from resources.local_server.asked import Asked
from resources.local_server.opinions import describe, feel
from resources.local_server.sights import Sight

_OPTION = re.compile(r"^([A-Z]): .*$", re.MULTILINE)
_DIMENSIONS = ("valence", "arousal", "dominance")


def is_examined(asked: Asked) -> bool:
    """Return whether a request is a question of a benchmark."""
    return bool(_read(asked))


def answer(sight: Sight, asked: Asked) -> str:
    """Return the reply as JSON."""
    said = _read(asked)
    question = str(said.get("question", ""))
    return json.dumps({"answer": _answer(sight, asked.model, str(said["asked"]), question)})


def _read(asked: Asked) -> dict[str, Any]:
    for text in asked.texts:
        if text.startswith('{"asked"'):
            try:
                said = json.loads(text)
            except ValueError:
                return {}
            return said if isinstance(said, dict) and "asked" in said else {}
    return {}


def _answer(sight: Sight, model: str, prompt: str, question: str) -> str:
    lot = unit_interval("answer", model, question, str(sight))
    if options := _OPTION.findall(question):
        lines = [line for line in question.splitlines() if _OPTION.match(line)]
        return lines[int(lot * len(options))]
    emotion = str(describe(sight, model)["emotion"])
    if prompt.startswith("dominant"):
        mapped = read_mapping("mikels8", "ekman7").get(emotion, emotion)
        return f"Dominant emotion: {emotion if emotion in question else mapped}"
    if prompt.startswith("ranking"):
        first = read_mapping("mikels8", "ekman7").get(emotion, emotion)
        others = [one for one in ("neutral", "joy", "sadness", "fear") if one != first]
        return f"Emotion ranking: {', '.join((first, *others[:2]))}"
    dimension = next((name for name in _DIMENSIONS if name in question.lower()), None)
    if dimension is None:
        return str(describe(sight, model)["description"])
    return f"{dimension.capitalize()}: {feel(sight, model)[_DIMENSIONS.index(dimension)]:.4f}"
