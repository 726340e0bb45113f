"""The texts that a local model writes from the facts it is sent, and how it spoils some of them.

A text is put together from phrases of the facts: of the description, and of what people wrote. It
claims nothing else. Some answers break a rule of the pipeline on purpose, so that it has to ask
again: a share of the first ones and a larger share of those that are asked for again, drawn from
the request. `opinions.py` has the words for an image.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eemo_pipeline.emotion.level_words import LEVEL_WORDS
from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.stages.texts.text_rules import EMOTION_WORDS
from resources.local_server.asked import Asked, draw
from resources.local_server.opinions import describe
from resources.local_server.sights import Sight

Facts = Mapping[str, Any]
# Share of spoilt answers among the first ones, and among those that are asked for again.
SPOILT, SPOILT_AGAIN = 0.12, 0.3
# The last word of a phrase with an article or a pronoun: "the old boat on" names a boat.
_PHRASE = re.compile(
    r"\b(?:the|a|an|this|that|these|those|his|her|their|its)\s+(?:[a-z]+\s+)?([a-z]{3,15})"
    r"(?=[.,;!?]|$|\s+(?:and|or|in|on|of|is|are|was|were|at|with|that|which|to|for|from|by|near)\b)"
)
# Phrases of texts that say what people think of: those of this server and of the embedded writer.
_THOUGHT = re.compile(
    r"\b(?:think|speaks?|names?) of ((?:the )?[a-z]+(?:(?:,| and) (?:the )?[a-z]+)*)"
)
# Words that name nothing in an image.
_NO_THINGS = """
about actual also amount another bad bit comment comments dataset different entire feeling first
general good great image kind last least lot mood most only other overall part photo picture place
rating really same scene second sense sort thing things very view viewer way whole world would
left right top bottom centre red green blue yellow orange purple pink brown grey black white dark
light bright dim vivid muted
"""
_OF_MEMORY = re.compile(r"\b(?:remind|memor|imagin|childhood|home|know|story|wish|once|used to)")
_OF_SIGHT = re.compile(r"\b(?:colou?r|light|dark|bright|shade|sharp|face|smil|shape|look)")
_LOOKS = ("bright", "dark", "dim", "muted", "vivid", "smooth", "busy", "colourful", "colourless")
# Things that people tend to name for an emotion, in this image or in another. Wrong options are
# drawn from them, as a model draws them from what it has read. The last are named for any emotion.
_PLAUSIBLE = {
    "joy": "balloons band bursts cake circles dog fireworks flowers garden glow lake lawn lights "
    "meadow night party pattern rain shapes sparks sun waves windows woods",
    "sadness": "branches corridor dust grave land rain rubble ruins shadows snow walls windows",
    "fear": "bats branches cliff clouds corridor doors drop eyes lightning night storm woods",
    "anger": "burst cage dust fence fire flames lines mess noise splinters traffic wall",
    "disgust": "blood crumbs dirt drops fat hair insects mould mud rubbish rust slime stains water",
    "surprise": "bursts circles colour eyes glow hat lightning lines pattern shapes sparks stars",
    "neutral": "bowl chair cup ground lines paper pattern shelf spoon surface table texture",
}
_ANYWHERE = "air face ground hills house people person sea sky stone street tree walls water"
_LONG = "It is there for everyone to see, and nobody who looks at it for a while can miss it. "


def is_writing(asked: Asked) -> bool:
    """Return whether a request is one for a text or for the parts of a question."""
    return bool(_read_question(asked))


def compose(sight: Sight, asked: Asked) -> str:
    """Return the reply to a request for a text, as JSON, perhaps spoilt."""
    said = _read_question(asked)
    task, facts = str(said.get("task", "")), said.get("facts") or {}
    write = _TASKS.get(task.partition("_")[0], _describe)
    reply = write(facts, sight, asked.model)
    earlier = said.get("earlier") or ()
    lot = draw("spoil", asked.model, task, json.dumps(facts), len(earlier), len(asked.texts))
    share = SPOILT_AGAIN if earlier else SPOILT
    if lot >= share:
        return json.dumps(reply)
    kinds = _spoils(reply, facts)
    kind, spoilt = kinds[int(lot / share * len(kinds))]
    text = json.dumps(spoilt)
    return text[: len(text) * 2 // 3] if kind == "broken_json" else text


def _read_question(asked: Asked) -> dict[str, Any]:
    """Return the task of the pipeline's writer, its facts and the earlier answers; {} if none."""
    for text in asked.texts:
        if text.startswith('{"task"'):
            said = json.loads(text)
            return said if isinstance(said, dict) else {}
    return {}


def _describe(facts: Facts, sight: Sight, model: str) -> dict[str, Any]:  # noqa: ARG001
    said = describe(sight, model)
    first, second, third = said["evidence"]
    return {"text": f"{said['description']} It is {first}, with {second}, and has a {third}."}


def _reason(facts: Facts, sight: Sight, model: str) -> dict[str, Any]:  # noqa: ARG001
    emotions = facts["emotions"]
    sentences = [_sentence(emotion, place) for place, emotion in enumerate(emotions)]
    last = ""
    if len(emotions) > 1 and "as many" not in emotions[0]["people"] + emotions[1]["people"]:
        first, second = (_named(emotion["emotion"]) for emotion in emotions[:2])
        last = f"Therefore {first} outweighs {second}."
    return {"text": _join(facts["description"], *sentences, last)}


def _detail(facts: Facts, sight: Sight, model: str) -> dict[str, Any]:  # noqa: ARG001
    emotions = facts["emotions"]
    names = [_named(emotion["emotion"]) for emotion in emotions]
    who = "people in the image" if _is_apparent(emotions[0]) else "different viewers"
    order = ""
    if names[1:]:
        order = f"Among {who}, {names[0]} comes first, followed by {_listed(names[1:])}."
    sentences = [_sentence(emotion, place) for place, emotion in enumerate(emotions)]
    looks = _list_looks(facts["description"].lower())
    levels = [
        f"The {name} is {facts[name]['level']}, which goes with its {look}."
        if look
        else f"The {name} is {facts[name]['level']}."
        for name, look in zip(LEVEL_WORDS, looks, strict=True)
    ]
    return {"text": _join(facts["description"], order, *sentences, *levels)}


def _list_looks(description: str) -> tuple[str | None, str | None, str | None]:
    """Return what the description says of the light, the colours and the texture or contrast."""
    light = re.search(r"it is ([a-z-]+) overall", description)
    colours = re.search(r"with ([a-z-]+ colours)", description)
    texture = re.search(r"an? ([a-z-]+ texture)", description)
    found = [
        f"{light[1].replace('half-lit', 'even')} light" if light else None,
        colours[1] if colours else None,
        texture[1] if texture else None,
    ]
    words = [word for word in _LOOKS if word in re.findall(r"[a-z-]+", description)]
    spare = [f"{word} look" for word in words if not any(word in (one or "") for one in found)]
    first, second, third = (one or (spare.pop(0) if spare else None) for one in found)
    return first, second, third


def _evoke(facts: Facts, sight: Sight, model: str) -> dict[str, Any]:  # noqa: ARG001
    emotions = facts["emotions"]
    said = " ".join(comment for emotion in emotions for comment in emotion["comments"]).lower()
    by_memory, by_sight = (bool(kind.search(said)) for kind in (_OF_MEMORY, _OF_SIGHT))
    verdict, why = {
        (False, True): ("more direct", "what is seen works by itself"),
        (True, False): ("more indirect", "it works by what comes to mind"),
    }.get((by_memory, by_sight), ("both direct and indirect", "sight and memory work together"))
    sentences = [_sentence(emotion, place) for place, emotion in enumerate(emotions)]
    return {
        "text": _join(
            f"The way to the emotions is {verdict}.", *sentences, f"In short, {why} here."
        )
    }


def _compare(facts: Facts, sight: Sight, model: str) -> dict[str, Any]:  # noqa: ARG001
    one, two = facts["first"], facts["second"]
    if "dimension" in facts:
        return {"text": _compare_dimension(facts["dimension"], one, two)}
    openings = [
        f"{_whose(facts, place)} {_listed([*map(_named, image['ranking'])])}, in this order."
        for place, image in (("first", one), ("second", two))
    ]
    levels = [_levels(name, one[name]["level"], two[name]["level"]) for name in LEVEL_WORDS]
    causes = [_cause(place, image) for place, image in (("first", one), ("second", two))]
    return {"text": _join(*openings, *causes, *levels)}


def _compare_dimension(dimension: str, one: Facts, two: Facts) -> str:
    is_first = one["value"] > two["value"]
    more, less = ("first", "second") if is_first else ("second", "first")
    conclusion = f"The {more} image is higher in {dimension} than the {less}."
    if one["level"] == two["level"]:
        conclusion = f"The two images are similar in {dimension}."
    sides = [
        (f"In the {place} image the {dimension} is {image['level']}.", _cause(place, image))
        for place, image in (("first", one), ("second", two))
    ]
    analysis = [sentence for side in sides for sentence in side]
    is_alike = one["level"] == two["level"]
    closing = "So the two are alike in this." if is_alike else "So the two are apart in this."
    return _join(conclusion, *analysis, closing)


def _whose(facts: Facts, place: str) -> str:
    if facts.get("felt_by") == "people in the images":
        return f"The people in the {place} image seem to feel"
    return f"The {place} image evokes"


def _choose(facts: Facts, sight: Sight, model: str) -> dict[str, Any]:  # noqa: ARG001
    told, emotions = facts["reasoning"].lower(), facts["emotions"]
    for emotion in emotions:
        about = " ".join(part for part in re.split(r"(?<=[.])\s+", told) if emotion in part)
        if things := _thoughts(about):
            return _options(emotion, things[0], told)
    return {**_options(emotions[0], "", told), "cannot_tell": True}


def _options(emotion: str, element: str, told: str) -> dict[str, Any]:
    words = f"{_PLAUSIBLE.get(emotion, '')} {_ANYWHERE}".split()
    others = sorted(
        (word for word in words if word not in told),
        key=lambda word: draw("option", word, told),
    )
    return {
        "cannot_tell": False,
        "emotion": emotion,
        "element": element,
        "distractors": others[:2],
    }


_TASKS: Mapping[str, Callable[[Facts, Sight, str], dict[str, Any]]] = {
    "descriptions": _describe,
    "reasonings": _reason,
    "details": _detail,
    "evocations": _evoke,
    "compare": _compare,
    "candidates": _choose,
}


def _sentence(emotion: Facts, place: int) -> str:
    """Return who feels an emotion, and what they think of, if they wrote anything."""
    feeling = _named(emotion["emotion"])
    people = str(emotion["people"])
    if _is_apparent(emotion):
        who = "The people in it seem to feel" if not place else "They also seem to feel"
    elif "most" in people:
        who = "Most viewers feel"
    elif "far fewer" in people:
        who = "Far fewer viewers feel"
    elif "fewer" in people:
        who = "Fewer viewers feel"
    elif place and "as many" in people:
        who = "Just as many viewers feel"
    else:
        who = "Many viewers feel"
    things = _things(emotion["comments"])[:2]
    if not things:
        return f"{who} {feeling}."
    link = ("because", "since")[int(draw("link", feeling, *things) * 2)]
    return f"{who} {feeling}, {link} people think of the {_listed(things)}."


def _named(emotion: str) -> str:
    return "a neutral mood" if emotion == "neutral" else emotion


def _is_apparent(emotion: Facts) -> bool:
    return emotion["felt_by"] != "viewers"


def _cause(place: str, image: Facts) -> str:
    things = _thoughts(str(image["reasoning"]).lower())[:2]
    return f"In the {place} image, people think of the {_listed(things)}." if things else ""


def _levels(dimension: str, one: str, two: str) -> str:
    if one == two:
        return f"Their {dimension} is similar, since it is {one} in both."
    return f"Their {dimension} differs, as it is {one} in the first and {two} in the second."


def _things(texts: Sequence[str]) -> list[str]:
    """Return the words after an article or a pronoun, the most frequent first."""
    found = [word for text in texts for word in _PHRASE.findall(text.lower())]
    counted = {word: found.count(word) for word in found}
    return sorted(
        (word for word in counted if word not in EMOTION_WORDS and word not in _NO_THINGS.split()),
        key=lambda word: -counted[word],
    )


def _thoughts(text: str) -> list[str]:
    """Return what a text says that people think of."""
    named = [word for phrase in _THOUGHT.findall(text) for word in re.findall(r"[a-z]+", phrase)]
    others = (word for word in named if word not in ("the", "and") and word not in EMOTION_WORDS)
    return list(dict.fromkeys(others))


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _join(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _spoils(reply: Mapping[str, Any], facts: Facts) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the ways in which this reply can be spoilt, with the result of each."""
    if reply.get("cannot_tell"):
        return [("broken_json", reply)]
    if "text" not in reply:
        words = re.findall(r"[a-z]{4,}", facts["reasoning"].lower())
        told = next((word for word in words if word != reply["element"]), "lantern")
        return [
            ("broken_json", reply),
            ("distractor_told", {**reply, "distractors": [told, "lantern"]}),
            ("element_not_told", {**reply, "element": "a wall of marble"}),
        ]
    text = str(reply["text"])
    emotions = facts.get("emotions") or ()
    named = {str(emotion["emotion"]) for emotion in emotions if isinstance(emotion, dict)}
    named |= {name for side in ("first", "second") for name in _ranking(facts.get(side))}
    foreign = next(name for name in EKMAN_7 if name not in named and name not in text)
    spoilt = {
        "broken_json": text,
        "too_long": _join(text, *[_LONG.strip()] * 12),
        "digits": f"{text} There are 3 reasons for it.",
        "bullet_marks": f"{text}\n- first of all\n- and then",
        "foreign_emotion": f"{text} A few feel {foreign}.",
    }
    if "valence" in facts or "first" in facts:
        dimension = facts.get("dimension", "valence")
        words = LEVEL_WORDS[dimension]
        spoilt["wrong_level"] = f"{text} So the {dimension} is {words[0]}, or {words[2]}."
    comments = [comment for e in emotions if isinstance(e, dict) for comment in e["comments"]]
    if quotes := [comment for comment in comments if len(comment.split()) > 7]:
        spoilt["quoted_comment"] = f"{text} {quotes[0]}"
    if text.startswith("The way to the emotions"):
        spoilt["wrong_verdict"] = f"It is hard to say which way the emotions come. {text}"
    return [(kind, {"text": said}) for kind, said in spoilt.items()]


def _ranking(image: Any) -> list[str]:
    return list(image.get("ranking") or ()) if isinstance(image, dict) else []
