"""The state machine of the critic's loop: the next state of an image after a pass.

The states are those that the EmoVerse loop reaches without human input: ANNOTATING (annotators are
asked again), PRESERVED, HUMAN and DROPPED. The passes themselves run in `review_loop.py`.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal

from eemo_pipeline.aggregation.decide import State, roll_up
from eemo_pipeline.stages.critic.limits import CRITIC_LIMITS, CriticLimits

Reason = Literal[
    "all_valid",
    "discarded",
    "instructed",
    "emotion_changed",
    "candidate_left",
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

    `is_undecided`: the critic could not tell about a contested emotion, named no visible cue for
    its choice, or its choice does not weigh enough. `is_changed`: its choice changed the emotion,
    so that the other fields must be judged against another one. `has_candidate_left`: the critic
    could not tell, and a candidate was not compared yet.
    """

    values: Mapping[str, object]
    verdicts: Mapping[str, str]
    codes: Mapping[str, frozenset[str]]
    is_undecided: bool = False
    is_changed: bool = False
    has_candidate_left: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether the image is judged again without a question to an annotator."""
        return self.is_changed or self.has_candidate_left


@dataclass(frozen=True)
class Step:
    """The next state of an image, and the reason."""

    state: State | Literal["annotating"]
    reason: Reason


def next_step(
    passes: Sequence[Pass],
    askable: Set[str],
    calls: int = 0,
    calls_ahead: int = 0,
    limits: CriticLimits = CRITIC_LIMITS,
) -> Step:
    """Return the next state of an image after its latest pass.

    `roll_up` decides whether it is dropped or preserved; an image with an unjudged field is never
    preserved. Where the critic's choice changed the emotion, the image is judged again against the
    new one. Where it could not tell and a candidate is left, that one is compared next. Otherwise
    the image is annotated again if all of these hold, and else a person decides:

    - the critic judged every field;
    - a field is revisable, and an annotator can be asked about it; not the emotion where the critic
      is undecided, because an annotator that is asked without evidence tends to give in;
    - fewer than the most rounds were made (3);
    - the last revision made progress: of the fields that were revisable, at least one is valid now,
      or has another value and none of its former codes;
    - no revisable field has returned to an earlier value;
    - another round fits within the model calls of an image (12).

    Args:
        passes: all passes of the image, in order; at least one.
        askable: the fields about which an annotator can be asked.
        calls: model calls made so far.
        calls_ahead: maximum number of model calls in another round.
        limits: the most rounds and calls.
    """
    latest = passes[-1]
    state = roll_up(latest.verdicts)
    if state == "dropped":
        return Step(state, "discarded")
    if state == "preserved":
        return Step(state, "all_valid")
    reason = _obstacle(passes, askable, calls + calls_ahead, limits)
    if reason is not None:
        is_open = latest.is_undecided and reason != "critic_failed"
        return Step("human", "emotion_contested" if is_open else reason)
    if latest.goes_on:
        return Step("annotating", "emotion_changed" if latest.is_changed else "candidate_left")
    return Step("annotating", "instructed")


def revisable_fields(judged: Pass) -> frozenset[str]:
    """Return the fields that were judged revisable."""
    return frozenset(f for f, verdict in judged.verdicts.items() if verdict == "revisable")


def _obstacle(
    passes: Sequence[Pass], askable: Set[str], calls: int, limits: CriticLimits
) -> Reason | None:
    """Return the reason against another round; None if there is none."""
    latest = passes[-1]
    if "unjudged" in latest.verdicts.values() or "emotion" not in latest.verdicts:
        return "critic_failed"
    if not latest.goes_on:
        asked = askable - {"emotion"} if latest.is_undecided else askable
        if not revisable_fields(latest) & asked:
            return "emotion_contested" if latest.is_undecided else "nobody_to_ask"
    if len(passes) >= limits.max_rounds:
        return "rounds_spent"
    if len(passes) >= 2 and not latest.goes_on and not _has_progress(passes[-2], latest):
        return "no_progress"
    if len(passes) >= 2 and _oscillates(passes):
        return "oscillation"
    return "call_limit" if calls > limits.max_calls else None


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
