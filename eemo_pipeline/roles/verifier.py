"""The verifier role: names the emotion of an image independently of the annotators.

A verifier is given the image alone. It is never given a file name, a folder, a label of the image,
its record or an annotator's answer. It answers with an emotion, with probabilities if it computes
them, or abstains.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from eemo_pipeline.ledger.answering import Answers, Inquiry, Perform, answer_all
from eemo_pipeline.ledger.store import EMBEDDED, Ask, Ledger

ROLE, STAGE = "verifier", "verification"


# The value of `trained_on` for a verifier that is fitted on the data of the lake itself.
THIS_LAKE = "this lake"


@dataclass(frozen=True)
class VerifierDescription:
    """Name, version, method and provider of a verifier.

    Attributes:
        name: the value of the column verifier.
        model: model and version; part of the ledger's key.
        method: the published method, for human readers.
        gives: "label", and "scores" if it gives a probability of each emotion.
        trained_on: data sets it was fitted on. Its accuracy is overestimated on them and unknown on
            others.
        provider: the provider that bills its answers.
    """

    name: str
    model: str
    method: str
    gives: tuple[str, ...] = ("label",)
    trained_on: tuple[str, ...] = ()
    provider: str = EMBEDDED


@dataclass(frozen=True)
class VerificationRequest:
    """One image for the verifier: its content hash and its file. A model never sees the path."""

    image_id: str
    path: Path


class Verifier(Protocol):
    """Names the emotion of an image, or abstains.

    An answer has a `status`: "ok" with `emotion` and, from a verifier that gives scores,
    `probability` and `distribution`; "abstain", "refused" or "error" with a `reason`. A verifier
    must not invent scores. A failed image must not affect the others. The answer depends on nothing
    but the image and the version.
    """

    def describe(self) -> VerifierDescription:
        """Describe the verifier without loading a model."""
        ...

    def answer(self, requests: Sequence[VerificationRequest], ledger: Ledger) -> Answers:
        """Return one answer per request, in the order of the requests."""
        ...


def asks_for(
    description: VerifierDescription, requests: Sequence[VerificationRequest], prompt: str = ""
) -> list[Ask]:
    """Return the ledger asks of the requests; `prompt` is as in `answer_by_ledger`."""
    named = {"verifier": description.name, "prompt": prompt}
    return [Ask(request.image_id, request, named) for request in requests]


def answer_by_ledger(
    description: VerifierDescription,
    requests: Sequence[VerificationRequest],
    ledger: Ledger,
    perform: Perform,
    prompt: str = "",
) -> Answers:
    """Answer the requests, from the ledger where it has an answer for image, verifier and version.

    Args:
        description: the verifier's description.
        requests: the payloads of the asks.
        ledger: where answers are looked up and stored.
        perform: yields each ask with its answer, in any order.
        prompt: hash of the prompt, if the version does not cover it.
    """
    asks = asks_for(description, requests, prompt)
    inquiry = Inquiry(ROLE, description.model, asks, perform, STAGE, description.provider)
    return answer_all(ledger, inquiry)
