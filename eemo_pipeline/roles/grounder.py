"""The contract of a grounder: it finds the regions of an image that carry its subject."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from eemo_pipeline.ledger.store import EMBEDDED, Ask

ROLE, STAGE = "grounder", "grounding"


@dataclass(frozen=True)
class GrounderDescription:
    """What a grounder is.

    Attributes:
        detector: name of the part that proposes boxes.
        segmenter: name of the part that cuts masks.
        model: model and version of both; part of the ledger's key.
        method: the published methods, for people.
        provider: the provider that bills its answers.
    """

    detector: str
    segmenter: str
    model: str
    method: str
    provider: str = EMBEDDED


@dataclass(frozen=True)
class GroundingRequest:
    """One image, and the words of its record.

    Attributes:
        image_id: SHA-256 of the file's bytes; the grounder checks that the file still has it.
        path: the file, absolute. A model never sees it.
        phrases: the words to look for, the most specific first; empty where the record has none.
    """

    image_id: str
    path: Path
    phrases: tuple[str, ...] = ()


class Grounder(Protocol):
    """A part that finds regions of an image as boxes, and cuts their masks.

    `perform` yields each ask (its payload is a GroundingRequest) with a JSON object: `status`
    "ok" with `regions`, "none" with a `reason` where nothing was found, or "error" with a
    `reason`. A region has the columns of `grounding__regions` from x1_px to mask_counts, and a
    `reason` where its mask is missing. Boxes are in px of the upright image at full size. One
    image's failure is its own.
    """

    def describe(self) -> GrounderDescription:
        """Describe the grounder; cheap, loads no model."""
        ...

    def parameters(self, request: GroundingRequest) -> Mapping[str, Any]:
        """Return all besides model and image that determines the answer, as JSON values.

        It is part of the ledger's key. A detector of phrases returns the phrases and its
        thresholds; a grounder that ignores the words returns nothing.
        """
        ...

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        """Answer the asks in any order."""
        ...
