"""The contract of a critic: what it is shown of a picture, and what it says about it.

Belongs here: the case, the judgement, and how a verdict follows from problems. Does not belong
here: any critic (`rule_critic.py`, `model_critic.py`), rounds (`revision.py`).

Nothing of a case tells who wrote a value, and no label of people, file name or folder is in it
but the path that the pixels are read from.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.ledger.usage import NO_WORK, Work

Verdict = Literal["valid", "revisable", "discarded", "unjudged"]


@dataclass(frozen=True)
class Look:
    """What was measured on a picture: brightness in [0, 1], colourfulness M3, colours #rrggbb."""

    brightness: float
    colourfulness: float
    dominant_colours: tuple[str, ...]


@dataclass(frozen=True)
class Box:
    """A box in pixels with its detection score; None where the detector left a number out."""

    x1: float | None
    y1: float | None
    x2: float | None
    y2: float | None
    score: float | None


@dataclass(frozen=True)
class Facts:
    """All that a rule may know about a picture; nothing tells who wrote a value.

    Attributes:
        emotion: None where no annotator gave a usable answer.
        rival: the likeliest other emotion.
        valence: mean over the annotators, 0 to 1; None where none gave one. Arousal likewise.
        cue_count: distinct visible cues named by those who voted for the emotion.
        boxes: the regions that were found.
        no_box_reason: why there is no box.
        is_detector_down: whether the detector failed, rather than found nothing.
    """

    emotion: str | None
    is_contested: bool
    intensity: int | None
    intensity_level: str | None
    description: str | None
    background: str | None
    attribute: str | None
    subject: str | None
    valence: float | None
    arousal: float | None
    cue_count: int
    is_blank: bool
    look: Look
    width_px: int
    height_px: int
    rival: str | None = None
    boxes: tuple[Box, ...] = ()
    no_box_reason: str = ""
    is_detector_down: bool = False


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a field.

    Attributes:
        code: the spec's error code, FIELD_EMPTY and DESC_LENGTH for its pre-checks, or
            CRITIC_FAILED for a field that was not judged.
        finding: what was measured or read; numbers and words of closed lists only, since a
            text is hostile and the finding reaches a model.
        is_final: whether neither the picture nor anyone asked can support a right value.
    """

    code: str
    finding: str
    is_final: bool = False


@dataclass(frozen=True)
class Case:
    """One picture as it is put before a critic.

    Attributes:
        image_id: the picture, by content.
        path: where it lies; not shown.
        facts: the values of the fields, and what was measured.
        asked: field -> codes that the annotators were asked about in the round before.
    """

    image_id: str
    path: Path
    facts: Facts
    asked: Mapping[str, Set[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """The verdict on one field and the problems behind it.

    Attributes:
        verdict: valid, revisable, discarded, or unjudged where the critic gave no answer.
        problems: what is wrong; of an unjudged field, why there is no answer.
        is_undecided: whether the critic looked and could not tell: a person must.
        finding: what was seen that speaks for the value, where nothing is wrong.
    """

    verdict: Verdict
    problems: tuple[Problem, ...] = ()
    is_undecided: bool = False
    finding: str = ""

    @property
    def codes(self) -> frozenset[str]:
        """The error codes."""
        return frozenset(problem.code for problem in self.problems)


@dataclass(frozen=True)
class Criticism:
    """What a critic says about several pictures.

    Attributes:
        judgements: image_id -> field -> judgement, of every case.
        questions: image_id -> names of the questions that a model was asked; the same question
            has the same name in every round.
        work: what answering them took.
    """

    judgements: Mapping[str, Mapping[str, Judgement]]
    questions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    work: Work = NO_WORK


class Critic(Protocol):
    """A part that judges every field of a picture's values."""

    @property
    def name(self) -> str:
        """The value of the column critic."""
        ...

    @property
    def method(self) -> str:
        """What it goes by, for people."""
        ...

    @property
    def calls_per_pass(self) -> int:
        """Model calls that one more pass over a picture may take."""
        ...

    def judge(self, cases: Sequence[Case], ledger: Ledger) -> Criticism:
        """Judge every field of every case; one case's failure is its own."""
        ...


def reach_verdict(
    problems: Sequence[Problem], asked_codes: Set[str], *, is_contested: bool
) -> Judgement:
    """The verdict that follows from the problems of a field.

    valid: no error code. discarded: the picture or the sources cannot support any value, or a
    code stands again that the annotators were asked about in the round before. revisable: all
    else. A contested emotion is never discarded for a repeated code: another voice has named
    another value, so that a right one is possible, and a person decides.
    """
    is_final = any(problem.is_final for problem in problems)
    is_repeated = any(problem.code in asked_codes for problem in problems) and not is_contested
    verdict = "valid" if not problems else "discarded" if is_final or is_repeated else "revisable"
    return Judgement(verdict, tuple(problems))


def reach_verdicts(case: Case, problems: Mapping[str, Sequence[Problem]]) -> dict[str, Judgement]:
    """field -> verdict, for the problems of a case."""
    return {
        name: reach_verdict(
            found,
            case.asked.get(name, frozenset()),
            is_contested=name == "emotion" and case.facts.is_contested,
        )
        for name, found in problems.items()
    }
