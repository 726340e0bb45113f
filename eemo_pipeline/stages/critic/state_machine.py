"""What becomes of a picture after the critic has judged it: the state machine, as one function.

Belongs here: the transitions and when the loop stops. Does not belong here: judging, asking.
The states are those of the EmoVerse loop as far as it runs without people: ANNOTATING (asked
again), PRESERVED, HUMAN and DROPPED.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal

from eemo_pipeline.aggregation.decide import State, roll_up

# Two revisions at most; the first round is no revision.
MAX_ROUNDS = 3
# Of annotators, verifier and critic together, per picture.
MAX_CALLS = 12

Reason = Literal[
    "all_valid",
    "discarded",
    "instructed",
    "critic_failed",
    "emotion_contested",
    "nobody_to_ask",
    "rounds_spent",
    "no_progress",
    "oscillation",
    "call_limit",
]


@dataclass(frozen=True)
class Pass:
    """One round of one picture: field -> value, verdict and error codes.

    `is_undecided`: the critic looked at a contested emotion and could not tell, or named nothing
    visible for its choice.
    """

    values: Mapping[str, object]
    verdicts: Mapping[str, str]
    codes: Mapping[str, frozenset[str]]
    is_undecided: bool = False


@dataclass(frozen=True)
class Step:
    """Where a picture goes, and why."""

    state: State | Literal["annotating"]
    reason: Reason


def next_step(
    passes: Sequence[Pass], askable: Set[str], calls: int = 0, calls_ahead: int = 0
) -> Step:
    """Where the picture goes after its latest pass.

    It is dropped or preserved as `roll_up` says; a critic that failed preserves nothing. It is
    annotated again only where a field is revisable, somebody can be asked about that field,
    rounds are left, the last revision made progress, no value came back to an earlier one, the
    critic could tell about the emotion, and another round fits within 12 model calls. Progress:
    of the fields that were revisable, at least one is valid now, or has another value and none of
    its former codes. Where the loop stops with an open field, a person decides.

    Args:
        passes: all passes of the picture, the first round first; at least one.
        askable: the fields about which some annotator can be asked.
        calls: model calls made so far.
        calls_ahead: model calls that another round may take.
    """
    latest = passes[-1]
    state = roll_up(latest.verdicts)
    if state == "dropped":
        return Step(state, "discarded")
    if state == "preserved":
        return Step(state, "all_valid")
    reason = _obstacle(passes, askable, calls + calls_ahead)
    return Step("annotating", "instructed") if reason is None else Step("human", reason)


def revisable_fields(judged: Pass) -> frozenset[str]:
    """The fields that were judged revisable."""
    return frozenset(f for f, verdict in judged.verdicts.items() if verdict == "revisable")


def _obstacle(passes: Sequence[Pass], askable: Set[str], calls: int) -> Reason | None:
    """What stands against another round."""
    latest = passes[-1]
    if "unjudged" in latest.verdicts.values() or "emotion" not in latest.verdicts:
        return "critic_failed"
    if latest.is_undecided:
        return "emotion_contested"
    if not revisable_fields(latest) & askable:
        return "nobody_to_ask"
    if len(passes) >= MAX_ROUNDS:
        return "rounds_spent"
    if len(passes) >= 2 and not _has_progress(passes[-2], latest):
        return "no_progress"
    if len(passes) >= 2 and _oscillates(passes):
        return "oscillation"
    return "call_limit" if calls > MAX_CALLS else None


def _has_progress(before: Pass, after: Pass) -> bool:
    for field in revisable_fields(before):
        if after.verdicts.get(field) == "valid":
            return True
        is_changed = after.values.get(field) != before.values.get(field)
        if is_changed and not before.codes[field] & after.codes[field]:
            return True
    return False


def _oscillates(passes: Sequence[Pass]) -> bool:
    """Whether a revisable field has left a value and come back to it."""
    *earlier, before, latest = passes
    return any(
        latest.values.get(field) != before.values.get(field)
        and any(latest.values.get(field) == old.values.get(field) for old in earlier)
        for field in revisable_fields(latest)
    )
