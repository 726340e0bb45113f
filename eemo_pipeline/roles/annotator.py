"""The annotator role: names the emotion that an image evokes, and describes what evokes it.

An annotator is given the image and, from round 2, the critic's instructions and its own previous
answer. It is never given a file name, a folder, a source, a label or another annotator's answer.
It answers with a status and, if that is "ok", with the ANSWER_FIELDS.

The module holds the contract, the request and the conversion of answers to rows of
`annotation__replies`. The annotation stage (round 1) and the critic (later rounds) both use it.
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
# The columns of `annotation__replies` that the annotator itself fills in.
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
    """The critic's request to change one field: the field, the error code and a text."""

    field: str
    code: str
    text: str


@dataclass(frozen=True)
class AnnotationRequest:
    """One image for one annotator.

    Attributes:
        image_id: SHA-256 of the file's bytes; the annotator checks that the file still has it.
        path: the file, absolute. A model never sees it.
        round: 1, or one more than the round whose answer is to be revised.
        instructions: the critic's instructions; empty in round 1.
        previous: the annotator's own answer in the previous round (ANSWER_FIELDS); None in round 1.
    """

    image_id: str
    path: Path
    round: int = 1
    instructions: tuple[Instruction, ...] = ()
    previous: dict[str, Any] | None = None


class Annotator(Protocol):
    """Names the emotion that an image evokes, with a description and visible evidence.

    `perform` yields each ask (its payload is an AnnotationRequest) with a JSON object: `status`
    ("ok", or "refused" / "error" with `reason`) and, if "ok", the ANSWER_FIELDS.
    """

    @property
    def name(self) -> str:
        """The value of the column annotator."""
        ...

    @property
    def provider(self) -> str:
        """The provider that bills the answers; "embedded" if they are computed locally, free."""
        ...

    @property
    def model(self) -> str:
        """Model and version; part of the ledger's key."""
        ...

    @property
    def method(self) -> str:
        """The published method, for human readers."""
        ...

    @property
    def prompt_hash(self) -> str:
        """Hash of the first round's prompt and settings; part of the ledger's key."""
        ...

    @property
    def revision_hash(self) -> str:
        """Hash of the prompt and settings of later rounds; part of the ledger's key."""
        ...

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, Answer | Recorded]]:
        """Answer the asks in any order."""
        ...


def asks_for(annotator: Annotator, requests: Sequence[AnnotationRequest]) -> list[Ask]:
    """Return the ledger asks of the requests, in the same order."""
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
    """Return one table of `annotation__replies` per annotator, with one row per request.

    Answers come from the ledger where it has them. The annotators, whose names must differ, run
    concurrently.
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
    """Return the stage that asks: "annotation" in round 1, "critic" in later rounds."""
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
