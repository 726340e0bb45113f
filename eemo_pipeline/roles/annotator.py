"""Asks annotators about pictures and turns what they say into rows.

Belongs here: the contract of an annotator, the request, and the row made of an answer; both the
annotation stage (round 1) and the critic (later rounds) ask through this module.
Does not belong here: any annotator. An annotator sees the picture and the critic's instructions,
never a file name, a folder, a source, a label or another annotator's answer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.answering import Answers, Inquiry, Recorded, answer_each
from eemo_pipeline.ledger.store import Answer, Ask, Ledger
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.hash_draws import short_hash

_TABLE = TABLES["annotation__replies"]
ROLE = "annotator"
# What an annotator answers: the columns of the reply that are its own words and numbers.
ANSWER_FIELDS = (
    "description",
    "background",
    "attribute",
    "subject",
    "emotion",
    "alternatives",
    "alternative_probabilities",
    "clarity",
    "intensity",
    "valence",
    "arousal",
    "dominance",
    "evidence",
    "style",
    "scene",
    "objects",
    "facial_expression",
    "human_action",
)


@dataclass(frozen=True)
class Instruction:
    """What the critic asks to be changed: a field, the error code, and the request in words."""

    field: str
    code: str
    text: str


@dataclass(frozen=True)
class AnnotationRequest:
    """One picture for one annotator.

    Attributes:
        image_id: the picture, by content; the annotator checks that the file still holds it.
        path: where the picture lies, absolute. Not shown to a model.
        round: 1, or one more than the round whose answer is to be revised.
        instructions: the critic's, empty in round 1.
        previous: the annotator's own answer of the round before (ANSWER_FIELDS), None in round 1.
    """

    image_id: str
    path: Path
    round: int = 1
    instructions: tuple[Instruction, ...] = ()
    previous: dict[str, Any] | None = None


class Annotator(Protocol):
    """A part that looks at a picture and says what emotion it evokes, and why.

    `perform` yields each ask (its payload is an AnnotationRequest) with a JSON object: `status`
    ("ok", or "refused" / "error" with `reason`) and, where ok, the ANSWER_FIELDS.
    """

    @property
    def name(self) -> str:
        """The value of the column annotator."""
        ...

    @property
    def provider(self) -> str:
        """Whom the model belongs to, as the costs name it; "embedded" where nobody is paid."""
        ...

    @property
    def model(self) -> str:
        """Model and version; part of the ledger's key."""
        ...

    @property
    def method(self) -> str:
        """The published method, for people."""
        ...

    @property
    def prompt_hash(self) -> str:
        """Hash of all that the first round asks, in words and settings; part of the key."""
        ...

    @property
    def revision_hash(self) -> str:
        """The same for later rounds."""
        ...

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, Answer | Recorded]]:
        """Answer the asks in any order."""
        ...


def asks_for(annotator: Annotator, requests: Sequence[AnnotationRequest]) -> list[Ask]:
    """The ledger's questions behind the requests, in their order."""
    return [
        Ask(
            request.image_id,
            request,
            {
                "annotator": annotator.name,
                "prompt": _template(annotator, request),
                "round": request.round,
                "instructions": [asdict(item) for item in request.instructions],
                "previous": request.previous,
            },
        )
        for request in requests
    ]


def ask_annotators(
    asked: Sequence[tuple[Annotator, Sequence[AnnotationRequest]]], ledger: Ledger
) -> list[AnsweredTable]:
    """For each annotator one row of `annotation__replies` per request, through the ledger.

    The annotators, whose names differ, are at work at the same time.
    """
    inquiries = [
        Inquiry(
            ROLE,
            annotator.model,
            asks_for(annotator, requests),
            annotator.perform,
            stage_of(requests),
            annotator.provider,
        )
        for annotator, requests in asked
    ]
    answered = answer_each(ledger, inquiries)
    return [
        _tabulate(annotator, requests, answers)
        for (annotator, requests), answers in zip(asked, answered, strict=True)
    ]


def stage_of(requests: Sequence[AnnotationRequest]) -> str:
    """The stage that asks in this round: the first is annotation's, all later the critic's."""
    return "critic" if any(request.round > 1 for request in requests) else "annotation"


def _tabulate(
    annotator: Annotator, requests: Sequence[AnnotationRequest], answers: Answers
) -> AnsweredTable:
    rows = [
        {
            "image_id": request.image_id,
            "annotator": annotator.name,
            "round": request.round,
            "model": annotator.model,
            "method": annotator.method,
            "prompt_hash": short_hash(
                _template(annotator, request),
                *(str(asdict(item)) for item in request.instructions),
            ),
            "status": answer["status"],
            "reason": answer.get("reason"),
            **{name: answer.get(name) for name in ANSWER_FIELDS},
        }
        for request, answer in zip(requests, answers.values, strict=True)
    ]
    frame = pl.DataFrame(rows, schema=_TABLE.polars_schema)
    return AnsweredTable(frame, answers.work)


def _template(annotator: Annotator, request: AnnotationRequest) -> str:
    return annotator.prompt_hash if request.round == 1 else annotator.revision_hash
