"""A verifier that runs in a child process.

Sends images and receives answers, through the ledger. The process is managed in
`child_process.py`; the answers of each model are interpreted in `emovit_verifier.py` and
`classifier_verifier.py`.

The child receives the re-encoded pixels and never a path, because the file names of released data
sets contain labels.
"""

from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from eemo_pipeline.execution.progress import track
from eemo_pipeline.imaging.opening import UnreadablePicture
from eemo_pipeline.ledger.answering import Answers
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.roles.verifier import VerificationRequest, VerifierDescription, answer_by_ledger
from eemo_pipeline.stats.hash_draws import short_hash
from eemo_pipeline.vlm.image_encoding import PicturePolicy, encode_picture
from resources.child_models.child_process import Child, Patience

# The child scales images for its own model; the policy only limits their size.
POLICY = PicturePolicy(1024, 95)
_ENCODERS = 4  # decoding and encoding release the GIL
_AHEAD = 64  # images that are encoded ahead of their question
_MOST_AT_ONCE = 256


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
        with closing(Child(self.command, self.patience)) as child:
            judged = chain.from_iterable(
                self._judge(child, part, shown) for part, shown in self._show_ahead(asks)
            )
            yield from track(judged, len(asks), f"{self.description.name} judges")

    def _show_ahead(
        self, asks: Sequence[Ask]
    ) -> Iterator[tuple[Sequence[Ask], list[dict[str, Any]]]]:
        """Yield batches of asks with their questions; the next batches are encoded meanwhile."""
        parts = [asks[start : start + self.batch] for start in range(0, len(asks), self.batch)]
        ahead = max(1, _AHEAD // self.batch)
        waiting: deque[list[Future[dict[str, Any]]]] = deque()
        with ThreadPoolExecutor(_ENCODERS) as encoders:
            for place, part in enumerate(parts):
                for later in parts[place + len(waiting) : place + 1 + ahead]:
                    waiting.append([encoders.submit(self._show, ask.payload) for ask in later])
                yield part, [shown.result() for shown in waiting.popleft()]

    def _show(self, request: VerificationRequest) -> dict[str, Any]:
        """Return the question about an image, or an error if it cannot be read."""
        try:
            picture = encode_picture(request.path, POLICY, request.image_id)
        except UnreadablePicture as error:
            return {"status": "error", "reason": error.reason}
        shown = {"image": b64encode(picture.data).decode(), "media_type": picture.media_type}
        return {**shown, **self.question}

    def _judge(
        self, child: Child, asks: Sequence[Ask], shown: Sequence[dict[str, Any]]
    ) -> Iterator[tuple[Ask, dict[str, Any]]]:
        told = iter(child.ask_together([one for one in shown if "status" not in one]))
        for ask, one in zip(asks, shown, strict=True):
            yield ask, one if "status" in one else self._read(next(told))

    def _read(self, told: Mapping[str, Any]) -> dict[str, Any]:
        if told.get("status") == "error":
            reason = told.get("reason")
            is_code = isinstance(reason, str) and reason.isidentifier() and len(reason) <= 40
            return {"status": "error", "reason": reason if is_code else "verifier_failed"}
        return self.read(told)


def read_batch(told: Mapping[str, Any]) -> int:
    """Return the number of questions per batch in a child's description; by default 1."""
    batch = told.get("batch", 1)
    return batch if isinstance(batch, int) and 1 <= batch <= _MOST_AT_ONCE else 1


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
