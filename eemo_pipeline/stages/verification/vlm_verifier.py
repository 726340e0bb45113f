"""The verifier that asks a vision-language model for the emotion alone.

Builds the request and parses the reply. Providers are in `resources/`; calls, retries and spending
in `vlm/`.

The reply is one of eight labels, or `cannot_tell`. The model is not asked for a probability,
because a model's stated confidence says little about its accuracy.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.ledger.answering import Answers, Recorded
from eemo_pipeline.ledger.store import Answer, Ask, Ledger
from eemo_pipeline.roles.verifier import (
    ROLE,
    STAGE,
    VerificationRequest,
    VerifierDescription,
    answer_by_ledger,
    asks_for,
)
from eemo_pipeline.stats.hash_draws import short_hash
from eemo_pipeline.vlm.contract import Detail, EncodedPicture, VisionLanguageModel, VlmRequest
from eemo_pipeline.vlm.image_encoding import PicturePolicy, encode_picture
from eemo_pipeline.vlm.prompts import read_prompt
from eemo_pipeline.vlm.questions import Question
from eemo_pipeline.vlm.reply_parsing import read_object
from eemo_pipeline.vlm.session import Session

PROMPT = "verify-1"
CANNOT_TELL = "cannot_tell"
_MAX_OUTPUT_TOKENS = 600
REPLY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "evidence": {"type": "string"},
        "emotion": {"type": "string", "enum": [*MIKELS_8, CANNOT_TELL]},
    },
    "required": ["evidence", "emotion"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class VisionVerifier:
    """Asks one model of one provider; implements `Verifier`.

    Attributes:
        name: the value of the column verifier.
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

    def describe(self) -> VerifierDescription:
        """Describe a model that gives a label and no scores."""
        method = (
            f"vision-language model, prompt {PROMPT}, one of eight labels; pictures "
            f"{self.policy.name}, detail {self.detail}, temperature 0"
        )
        return VerifierDescription(self.name, self.vlm.model, method, provider=self.vlm.provider)

    def answer(self, requests: Sequence[VerificationRequest], ledger: Ledger) -> Answers:
        """Answer the requests, from the ledger where it has the answer."""
        answers = answer_by_ledger(self.describe(), requests, ledger, self._perform, self._shown)
        return replace(answers, values=[settle_abstention(value) for value in answers.values])

    def asks(self, requests: Sequence[VerificationRequest]) -> list[Ask]:
        """Return the ledger asks of the requests."""
        return asks_for(self.describe(), requests, self._shown)

    @property
    def _shown(self) -> str:
        return short_hash(
            read_prompt(__name__, PROMPT), json.dumps(REPLY), self.policy.name, self.detail
        )

    def _perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, Answer | Recorded]]:
        by_key = {ask.key(ROLE, self.vlm.model): ask for ask in asks}
        questions = [
            Question(key, ask.image_id, ROLE, partial(self._build, ask.payload), read_verification)
            for key, ask in by_key.items()
        ]
        for question, answer in self.session.ask_all(self.vlm, questions, stage=STAGE):
            yield by_key[question.key], answer

    def _build(self, request: VerificationRequest) -> VlmRequest:
        return self.request_for(encode_picture(request.path, self.policy, request.image_id))

    def request_for(self, picture: EncodedPicture) -> VlmRequest:
        """Build the request for an image that is already encoded."""
        return VlmRequest(
            instruction=read_prompt(__name__, PROMPT),
            question="Which emotion does this picture evoke?",
            pictures=(picture,),
            schema_name="verification",
            schema=REPLY,
            max_output_tokens=_MAX_OUTPUT_TOKENS,
            detail=self.detail,
        )


def read_verification(text: str) -> dict[str, Any]:
    """Return the fields of a reply.

    Raises:
        Unusable: the reply does not fit the schema.
    """
    return read_object(text, REPLY).value


def settle_abstention(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer, changed to an abstention if the model could not tell."""
    if answer["status"] == "ok" and answer["emotion"] == CANNOT_TELL:
        return {"status": "abstain", "reason": CANNOT_TELL}
    return answer
