"""The loop of EmoVerse: judge, ask again about revisable fields, decide again, judge again.

Decides which annotators are asked about which fields, and merges their answers. Verdicts are made
in `review_pass.py`; `state_machine.py` decides when to stop. An annotator is asked only about the
fields that the critic named, and only those fields of its answer change.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.decide import TEXT_FIELDS, decide, latest_replies
from eemo_pipeline.lake.picture_files import locate_files
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.ledger.usage import NO_WORK, Work
from eemo_pipeline.roles.annotator import (
    ANSWER_FIELDS,
    AnnotationRequest,
    Annotator,
    Instruction,
    ask_annotators,
)
from eemo_pipeline.roles.critic import Case, Critic, Criticism, Facts, Judgement
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.critic.queue import Task, tabulate_tasks
from eemo_pipeline.stages.critic.review_pass import Asked, gather_facts, tabulate
from eemo_pipeline.stages.critic.rule_critic import RuleCritic
from eemo_pipeline.stages.critic.rules import word_request
from eemo_pipeline.stages.critic.state_machine import Pass, Step, next_step

_VERDICTS = TABLES["critic__verdicts"]
_REPLIES = TABLES["_critic__replies"]
# field -> the columns of a reply that may change when it is asked about
FIELD_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "emotion": (
        "emotion",
        "alternatives",
        "alternative_probabilities",
        "clarity",
        "valence",
        "arousal",
        "dominance",
        "evidence",
    ),
    "intensity": ("intensity",),
    **{name: (name,) for name in TEXT_FIELDS},
}


@dataclass(frozen=True)
class Reviewed:
    """The result of the critic's loop.

    Attributes:
        verdicts: `critic__verdicts`, all rounds.
        replies: `_critic__replies`: the answers of later rounds; columns that were not asked about
            keep their previous values.
        queue: `critic__queue`: the fields that a person has to decide.
        work: questions, calls and cost of annotators and critic.
    """

    verdicts: pl.DataFrame
    replies: pl.DataFrame
    queue: pl.DataFrame
    work: Work


@dataclass(frozen=True)
class _Judged:
    """One round.

    Attributes:
        facts: image_id -> facts.
        criticism: the judgements.
        authors: image_id -> the annotator whose words were judged.
        answering: image_id -> the annotators that can be asked.
    """

    facts: dict[str, Facts]
    criticism: Criticism
    authors: dict[str, str | None]
    answering: dict[str, list[str]]


@dataclass(frozen=True)
class _Means:
    """The critic, the annotators, and the resources that they need."""

    critic: Critic
    annotators: Mapping[str, Annotator]
    ledger: Ledger
    decide_by: "Decide"
    paths: Mapping[str, Path]


@dataclass
class _History:
    """The state of the loop so far."""

    annotator_calls: dict[str, int]
    passes: dict[str, tuple[Pass, ...]] = field(default_factory=dict)
    critic_questions: dict[str, frozenset[str]] = field(default_factory=dict)
    verdicts: list[pl.DataFrame] = field(default_factory=lambda: [_VERDICTS.empty()])
    tasks: list[Task] = field(default_factory=list)
    answers: list[AnsweredTable] = field(default_factory=lambda: [AnsweredTable(_REPLIES.empty())])
    criticisms: list[Criticism] = field(default_factory=list)

    def calls(self, image_id: str) -> int:
        """Return the model calls about an image so far: annotators, verifier, critic."""
        asked = len(self.critic_questions.get(image_id, ()))
        return self.annotator_calls.get(image_id, 0) + asked

    def finish(self) -> Reviewed:
        """Return the tables, and the sum of the work."""
        return Reviewed(
            pl.concat(self.verdicts).sort(_VERDICTS.key),
            pl.concat([answers.frame for answers in self.answers]).sort(_REPLIES.key),
            tabulate_tasks(self.tasks),
            sum((done.work for done in (*self.answers, *self.criticisms)), NO_WORK),
        )


# replies and verifier's replies -> decisions
Decide = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]
# image_id -> annotator -> its instructions
_Plan = dict[str, dict[str, tuple[Instruction, ...]]]


def review(
    images: pl.DataFrame,
    replies: pl.DataFrame,
    verifier_replies: pl.DataFrame,
    regions: pl.DataFrame,
    annotators: Sequence[Annotator],
    ledger: Ledger,
    sources_dir: Path,
    critic: Critic | None = None,
    decide_by: Decide = decide,
) -> Reviewed:
    """Judge every image, and ask annotators again about revisable fields, in at most three rounds.

    Every image of `images` has one verdict row per field in round 1 and in each later round that
    includes it. Questions about description, background, attribute and subject go to the author of
    the words. Questions about emotion and intensity go to every annotator that gave an answer.
    No one is asked about boxes, because annotators do not draw them. If a changed vote moves the
    decision to another author, that author's words replace the old ones and are judged in the same
    round.

    Args:
        images: rows of `dedup__images`.
        replies: rows of `annotation__replies`.
        verifier_replies: rows of `verification__replies`.
        regions: rows of `grounding__regions`.
        annotators: the annotators that can be asked, with distinct names.
        ledger: where answers are looked up and stored.
        sources_dir: the folder with one folder of images per source.
        critic: the critic; by default the rule critic.
        decide_by: computes decisions from the annotators' and the verifier's replies.
    """
    by_name = {annotator.name: annotator for annotator in annotators}
    paths = dict(locate_files(images, sources_dir))
    means = _Means(critic or RuleCritic(), by_name, ledger, decide_by, paths)
    history = _History(_count_first_calls(replies, verifier_replies))
    current = latest_replies(replies, _REPLIES.empty())
    asked_codes: Asked = {}
    while images.height:
        round_no = len(history.verdicts)
        keep = pl.col("image_id").is_in(images["image_id"].to_list())
        tables = (images, current.filter(keep), verifier_replies.filter(keep), regions.filter(keep))
        judged = _judge_round(tables, means, asked_codes)
        _remember(history, judged, means.critic, round_no)
        plan, steps = _plan(judged, history, means.critic.calls_per_pass)
        history.tasks += _hand_over(judged, steps, current.filter(keep))
        answers = _ask_again(plan, current, means, round_no + 1)
        _remember_answers(history, plan, answers)
        images = images.filter(pl.col("image_id").is_in(list(plan)))
        current = latest_replies(current, answers.frame)
        asked_codes = _codes_put(plan, answers.frame)
    return history.finish()


def _count_first_calls(replies: pl.DataFrame, verifier_replies: pl.DataFrame) -> dict[str, int]:
    asked = pl.concat([replies.select("image_id"), verifier_replies.select("image_id")])
    return dict(asked.group_by("image_id").len().iter_rows())


def _judge_round(
    tables: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame],
    means: _Means,
    asked_codes: Asked,
) -> _Judged:
    """Decide and judge; `tables` are images, replies, the verifier's replies and regions."""
    images, replies, verifier_replies, regions = tables
    decisions = means.decide_by(replies, verifier_replies)
    facts = gather_facts(images, decisions, replies, regions)
    cases = [
        Case(image_id, means.paths[image_id], fact, asked_codes.get(image_id, {}))
        for image_id, fact in facts.items()
    ]
    answering = (
        replies.filter(
            (pl.col("status") == "ok") & pl.col("annotator").is_in(list(means.annotators))
        )
        .sort("image_id", "annotator")
        .group_by("image_id", maintain_order=True)
        .agg("annotator")
    )
    return _Judged(
        facts,
        means.critic.judge(cases, means.ledger),
        dict(decisions.select("image_id", "annotator").iter_rows()),
        dict(answering.iter_rows()),
    )


def _remember(history: _History, judged: _Judged, critic: Critic, round_no: int) -> None:
    history.criticisms.append(judged.criticism)
    history.verdicts.append(tabulate(judged.criticism.judgements, critic, round_no))
    for image_id, fields in judged.criticism.judgements.items():
        one = _pass(judged.facts[image_id], fields)
        history.passes[image_id] = (*history.passes.get(image_id, ()), one)
    for image_id, questions in judged.criticism.questions.items():
        before = history.critic_questions.get(image_id, frozenset())
        history.critic_questions[image_id] = before | questions


def _remember_answers(history: _History, plan: _Plan, answers: AnsweredTable) -> None:
    history.answers.append(answers)
    for image_id, asks in plan.items():
        history.annotator_calls[image_id] = history.annotator_calls.get(image_id, 0) + len(asks)


def _plan(judged: _Judged, history: _History, calls_per_pass: int) -> tuple[_Plan, dict[str, Step]]:
    """Return the instructions for the images that continue, and the next step of every image."""
    plan: _Plan = {}
    steps: dict[str, Step] = {}
    for image_id, fields in judged.criticism.judgements.items():
        asks = _instruct(fields, judged.authors.get(image_id), judged.answering.get(image_id, []))
        askable = {item.field for items in asks.values() for item in items}
        ahead = len(asks) + calls_per_pass
        step = next_step(history.passes[image_id], askable, history.calls(image_id), ahead)
        steps[image_id] = step
        if step.state == "annotating":
            plan[image_id] = asks
    return plan, steps


def _hand_over(judged: _Judged, steps: Mapping[str, Step], replies: pl.DataFrame) -> Iterable[Task]:
    """Yield the tasks of the images that need a person: one per open field."""
    waiting = {image_id: step for image_id, step in steps.items() if step.state == "human"}
    voices: dict[str, list[dict[str, Any]]] = {image_id: [] for image_id in waiting}
    for row in replies.filter(
        pl.col("image_id").is_in(list(waiting)) & (pl.col("status") == "ok")
    ).iter_rows(named=True):
        voices[row["image_id"]].append(row)
    for image_id, step in waiting.items():
        for name, judgement in judged.criticism.judgements[image_id].items():
            if judgement.verdict in ("revisable", "unjudged"):
                facts = judged.facts[image_id]
                yield Task(image_id, name, step.reason, facts, judgement, tuple(voices[image_id]))


def _instruct(
    fields: Mapping[str, Judgement], author: str | None, answering: Sequence[str]
) -> dict[str, tuple[Instruction, ...]]:
    """Return annotator -> instructions about the revisable fields that it can be asked about."""
    asks: dict[str, tuple[Instruction, ...]] = {}
    for name, judgement in fields.items():
        if judgement.verdict != "revisable" or name not in FIELD_COLUMNS:
            continue
        items = tuple(Instruction(name, p.code, word_request(name, p)) for p in judgement.problems)
        for annotator in answering:
            if name not in TEXT_FIELDS or annotator == author:
                asks[annotator] = asks.get(annotator, ()) + items
    return asks


def _pass(facts: Facts, fields: Mapping[str, Judgement]) -> Pass:
    values: dict[str, object] = {
        "emotion": facts.emotion,
        "intensity": facts.intensity,
        "box": facts.boxes,
        **{name: getattr(facts, name) for name in TEXT_FIELDS},
    }
    return Pass(
        values,
        {name: judgement.verdict for name, judgement in fields.items()},
        {name: judgement.codes for name, judgement in fields.items()},
        any(judgement.is_undecided for judgement in fields.values()),
    )


def _ask_again(plan: _Plan, current: pl.DataFrame, means: _Means, round_no: int) -> AnsweredTable:
    """Ask the annotators as planned; return the rows of `_critic__replies` for this round."""
    previous = {
        (row["image_id"], row["annotator"]): {name: row[name] for name in ANSWER_FIELDS}
        for row in current.filter(pl.col("image_id").is_in(list(plan))).iter_rows(named=True)
    }
    asked = [
        (
            annotator,
            [
                AnnotationRequest(
                    image_id, means.paths[image_id], round_no, asks[name], previous[image_id, name]
                )
                for image_id, asks in sorted(plan.items())
                if name in asks
            ],
        )
        for name, annotator in sorted(means.annotators.items())
    ]
    tables = [
        replace(answers, frame=_keep_the_rest(answers.frame, requests))
        for (_, requests), answers in zip(asked, ask_annotators(asked, means.ledger), strict=True)
    ]
    return AnsweredTable.join(tables, _REPLIES.empty())


def _keep_the_rest(answers: pl.DataFrame, requests: Sequence[AnnotationRequest]) -> pl.DataFrame:
    """Return rows of `_critic__replies`; columns not asked about keep their previous values."""
    rows = [
        _take_asked(row, request)
        for row, request in zip(answers.iter_rows(named=True), requests, strict=True)
    ]
    return pl.DataFrame(rows, schema=_REPLIES.polars_schema)


def _take_asked(answer: dict[str, Any], request: AnnotationRequest) -> dict[str, Any]:
    """Return the answer, with the previous value in every column that was not asked about."""
    if answer["status"] != "ok":
        return answer
    asked = {name for item in request.instructions for name in FIELD_COLUMNS[item.field]}
    before = request.previous or {}
    return {
        **answer,
        **{name: before.get(name) for name in ANSWER_FIELDS if name not in asked},
    }


def _codes_put(plan: _Plan, answers: pl.DataFrame) -> dict[str, dict[str, frozenset[str]]]:
    """Return image_id -> field -> the codes that were asked about and answered.

    A refusal is ignored: it says nothing about the image.
    """
    answered = answers.filter(pl.col("status") == "ok").select("image_id", "annotator")
    codes: dict[str, dict[str, frozenset[str]]] = {}
    for image_id, annotator in answered.iter_rows():
        fields = codes.setdefault(image_id, {})
        for item in plan[image_id][annotator]:
            fields[item.field] = fields.get(item.field, frozenset()) | {item.code}
    return codes
