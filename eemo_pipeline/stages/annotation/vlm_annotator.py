"""The annotator that asks a vision-language model, whoever provides it.

Belongs here: what is asked, the schema of the reply, and what makes a reply usable. Does not
belong here: any provider (`resources/`), calls, retries and money (`vlm/`), later rounds' reasons
(`critic/`).

Blind by construction: a request holds the prompt, the pixels and, from round 2, the annotator's
own record and the critic's remarks. File name, folder, source, labels and other annotators have
no way in. The prompts are versioned files in `prompts/`; a change is a new file, for it makes
every answer a new one.
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
# A reply has about 350 tokens; the rest is for models that think before they speak.
_MAX_OUTPUT_TOKENS = 1500
_TEMPERATURE, _SEED = 0.0, 0
_QUESTION = "Fill in the record about this picture."


@dataclass(frozen=True)
class VisionAnnotator:
    """Asks one model of one provider; implements `Annotator`.

    Attributes:
        name: the value of the column annotator: the provider's name, as in the costs.
        vlm: whom to ask.
        session: what all calls of the run share.
        policy: how pictures are made smaller.
        detail: the provider's picture detail level.
    """

    name: str
    vlm: VisionLanguageModel
    session: Session
    policy: PicturePolicy = field(default_factory=PicturePolicy)
    detail: Detail = "high"

    @property
    def provider(self) -> str:
        """Whom the model belongs to."""
        return self.vlm.provider

    @property
    def model(self) -> str:
        """The model that is asked for."""
        return self.vlm.model

    @property
    def method(self) -> str:
        """What was asked, and what the model saw."""
        return (
            f"vision-language model, prompts {ANNOTATE} and {REVISE} after EmoVerse "
            f"(arXiv 2511.12554); pictures {self.policy.name}, detail {self.detail}, "
            f"temperature {_TEMPERATURE:g}, seed {_SEED}"
        )

    @property
    def prompt_hash(self) -> str:
        """Hash of all that the first round asks, with how the picture is shown."""
        return self._hash(read_prompt(__name__, ANNOTATE), json.dumps(REPLY))

    @property
    def revision_hash(self) -> str:
        """The same for later rounds."""
        return self._hash(
            read_prompt(__name__, ANNOTATE), read_prompt(__name__, REVISE), json.dumps(REPLY)
        )

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, Answer | Recorded]]:
        """Ask the model; every answer is in the ledger before it is yielded."""
        by_key = {ask.key(ROLE, self.model): ask for ask in asks}
        questions = self.questions(asks)
        stage = stage_of([ask.payload for ask in asks])
        answers = self.session.ask_all(self.vlm, questions, stage=stage)
        for question, answer in track(answers, len(by_key), f"{self.name} answers"):
            yield by_key[question.key], answer

    def questions(self, asks: Sequence[Ask]) -> Iterator[Question]:
        """What the model is asked, one by one or in a batch."""
        for ask in asks:
            yield self._question(ask.key(ROLE, self.model), ask.payload)

    def build(self, request: AnnotationRequest) -> VlmRequest:
        """The request to the model.

        Raises:
            UnreadablePicture: the file is no picture any more, or not this one.
        """
        picture = encode_picture(request.path, self.policy, request.image_id)
        return self.request_for(request, picture)

    def request_for(self, request: AnnotationRequest, picture: EncodedPicture) -> VlmRequest:
        """The request to the model about a picture that is encoded already."""
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
