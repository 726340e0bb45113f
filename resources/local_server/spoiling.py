"""Turns a good answer into the useless one that a fault demands.

`faults.py` decides when.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

from resources.local_server.asked import Answer, Asked, Wish
from resources.local_server.faults import Rule
from resources.local_server.painter import encode, paint

_NO = "I cannot help with this picture."


def spoil(text: str, rule: Rule) -> Answer:
    """Return the answer that the rule makes of the model's text."""
    kind = rule.fault
    if kind == "truncated":
        return Answer(text[: len(text) // 2], "length", kind)
    if kind == "broken_json":
        return Answer(text[: len(text) * 2 // 3], "stop", kind)
    if kind == "prose":
        return Answer(
            f"Here is what I see:\n```json\n{text}\n```\nAsk if you need more.", kind=kind
        )
    if kind in ("wrong_label", "two_labels"):
        return Answer(_relabel(text, kind), kind=kind)
    if kind == "refused":
        return Answer(_NO, "refusal", kind)
    if kind == "content_filter":
        return Answer("", "content_filter", kind)
    if kind == "empty":
        return Answer("", kind=kind)
    if kind == "enormous":
        return Answer(_inflate(text, rule.size_bytes), kind=kind)
    return Answer(text, kind=kind)


def spoil_image(text: str, asked: Asked, rule: Rule) -> Answer:
    """Return the useless image that the rule makes of the model's, in Base64."""
    wish = asked.wish or Wish(1, 1, 0)
    kind, said = rule.fault, " ".join(asked.texts)
    if kind == "html_image":
        return Answer(encode(b"<html><body><h1>502 Bad Gateway</h1></body></html>"), kind=kind)
    if kind == "tiny_image":
        return Answer(encode(paint(said, replace(wish, width=1, height=1))), kind=kind)
    if kind == "other_size":
        return Answer(encode(paint(said, replace(wish, width=wish.width // 2))), kind=kind)
    if kind == "given_image" and rule.file is not None:
        return Answer(encode(Path(rule.file).read_bytes()), kind=kind)
    if kind in ("truncated", "broken_json"):
        return Answer(text[: len(text) // 8 * 4], kind=kind)
    if kind in ("refused", "content_filter"):
        return Answer("", "content_filter", kind)
    return Answer("" if kind == "empty" else text, kind=kind)


def _relabel(text: str, kind: str) -> str:
    """Return the reply with a label that no label set contains, or with two at once."""
    label = "melancholy wonder" if kind == "wrong_label" else "awe, sadness"
    changed, count = re.subn(
        r'("(?:emotion|label|verdict)":\s*)"[^"]*"', rf'\1"{label}"', text, count=1
    )
    return changed if count else json.dumps({"emotion": label})


def _inflate(text: str, size: int) -> str:
    """Return the reply with filler after its longest text, up to `size` characters."""
    filler = " and so on" * (max(0, size - len(text)) // 10 + 1)
    texts = list(re.finditer(r'":\s*"([^"\\]*)"', text))
    if not texts:
        return text + filler
    end = max(texts, key=lambda match: len(match[1])).end(1)
    return text[:end] + filler + text[end:]
