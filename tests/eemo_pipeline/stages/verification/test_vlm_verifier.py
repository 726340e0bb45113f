import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.verifier import VerificationRequest
from eemo_pipeline.stages.verification.vlm_verifier import VisionVerifier
from eemo_pipeline.vlm.contract import Usage, VlmReply, VlmRequest
from eemo_pipeline.vlm.questions import Limits
from eemo_pipeline.vlm.session import Session
from eemo_pipeline.vlm.spending.budget import Budget
from eemo_pipeline.vlm.spending.prices import read_prices


@dataclass(eq=False)
class Scripted:
    """A model that gives its replies in turn, the last for ever."""

    replies: list[str]
    heard: list[VlmRequest] = field(default_factory=list)
    provider: str = "local_openai"
    model: str = "local-critic"

    async def send(self, request: VlmRequest) -> VlmReply:
        self.heard.append(request)
        text = self.replies[min(len(self.heard), len(self.replies)) - 1]
        return VlmReply(text, Usage(100, 20), self.model)

    def bound_tokens(self, request: VlmRequest) -> Usage:
        return Usage(1000, request.max_output_tokens)

    async def close(self) -> None:
        return None


@pytest.fixture
def ledger(tmp_path: Path):
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def request_of(tmp_path: Path) -> VerificationRequest:
    path = tmp_path / "Sadness000001.png"
    Image.fromarray(np.full((40, 40, 3), 90, dtype=np.uint8)).save(path)
    return VerificationRequest(file_sha256(path), path)


def say(emotion: str) -> str:
    return json.dumps({"evidence": "grey", "emotion": emotion})


@pytest.mark.parametrize(
    ("replies", "said", "calls"),
    [
        ([say("Awe")], "awe", 1),
        ([say("cannot_tell")], "cannot_tell", 1),
        ([say("awesome"), say("fear")], "fear", 2),
        (["What an awesome view", say("hunger"), say("joy")], "error", 3),
    ],
)
def test_a_model_names_one_of_eight_or_abstains(ledger, request_of, replies, said, calls):
    model = Scripted(replies)
    session = Session(ledger, Budget(None), read_prices(), Limits(reasks=2, backoff_s=0))
    verifier = VisionVerifier("local", model, session)
    (answer,) = verifier.answer([request_of], ledger).values
    told = answer.get("emotion") or answer["reason"]
    assert (answer["status"] if said == "error" else told) == said
    assert "probability" not in answer  # nobody knows how sure a model is
    assert len(model.heard) == calls
    sent = f"{model.heard[0].instruction} {model.heard[0].question}"
    assert "Sadness000001" not in sent
    if said != "error":
        again = verifier.answer([request_of], ledger)
        assert again.values == [answer]
        assert (again.work.asked, len(model.heard)) == (0, calls)
