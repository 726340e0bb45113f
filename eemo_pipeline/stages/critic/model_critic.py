"""The critic that asks a vision-language model, step by step.

Holds the chain of steps, the content shown in each, and the handling of failed steps. The schemas
and the interpretation of replies are in `reply_schemas.py`; calls, retries and spending in `vlm/`.

The order is EmoVerse's (arXiv 2511.12554): scene, background, emotion, triplet, words and box. The
critic makes three calls. In the first, the model describes the scene from the image alone. In the
second, it judges background, emotion and intensity; the words are withheld, because they give the
emotion away. In the third, it judges the words and the boxes. The stored intensity is shown in no
call. A single call would show everything at once, and a model that has read a record tends to see
what it read; one call per step would send the image seven times. A later round costs less than the
first: the answers to the scene, and to every step whose values did not change, are in the ledger.

The deterministic pre-checks run first. If they reject an image, the model is not asked about it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from eemo_pipeline.aggregation.decide import roll_up
from eemo_pipeline.ledger.answering import Inquiry, Recorded, answer_all
from eemo_pipeline.ledger.store import Answer, Ask, Ledger
from eemo_pipeline.ledger.usage import NO_WORK, Work
from eemo_pipeline.roles.critic import (
    Case,
    Criticism,
    Judgement,
    Problem,
    Step,
    order_candidates,
    reach_verdict,
    reach_verdicts,
)
from eemo_pipeline.stages.critic.box_overlay import OVERLAY, encode_with_boxes
from eemo_pipeline.stages.critic.limits import CRITIC_LIMITS, CriticLimits
from eemo_pipeline.stages.critic.reply_schemas import (
    SCENE,
    cut_texts,
    feeling_schema,
    find_better,
    find_choice,
    find_feeling_problems,
    find_word_problems,
    list_feeling_steps,
    list_scene_steps,
    list_word_steps,
    read_scene,
    read_step,
    words_schema,
)
from eemo_pipeline.stages.critic.rules import FIELDS, find_problems
from eemo_pipeline.stats.hash_draws import short_hash
from eemo_pipeline.vlm.contract import Detail, EncodedPicture, VisionLanguageModel, VlmRequest
from eemo_pipeline.vlm.image_encoding import PicturePolicy, encode_picture
from eemo_pipeline.vlm.prompts import read_prompt
from eemo_pipeline.vlm.questions import Question
from eemo_pipeline.vlm.session import Session

ROLE, STAGE = "critic", "critic"
PROMPTS = ("scene-1", "feeling-2", "words-2")
_MAX_OUTPUT_TOKENS = 1500
# Codes that the rules derive from the votes on the emotion. The model critic ignores them, because
# its model sees the image.
_OF_THE_VOTES = frozenset({"EMO_CONFUSABLE", "EMO_UNSUPPORTED"})

Fields = dict[str, Judgement]


@dataclass(frozen=True)
class _Call:
    """One call about one image: prompt, schema, the content shown, and the parser of the reply."""

    case: Case
    prompt: str
    schema: Mapping[str, Any]
    shown: Mapping[str, Any]
    read: Callable[[str], dict[str, Any]]
    has_boxes: bool = False


@dataclass
class _Asked:
    """The questions of one pass, and the work of answering them."""

    work: Work = NO_WORK
    questions: dict[str, frozenset[str]] = field(default_factory=dict)
    steps: dict[str, list[Step]] = field(default_factory=dict)

    def note(self, image_id: str, *steps: Step) -> None:
        """Record steps that were taken."""
        self.steps.setdefault(image_id, []).extend(steps)


@dataclass(frozen=True)
class ModelCritic:
    """Asks one model of one provider; implements `Critic`.

    Attributes:
        vlm: the model to ask.
        session: the state that all calls of the run share.
        policy: how images are scaled down.
        detail: the provider's level of image detail.
        limits: thresholds of the pre-checks, and the levels of intensity that may lie apart.
    """

    vlm: VisionLanguageModel
    session: Session
    policy: PicturePolicy = field(default_factory=PicturePolicy)
    detail: Detail = "high"
    limits: CriticLimits = CRITIC_LIMITS

    @property
    def name(self) -> str:
        """The value of the column critic: the provider's name, as in the costs, and "_critic"."""
        return f"{self.vlm.provider}_critic"

    @property
    def method(self) -> str:
        """The model, its prompts, and how the image is shown."""
        return (
            f"{self.vlm.model}, prompts {', '.join(PROMPTS)} after EmoVerse's critic "
            f"(arXiv 2511.12554), deterministic pre-checks first; pictures {self.policy.name}, "
            f"detail {self.detail}, temperature 0"
        )

    @property
    def calls_per_pass(self) -> int:
        """Two, for feeling and words; the answer to the scene is reused in every round."""
        return len(PROMPTS) - 1

    def scene_key(self, image_id: str) -> str:
        """Return the ledger's key of the first step, which depends on the image alone."""
        return Ask(image_id, None, self._parameters(PROMPTS[0], SCENE, {})).key(
            ROLE, self.vlm.model
        )

    def judge(self, cases: Sequence[Case], ledger: Ledger) -> Criticism:
        """Judge every field of every case, one step at a time over all cases."""
        checked = {case.image_id: find_problems(case.facts, self.limits) for case in cases}
        done = {
            case.image_id: judged
            for case in cases
            if roll_up(_verdicts(judged := reach_verdicts(case, checked[case.image_id])))
            == "dropped"
        }
        asked = _Asked()
        scenes = self._see([case for case in cases if case.image_id not in done], asked, ledger)
        done |= {image_id: said for image_id, said in scenes.items() if isinstance(said, dict)}
        seen = [(case, scenes[case.image_id]) for case in cases if case.image_id not in done]
        felt = self._feel([(case, str(scene)) for case, scene in seen], checked, asked, ledger)
        rest = [(case, str(scene)) for case, scene in seen if not _is_settled(felt[case.image_id])]
        read = self._read(rest, checked, asked, ledger)
        for case, _ in seen:
            partly = {**_unjudged("not reached", FIELDS), **felt[case.image_id]}
            done[case.image_id] = partly | read.get(case.image_id, {})
        return Criticism(
            {case.image_id: {name: done[case.image_id][name] for name in FIELDS} for case in cases},
            asked.questions,
            asked.work,
            asked.steps,
        )

    def _see(self, cases: Sequence[Case], asked: _Asked, ledger: Ledger) -> dict[str, str | Fields]:
        """Return image_id -> the scene as JSON, or the judgements of all fields without a scene."""
        steps = [_Call(case, PROMPTS[0], SCENE, {}, read_scene) for case in cases]
        scenes: dict[str, str | Fields] = {}
        for case, said in zip(cases, self._ask(steps, asked, ledger), strict=True):
            if said["status"] != "ok":
                scenes[case.image_id] = _unjudged(said.get("reason"), FIELDS)
            elif said["state"] != "usable":
                problem = Problem(said["state"].upper(), f"the picture is {said['state']}", True)  # noqa: FBT003
                asked.note(case.image_id, Step("S0", "scene", (), problem.code))
                scenes[case.image_id] = dict.fromkeys(FIELDS, Judgement("discarded", (problem,)))
            else:
                scene = {name: said[name] for name in SCENE["required"] if name != "state"}
                seen = cut_texts(scene, self.limits.evidence_length)
                asked.note(case.image_id, *list_scene_steps(seen))
                scenes[case.image_id] = json.dumps(scene, ensure_ascii=False)
        return scenes

    def _feel(
        self,
        seen: Sequence[tuple[Case, str]],
        checked: Mapping[str, Mapping[str, list[Problem]]],
        asked: _Asked,
        ledger: Ledger,
    ) -> dict[str, Fields]:
        """Return image_id -> judgements of background, emotion and intensity."""
        steps: list[_Call] = []
        for case, scene in seen:
            emotions = shown_emotions(case)
            shown = {"scene": json.loads(scene), "background": _show_text(case, "background")}
            shown |= {"emotion": emotions[0]} if len(emotions) == 1 else {"emotions": emotions}
            schema = feeling_schema(emotions, case.facts.contested_words)
            steps.append(_Call(case, PROMPTS[1], schema, shown, partial(read_step, schema)))
        judged: dict[str, Fields] = {}
        for step, reply in zip(steps, self._ask(steps, asked, ledger), strict=True):
            case, said = step.case, cut_texts(reply, self.limits.evidence_length)
            names = ("background", "emotion", "intensity")
            if said["status"] != "ok":
                judged[case.image_id] = _unjudged(said.get("reason"), names)
                continue
            asked.note(case.image_id, *list_feeling_steps(said))
            problems, is_undecided = find_feeling_problems(
                case.facts, said, self.limits.levels_apart
            )
            fields = _join(case, checked[case.image_id], problems, said, self.limits)
            choice, cues = find_choice(said["emotion"])
            supports = "; ".join(said["emotion"]["supports"])
            fields["emotion"] = replace(
                fields["emotion"],
                is_undecided=is_undecided,
                finding=f"visible: {supports}",
                choice=choice,
                cues=cues,
            )
            judged[case.image_id] = fields
        return judged

    def _read(
        self,
        seen: Sequence[tuple[Case, str]],
        checked: Mapping[str, Mapping[str, list[Problem]]],
        asked: _Asked,
        ledger: Ledger,
    ) -> dict[str, Fields]:
        """Return image_id -> judgements of subject, attribute, description and box."""
        steps: list[_Call] = []
        for case, scene in seen:
            schema, shown = words_schema(case.facts.contested_words), _shown_words(case, scene)
            read = partial(read_step, schema)
            steps.append(_Call(case, PROMPTS[2], schema, shown, read, has_boxes=True))
        judged: dict[str, Fields] = {}
        for step, reply in zip(steps, self._ask(steps, asked, ledger), strict=True):
            said = cut_texts(reply, self.limits.evidence_length)
            names = ("subject", "attribute", "description", "box")
            if said["status"] == "ok":
                asked.note(step.case.image_id, *list_word_steps(said))
            judged[step.case.image_id] = (
                _join(
                    step.case,
                    checked[step.case.image_id],
                    find_word_problems(said),
                    said,
                    self.limits,
                )
                if said["status"] == "ok"
                else _unjudged(said.get("reason"), names)
            )
        return judged

    def _ask(self, steps: Sequence[_Call], asked: _Asked, ledger: Ledger) -> list[dict[str, Any]]:
        """Return the answers to the steps, in the same order, through the ledger."""
        asks = [Ask(step.case.image_id, step, self._determine(step)) for step in steps]
        inquiry = Inquiry(ROLE, self.vlm.model, asks, self._perform, STAGE, self.vlm.provider)
        answers = answer_all(ledger, inquiry)
        asked.work += answers.work
        for ask in asks:
            before = asked.questions.get(ask.image_id, frozenset())
            asked.questions[ask.image_id] = before | {ask.key(ROLE, self.vlm.model)}
        return answers.values

    def _determine(self, step: _Call) -> dict[str, Any]:
        boxes = step.case.facts.boxes if step.has_boxes else ()
        return self._parameters(step.prompt, step.schema, step.shown, boxes)

    def _parameters(
        self,
        prompt: str,
        schema: Mapping[str, Any],
        shown: Mapping[str, Any],
        boxes: Sequence[Any] = (),
    ) -> dict[str, Any]:
        return {
            "prompt": short_hash(
                read_prompt(__name__, prompt), json.dumps(schema), self.policy.name, self.detail
            ),
            "shown": dict(shown),
            "boxes": [list(_sides(box)) for box in boxes],
            "overlay": OVERLAY if boxes else None,
        }

    def _perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, Answer | Recorded]]:
        by_key = {ask.key(ROLE, self.vlm.model): ask for ask in asks}
        questions = [
            Question(key, ask.image_id, ROLE, partial(self._build, ask.payload), ask.payload.read)
            for key, ask in by_key.items()
        ]
        for question, answer in self.session.ask_all(self.vlm, questions, stage=STAGE):
            yield by_key[question.key], answer

    def _build(self, step: _Call) -> VlmRequest:
        return self.request_for(step.prompt, step.schema, step.shown, self._show(step))

    def request_for(
        self,
        prompt: str,
        schema: Mapping[str, Any],
        shown: Mapping[str, Any],
        picture: EncodedPicture,
    ) -> VlmRequest:
        """Build the request of one step for an image that is already encoded."""
        return VlmRequest(
            instruction=read_prompt(__name__, prompt),
            question=json.dumps(shown, ensure_ascii=False),
            pictures=(picture,),
            schema_name="critic",
            schema=schema,
            max_output_tokens=_MAX_OUTPUT_TOKENS,
            detail=self.detail,
        )

    def _show(self, step: _Call) -> EncodedPicture:
        case = step.case
        if step.has_boxes and case.facts.boxes:
            return encode_with_boxes(
                case.path, self.policy, case.image_id, case.facts.boxes, case.facts.width_px
            )
        return encode_picture(case.path, self.policy, case.image_id)


def shown_emotions(case: Case) -> list[str]:
    """Return the emotion to judge, or both labels of a contested one, ordered by a hash draw."""
    facts = case.facts
    if not facts.is_contested or facts.rival is None:
        return [str(facts.emotion)]
    return order_candidates(case.image_id, str(facts.emotion), facts.rival)


def _shown_words(case: Case, scene: str) -> dict[str, Any]:
    facts = case.facts
    return {
        "scene": json.loads(scene),
        "emotion": facts.emotion,
        "background": facts.background,
        **{name: _show_text(case, name) for name in ("attribute", "subject", "description")},
    }


def _show_text(case: Case, name: str) -> str | list[str] | None:
    """Return the text of a field, or both of a contested one, ordered by a hash draw."""
    text, other = getattr(case.facts, name), case.facts.contested_words.get(name)
    return text if other is None or text is None else order_candidates(case.image_id, text, other)


def _join(
    case: Case,
    checked: Mapping[str, Sequence[Problem]],
    found: Mapping[str, Sequence[Problem]],
    said: Mapping[str, Any],
    limits: CriticLimits,
) -> Fields:
    """Return the verdicts on the problems of pre-checks and model, with each code once.

    Where the model found another text better, the pre-checks are about that text.
    """
    judged: Fields = {}
    for name, problems in found.items():
        choice, cues = None, ()
        by_rules = checked[name]
        if name in case.facts.contested_words:
            choice, cues = find_better(said[name], list(_show_text(case, name) or ()))
        if choice is not None:
            by_rules = find_problems(replace(case.facts, **{name: choice}), limits)[name]
        by_rule = [
            problem
            for problem in by_rules
            if name != "emotion" or problem.code not in _OF_THE_VOTES
        ]
        both = list({problem.code: problem for problem in (*problems, *by_rule)}.values())
        verdict = reach_verdict(
            both,
            case.asked.get(name, frozenset()),
            is_contested=name == "emotion" and case.facts.is_contested,
        )
        judged[name] = replace(verdict, choice=choice, cues=cues)
    return judged


def _unjudged(reason: Any, names: Sequence[str]) -> Fields:
    problem = Problem("CRITIC_FAILED", f"the critic gave no answer: {reason or 'no reason'}")
    return dict.fromkeys(names, Judgement("unjudged", (problem,)))


def _is_settled(fields: Mapping[str, Judgement]) -> bool:
    """Return whether the emotion alone settles the image, so that the last step is skipped."""
    return fields["emotion"].verdict in ("discarded", "unjudged")


def _verdicts(fields: Mapping[str, Judgement]) -> dict[str, str]:
    return {name: judgement.verdict for name, judgement in fields.items()}


def _sides(box: Any) -> tuple[float | None, ...]:
    return (box.x1, box.y1, box.x2, box.y2)
