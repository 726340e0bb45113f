"""Parts that benchmarks of ranking, scoring and classification share.

The forms are those of EEmo-Logic (`emotion/answers.py`). The strict reading takes the whole reply
in its form and nothing else; the tolerant one also takes answer tags, other words around the
answer, and synonyms. A value may also follow from the probabilities or logits of level words
(`level_probabilities.py`).
"""

import re

from eemo_pipeline.emotion.answers import read_label, read_ranking, read_score, split_completion
from eemo_pipeline.emotion.scoring import score_ranking
from eemo_pipeline.emotion.taxonomies import canonical
from eemo_pipeline.stages.evaluation.answer_parsing import PROBABILITY, Parsed
from eemo_pipeline.stages.evaluation.benchmarks import Item, Prompt
from eemo_pipeline.stages.evaluation.level_probabilities import read_level

RANKING, DOMINANT = "ranking", "dominant_emotion"
SCORES = ("valence", "arousal", "dominance")
_LONGEST = 4000
_PLAIN_SCORE = re.compile(r"(?:(\w+)\s*:\s*)?([01]?\.\d{1,17}|[01])")
_RANKED = 3


def ask(item: Item) -> Prompt:
    """Return the question; its prompt asks for the form of the task."""
    name = item.section if item.section in (RANKING, DOMINANT) else "score"
    return Prompt(f"{name.replace('_', '-')}-1", item.question)


def read(item: Item, reply: str) -> Parsed:
    """Return the ranking, the value or the label of a reply, in the form of the item's gold."""
    text = reply[:_LONGEST].strip()
    answer = split_completion(text).answer or text
    if item.section == RANKING:
        return _read_ranking(item, text, answer)
    if item.section == DOMINANT:
        return _read_label(item, text, answer)
    return _read_score(item, text, answer)


def mark(item: Item, answer: str) -> float:
    """Return what an answer is worth.

    A ranking has EEmo-Bench's score (Eq. 9 of arXiv 2602.01173), a label 1 where it is right, and a
    value 1 minus its absolute error.
    """
    if item.section == RANKING:
        return score_ranking(_split(item.gold), _split(answer)) / 100
    if item.section == DOMINANT:
        return float(answer == item.gold)
    return 1 - min(abs(float(answer) - float(item.gold)), 1.0)


def guess(item: Item, draw: float) -> str:
    """Return what chance answers, in the form of the task.

    A ranking is one of all ordered selections of one to three emotions, each equally likely, as
    EEmo-Bench's row of random guesses has it; a value is uniform.
    """
    labels = list(item.options)
    if item.section == RANKING:
        return "Emotion ranking: " + ", ".join(_selection(labels, draw))
    if item.section == DOMINANT:
        return f"Dominant emotion: {labels[int(draw * len(labels))]}"
    return f"{item.section.capitalize()}: {draw:.4f}"


def count_selections(labels: int) -> int:
    """Return the number of ordered selections of one to three of so many labels."""
    return labels + labels * (labels - 1) + labels * (labels - 1) * (labels - 2)


def _selection(labels: list[str], draw: float) -> list[str]:
    place = int(draw * count_selections(len(labels)))
    chosen: list[str] = []
    size = 1
    total = len(labels)
    while place >= total:
        place -= total
        total *= len(labels) - size
        size += 1
    left = list(labels)
    for _ in range(size):
        total //= len(left)
        chosen.append(left.pop(place // total))
        place %= total
    return chosen


def _read_ranking(item: Item, text: str, answer: str) -> Parsed:
    known = frozenset(item.options)
    found = read_ranking(answer.replace("[", "").replace("]", ""), known)
    words = _split(text.partition(":")[2] if ":" in text else text)
    is_plain = len(words) == _RANKED == len(set(words)) and set(words) <= known
    is_named = ":" not in text or text.partition(":")[0].strip().lower() == "emotion ranking"
    return Parsed(", ".join(found) or None, ", ".join(words) if is_plain and is_named else None)


def _read_label(item: Item, text: str, answer: str) -> Parsed:
    label = read_label(answer if ":" in answer else f":{answer}")
    if label not in item.options:
        named = [
            one
            for one in item.options
            if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", answer.casefold())
        ]
        label = named[0] if len(named) == 1 else ""
    head, colon, rest = text.partition(":")
    plain = canonical((rest if colon else head).rstrip(".").strip())
    is_named = not colon or head.strip().lower() == "dominant emotion"
    strict = plain if is_named and plain in item.options else None
    return Parsed(label or None, strict)


def _read_score(item: Item, text: str, answer: str) -> Parsed:
    level = read_level(item.section, text)
    if level is not None:
        return Parsed(f"{level:.10g}", f"{level:.10g}", PROBABILITY)
    value = read_score(answer if ":" in answer else f":{answer}")
    found = _PLAIN_SCORE.fullmatch(text)
    is_named = found is not None and (found[1] or item.section).lower() == item.section
    strict = float(found[2]) if found and is_named else None
    return Parsed(
        None if value is None else f"{value:g}",
        f"{strict:g}" if strict is not None and strict <= 1 else None,
    )


def _split(text: str) -> tuple[str, ...]:
    return tuple(canonical(word).rstrip(".") for word in text.split(","))
