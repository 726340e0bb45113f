"""The critic role: judges every field of an image's decision and finds what is wrong with it.

A critic is given the image, the values of the fields, measured facts, and the error codes that the
annotators were asked about in the previous round. It is never given the author of a value, a human
label, or a file name or folder, except for the path from which the pixels are read. It answers
with one verdict per field and the problems behind it.

The module holds the contract and the rule by which a verdict follows from problems. The critics
are `stages/critic/rule_critic.py` and `stages/critic/model_critic.py`; the rounds are in
`stages/critic/review_loop.py`.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.ledger.usage import NO_WORK, Work
from eemo_pipeline.stats.hash_draws import unit_interval

Verdict = Literal["valid", "revisable", "discarded", "unjudged"]


@dataclass(frozen=True)
class Look:
    """Measurements of an image: brightness in [0, 1], colourfulness M3, colours as #rrggbb."""

    brightness: float
    colourfulness: float
    dominant_colours: tuple[str, ...]


@dataclass(frozen=True)
class Box:
    """A box in pixels with its detection score; None where the detector gave no number."""

    x1: float | None
    y1: float | None
    x2: float | None
    y2: float | None
    score: float | None


@dataclass(frozen=True)
class Facts:
    """The facts about an image that a rule may use; the author of a value is not among them.

    Attributes:
        emotion: None if no annotator gave a usable answer.
        rival: the most probable other emotion.
        valence: mean over the annotators, 0 to 1; None if none gave one. Arousal likewise.
        cue_count: number of distinct visible cues named by those who voted for the emotion.
        boxes: the regions that were found.
        no_box_reason: why there is no box.
        is_detector_down: whether the detector failed, as opposed to finding nothing.
        contested_words: field of words -> the other text, where the annotators contradict each
            other and the critic has not chosen yet.
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
    contested_words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """One problem with a field.

    Attributes:
        code: the spec's error code, FIELD_EMPTY or DESC_LENGTH for its pre-checks, or
            CRITIC_FAILED for a field that was not judged.
        finding: the evidence for the problem. Annotators see it, so a rule's finding holds only
            numbers and words from closed lists, never text of a record, which is untrusted. A model
            critic's finding is its own text, shortened.
        is_final: whether no correct value can be obtained, from the image or from any annotator.
    """

    code: str
    finding: str
    is_final: bool = False


@dataclass(frozen=True)
class Case:
    """One image as a critic receives it.

    Attributes:
        image_id: SHA-256 of the file's bytes.
        path: the file. A model never sees the path.
        facts: the values of the fields, and the measurements.
        asked: field -> codes that the annotators were asked about in the previous round.
    """

    image_id: str
    path: Path
    facts: Facts
    asked: Mapping[str, Set[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """The verdict on one field and the problems behind it.

    Attributes:
        verdict: valid, revisable, discarded, or unjudged if the critic gave no answer.
        problems: the problems; for an unjudged field, why there is no answer.
        is_undecided: whether the critic could not tell, so that a person must decide.
        finding: visible evidence for the value, where nothing is wrong.
        choice: of a contested emotion or text, the candidate that the visible evidence supports;
            None where the critic cannot tell, or was not asked.
        cues: the visible evidence for the choice; a choice without any counts as none.
    """

    verdict: Verdict
    problems: tuple[Problem, ...] = ()
    is_undecided: bool = False
    finding: str = ""
    choice: str | None = None
    cues: tuple[str, ...] = ()

    @property
    def codes(self) -> frozenset[str]:
        """The error codes."""
        return frozenset(problem.code for problem in self.problems)


@dataclass(frozen=True)
class Step:
    """One step of a critic on one image: what it looked at, and what it found.

    Attributes:
        step: S0 to S7, as in the column step.
        field: the judged field, or scene.
        evidence: what was seen or measured.
        finding: what follows from it, in words or as a code.
    """

    step: str
    field: str
    evidence: tuple[str, ...]
    finding: str


# field -> its step in EmoVerse's order
STEPS: Mapping[str, str] = {
    "background": "S2",
    "emotion": "S3",
    "subject": "S4",
    "attribute": "S4",
    "description": "S5",
    "box": "S6",
    "intensity": "S7",
}


@dataclass(frozen=True)
class Criticism:
    """A critic's judgements of several images.

    Attributes:
        judgements: image_id -> field -> judgement, for every case.
        questions: image_id -> names of the questions that a model was asked; the same question
            has the same name in every round.
        work: questions, calls and cost of answering them.
        steps: image_id -> the steps that were taken, in order.
    """

    judgements: Mapping[str, Mapping[str, Judgement]]
    questions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    work: Work = NO_WORK
    steps: Mapping[str, Sequence[Step]] = field(default_factory=dict)


class Critic(Protocol):
    """Judges every field of an image's decision."""

    @property
    def name(self) -> str:
        """The value of the column critic."""
        ...

    @property
    def method(self) -> str:
        """The method of the critic, for human readers."""
        ...

    @property
    def calls_per_pass(self) -> int:
        """Maximum number of model calls that one more pass over an image takes."""
        ...

    def judge(self, cases: Sequence[Case], ledger: Ledger) -> Criticism:
        """Judge every field of every case; a failed case must not affect the others.

        Of a contested emotion, the critic names the candidate, `emotion` or `rival`, that visible
        evidence supports, or cannot tell. How much that weighs is not its concern. Of contested
        words, it names the better text, and its verdict is then about that one.
        """
        ...


def order_candidates(image_id: str, one: str, other: str) -> list[str]:
    """Return two emotions or texts in the order in which they are shown, drawn by hash."""
    return sorted((one, other), key=lambda label: unit_interval(image_id, "critic", label))


def reach_verdict(
    problems: Sequence[Problem], asked_codes: Set[str], *, is_contested: bool
) -> Judgement:
    """Return the verdict that follows from the problems of a field.

    valid: there is no problem. discarded: a problem is final, or repeats a code that the annotators
    were asked about in the previous round. revisable: every other case. A contested emotion is
    never discarded for a repeated code: another annotator or verifier named another value, which
    may be the right one, so a person decides.
    """
    is_final = any(problem.is_final for problem in problems)
    is_repeated = any(problem.code in asked_codes for problem in problems) and not is_contested
    verdict = "valid" if not problems else "discarded" if is_final or is_repeated else "revisable"
    return Judgement(verdict, tuple(problems))


def reach_verdicts(case: Case, problems: Mapping[str, Sequence[Problem]]) -> dict[str, Judgement]:
    """Return field -> judgement for the problems of a case."""
    return {
        name: reach_verdict(
            found,
            case.asked.get(name, frozenset()),
            is_contested=name == "emotion" and case.facts.is_contested,
        )
        for name, found in problems.items()
    }
