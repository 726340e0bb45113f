"""What becomes of a picture after the critic has judged it: the state machine, as one function.

Belongs here: the transitions and when the loop stops. Does not belong here: judging, asking.
The states are those of the EmoVerse loop as far as it runs without people: ANNOTATING (asked
again), PRESERVED, HUMAN and DROPPED.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal

from eemo_pipeline.decisions import State, roll_up

# Two revisions at most; the first round is no revision.
MAX_ROUNDS = 3


@dataclass(frozen=True)
class Pass:
    """One round of one picture: field -> value, verdict and error codes."""

    values: Mapping[str, object]
    verdicts: Mapping[str, str]
    codes: Mapping[str, frozenset[str]]


def next_state(passes: Sequence[Pass], askable: Set[str]) -> State | Literal["annotating"]:
    """Where the picture goes after its latest pass.

    It is annotated again only where a field is revisable, somebody can be asked about that
    field, rounds are left, the last revision made progress and no value came back to an earlier
    one. Progress: of the fields that were revisable, at least one is valid now, or has another
    value and none of its former codes. Where the loop stops with a revisable field, a person
    decides.

    Args:
        passes: all passes of the picture, the first round first; at least one.
        askable: the fields about which some annotator can be asked.
    """
    latest = passes[-1]
    state = roll_up(latest.verdicts)
    if state != "human":
        return state
    is_askable = bool(revisable_fields(latest) & askable)
    if not is_askable or len(passes) >= MAX_ROUNDS:
        return "human"
    if len(passes) >= 2 and (not _has_progress(passes[-2], latest) or _oscillates(passes)):
        return "human"
    return "annotating"


def revisable_fields(judged: Pass) -> frozenset[str]:
    """The fields that were judged revisable."""
    return frozenset(f for f, verdict in judged.verdicts.items() if verdict == "revisable")


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
