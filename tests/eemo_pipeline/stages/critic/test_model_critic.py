import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.critic import Box, Case, Facts, Look, order_candidates
from eemo_pipeline.stages.critic import model_critic
from eemo_pipeline.stages.critic.limits import CRITIC_LIMITS
from eemo_pipeline.stages.critic.model_critic import ModelCritic, shown_emotions
from eemo_pipeline.stages.critic.rules import FIELDS
from eemo_pipeline.vlm.contract import Usage, VlmReply, VlmRequest
from eemo_pipeline.vlm.errors import PictureRefused
from eemo_pipeline.vlm.prompts import read_prompt
from eemo_pipeline.vlm.questions import Limits
from eemo_pipeline.vlm.session import Session
from eemo_pipeline.vlm.spending.budget import Budget
from eemo_pipeline.vlm.spending.prices import read_prices

SCENE = {
    "state": "usable",
    "who_or_what": "a boat",
    "where": "a lake",
    "doing": "drifting",
    "colours_and_light": "blue, even light",
    "expression": "none",
}
GOOD = {"evidence": "the lake is there", "codes": [], "can_be_right": True}
FEELING = {
    "background": GOOD,
    "emotion": {
        "supports": ["smooth water"],
        "contradicts": [],
        "choice": "fits",
        "can_be_right": True,
    },
    "level": "medium",
}
WORDS = {
    "subject": GOOD,
    "attribute": GOOD,
    "description": {
        "claims": [{"claim": "a boat rests", "finding": "supported"}],
        "mentions_subject": True,
    },
    "box": {"evidence": "the boat is inside", "finding": "right"},
}
FACTS = Facts(
    emotion="contentment",
    is_contested=False,
    intensity=6,
    intensity_level="medium",
    description="A calm boat rests on blue water under a wide open sky.",
    background="water under a wide sky",
    attribute="calm",
    subject="boat",
    valence=0.7,
    arousal=0.5,
    cue_count=1,
    is_blank=False,
    look=Look(0.5, 40.0, ("#2060c0", "#808080")),
    width_px=100,
    height_px=80,
    rival="awe",
    boxes=(Box(10, 10, 60, 60, 0.8),),
)


def step_of(request: VlmRequest) -> str:
    steps = ("scene", "feeling", "words")
    return next(
        step
        for step in steps
        if read_prompt(model_critic.__name__, f"{step}-{1 if step == 'scene' else 2}")
        == request.instruction
    )


@dataclass(eq=False)
class Scripted:
    """A model that replies by the step it is asked for."""

    replies: dict[str, Any] = field(
        default_factory=lambda: {"scene": SCENE, "feeling": FEELING, "words": WORDS}
    )
    heard: list[VlmRequest] = field(default_factory=list)
    provider: str = "local_openai"
    model: str = "local-critic"

    async def send(self, request: VlmRequest) -> VlmReply:
        self.heard.append(request)
        reply = self.replies[step_of(request)]
        if isinstance(reply, Exception):
            raise reply
        return VlmReply(json.dumps(reply), Usage(100, 50), self.model)

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
def image(tmp_path: Path) -> Path:
    path = tmp_path / "Sadness000001.png"
    Image.fromarray(np.full((80, 100, 3), 90, dtype=np.uint8)).save(path)
    return path


def build_case(image: Path, **changes: Any) -> Case:
    return Case(file_sha256(image), image, replace(FACTS, **changes))


def judge(model: Scripted, ledger: Ledger, case: Case):
    session = Session(ledger, Budget(None), read_prices(), Limits(tries=2, reasks=1, backoff_s=0))
    criticism = ModelCritic(model, session).judge([case], ledger)
    return criticism, criticism.judgements[case.image_id]


def told(change: dict[str, Any], **steps: Any) -> Scripted:
    """A model that says what is said by default, but for the changes, `step.part` -> value."""
    replies = json.loads(json.dumps({"scene": SCENE, "feeling": FEELING, "words": WORDS}))
    for place, value in change.items():
        step, part = place.split(".", 1)
        if isinstance(value, dict):
            replies[step][part] |= value
        else:
            replies[step][part] = value
    return Scripted(replies | steps)


def test_the_chain_shows_one_block_after_the_other(ledger, image):
    model = Scripted()
    criticism, fields = judge(model, ledger, build_case(image))
    assert {name: judged.verdict for name, judged in fields.items()} == dict.fromkeys(
        FIELDS, "valid"
    )
    scene, feeling, words = model.heard
    assert [step_of(request) for request in model.heard] == ["scene", "feeling", "words"]
    assert scene.question == "{}"
    assert json.loads(feeling.question) == {
        "scene": {name: text for name, text in SCENE.items() if name != "state"},
        "background": FACTS.background,
        "emotion": "contentment",
    }
    assert set(json.loads(words.question)) == {
        *("scene", "emotion", "background", "attribute", "subject", "description")
    }
    for request in model.heard:
        sent = f"{request.instruction} {request.question} {request.schema}"
        assert "intensity" not in sent
        assert "Sadness000001" not in sent
    assert feeling.pictures == scene.pictures != words.pictures  # boxes are drawn in
    assert criticism.work.calls == 3
    assert len(criticism.questions[build_case(image).image_id]) == 3


def test_a_later_round_pays_for_what_changed_alone(ledger, image):
    model = Scripted()
    judge(model, ledger, build_case(image))
    again, _ = judge(model, ledger, build_case(image))
    assert (again.work.calls, len(model.heard)) == (0, 3)
    reworded, _ = judge(model, ledger, build_case(image, description=f"{FACTS.description} Truly."))
    assert (reworded.work.calls, step_of(model.heard[-1])) == (1, "words")


CONTESTED: dict[str, Any] = {"is_contested": True, "cue_count": 0}


@pytest.mark.parametrize(
    ("emotion", "verdict", "codes", "is_undecided"),
    [
        ({"choice": "contentment"}, "valid", set(), False),
        ({"choice": "awe"}, "revisable", {"EMO_CONTRADICTED"}, False),
        ({"choice": "cannot_tell"}, "revisable", {"EMO_CONFUSABLE"}, True),
        ({"choice": "contentment", "supports": [" "]}, "revisable", {"EMO_CONFUSABLE"}, True),
    ],
)
def test_a_contested_emotion_needs_visible_evidence(
    ledger, image, emotion, verdict, codes, is_undecided
):
    model = told({"feeling.emotion": emotion})
    _, fields = judge(model, ledger, build_case(image, **CONTESTED))
    judged = fields["emotion"]
    assert (judged.verdict, judged.codes, judged.is_undecided) == (verdict, codes, is_undecided)
    shown = json.loads(model.heard[1].question)["emotions"]
    assert sorted(shown) == ["awe", "contentment"]
    assert shown == shown_emotions(build_case(image, **CONTESTED))


def test_both_orders_of_a_contested_pair_occur(image):
    orders = {
        tuple(shown_emotions(replace(build_case(image, **CONTESTED), image_id=f"{n}")))
        for n in range(30)
    }
    assert orders == {("awe", "contentment"), ("contentment", "awe")}


@pytest.mark.parametrize(
    ("stored", "seen", "codes"),
    [
        ("low", "high", {"INT_TOO_LOW"}),
        ("high", "low", {"INT_TOO_HIGH"}),
        ("low", "medium", set()),
        ("high", "high", set()),
    ],
)
def test_one_level_of_intensity_is_tolerated(ledger, image, stored, seen, codes):
    facts = build_case(image, intensity_level=stored, arousal=None)
    _, fields = judge(told({"feeling.level": seen}), ledger, facts)
    assert fields["intensity"].codes == codes


def test_codes_and_what_can_be_right_make_the_verdict(ledger, image):
    change = {
        "feeling.background": {"codes": ["BG_WRONG"], "evidence": "there is no sky"},
        "words.attribute": {"codes": ["ATTR_NOT_VISIBLE"], "can_be_right": False},
        "words.description": {
            "claims": [{"claim": "under a wide open sky", "finding": "unsupported"}]
        },
        "words.box": {"finding": "loose"},
    }
    _, fields = judge(told(change), ledger, build_case(image))
    assert fields["background"].verdict == "revisable"
    assert fields["attribute"].verdict == "discarded"
    assert fields["description"].codes == {"DESC_UNSUPPORTED_CLAIM"}
    assert fields["box"].codes == {"BOX_LOOSE"}
    repeated = replace(build_case(image), asked={"background": frozenset({"BG_WRONG"})})
    _, fields = judge(told(change), ledger, repeated)
    assert fields["background"].verdict == "discarded"


def test_the_critic_does_not_dictate(ledger, image):
    emotion = {"choice": "contradicted", "contradicts": ["this is plainly SADNESS"]}
    _, fields = judge(told({"feeling.emotion": emotion}), ledger, build_case(image))
    assert "sadness" not in fields["emotion"].problems[0].finding.lower()


def test_pre_checks_come_first_and_cost_nothing(ledger, image):
    model = Scripted()
    criticism, fields = judge(model, ledger, build_case(image, is_blank=True))
    assert model.heard == []
    assert criticism.work.calls == 0
    assert {judged.verdict for judged in fields.values()} == {"discarded"}
    _, fields = judge(model, ledger, build_case(image, attribute="dreary"))
    assert fields["attribute"].codes == {"ATTR_POLARITY"}  # though the model had no complaint


@pytest.mark.parametrize("step", ["scene", "feeling", "words"])
def test_a_failed_call_preserves_nothing(ledger, image, step):
    model = told({}, **{step: PictureRefused("content_filter", "no")})
    _, fields = judge(model, ledger, build_case(image))
    assert "unjudged" in {judged.verdict for judged in fields.values()}
    assert set(fields) == set(FIELDS)
    model = told({}, **{step: "no object"})
    _, fields = judge(model, ledger, build_case(image))
    assert "unjudged" in {judged.verdict for judged in fields.values()}


@pytest.mark.parametrize(("state", "code"), [("unsafe", "UNSAFE"), ("unreadable", "UNREADABLE")])
def test_an_unusable_picture_is_asked_about_once(ledger, image, state, code):
    model = told({"scene.state": state})
    _, fields = judge(model, ledger, build_case(image))
    assert len(model.heard) == 1
    assert {judged.verdict for judged in fields.values()} == {"discarded"}
    assert fields["emotion"].codes == {code}


TWO: dict[str, Any] = {"contested_words": {"background": "a harbour", "attribute": "dreary"}}


def test_both_contested_texts_are_shown_without_their_authors(ledger, image):
    case = build_case(image, **TWO)
    shown = order_candidates(case.image_id, "water under a wide sky", "a harbour")
    better = "first" if shown[0] == "a harbour" else "second"
    change = {"feeling.background": {"better": better}, "words.attribute": {"better": "neither"}}
    model = told(change)
    _, fields = judge(model, ledger, case)
    feeling, words = (json.loads(request.question) for request in model.heard[1:])
    assert feeling["background"] == shown
    assert sorted(words["attribute"]) == ["calm", "dreary"]
    assert words["subject"] == "boat"
    assert "better" in json.dumps(model.heard[1].schema)
    assert (fields["background"].choice, fields["background"].cues) == (
        "a harbour",
        ("the lake is there",),
    )
    assert fields["background"].verdict == "valid"
    assert fields["attribute"].choice is None


def test_the_rules_judge_the_text_that_the_model_found_better(ledger, image):
    case = build_case(image, **TWO)
    shown = order_candidates(case.image_id, "calm", "dreary")
    better = "first" if shown[0] == "dreary" else "second"
    change = {"feeling.background": {"better": "neither"}, "words.attribute": {"better": better}}
    _, fields = judge(told(change), ledger, case)
    assert (fields["attribute"].choice, fields["attribute"].verdict) == ("dreary", "revisable")
    assert fields["attribute"].codes == {"ATTR_POLARITY"}


def test_evidence_is_cut_to_the_limit(ledger, image):
    change = {"feeling.background": {"codes": ["BG_WRONG"], "evidence": "a" * 300}}
    case = build_case(image)
    _, fields = judge(told(change), ledger, case)
    assert fields["background"].problems[0].finding == f"{'a' * 200} ..."
    session = Session(ledger, Budget(None), read_prices(), Limits(tries=2, reasks=1, backoff_s=0))
    model, limits = told(change), replace(CRITIC_LIMITS, evidence_length=50)
    criticism = ModelCritic(model, session, limits=limits).judge([case], ledger)
    judged = criticism.judgements[case.image_id]["background"]
    assert judged.problems[0].finding == f"{'a' * 50} ..."
    assert model.heard == []  # the answer is the ledger's, whole
