"""A verifier that runs in a child process.

Answers through the ledger. The images are sent by `child_exchange.py`; the answers of each model
are interpreted in `emovit_verifier.py` and `classifier_verifier.py`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eemo_pipeline.ledger.answering import Answers
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.roles.verifier import VerificationRequest, VerifierDescription, answer_by_ledger
from eemo_pipeline.stats.hash_draws import short_hash
from eemo_pipeline.vlm.image_encoding import encode_picture
from resources.child_models.child_exchange import POLICY, Shown, exchange, show_pixels
from resources.child_models.child_process import Child, Patience


@dataclass(frozen=True)
class ChildVerifier:
    """Asks a child process about images; implements `Verifier`.

    Attributes:
        description: the child's description of itself.
        command: the command that starts the child.
        read: converts the child's reply about an image to an answer.
        question: the fields that are sent besides the image.
        patience: timeouts of the child.
        batch: number of images per request.
    """

    description: VerifierDescription
    command: tuple[str, ...]
    read: Callable[[Mapping[str, Any]], dict[str, Any]]
    question: Mapping[str, Any] = field(default_factory=dict)
    patience: Patience = field(default_factory=Patience)
    batch: int = 1

    def describe(self) -> VerifierDescription:
        """Return the child's description of itself."""
        return self.description

    def answer(self, requests: Sequence[VerificationRequest], ledger: Ledger) -> Answers:
        """Answer the requests, from the ledger where it has the answer."""
        asked = short_hash(POLICY.name, str(sorted(self.question.items())))
        return answer_by_ledger(self.description, requests, ledger, self._perform, asked)

    def _perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        child = Child(self.command, self.patience)
        return exchange(child, self.batch, asks, self._show, f"{self.description.name} judges")

    def _show(self, ask: Ask) -> Shown:
        request: VerificationRequest = ask.payload
        picture = encode_picture(request.path, POLICY, request.image_id)
        return Shown({**show_pixels(picture), **self.question}, self.read)


def read_description(told: Mapping[str, Any], name: str, method: str) -> VerifierDescription:
    """Convert the output of `--describe` to a description, under the given name.

    The model's version includes the hash of the weights, if the child reports one.
    """
    weights = str(told.get("weights_sha256") or "")[:16]
    version = " ".join(filter(None, (str(told.get("id") or name), str(told.get("version") or ""))))
    gives = tuple(sorted({"label", "scores"} & set(_texts(told.get("gives")))))
    return VerifierDescription(
        name,
        f"{version}, weights {weights}" if weights else version,
        method,
        gives or ("label",),
        _texts(told.get("trained_on")),
    )


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
