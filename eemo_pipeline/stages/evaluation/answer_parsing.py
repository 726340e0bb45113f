"""Reads replies to multiple-choice questions: strictly as asked, and tolerantly.

The strict reading takes a reply that is a letter, a letter with its option, or "ANSWER: LETTER" as
inspect_ai asks for it, and nothing else. The tolerant one also finds a letter in prose. Replies are
hostile text: every search is linear in their length, and only the first `_LONGEST` characters
count.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LONGEST = 20_000
# What chat templates leave at the end of a reply.
_ENDS = re.compile(r"(?:\s|</s>|<\|im_end\|>|<\|end\|>|<\|eot_id\|>)+$")
_FIRST = re.compile(r"[\s*\"'`(\[]*([A-Z])(?:[\s*\"'`)\]]*[:.,)\]]|[\s*\"'`)\]]*$|\s*\n)")
# A letter with a colon, a bracket or bold marks around it, anywhere in the text.
_LATER = re.compile(
    r"(?<![A-Za-z0-9])(?:\*{1,2}|[(\[\"'`])?([A-Z])(?:\*{1,2}|[\"'`])?\s?(?::(?!\w*//)|[)\]])"
)
_SAID = re.compile(
    r"\b(?:answer|option|choice)\b(?:\s+(?:is|would be))?\s*:?\s*"
    r"[*\"'`(\[]{0,3}([A-Z])(?![A-Za-z0-9'])",
    re.IGNORECASE,
)
_OF_INSPECT = re.compile(r"ANSWER: ([A-Z])")
# Words of fewer letters, such as "no", stand in any prose.
_SHORTEST_OPTION = 4


# How an answer is obtained: a reply in words is read, or the probabilities of words are.
TEXT, PROBABILITY = "text", "probability"


@dataclass(frozen=True)
class Parsed:
    """A reply as read: the answer, or None where there is none, in both readings.

    Attributes:
        tolerant: the answer as read tolerantly.
        strict: the answer as read strictly.
        protocol: TEXT, or PROBABILITY for a reply that has the probabilities or logits of words.
    """

    tolerant: str | None
    strict: str | None
    protocol: str = TEXT


def parse_choice(options: Mapping[str, str], reply: str) -> Parsed:
    """Return the letter that a reply chooses.

    Tolerant: a letter at the beginning; else the only letter that is marked as an option ("B: No"),
    or the last one after "answer is"; else the only option whose text stands in the reply.

    Args:
        options: letter -> text, as shown.
        reply: the text of the model.
    """
    text = _ENDS.sub("", reply[:_LONGEST]).strip()
    return Parsed(_read_tolerantly(options, text), _read_strictly(options, text))


def _read_strictly(options: Mapping[str, str], text: str) -> str | None:
    if found := _OF_INSPECT.fullmatch(text):
        text = found[1]
    letter, rest = text[:1], text[1:]
    if letter not in options:
        return None
    said = rest.lstrip(" :.)").rstrip(" .").casefold()
    is_alone = rest.strip(" :.)") == ""
    is_joined = rest[:1] in (":", ".", ")", " ")
    return letter if is_alone or (is_joined and said == _plain(options[letter])) else None


def _read_tolerantly(options: Mapping[str, str], text: str) -> str | None:
    first = _FIRST.match(text)
    if first and first[1] in options:
        return first[1]
    starting = [
        letter
        for letter, option in options.items()
        if _plain(option) and _begins_with(text, _plain(option))
    ]
    if len(starting) == 1:
        return starting[0]
    marked = {found for found in _LATER.findall(text) if found in options}
    if len(marked) == 1:
        return marked.pop()
    # The words are matched in any case, the letter itself is a capital.
    said = [found for found in _SAID.findall(text) if found in options]
    if said:
        return said[-1]
    return None if marked else _only_option_named(options, text)


def _only_option_named(options: Mapping[str, str], text: str) -> str | None:
    """Return the option whose text stands in the reply, if it is the only one."""
    left = text.casefold()
    named: list[str] = []
    # Longest first, so that "much higher" is not found again as "higher".
    for letter, option in sorted(options.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        words = _plain(option)
        if len(words) < _SHORTEST_OPTION:
            continue
        found = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")
        if found.search(left):
            named.append(letter)
            left = found.sub(" ", left)
    return named[0] if len(named) == 1 else None


def _begins_with(text: str, words: str) -> bool:
    start = text.lstrip("*\"'` ").casefold()
    after = start[len(words) : len(words) + 1]
    return start.startswith(words) and not after.isalnum()


def _plain(option: str) -> str:
    return option.strip().rstrip(".").strip().casefold()
