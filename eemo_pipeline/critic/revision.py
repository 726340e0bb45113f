"""The loop of EmoVerse: judge, ask again about what can be corrected, decide again, judge again.

Belongs here: who is asked about what, what of an answer is taken, and the rounds. Does not
belong here: the verdict (`judging.py`) and when to stop (`states.py`). An annotator is asked
only about the fields that the critic named, and only those of its answer change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.critic.judging import (
    Asked,
    Judgement,
    gather_facts,
    judge_facts,
    tabulate,
)
from eemo_pipeline.critic.rules import Facts, word_request
from eemo_pipeline.critic.states import Pass, next_state
from eemo_pipeline.decisions import TEXT_FIELDS, decide, latest_replies
from eemo_pipeline.ledger import AnsweredTable, Ledger
from eemo_pipeline.replies import (
    ANSWER_FIELDS,
    AnnotationRequest,
    Annotator,
    Instruction,
    ask_annotator,
)
from eemo_pipeline.schema.tables import TABLES

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
    """What the critic's loop came to.

    Attributes:
        verdicts: `critic__verdicts`, all rounds.
        replies: `_critic__replies`: the answers of later rounds, with what was not asked about
            as it was before.
        asked: questions that were put to an annotator.
        reused: questions whose answer the ledger held.
    """

    verdicts: pl.DataFrame
    replies: pl.DataFrame
    asked: int
    reused: int


@dataclass(frozen=True)
class _Judged:
    """One round: the facts and judgements, whose words were judged, and who can be asked."""

    facts: dict[str, Facts]
    judgements: dict[str, dict[str, Judgement]]
    authors: dict[str, str | None]
    answering: dict[str, list[str]]


# image_id -> annotator -> what it is asked
_Plan = dict[str, dict[str, tuple[Instruction, ...]]]


def review(
    images: pl.DataFrame,
    replies: pl.DataFrame,
    verifier_replies: pl.DataFrame,
    regions: pl.DataFrame,
    annotators: Sequence[Annotator],
    ledger: Ledger,
    sources_dir: Path,
) -> Reviewed:
    """Judge every picture, and ask again where that can help, for three rounds at most.

    Every picture of `images` has one verdict row per field in round 1 and in each later round it
    took part in. The author of the words is asked about description, background, attribute and
    subject; every annotator that answered before about emotion and intensity; nobody about
    boxes, which no annotator draws. When a changed vote moves the decision to another author,
    that author's words come with it and are judged in the same round.

    Args:
        images: rows of `dedup__images`.
        replies: rows of `annotation__replies`.
        verifier_replies: rows of `verification__replies`.
        regions: rows of `grounding__regions`.
        annotators: those that can be asked, with distinct names.
        ledger: where their answers are kept.
        sources_dir: the folder with one folder of pictures per source.
    """
    by_name = {annotator.name: annotator for annotator in annotators}
    current = latest_replies(replies, _REPLIES.empty())
    passes: dict[str, tuple[Pass, ...]] = {}
    asked_codes: Asked = {}
    verdicts = [_VERDICTS.empty()]
    later = [AnsweredTable(_REPLIES.empty(), 0, 0)]
    while images.height:
        round_no = len(verdicts)
        judged = _judge_round(
            images, current, verifier_replies, regions, asked_codes, frozenset(by_name)
        )
        verdicts.append(tabulate(judged.judgements, round_no))
        passes = {
            image_id: (*passes.get(image_id, ()), _remember(judged.facts[image_id], fields))
            for image_id, fields in judged.judgements.items()
        }
        plan = _plan(judged, passes)
        images = images.filter(pl.col("image_id").is_in(list(plan)))
        answers = _ask_again(images, plan, current, by_name, round_no + 1, ledger, sources_dir)
        later.append(answers)
        current = latest_replies(current, answers.frame)
        asked_codes = _codes_put(plan, answers.frame)
    return Reviewed(
        pl.concat(verdicts).sort(_VERDICTS.key),
        pl.concat([answers.frame for answers in later]).sort(_REPLIES.key),
        sum(answers.asked for answers in later),
        sum(answers.reused for answers in later),
    )


def _judge_round(
    images: pl.DataFrame,
    current: pl.DataFrame,
    verifier_replies: pl.DataFrame,
    regions: pl.DataFrame,
    asked_codes: Asked,
    available: frozenset[str],
) -> _Judged:
    keep = pl.col("image_id").is_in(images["image_id"].to_list())
    replies = current.filter(keep)
    decisions = decide(replies, verifier_replies.filter(keep))
    facts = gather_facts(images, decisions, replies, regions.filter(keep))
    answering = (
        replies.filter((pl.col("status") == "ok") & pl.col("annotator").is_in(list(available)))
        .sort("image_id", "annotator")
        .group_by("image_id", maintain_order=True)
        .agg("annotator")
    )
    return _Judged(
        facts,
        judge_facts(facts, asked_codes),
        dict(decisions.select("image_id", "annotator").iter_rows()),
        dict(answering.iter_rows()),
    )


def _plan(judged: _Judged, passes: Mapping[str, Sequence[Pass]]) -> _Plan:
    """What is to be asked about the pictures that go on to another round."""
    plan: _Plan = {}
    for image_id, fields in judged.judgements.items():
        asks = _instruct(fields, judged.authors.get(image_id), judged.answering.get(image_id, []))
        askable = {item.field for items in asks.values() for item in items}
        if next_state(passes[image_id], askable) == "annotating":
            plan[image_id] = asks
    return plan


def _instruct(
    fields: Mapping[str, Judgement], author: str | None, answering: Sequence[str]
) -> dict[str, tuple[Instruction, ...]]:
    """annotator -> instructions, for those who can be asked about a revisable field."""
    asks: dict[str, tuple[Instruction, ...]] = {}
    for name, judgement in fields.items():
        if judgement.verdict != "revisable" or name not in FIELD_COLUMNS:
            continue
        items = tuple(Instruction(name, p.code, word_request(name, p)) for p in judgement.problems)
        for annotator in answering:
            if name not in TEXT_FIELDS or annotator == author:
                asks[annotator] = asks.get(annotator, ()) + items
    return asks


def _remember(facts: Facts, fields: Mapping[str, Judgement]) -> Pass:
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
    )


def _ask_again(
    images: pl.DataFrame,
    plan: _Plan,
    current: pl.DataFrame,
    annotators: Mapping[str, Annotator],
    round_no: int,
    ledger: Ledger,
    sources_dir: Path,
) -> AnsweredTable:
    """Put the instructions of the plan; the rows of `_critic__replies` for this round."""
    paths = {
        image_id: sources_dir / source / path
        for image_id, source, path in images.select("image_id", "source", "path").iter_rows()
    }
    previous = {
        (row["image_id"], row["annotator"]): {name: row[name] for name in ANSWER_FIELDS}
        for row in current.filter(pl.col("image_id").is_in(list(plan))).iter_rows(named=True)
    }
    frames, asked, reused = [_REPLIES.empty()], 0, 0
    for name, annotator in sorted(annotators.items()):
        requests = [
            AnnotationRequest(
                image_id, paths[image_id], round_no, asks[name], previous[image_id, name]
            )
            for image_id, asks in sorted(plan.items())
            if name in asks
        ]
        answered = ask_annotator(annotator, requests, ledger)
        asked += answered.asked
        reused += answered.reused
        rows = [
            _take_asked(row, request)
            for row, request in zip(answered.frame.iter_rows(named=True), requests, strict=True)
        ]
        frames.append(pl.DataFrame(rows, schema=_REPLIES.polars_schema))
    return AnsweredTable(pl.concat(frames), asked, reused)


def _take_asked(answer: dict[str, Any], request: AnnotationRequest) -> dict[str, Any]:
    """The answer with every column that was not asked about as it was before."""
    if answer["status"] != "ok":
        return answer
    asked = {name for item in request.instructions for name in FIELD_COLUMNS[item.field]}
    before = request.previous or {}
    return {
        **answer,
        **{name: before.get(name) for name in ANSWER_FIELDS if name not in asked},
    }


def _codes_put(plan: _Plan, answers: pl.DataFrame) -> dict[str, dict[str, frozenset[str]]]:
    """What was asked about and answered: a refusal says nothing about the picture."""
    answered = answers.filter(pl.col("status") == "ok").select("image_id", "annotator")
    codes: dict[str, dict[str, frozenset[str]]] = {}
    for image_id, annotator in answered.iter_rows():
        fields = codes.setdefault(image_id, {})
        for item in plan[image_id][annotator]:
            fields[item.field] = fields.get(item.field, frozenset()) | {item.code}
    return codes
