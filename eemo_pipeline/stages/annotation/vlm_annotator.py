"""The annotator that asks a vision-language model of any provider.

Builds the requests. The reply's schema is in `reply_schema.py`, the providers in `resources/`,
calls, retries and spending in `vlm/`.

The annotator is blind by construction: a request holds the prompt, the pixels and, from round 2,
the annotator's own record and the critic's remarks. It cannot contain a file name, a folder, a
source, a label or another annotator's answer. The prompts are versioned files in `prompts/`. A
changed prompt is a new file, because it invalidates every stored answer.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from eemo_pipeline.execution.progress import track
from eemo_pipeline.ledger.answering import Recorded
from eemo_pipeline.ledger.store import Answer, Ask
from eemo_pipeline.roles.annotator import ROLE, AnnotationRequest, stage_of
from eemo_pipeline.stages.annotation.reply_schema import (
    REPLY,
    read_annotation,
    read_revision,
    revision_schema,
)
from eemo_pipeline.stats.hash_draws import short_hash
from eemo_pipeline.vlm.contract import Detail, EncodedPicture, VisionLanguageModel, VlmRequest
from eemo_pipeline.vlm.image_encoding import PicturePolicy, encode_picture
from eemo_pipeline.vlm.prompts import read_prompt
from eemo_pipeline.vlm.questions import Question
from eemo_pipeline.vlm.session import Session

ANNOTATE, REVISE = "annotate-1", "revise-1"
# A reply has about 350 tokens; the rest is for models that reason before they reply.
_MAX_OUTPUT_TOKENS = 1500
_TEMPERATURE, _SEED = 0.0, 0
_QUESTION = "Fill in the record about this picture."


@dataclass(frozen=True)
class VisionAnnotator:
    """Asks one model of one provider; implements `Annotator`.

    Attributes:
        name: the value of the column annotator: the provider's name, as in the costs; with the
            model where several models of it annotate.
        vlm: the model to ask.
        session: the state that all calls of the run share.
        policy: how images are scaled down.
        detail: the provider's level of image detail.
    """

    name: str
    vlm: VisionLanguageModel
    session: Session
    policy: PicturePolicy = field(default_factory=PicturePolicy)
    detail: Detail = "high"

    @property
    def provider(self) -> str:
        """The provider that bills the model."""
        return self.vlm.provider

    @property
    def model(self) -> str:
        """Name of the model."""
        return self.vlm.model

    @property
    def method(self) -> str:
        """The prompts, and how the image is shown."""
        return (
            f"vision-language model, prompts {ANNOTATE} and {REVISE} after EmoVerse "
            f"(arXiv 2511.12554); pictures {self.policy.name}, detail {self.detail}, "
            f"temperature {_TEMPERATURE:g}, seed {_SEED}"
        )

    @property
    def prompt_hash(self) -> str:
        """Hash of the first round's prompt, schema, settings and image policy."""
        return self._hash(read_prompt(__name__, ANNOTATE), json.dumps(REPLY))

    @property
    def revision_hash(self) -> str:
        """Hash of the same for later rounds."""
        return self._hash(
            read_prompt(__name__, ANNOTATE), read_prompt(__name__, REVISE), json.dumps(REPLY)
        )

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, Answer | Recorded]]:
        """Ask the model; every answer is recorded in the ledger before it is yielded."""
        by_key = {ask.key(ROLE, self.model): ask for ask in asks}
        questions = self.questions(asks)
        stage = stage_of([ask.payload for ask in asks])
        answers = self.session.ask_all(self.vlm, questions, stage=stage)
        for question, answer in track(answers, len(by_key), f"{self.name} answers"):
            yield by_key[question.key], answer

    def questions(self, asks: Sequence[Ask]) -> Iterator[Question]:
        """Yield the questions to the model, for single calls or a batch."""
        for ask in asks:
            yield self._question(ask.key(ROLE, self.model), ask.payload)

    def build(self, request: AnnotationRequest) -> VlmRequest:
        """Build the request to the model.

        Raises:
            UnreadablePicture: the file is no longer an image, or not the one that was hashed.
        """
        picture = encode_picture(request.path, self.policy, request.image_id)
        return self.request_for(request, picture)

    def request_for(self, request: AnnotationRequest, picture: EncodedPicture) -> VlmRequest:
        """Build the request to the model for an image that is already encoded."""
        instruction, question, schema = read_prompt(__name__, ANNOTATE), _QUESTION, REPLY
        if request.round > 1:
            instruction = f"{instruction}\n\n{read_prompt(__name__, REVISE)}"
            question = json.dumps(
                {
                    "record": _known(request.previous),
                    "remarks": [asdict(item) for item in request.instructions],
                }
            )
            schema = revision_schema(request.instructions)
        return VlmRequest(
            instruction=instruction,
            question=question,
            pictures=(picture,),
            schema_name="annotation",
            schema=schema,
            max_output_tokens=_MAX_OUTPUT_TOKENS,
            temperature=_TEMPERATURE,
            seed=_SEED,
            detail=self.detail,
        )

    def _question(self, key: str, request: AnnotationRequest) -> Question:
        read = partial(read_revision, request) if request.round > 1 else read_annotation
        return Question(key, request.image_id, ROLE, partial(self.build, request), read)

    def _hash(self, *texts: str) -> str:
        shown = (self.policy.name, self.detail, str(_TEMPERATURE), str(_SEED))
        return short_hash(*texts, *shown, str(_MAX_OUTPUT_TOKENS))


def _known(record: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (record or {}).items() if value is not None}
