"""Revisions: which annotators are asked about which fields, and what their answers may change.

An annotator is asked only about the fields that the critic named, and only those fields of its
answer change. Nobody is asked about an emotion on which the critic is undecided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.critic_choices import EMOTION_COLUMNS
from eemo_pipeline.aggregation.decide import TEXT_FIELDS
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.annotator import (
    ANSWER_FIELDS,
    AnnotationRequest,
    Annotator,
    Instruction,
    ask_annotators,
)
from eemo_pipeline.roles.critic import Judgement
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.critic.rules import word_request

_REPLIES = TABLES["_critic__replies"]
# image_id -> annotator -> its instructions
Plan = dict[str, dict[str, tuple[Instruction, ...]]]
# field -> the columns of a reply that may change when it is asked about
FIELD_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "emotion": EMOTION_COLUMNS,
    "intensity": ("intensity",),
    **{name: (name,) for name in TEXT_FIELDS},
}


def instruct(
    fields: Mapping[str, Judgement], authors: Mapping[str, str], answering: Sequence[str]
) -> dict[str, tuple[Instruction, ...]]:
    """Return annotator -> instructions about the revisable fields that it can be asked about."""
    asks: dict[str, tuple[Instruction, ...]] = {}
    for name, judgement in fields.items():
        if judgement.verdict != "revisable" or name not in FIELD_COLUMNS or judgement.is_undecided:
            continue
        items = tuple(Instruction(name, p.code, word_request(name, p)) for p in judgement.problems)
        for annotator in answering:
            if name not in TEXT_FIELDS or annotator == authors.get(name):
                asks[annotator] = asks.get(annotator, ()) + items
    return asks


def ask_again(
    plan: Plan,
    current: pl.DataFrame,
    annotators: Mapping[str, Annotator],
    paths: Mapping[str, Path],
    ledger: Ledger,
    round_no: int,
) -> AnsweredTable:
    """Ask the annotators as planned; return the rows of `_critic__replies` for this round.

    Args:
        plan: who is asked what.
        current: the latest answers.
        annotators: name -> annotator.
        paths: image_id -> file.
        ledger: where answers are looked up and stored.
        round_no: the round of the answers.
    """
    previous = {
        (row["image_id"], row["annotator"]): {name: row[name] for name in ANSWER_FIELDS}
        for row in current.filter(pl.col("image_id").is_in(list(plan))).iter_rows(named=True)
    }
    asked = [
        (
            annotator,
            [
                AnnotationRequest(
                    image_id, paths[image_id], round_no, asks[name], previous[image_id, name]
                )
                for image_id, asks in sorted(plan.items())
                if name in asks
            ],
        )
        for name, annotator in sorted(annotators.items())
    ]
    tables = [
        replace(answers, frame=_keep_the_rest(answers.frame, requests))
        for (_, requests), answers in zip(asked, ask_annotators(asked, ledger), strict=True)
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


def list_codes(plan: Plan, answers: pl.DataFrame) -> dict[str, dict[str, frozenset[str]]]:
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
