"""The value of a dimension from the probabilities of three level words (EEmo-Bench's assessment).

The next-token probabilities of the first tokens of the three words after the beginning of a reply
are compared among themselves alone, and weigh 1, 0.5 and 0 (arXiv 2504.16405, eq. 12 and 13).
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from eemo_pipeline.stages.evaluation.benchmarks import Item, Prompt
from eemo_pipeline.vlm.questions import Unusable
from eemo_pipeline.vlm.reply_parsing import read_object

PROMPT = "level-1"
KEYWORDS: Mapping[str, tuple[str, str, str]] = {
    "valence": ("positive", "neutral", "negative"),
    "arousal": ("high", "moderate", "low"),
    "dominance": ("powerful", "moderate", "helpless"),
}
_WORTH = (1.0, 0.5, 0.0)
_LONGEST = 1000
_LOGIT = r"(-?\d{1,4}(?:\.\d{1,17})?)"
# Beyond these decimals lies the noise of a processor; values near 0 and 1 stay apart.
_DIGITS = 12


def weigh(item: Item) -> Prompt | None:
    """Return how the level of an item's dimension is asked for; None for an item without one.

    The beginning of the reply is that of the protocol.
    """
    words = KEYWORDS.get(item.section)
    if words is None:
        return None
    return Prompt(
        PROMPT,
        f"What is the level of {item.section} that this image evokes in its viewers: {words[0]}, "
        f"{words[1]} or {words[2]}?",
        words,
        f"The level of {item.section} this image evokes in the viewer is",
    )


def schema_of(words: Sequence[str]) -> dict[str, Any]:
    """Return the JSON Schema of the probabilities of words, as a `WordRequest` is answered."""
    share = {"type": "number", "minimum": 0, "maximum": 1}
    return {
        "type": "object",
        "properties": {
            "probabilities": {
                "type": "object",
                "properties": dict.fromkeys(words, share),
                "required": list(words),
                "additionalProperties": False,
            },
            "mass": share,
        },
        "required": ["probabilities", "mass"],
        "additionalProperties": False,
    }


def read_shares(words: Sequence[str], text: str) -> dict[str, Any]:
    """Return `probabilities`, word -> share of the words alone, and `mass`, that of all tokens.

    Raises:
        Unusable: the text has another form.
    """
    found = read_object(text, schema_of(words)).value
    shares = {word: round(float(found["probabilities"][word]), _DIGITS) for word in words}
    return {"probabilities": shares, "mass": round(float(found["mass"]), _DIGITS)}


def write_shares(answer: Mapping[str, Any]) -> str:
    """Return the reply that stands for an answer of `read_shares`."""
    return json.dumps({name: answer[name] for name in ("probabilities", "mass")})


def read_level(dimension: str, reply: str) -> float | None:
    """Return the value 0-1 of a reply with the probabilities or the logits of all three words.

    Logits stand as in "positive: 2.5, neutral: 0.1, negative: -3". None for any other reply.
    """
    words = KEYWORDS.get(dimension)
    if words is None or len(reply) > _LONGEST:
        return None
    try:
        shares = [read_shares(words, reply)["probabilities"][word] for word in words]
    except Unusable:
        logits = _read_logits(words, reply)
        return expected_level(logits) if logits else None
    return _weigh(shares) if sum(shares) > 0 else None


def expected_level(logits: Sequence[float]) -> float:
    """Return the value 0-1 of the logits of the highest, middle and lowest keyword."""
    most = max(logits)
    return _weigh([math.exp(logit - most) for logit in logits])


def _weigh(shares: Sequence[float]) -> float:
    weighted = sum(share * worth for share, worth in zip(shares, _WORTH, strict=True))
    return weighted / sum(shares)


def _read_logits(words: Sequence[str], text: str) -> list[float] | None:
    found = [re.search(rf"\b{word}\s*:\s*{_LOGIT}", text, re.IGNORECASE) for word in words]
    logits = [float(match[1]) for match in found if match]
    return logits if len(logits) == len(words) else None
