"""The texts of the local server: made from the facts, and spoilt at a fixed rate."""

import json
from typing import Any

import polars as pl
import pytest

from eemo_pipeline.stages.texts.candidates import find_fault
from eemo_pipeline.stages.texts.model_writer import TASKS
from eemo_pipeline.stages.texts.text_rules import (
    broken_rule,
    quotes_comment,
    verdict_of,
    wrong_levels,
)
from resources.local_server.asked import Asked
from resources.local_server.authors import SPOILT, SPOILT_AGAIN, compose, is_writing
from resources.local_server.sights import imagine

COMMENTS = [
    "The dog in the water makes me smile and reminds me of the summers by the sea.",
    "I like the bright colours of the boat.",
]
EMOTIONS = [
    {"emotion": "joy", "felt_by": "viewers", "people": "most people", "comments": COMMENTS},
    {
        "emotion": "fear",
        "felt_by": "viewers",
        "people": "far fewer people than the one before",
        "comments": ["The waves look strong near the old pier."],
    },
]
LEVELS = {
    "valence": {"value": 0.8, "level": "positive"},
    "arousal": {"value": 0.5, "level": "moderate"},
    "dominance": {"value": 0.2, "level": "low"},
}
TOLD = "A boat on a lake. Most viewers feel joy, because people think of the dog and the boat."
IMAGE = {"ranking": ["joy", "fear", "surprise"], "reasoning": TOLD, **LEVELS}
FACTS: dict[str, dict[str, Any]] = {
    "descriptions": {},
    "reasonings": {"description": "A boat on a lake.", "emotions": EMOTIONS},
    "details": {"description": "A boat on a lake.", "emotions": EMOTIONS, **LEVELS},
    "evocations": {"description": "A boat on a lake.", "emotions": EMOTIONS},
    "compare_overall": {"first": IMAGE, "second": IMAGE},
    "compare_valence": {
        "question": "How?",
        "dimension": "valence",
        "first": LEVELS["valence"] | {"reasoning": TOLD},
        "second": {"value": 0.3, "level": "negative", "reasoning": TOLD},
    },
    "candidates": {"reasoning": TOLD, "emotions": ["joy", "fear"]},
}
ALLOWED = ["joy", "fear", "surprise"]


def ask(task: str, number: int, earlier: int = 0) -> str:
    return ask_about(task, FACTS[task] | {"number": number}, earlier)


def ask_about(task: str, facts: dict[str, Any], earlier: int = 0) -> str:
    said: dict[str, Any] = {"task": task, "facts": facts}
    if earlier:
        said["earlier"] = [{"text": "x", "fault": "y"}] * earlier
    schema = dict(TASKS[task].schema)
    asked = Asked(
        "local_openai",
        "local-writer",
        ("Write.", json.dumps(said)),
        (),
        schema,
        json.dumps(schema),
        1000,
        b"",
    )
    assert is_writing(asked)
    return compose(imagine("an image"), asked)


def fault_of(task: str, reply: str) -> str | None:
    """Return the code of the rule that a reply breaks; "json" if it is no JSON."""
    try:
        said = json.loads(reply)
    except ValueError:
        return "json"
    if task == "candidates":
        fault = find_fault(FACTS[task] | said)
        return fault and fault[0]
    allowed = pl.lit([] if task == "descriptions" else ALLOWED, dtype=pl.List(pl.String))
    rules = [
        broken_rule(pl.col("text"), allowed),
        pl.when(quotes_comment(pl.col("text"), pl.lit(COMMENTS))).then(pl.lit("quoted_comment")),
    ]
    if task in ("details", "compare_overall"):
        wanted = {name: pl.lit([level["level"]]) for name, level in LEVELS.items()}
        rules.append(wrong_levels(pl.col("text"), wanted))
    if task == "compare_valence":
        wanted = {"valence": pl.lit(["positive", "negative"])}
        rules.append(wrong_levels(pl.col("text"), wanted))
    if task == "evocations":
        rules.append(pl.when(verdict_of(pl.col("text")).is_null()).then(pl.lit("no_verdict")))
    one_line = " ".join(said["text"].split())
    return pl.DataFrame({"text": [one_line]}).select(pl.coalesce(rules)).item()


@pytest.mark.parametrize("task", FACTS)
def test_most_texts_keep_the_rules_and_the_others_break_each_in_turn(task: str) -> None:
    replies = [ask(task, number) for number in range(300)]
    faults = [fault_of(task, reply) for reply in replies]
    share = sum(fault is not None for fault in faults) / len(faults)
    assert SPOILT / 2 < share < 2 * SPOILT, {fault: faults.count(fault) for fault in set(faults)}
    kinds = {fault for fault in faults if fault}
    expected = {
        "candidates": {"json", "distractor_told", "element_not_told"},
        "evocations": {"json", "digits", "bullet_marks", "foreign_emotion", "no_verdict"},
        "details": {"json", "digits", "too_long", "wrong_level", "quoted_comment"},
    }
    assert expected.get(task, {"json", "digits", "too_long", "foreign_emotion"}) <= kinds
    assert [ask(task, number) for number in range(300)] == replies
    again = [fault_of(task, ask(task, number, 1)) is not None for number in range(200)]
    assert SPOILT_AGAIN / 2 < sum(again) / len(again) < 2 * SPOILT_AGAIN


def test_a_text_names_what_people_wrote_about_and_nothing_else() -> None:
    texts = [json.loads(ask("reasonings", n))["text"] for n in range(20) if _is_json(n)]
    assert "joy, because people think of the dog and summers" in texts[0]
    assert "pier" in texts[0]
    assert "lantern" not in "".join(texts)


def _is_json(number: int) -> bool:
    return fault_of("reasonings", ask("reasonings", number)) is None


def test_wrong_options_are_things_that_are_right_elsewhere() -> None:
    """Drawn from what people name for the emotion, so that no word is always wrong."""
    wrong: set[str] = set()
    for number in range(200):
        told = f"In room {number} most viewers feel joy, because people think of the dog."
        reply = ask_about("candidates", {"reasoning": told, "emotions": ["joy"]})
        if reply.endswith("}"):
            wrong |= {*json.loads(reply)["distractors"]}
    assert len(wrong) > 20
    assert {"balloons", "meadow", "party", "sky"} <= wrong


def test_a_detailed_answer_gives_each_level_a_reason_of_its_own() -> None:
    content = "A boat. It is dim overall, with muted colours, mostly grey, and has a busy texture."
    facts = FACTS["details"] | {"description": content}
    texts = [ask_about("details", facts | {"number": number}) for number in range(5)]
    text = next(json.loads(one)["text"] for one in texts if fault_of("details", one) is None)
    assert "valence is positive, which goes with its dim light." in text
    assert "arousal is moderate, which goes with its muted colours." in text
    assert "dominance is low, which goes with its busy texture." in text


def test_a_reasoning_without_causes_gives_no_options() -> None:
    facts = {"reasoning": "A lake. Many viewers feel joy.", "emotions": ["joy"]}
    replies = [ask_about("candidates", facts | {"number": number}) for number in range(20)]
    whole = [json.loads(reply) for reply in replies if reply.endswith("}")]
    assert len(whole) > 10
    assert all(reply["cannot_tell"] for reply in whole)
