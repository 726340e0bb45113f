"""The verifier that asks a vision-language model for the emotion alone.

Belongs here: what is asked and how the reply is read. Does not belong here: any provider
(`resources/`), calls, retries and money (`vlm/`).

The reply is one of eight words. A model's own statement of how sure it is says little about how
often it is right, so no probability is taken from it.
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

    def describe(self) -> VerifierDescription:
        """A model that gives a label and no scores."""
        method = (
            f"vision-language model, prompt {PROMPT}, one of eight labels; pictures "
            f"{self.policy.name}, detail {self.detail}, temperature 0"
        )
        return VerifierDescription(self.name, self.vlm.model, method, provider=self.vlm.provider)

    def answer(self, requests: Sequence[VerificationRequest], ledger: Ledger) -> Answers:
        """Ask about what the ledger does not hold."""
        answers = answer_by_ledger(self.describe(), requests, ledger, self._perform, self._shown)
        return replace(answers, values=[settle_abstention(value) for value in answers.values])

    def asks(self, requests: Sequence[VerificationRequest]) -> list[Ask]:
        """The questions, as the ledger names them."""
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
        """The request about a picture that is encoded already."""
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
    """The fields of a reply.

    Raises:
        Unusable: the reply does not fit the schema.
    """
    return read_object(text, REPLY).value


def settle_abstention(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, as an abstention where the model could not tell."""
    if answer["status"] == "ok" and answer["emotion"] == CANNOT_TELL:
        return {"status": "abstain", "reason": CANNOT_TELL}
    return answer
