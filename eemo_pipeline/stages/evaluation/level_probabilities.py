"""The value of a dimension from the probabilities of three level words (EEmo-Bench's assessment).

The next-token logits of the first tokens of the three words after the prompt are compared among
themselves alone: softmax, then the mean of 1, 0.5 and 0 (arXiv 2504.16405).
"""

import math
import re
from collections.abc import Mapping, Sequence

KEYWORDS: Mapping[str, tuple[str, str, str]] = {
    "valence": ("positive", "neutral", "negative"),
    "arousal": ("high", "moderate", "low"),
    "dominance": ("powerful", "moderate", "helpless"),
}
_WORTH = (1.0, 0.5, 0.0)
_LOGIT = r"(-?\d{1,4}(?:\.\d{1,17})?)"


def expected_level(logits: Sequence[float]) -> float:
    """Return the value 0-1 of the logits of the highest, middle and lowest keyword."""
    most = max(logits)
    powers = [math.exp(logit - most) for logit in logits]
    weighted = sum(power * worth for power, worth in zip(powers, _WORTH, strict=True))
    return weighted / sum(powers)


def read_logits(dimension: str, text: str) -> tuple[float, float, float] | None:
    """Return the logits in a reply such as "positive: 2.5, neutral: 0.1, negative: -3"."""
    found: list[float] = []
    for word in KEYWORDS.get(dimension, ()):
        match = re.search(rf"\b{word}\s*:\s*{_LOGIT}", text, re.IGNORECASE)
        if match is None:
            return None
        found.append(float(match[1]))
    return (found[0], found[1], found[2]) if len(found) == len(_WORTH) else None
