"""Reads the answers of a model to the Assess tasks, in the forms of EEmo-Logic.

A completion reasons between <think> tags and answers between <answer> tags, in one of the forms
"Emotion ranking: a, b, c", "Valence: 0.6250", "Dominant emotion: joy" (arXiv 2602.01173, section
3.3). Completions are hostile text: every search is linear in their length.
"""

import re
from typing import NamedTuple

from eemo_pipeline.emotion.taxonomies import canonical

RANKING, SCORE, DOMINANT = "ranking", "vad", "dominant_emotion"
RANKED = 3  # emotions of a ranking that count

# Words of models for Ekman's emotions, as the released scoring unifies them.
_SYNONYMS = {"neutrality": "neutral", "joyful": "joy", "shock": "surprise", "pleasure": "joy"}
_NUMBER = re.compile(r"[-+]?(?:\d{1,9}(?:\.\d{0,17})?|\.\d{1,17})")


class Completion(NamedTuple):
    """A completion in parts.

    Attributes:
        answer: the text between the last pair of answer tags, stripped; None without one.
        is_reasoned: whether a closed think part stands before it.
    """

    answer: str | None
    is_reasoned: bool


def split_completion(text: str) -> Completion:
    """Return the last answer of a completion, and whether a think part stands before it."""
    end = text.rfind("</answer>")
    start = text.rfind("<answer>", 0, end) if end >= 0 else -1
    if start < 0:
        return Completion(None, is_reasoned=False)
    opened = text.find("<think>")
    is_reasoned = 0 <= opened < text.find("</think>", opened + 1) < start
    return Completion(text[start + len("<answer>") : end].strip(), is_reasoned)


def identifier_of(task: str, dimension: str | None) -> str:
    """Return the words that an answer of the task begins with, in lower case.

    Raises:
        ValueError: there is no such task.
    """
    if task == RANKING:
        return "emotion ranking"
    if task == DOMINANT:
        return "dominant emotion"
    if task == SCORE and dimension:
        return dimension.lower()
    raise ValueError(f"no task {task!r} with dimension {dimension!r}")


def carries_identifier(answer: str, task: str, dimension: str | None) -> bool:
    """Return whether the answer begins with the words of its task and a colon."""
    before, colon, _ = answer.partition(":")
    return bool(colon) and before.strip().lower() == identifier_of(task, dimension)


def read_ranking(answer: str, vocabulary: frozenset[str]) -> tuple[str, ...]:
    """Return the first three known emotions of a ranking, strongest first, each once.

    Synonyms are unified first, unless the vocabulary has the word itself. Unknown words are
    dropped.

    Args:
        answer: the text of the answer part.
        vocabulary: the known emotions, in lower case.
    """
    words = (canonical(word).rstrip(".") for word in answer.rpartition(":")[2].split(","))
    known = (word if word in vocabulary else _SYNONYMS.get(word, word) for word in words)
    return tuple(dict.fromkeys(word for word in known if word in vocabulary))[:RANKED]


def read_score(answer: str) -> float | None:
    """Return the first number after the colon, clipped to 0-1; None without a number."""
    found = _NUMBER.search(answer.rpartition(":")[2])
    return min(max(float(found.group()), 0.0), 1.0) if found else None


def read_label(answer: str) -> str:
    """Return the label after the colon in its canonical spelling, without what is in parentheses.

    "Dominant emotion: Joy (joy, fear)" is "joy".
    """
    return canonical(answer.partition(":")[2].partition("(")[0].strip().rstrip("."))
