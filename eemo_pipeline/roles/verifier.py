"""The contract of a verifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from eemo_pipeline.ledger.answering import Answers, Inquiry, Perform, answer_all
from eemo_pipeline.ledger.store import EMBEDDED, Ask, Ledger

ROLE, STAGE = "verifier", "verification"


# What a verifier was trained on, where that is the lake itself.
THIS_LAKE = "this lake"


@dataclass(frozen=True)
class VerifierDescription:
    """What a verifier is.

    Attributes:
        name: the value of the column verifier.
        model: model and version; part of the ledger's key.
        method: the published method, for people.
        gives: "label", and "scores" where it gives a probability of each emotion.
        trained_on: data sets it was fitted on: it is favoured there, and unknown elsewhere.
        provider: who is paid for its answers.
    """

    name: str
    model: str
    method: str
    gives: tuple[str, ...] = ("label",)
    trained_on: tuple[str, ...] = ()
    provider: str = EMBEDDED


@dataclass(frozen=True)
class VerificationRequest:
    """One picture for the verifier: its content, and where it lies, which is not shown."""

    image_id: str
    path: Path


class Verifier(Protocol):
    """A part that names the emotion of a picture, or abstains.

    An answer has `status`: "ok" with `emotion` and, where there are scores, `probability` and
    `distribution`; "abstain", "refused" or "error" with `reason`. Scores are never invented. One
    picture's failure is its own. The answer depends on the picture and the version alone.
    """

    def describe(self) -> VerifierDescription:
        """What it is; cheap, loads no model."""
        ...

    def answer(self, requests: Sequence[VerificationRequest], ledger: Ledger) -> Answers:
        """One answer per request, in the order of the requests."""
        ...


def asks_for(
    description: VerifierDescription, requests: Sequence[VerificationRequest], prompt: str = ""
) -> list[Ask]:
    """The questions; `prompt` is the hash of what is asked, where that is not in the version."""
    named = {"verifier": description.name, "prompt": prompt}
    return [Ask(request.image_id, request, named) for request in requests]


def answer_by_ledger(
    description: VerifierDescription,
    requests: Sequence[VerificationRequest],
    ledger: Ledger,
    perform: Perform,
    prompt: str = "",
) -> Answers:
    """Answer what the ledger does not hold yet; keyed by picture, verifier and version.

    Args:
        description: of the verifier.
        requests: the payload of the asks.
        ledger: where answers are kept.
        perform: yields each ask with its answer, in any order.
        prompt: hash of what is asked, where it is not part of the version.
    """
    asks = asks_for(description, requests, prompt)
    inquiry = Inquiry(ROLE, description.model, asks, perform, STAGE, description.provider)
    return answer_all(ledger, inquiry)
