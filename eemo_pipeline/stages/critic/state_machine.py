"""The state machine of the critic's loop: the next state of an image after a pass.

The states are those that the EmoVerse loop reaches without human input: ANNOTATING (annotators are
asked again), PRESERVED, HUMAN and DROPPED. The passes themselves run in `review_loop.py`.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal

from eemo_pipeline.aggregation.decide import State, roll_up

# At most two revisions; the first round is not a revision.
MAX_ROUNDS = 3
# Calls per image, of annotators, verifier and critic together.
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
    """One round of one image: field -> value, verdict and error codes.

    `is_undecided`: the critic could not tell about a contested emotion, or named no visible cue for
    its choice.
    """

    values: Mapping[str, object]
    verdicts: Mapping[str, str]
    codes: Mapping[str, frozenset[str]]
    is_undecided: bool = False


@dataclass(frozen=True)
class Step:
    """The next state of an image, and the reason."""

    state: State | Literal["annotating"]
    reason: Reason


def next_step(
    passes: Sequence[Pass], askable: Set[str], calls: int = 0, calls_ahead: int = 0
) -> Step:
    """Return the next state of an image after its latest pass.

    `roll_up` decides whether it is dropped or preserved; an image with an unjudged field is never
    preserved. Otherwise it is annotated again if all of these hold, and else a person decides:

    - the critic judged every field, and could decide about the emotion;
    - a field is revisable, and an annotator can be asked about it;
    - fewer than three rounds were made;
    - the last revision made progress: of the fields that were revisable, at least one is valid now,
      or has another value and none of its former codes;
    - no revisable field has returned to an earlier value;
    - another round fits within 12 model calls.

    Args:
        passes: all passes of the image, in order; at least one.
        askable: the fields about which an annotator can be asked.
        calls: model calls made so far.
        calls_ahead: maximum number of model calls in another round.
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
    """Return the fields that were judged revisable."""
    return frozenset(f for f, verdict in judged.verdicts.items() if verdict == "revisable")


def _obstacle(passes: Sequence[Pass], askable: Set[str], calls: int) -> Reason | None:
    """Return the reason against another round; None if there is none."""
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
    """Return whether a revisable field has changed back to an earlier value."""
    *earlier, before, latest = passes
    return any(
        latest.values.get(field) != before.values.get(field)
        and any(latest.values.get(field) == old.values.get(field) for old in earlier)
        for field in revisable_fields(latest)
    )
