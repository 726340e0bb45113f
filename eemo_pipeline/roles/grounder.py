"""The grounder role: finds the regions of an image that show its subject, as boxes and masks.

A grounder is given the image and the words of its record. It is never given a file name, a folder,
a source or a human label. It answers with regions, or with the reason why there are none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from eemo_pipeline.ledger.store import EMBEDDED, Ask

ROLE, STAGE = "grounder", "grounding"
# The reason of a grounder that searched for words in vain; one that ignores words has another.
NOTHING_FOUND = "nothing_found"


@dataclass(frozen=True)
class GrounderDescription:
    """Names, version, methods and provider of a grounder.

    Attributes:
        detector: name of the component that proposes boxes.
        segmenter: name of the component that computes masks.
        model: model and version of both; part of the ledger's key.
        method: the published methods, for human readers.
        thresholds: what counts as found, as `box 0.35, text 0.25`; None where `method` says it.
        provider: the provider that bills its answers.
    """

    detector: str
    segmenter: str
    model: str
    method: str
    thresholds: str | None = None
    provider: str = EMBEDDED


@dataclass(frozen=True)
class GroundingRequest:
    """One image, and the words of its record.

    Attributes:
        image_id: SHA-256 of the file's bytes; the grounder checks that the file still has it.
        path: the file, absolute. A model never sees it.
        phrases: the words to search for: the subject, then attribute and subject. Empty if the
            record has no subject.
    """

    image_id: str
    path: Path
    phrases: tuple[str, ...] = ()


class Grounder(Protocol):
    """Finds regions of an image as boxes and computes their masks.

    `perform` yields each ask (its payload is a GroundingRequest) with a JSON object: `status`
    "ok" with `regions`, "none" with a `reason` if nothing was found, or "error" with a
    `reason`. A region has the columns of `grounding__regions` from x1_px to mask_counts, and a
    `reason` if its mask is missing. Boxes are in px of the upright image at full size. `phrase`
    holds the words that were found, if the grounder searches for words, and `left_out` the number
    of boxes that are not among the regions. A failed image must not affect the others.
    """

    def describe(self) -> GrounderDescription:
        """Describe the grounder without loading a model."""
        ...

    def parameters(self, request: GroundingRequest) -> Mapping[str, Any]:
        """Return everything besides model and image that determines the answer, as JSON values.

        The result is part of the ledger's key. A phrase detector returns the phrases and its
        thresholds; a grounder that ignores the words returns an empty mapping.
        """
        ...

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        """Answer the asks in any order."""
        ...
