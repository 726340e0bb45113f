"""Critics for experiments: constant ones, and ones that judge by a known truth at given rates.

The behaviour of each is known in advance. The pipeline's critics are in `stages/critic/`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
        of_emotion = {
            case.image_id: replace(
                every["emotion"],
                choice=case.facts.emotion if self.verdict == "valid" else None,
                cues=("as always",),
            )
            for case in cases
        }
        return Criticism(
            {image_id: {**every, "emotion": judged} for image_id, judged in of_emotion.items()}
        )


@dataclass(frozen=True)
class PlaceboCritic:
    """Asks about every contested emotion again, without any finding; implements `Critic`.

    What changes under it changes because of the question alone.
    """

    name: str = "placebo_critic"
    method: str = "asks again about contested emotions, with an instruction without a finding"
    calls_per_pass: int = 0

    def judge(self, cases: Sequence[Case], ledger: Ledger) -> Criticism:  # noqa: ARG002
        """Find every field valid but a contested emotion, about which it says nothing."""
        ask = Judgement("revisable", (Problem("EMO_CONFUSABLE", "no finding"),))
        fine = dict.fromkeys(FIELDS, Judgement("valid"))
        return Criticism(
            {
                case.image_id: {**fine, "emotion": ask} if case.facts.is_contested else fine
                for case in cases
            }
        )


@dataclass(frozen=True)
class KnowingCritic:
    """Finds wrong values and rejects right ones at given rates; implements `Critic`.

    The draw is a hash of image, field and value, so the same value is judged alike in every round.
    Of a contested emotion, both candidates are judged at the same rates, each by its own draw: the
    choice is the one that is not rejected, and there is none if both or neither are.

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
        facts = case.facts
        if name == "emotion" and facts.is_contested and facts.rival is not None:
            return self._choose(case.image_id, str(facts.emotion), facts.rival)
        is_rejected = self._rejects(case.image_id, name, value_of(facts, name))
        problems = [Problem(_CODES[name], "by rate")] if is_rejected else []
        return reach_verdict(problems, case.asked.get(name, frozenset()), is_contested=False)

    def _choose(self, image_id: str, emotion: str, rival: str) -> Judgement:
        left = [e for e in (emotion, rival) if not self._rejects(image_id, "emotion", e)]
        if len(left) != 1:
            undecided = Problem("EMO_CONFUSABLE", "by rate")
            return Judgement("revisable", (undecided,), is_undecided=True)
        (choice,) = left
        problems = () if choice == emotion else (Problem(_CODES["emotion"], "by rate"),)
        verdict = "revisable" if problems else "valid"
        return Judgement(verdict, problems, choice=choice, cues=("by rate",))

    def _rejects(self, image_id: str, name: str, value: Any) -> bool:
        known = self.is_right(image_id, name, value)
        kept, found = self.rates[name]
        rejected = 0.0 if known is None else 1 - kept if known else found
        return unit_interval(image_id, name, str(value), "critic") < rejected


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
