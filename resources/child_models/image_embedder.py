"""Embeddings of images by a model of transformers in a child process.

The model is loaded in `image_embeddings.py`, which runs in the child; torch is never imported here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eemo_pipeline.ledger.store import Answer, Ask
from eemo_pipeline.vlm.image_encoding import encode_picture
from resources.child_models.child_exchange import POLICY, Shown, exchange, read_batch, show_pixels
from resources.child_models.child_process import Child, Patience, describe_child, program_command
from resources.child_models.placement import IMAGE_EMBEDDER, place

PYTHON = "EEMO_IMAGE_EMBEDDER_PYTHON"


@dataclass(frozen=True)
class ChildEmbedder:
    """Asks a child process for embeddings; implements `ImageEmbedder`.

    Attributes:
        model: the model and its weights.
        command: the program and its arguments.
        batch: questions that are sent at once.
        patience: timeouts.
    """

    model: str
    command: Sequence[str]
    batch: int
    patience: Patience = field(default_factory=Patience)

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        """Yield each ask with its answer."""
        child = Child(self.command, self.patience, role="image_embedder")
        return exchange(child, self.batch, asks, _show, "image embeddings")


def build_image_embedder(
    model: str, variable: str = "EEMO_IMAGE_EMBEDDER", patience: Patience | None = None
) -> ChildEmbedder:
    """Build the embedder for a model, a folder or a name that transformers can load.

    EEMO_IMAGE_EMBEDDER_PYTHON is the interpreter of an environment with torch; else this one.

    Args:
        model: folder or name.
        variable: what named it, for messages.
        patience: timeouts.

    Raises:
        ChildProblem: the model cannot be described.
    """
    command = place(program_command("image_embeddings.py", PYTHON, model), IMAGE_EMBEDDER)
    told = describe_child(command, variable)
    weights = str(told.get("weights_sha256", ""))[:16]
    name = f"image embeddings {told.get('id', 'model')} {weights}".strip()
    return ChildEmbedder(name, command, read_batch(told), patience or Patience())


def _show(ask: Ask) -> Shown:
    picture = encode_picture(ask.payload, POLICY, ask.image_id)
    return Shown(show_pixels(picture), _read)


def _read(told: Mapping[str, Any]) -> Answer:
    vector = told.get("vector")
    if not isinstance(vector, str):
        return {"status": "error", "reason": "garbage"}
    return {"status": "ok", "vector": vector}
