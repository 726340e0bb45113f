"""Critics for experiments: constant ones, and ones that judge by a known truth at given rates.

The behaviour of each is known in advance. The pipeline's critics are in `stages/critic/`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.critic import (
    Box,
    Case,
    Criticism,
    Facts,
    Judgement,
    Problem,
    Verdict,
    reach_verdict,
)
from eemo_pipeline.stages.critic.rules import FIELDS
from eemo_pipeline.stats.hash_draws import unit_interval

# Published by EmoVerse, Table 3: share of right values kept, share of wrong values found.
PUBLISHED_RATES = {
    "emotion": (0.9972, 0.8965),
    "description": (0.9612, 0.9727),
    "background": (0.9050, 0.8578),
    "attribute": (0.9050, 0.8578),
    "subject": (0.9050, 0.8578),
    "intensity": (0.8561, 0.4579),
    "box": (0.8638, 0.7842),
}
_CODES = {
    "emotion": "EMO_CONTRADICTED",
    "description": "DESC_UNSUPPORTED_CLAIM",
    "background": "BG_WRONG",
    "attribute": "ATTR_NOT_VISIBLE",
    "subject": "SUBJ_WRONG",
    "intensity": "INT_TOO_HIGH",
    "box": "BOX_PARTIAL",
}


@dataclass(frozen=True)
class FixedCritic:
    """Gives the same verdict for every field; implements `Critic`."""

    verdict: Verdict
    name: str = "fixed_critic"
    method: str = "says the same of every field"
    calls_per_pass: int = 0

    def judge(self, cases: Sequence[Case], ledger: Ledger) -> Criticism:  # noqa: ARG002
        """Return the fixed verdict for every field of every case."""
        problems = () if self.verdict == "valid" else (Problem("EMO_UNSUPPORTED", "as always"),)
        every = dict.fromkeys(FIELDS, Judgement(self.verdict, problems))
        return Criticism({case.image_id: every for case in cases})


@dataclass(frozen=True)
class KnowingCritic:
    """Finds wrong values and rejects right ones at given rates; implements `Critic`.

    The draw is a hash of image, field and value, so the same value is judged alike in every round.
    A contested emotion is drawn like any other, since the rates are those of critics that see the
    image.

    Attributes:
        is_right: (image_id, field, value) -> whether the value is right. None means unknown; such
            a value is kept.
        rates: field -> (share of right values kept, share of wrong values found).
    """

    is_right: Callable[[str, str, Any], bool | None]
    rates: Mapping[str, tuple[float, float]]
    name: str = "knowing_critic"
    method: str = "simulated: knows the truth, and errs by rate"
    calls_per_pass: int = 0

    def judge(self, cases: Sequence[Case], ledger: Ledger) -> Criticism:  # noqa: ARG002
        """Judge every case by truth and rate."""
        return Criticism(
            {case.image_id: {name: self._judge(case, name) for name in FIELDS} for case in cases}
        )

    def _judge(self, case: Case, name: str) -> Judgement:
        value = value_of(case.facts, name)
        known = self.is_right(case.image_id, name, value)
        kept, found = self.rates[name]
        rejected = 0.0 if known is None else 1 - kept if known else found
        is_rejected = unit_interval(case.image_id, name, str(value), "critic") < rejected
        problems = [Problem(_CODES[name], "by rate")] if is_rejected else []
        return reach_verdict(
            problems,
            case.asked.get(name, frozenset()),
            is_contested=name == "emotion" and case.facts.is_contested,
        )


def value_of(facts: Facts, name: str) -> Any:
    """Return a field's value in the form used for the truth: a level, a text, or box corners."""
    if name == "box":
        return write_box(facts.boxes)
    return facts.intensity_level if name == "intensity" else getattr(facts, name)


def write_box(boxes: Sequence[Box]) -> list[float] | None:
    """Return the corners of the first box, or None."""
    if not boxes:
        return None
    first = boxes[0]
    corners = (first.x1, first.y1, first.x2, first.y2)
    return [side for side in corners if side is not None] if None not in corners else None
