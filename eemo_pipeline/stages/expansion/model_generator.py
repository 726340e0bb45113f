"""The generator that asks a model of any provider for one image per prompt.

Calls, retries and spending are in `vlm/`. An answer names the file that came back by its SHA-256,
and the file is on disk before the answer is in the ledger: a kill loses only the calls in flight.
"""

import binascii
import os
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.execution.progress import track
from eemo_pipeline.lake.durability import flush_folder
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.answering import Inquiry, Recorded, answer_all
from eemo_pipeline.ledger.store import Answer, Ask
from eemo_pipeline.roles.generator import ROLE, STAGE
from eemo_pipeline.vlm.contract import ImageRequest, VisionLanguageModel, VlmRequest
from eemo_pipeline.vlm.questions import Question
from eemo_pipeline.vlm.session import Session

# An image takes minutes and costs as much as a hundred answers: few at once, none twice.
_IN_FLIGHT, _TIMEOUT_S = 8, 300.0
_ANSWER = {"status": pl.String(), "reason": pl.String(), "image_id": pl.String()}


@dataclass(frozen=True)
class ModelGenerator:
    """Asks one model of one provider for images; implements `Generator`.

    Attributes:
        vlm: the model to ask; its reply is the image in Base64.
        session: the state that all calls of the run share.
        folder: where the files are kept that came back.
        size: width and height of the wanted images, in px.
        quality: as the provider calls it; None for its default.
    """

    vlm: VisionLanguageModel
    session: Session
    folder: Path
    size: tuple[int, int]
    quality: str | None = None

    @property
    def provider(self) -> str:
        """The provider that bills the model."""
        return self.vlm.provider

    @property
    def model(self) -> str:
        """Name of the model."""
        return self.vlm.model

    def place(self, image_id: str) -> Path:
        """Return the file of what came back."""
        return _place(self.folder, image_id)

    def generate(self, prompts: pl.DataFrame) -> AnsweredTable:
        """Ask for the image of every prompt; answers come from the ledger where it has them."""
        asks = self.asks(prompts)
        inquiry = Inquiry(ROLE, self.model, asks, self._perform, STAGE, self.provider)
        answers = answer_all(self.session.ledger, inquiry)
        rows = [{name: answer.get(name) for name in _ANSWER} for answer in answers.values]
        return AnsweredTable(pl.DataFrame(rows, schema=_ANSWER), answers.work)

    def asks(self, prompts: pl.DataFrame) -> list[Ask]:
        """Return the ledger's asks of the prompts, in the same order, about their parents."""
        width, height = self.size
        settings = {"size": f"{width}x{height}", "quality": self.quality}
        return [
            Ask(parent, (prompt, seed), {"prompt": prompt, "seed": seed, **settings})
            for parent, prompt, seed in prompts.select(
                "parent_image_id", "prompt", "seed"
            ).iter_rows()
        ]

    def questions(self, asks: Sequence[Ask]) -> Iterator[Question]:
        """Yield the questions to the model, for single calls or a batch."""
        for ask in asks:
            build = partial(self.request_for, *ask.payload)
            key = ask.key(ROLE, self.model)
            yield Question(key, ask.image_id, ROLE, build, partial(keep_image, self.folder))

    def request_for(self, prompt: str, seed: int) -> VlmRequest:
        """Return the request of one image."""
        settings = {"seed": seed, "size": self.size, "quality": self.quality}
        return ImageRequest("", prompt, (), "image", {}, **settings)

    def _perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, Answer | Recorded]]:
        limits = replace(
            self.session.limits, in_flight=_IN_FLIGHT, timeout_s=_TIMEOUT_S, hedge_share=0.0
        )
        session = replace(self.session, limits=limits)
        by_key = {ask.key(ROLE, self.model): ask for ask in asks}
        questions = self.questions(list(by_key.values()))
        answers = session.ask_all(self.vlm, questions, stage=STAGE)
        for question, answer in track(answers, len(by_key), f"{self.provider} makes images"):
            yield by_key[question.key], answer


def keep_image(folder: Path, text: str) -> dict[str, Any]:
    """Write what came back to its file, whatever it is; return the answer's fields.

    Args:
        folder: where the files are kept.
        text: the reply: Base64, or something else that was paid for.
    """
    try:
        content = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        content = text.encode("utf-8", "surrogatepass")
    image_id = sha256(content).hexdigest()
    place = _place(folder, image_id)
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_name(f"{image_id}.{os.getpid()}.new")
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
        flush_folder(place.parent)
    return {"image_id": image_id}


def _place(folder: Path, image_id: str) -> Path:
    return folder / image_id[:2] / image_id
