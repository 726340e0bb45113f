"""Contested emotions: what follows from the critic's choice between two candidates.

Which two it sees is in `rivals.py`. After an annotator was asked again, its new emotion is a
candidate beside the decided one, no more: agreement that was asked for is none. The first choice
between two emotions stands in later rounds. Weights are in `aggregation/critic_choices.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from eemo_pipeline.aggregation.agreement_patterns import annotator_votes, verifier_votes
from eemo_pipeline.aggregation.calibration import place_pictures
from eemo_pipeline.aggregation.critic_choices import (
    ASKED_AGAIN,
    FURTHER_VOTE,
    LIKELY,
    VOTES,
    compare_by_verifier,
    fit_weights,
    settle_choices,
)
from eemo_pipeline.aggregation.limits import DecisionLimits
from eemo_pipeline.roles.critic import Facts, Judgement, Problem, order_candidates
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.critic.rivals import Candidates

_CHOICES, _WEIGHTS = TABLES["critic__choices"], TABLES["critic__weights"]
_ASKED_COLUMNS = ("image_id", "round", "drawn_from", "emotion", "rival", "chosen", "evidence")
# image_id -> field -> judgement
Judgements = Mapping[str, Mapping[str, Judgement]]


@dataclass(frozen=True)
class Ballot:
    """What choices are weighed with, for all images of a run.

    Attributes:
        replies: rows of `annotation__replies`.
        verifier_replies: rows of `verification__replies`.
        human: image_id and emotion, of images on whose emotion people agree. The critic never sees
            them; they only set weights.
        limits: thresholds.
    """

    replies: pl.DataFrame
    verifier_replies: pl.DataFrame
    human: pl.DataFrame
    limits: DecisionLimits


def weigh_choices(
    facts: Mapping[str, Facts],
    judgements: Judgements,
    known: pl.DataFrame,
    candidates: Mapping[str, Candidates],
    ballot: Ballot,
    round_no: int,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the new rows of `critic__choices`, and the rows of `critic__weights` behind them.

    Args:
        facts: what the critic saw.
        judgements: what it said.
        known: rows of `critic__choices` of earlier rounds; a pair is not weighed again.
        candidates: image_id -> the emotions that were named.
        ballot: votes and labels.
        round_no: the round.
    """
    rows = list(_list_choices(facts, judgements, known, candidates, round_no))
    if not rows:
        return _CHOICES.empty(), _WEIGHTS.empty()
    schema = {name: _CHOICES.polars_schema[name] for name in (*_ASKED_COLUMNS, "candidates")}
    verifier = verifier_votes(ballot.verifier_replies)
    places = place_pictures(ballot.verifier_replies, verifier)
    asked = compare_by_verifier(pl.DataFrame(rows, schema=schema), verifier)
    measured = pl.concat([known.select(asked.columns), asked])
    asked_of = asked["drawn_from"].unique().implode()
    weights = fit_weights(
        measured.filter(pl.col("drawn_from").is_in(asked_of)),
        ballot.human,
        places,
        round_no,
        ballot.limits,
    )
    votes = pl.concat(
        [
            annotator_votes(ballot.replies).select("image_id", "emotion"),
            verifier.select("image_id", "emotion"),
        ]
    )
    return settle_choices(asked, weights, votes, places), weights


def _list_choices(
    facts: Mapping[str, Facts],
    judgements: Judgements,
    known: pl.DataFrame,
    candidates: Mapping[str, Candidates],
    round_no: int,
) -> Iterable[dict[str, object]]:
    pairs = {
        (image_id, frozenset((emotion, rival)))
        for image_id, emotion, rival in known.select("image_id", "emotion", "rival").iter_rows()
    }
    met = {image_id for image_id, _ in pairs}
    for image_id, one in facts.items():
        judged = judgements[image_id]["emotion"]
        if not one.is_contested or one.emotion is None or one.rival is None:
            continue
        is_open = judged.verdict in ("valid", "revisable")
        if not is_open or (image_id, frozenset((one.emotion, one.rival))) in pairs:
            continue
        is_first = round_no == 1 and image_id not in met
        has_evidence = judged.choice in (one.emotion, one.rival) and bool(judged.cues)
        yield {
            "image_id": image_id,
            "round": round_no,
            "drawn_from": _name_origin(one.rival, candidates.get(image_id, Candidates()), is_first),
            "emotion": one.emotion,
            "rival": one.rival,
            "candidates": order_candidates(image_id, one.emotion, one.rival),
            "chosen": judged.choice if has_evidence else None,
            "evidence": list(judged.cues) if has_evidence else [],
        }


def _name_origin(rival: str, named: Candidates, is_first: bool) -> str:  # noqa: FBT001
    if is_first:
        return VOTES
    if rival in named.voted:
        return FURTHER_VOTE
    return LIKELY if rival in named.likely else ASKED_AGAIN


def judge_by_choice(facts: Facts, judged: Judgement, choice: Mapping[str, object]) -> Judgement:
    """Return the judgement of a contested emotion that follows from the settled choice.

    valid: the choice is accepted and confirms the emotion. revisable: the choice is accepted and
    changes it; or the choice weighs too little, or there is none, and a person decides. A critic
    that could not tell keeps its own judgement.
    """
    if choice["chosen"] is None:
        if judged.verdict != "valid":
            return judged
        problem = Problem("EMO_CONFUSABLE", "no visible evidence decides between two emotions")
        return Judgement("revisable", (problem,), is_undecided=True)
    seen = f"visible: {'; '.join(judged.cues)}"
    if not choice["is_accepted"]:
        finding = "one of the two emotions has visible evidence, and too few labels confirm it"
        problem = Problem("EMO_CONFUSABLE", finding)
        return Judgement("revisable", (problem,), is_undecided=True)
    if choice["settled_emotion"] == facts.emotion:
        return Judgement("valid", finding=seen, choice=judged.choice, cues=judged.cues)
    problem = Problem("EMO_CONTRADICTED", "what is visible speaks for the other emotion named")
    return Judgement("revisable", (problem,), choice=judged.choice, cues=judged.cues)
