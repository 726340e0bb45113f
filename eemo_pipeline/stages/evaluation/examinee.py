"""Asks one model of one provider the items of benchmarks; answers come from the ledger first.

An evaluation that is stopped goes on where it was, and pays nothing twice: a question is keyed by
its text, its images and its prompt, whichever benchmark asks it. Where a benchmark has a protocol
of word probabilities, a model that tells them is asked for these; every other one replies in text.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.execution.progress import track
from eemo_pipeline.ledger.answering import Inquiry, Recorded, answer_all
from eemo_pipeline.ledger.store import Answer, Ask
from eemo_pipeline.ledger.usage import NO_WORK, Work
from eemo_pipeline.stages.evaluation.answer_parsing import PROBABILITY, TEXT
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Prompt
from eemo_pipeline.stages.evaluation.judge import Judge
from eemo_pipeline.stages.evaluation.level_probabilities import (
    read_shares,
    schema_of,
    write_shares,
)
from eemo_pipeline.stages.evaluation.responses import Response
from eemo_pipeline.stats.hash_draws import short_hash
from eemo_pipeline.vlm.contract import (
    Detail,
    EncodedPicture,
    VisionLanguageModel,
    VlmRequest,
    WordRequest,
    tells_words,
)
from eemo_pipeline.vlm.image_encoding import PicturePolicy, encode_picture
from eemo_pipeline.vlm.prompts import read_prompt
from eemo_pipeline.vlm.questions import Question
from eemo_pipeline.vlm.reply_parsing import read_object
from eemo_pipeline.vlm.session import Session

STAGE, ROLE = "evaluation", "examinee"
REPLY: Mapping[str, Any] = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}
_MAX_OUTPUT_TOKENS = 600


@dataclass(frozen=True)
class Asked:
    """An item as it is asked: its prompt, and the files of its images."""

    item: Item
    prompt: Prompt
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Examinee:
    """One model of one provider.

    Attributes:
        vlm: the model to ask.
        session: the state that all calls of the run share.
        sources_dir: the file of an image is `sources_dir/source/path`.
        policy: how images are scaled down.
        detail: the provider's level of image detail.
    """

    vlm: VisionLanguageModel
    session: Session
    sources_dir: Path
    policy: PicturePolicy = field(default_factory=PicturePolicy)
    detail: Detail = "high"

    @property
    def name(self) -> str:
        """The value of the column evaluated_model."""
        return f"{self.vlm.provider}:{self.vlm.model}"

    def answer(
        self, benchmark: Benchmark, items: Sequence[Item], images: pl.DataFrame
    ) -> tuple[list[Response], Work]:
        """Return the answers to the items, in their order, and the work they took.

        Args:
            benchmark: says how an item is asked.
            items: what is asked.
            images: image_id, source and path of the images on disk.
        """
        asked = list(self.prepare(benchmark, items, images))
        asks = [self.ask(one) for one in asked if one.files]
        if not asks:
            return [_without_image(one) for one in asked], NO_WORK
        inquiry = Inquiry(ROLE, self.vlm.model, asks, self._perform, STAGE, self.vlm.provider)
        answers = answer_all(self.session.ledger, inquiry)
        values = iter(answers.values)
        return [
            _response(one, next(values)) if one.files else _without_image(one) for one in asked
        ], answers.work

    def prepare(
        self, benchmark: Benchmark, items: Sequence[Item], images: pl.DataFrame
    ) -> Iterator[Asked]:
        """Yield the items with their prompts and files; no files where an image is missing."""
        places = {
            image_id: self.sources_dir / source / path
            for image_id, source, path in images.select("image_id", "source", "path").iter_rows()
        }
        for item in items:
            files = tuple(places[image] for image in item.images if image in places)
            is_complete = len(files) == len(item.images)
            yield Asked(item, self._prompt(benchmark, item), files if is_complete else ())

    def ask(self, asked: Asked) -> Ask:
        """Return the ledger's ask of an item: all that determines its answer."""
        instruction = read_prompt(__name__, asked.prompt.name)
        settings = json.dumps(REPLY), str(_MAX_OUTPUT_TOKENS), self.policy.name, self.detail
        determined = {
            "prompt": short_hash(instruction, *settings),
            "question": asked.prompt.question,
            "images": list(asked.item.images),
        }
        if asked.prompt.words:
            determined |= {"words": list(asked.prompt.words), "beginning": asked.prompt.beginning}
        return Ask(asked.item.images[0], asked, determined)

    def request_for(self, prompt: Prompt, pictures: tuple[EncodedPicture, ...]) -> VlmRequest:
        """Build the request for an item whose images are already encoded."""
        instruction = read_prompt(__name__, prompt.name)
        question = json.dumps(
            {"asked": prompt.name, "question": prompt.question}, ensure_ascii=False
        )
        if prompt.words:
            return WordRequest(
                instruction,
                question,
                pictures,
                schema_name=STAGE,
                schema=schema_of(prompt.words),
                max_output_tokens=1,
                detail=self.detail,
                words=prompt.words,
                beginning=prompt.beginning,
            )
        return VlmRequest(
            instruction,
            question,
            pictures,
            schema_name=STAGE,
            schema=REPLY,
            max_output_tokens=_MAX_OUTPUT_TOKENS,
            detail=self.detail,
        )

    def _prompt(self, benchmark: Benchmark, item: Item) -> Prompt:
        weighed = benchmark.weigh(item) if tells_words(self.vlm) else None
        return weighed or benchmark.prompt(item)

    def _perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, Answer | Recorded]]:
        by_key = {ask.key(ROLE, self.vlm.model): ask for ask in asks}
        questions = [
            Question(
                key, ask.image_id, ROLE, partial(self._build, ask.payload), _reader(ask.payload)
            )
            for key, ask in by_key.items()
        ]
        answers = self.session.ask_all(self.vlm, questions, stage=STAGE)
        for question, answer in track(answers, len(by_key), f"{self.name} is evaluated"):
            yield by_key[question.key], answer

    def _build(self, asked: Asked) -> VlmRequest:
        pictures = tuple(
            encode_picture(file, self.policy, image)
            for file, image in zip(asked.files, asked.item.images, strict=True)
        )
        return self.request_for(asked.prompt, pictures)


class Examinees(Protocol):
    """Builds the models that an evaluation asks."""

    def build(self, text: str) -> Examinee:
        """Build the model that a text names: local or PROVIDER:MODEL."""
        ...

    def build_judge(self) -> Judge | None:
        """Build the judge of texts that EEMO_JUDGE names; None where it names none."""
        ...

    def open_bertscore(self) -> AbstractContextManager[TextSimilarity | None]:
        """Open the model that EEMO_BERTSCORE names; None where it names none."""
        ...


def read_answer(text: str) -> dict[str, Any]:
    """Return the answer of a reply, as the model wrote it.

    Raises:
        Unusable: the reply does not fit the schema.
    """
    return {"answer": read_object(text, REPLY).value["answer"]}


def _reader(asked: Asked) -> Callable[[str], dict[str, Any]]:
    return partial(read_shares, asked.prompt.words) if asked.prompt.words else read_answer


def _response(asked: Asked, answer: Answer) -> Response:
    if answer["status"] != "ok":
        return _unanswered(asked, answer.get("reason") or answer["status"])
    if asked.prompt.words:
        return Response(asked.item, write_shares(answer), protocol=PROBABILITY)
    return Response(asked.item, answer["answer"], protocol=TEXT)


def _without_image(asked: Asked) -> Response:
    return _unanswered(asked, "image_missing")


def _unanswered(asked: Asked, reason: str) -> Response:
    protocol = PROBABILITY if asked.prompt.words else TEXT
    return Response(asked.item, None, reason=reason, protocol=protocol)
