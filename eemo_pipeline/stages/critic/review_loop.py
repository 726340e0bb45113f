"""The loop of EmoVerse: judge, ask again about revisable fields, decide again, judge again.

Verdicts become rows in `review_pass.py`, contested emotions are in `contested.py`, the questions to
annotators in `revisions.py`; `state_machine.py` decides when to stop.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.agreement_patterns import annotator_votes
from eemo_pipeline.aggregation.critic_choices import count_revisions
from eemo_pipeline.aggregation.decide import Decide, decide_with, latest_replies
from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.aggregation.word_agreement import LEMMAS, WordEvidence, merge_words
from eemo_pipeline.lake.picture_files import locate_files
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.ledger.usage import NO_WORK
from eemo_pipeline.roles.annotator import Annotator
from eemo_pipeline.roles.critic import Case, Critic, Criticism, Facts
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.critic.contested import (
    Ballot,
    judge_by_choice,
    weigh_choices,
)
from eemo_pipeline.stages.critic.limits import CRITIC_LIMITS, CriticLimits
from eemo_pipeline.stages.critic.queue import Task, find_certainties, tabulate_tasks
from eemo_pipeline.stages.critic.regrounding import GroundAgain, Regions, keep_regions
from eemo_pipeline.stages.critic.review_pass import (
    Asked,
    gather_facts,
    sum_up,
    tabulate,
    tabulate_steps,
)
from eemo_pipeline.stages.critic.reviewed import Reviewed
from eemo_pipeline.stages.critic.revisions import Plan, ask_again, instruct, list_codes
from eemo_pipeline.stages.critic.rivals import (
    Candidates,
    find_unsettled,
    list_candidates,
    name_rivals,
)
from eemo_pipeline.stages.critic.rule_critic import RuleCritic
from eemo_pipeline.stages.critic.state_machine import Pass, Step, next_step
from eemo_pipeline.stages.critic.word_choices import (
    add_other_texts,
    list_word_choices,
    name_authors,
)

_VERDICTS = TABLES["critic__verdicts"]
_REPLIES, _REGIONS = TABLES["_critic__replies"], TABLES["_critic__regions"]
_CHOICES, _WEIGHTS = TABLES["critic__choices"], TABLES["critic__weights"]
_STEPS, _WORD_CHOICES = TABLES["critic__steps"], TABLES["critic__word_choices"]
_NO_LABELS = pl.DataFrame(schema={"image_id": pl.String, "emotion": pl.String})


@dataclass(frozen=True)
class _Judged:
    """One round.

    Attributes:
        facts: image_id -> facts.
        criticism: the judgements.
        authors: image_id -> field -> the annotator whose words were judged.
        answering: image_id -> the annotators that can be asked.
        changed: the images whose emotion the critic's choice changed.
        unsettled: the images where the critic could not tell, and which have a candidate left.
    """

    facts: dict[str, Facts]
    criticism: Criticism
    authors: dict[str, dict[str, str]]
    answering: dict[str, list[str]]
    changed: frozenset[str]
    unsettled: frozenset[str]


@dataclass(frozen=True)
class _Means:
    """The critic, the annotators, and the resources that they need."""

    critic: Critic
    annotators: Mapping[str, Annotator]
    ledger: Ledger
    decide_by: Decide
    paths: Mapping[str, Path]
    ballot: Ballot
    limits: CriticLimits
    similarity: TextSimilarity
    boxed: pl.DataFrame


@dataclass
class _History:
    """The state of the loop so far; `latest`: each annotator's latest answer."""

    annotator_calls: dict[str, int]
    latest: pl.DataFrame
    regions: Regions
    asked_codes: Asked = field(default_factory=dict)
    passes: dict[str, tuple[Pass, ...]] = field(default_factory=dict)
    decisions: pl.DataFrame = field(default_factory=pl.DataFrame)
    words: pl.DataFrame = field(default_factory=pl.DataFrame)
    critic_questions: dict[str, frozenset[str]] = field(default_factory=dict)
    verdicts: list[pl.DataFrame] = field(default_factory=lambda: [_VERDICTS.empty()])
    asked_about_emotion: set[str] = field(default_factory=set)
    tasks: list[Task] = field(default_factory=list)
    steps: list[pl.DataFrame] = field(default_factory=lambda: [_STEPS.empty()])
    choices: pl.DataFrame = field(default_factory=_CHOICES.empty)
    word_choices: pl.DataFrame = field(default_factory=_WORD_CHOICES.empty)
    candidates: dict[str, Candidates] = field(default_factory=dict)
    weights: list[pl.DataFrame] = field(default_factory=lambda: [_WEIGHTS.empty()])
    answers: list[AnsweredTable] = field(default_factory=lambda: [AnsweredTable(_REPLIES.empty())])
    criticisms: list[Criticism] = field(default_factory=list)

    def calls(self, image_id: str) -> int:
        """Return the model calls about an image so far: annotators, verifier, critic."""
        asked = len(self.critic_questions.get(image_id, ()))
        return self.annotator_calls.get(image_id, 0) + asked

    @property
    def replies(self) -> pl.DataFrame:
        """The answers of later rounds."""
        return pl.concat([answers.frame for answers in self.answers]).sort(_REPLIES.key)

    def finish(self) -> Reviewed:
        """Return the tables, and the sum of the work."""
        return Reviewed(
            self.decisions,
            pl.concat(self.verdicts).sort(_VERDICTS.key),
            pl.concat(self.steps).sort(_STEPS.key),
            self.choices.sort(_CHOICES.key),
            self.word_choices.sort(_WORD_CHOICES.key),
            pl.concat(self.weights).sort(_WEIGHTS.key),
            self.replies,
            self.regions.found.sort(_REGIONS.key),
            tabulate_tasks(self.tasks),
            sum((done.work for done in (*self.answers, *self.criticisms, self.regions)), NO_WORK),
            frozenset(self.asked_about_emotion),
        )


def review(
    images: pl.DataFrame,
    replies: pl.DataFrame,
    verifier_replies: pl.DataFrame,
    regions: pl.DataFrame,
    annotators: Sequence[Annotator],
    ledger: Ledger,
    sources_dir: Path,
    critic: Critic | None = None,
    decide_by: Decide | None = None,
    human: pl.DataFrame = _NO_LABELS,
    limits: CriticLimits = CRITIC_LIMITS,
    similarity: TextSimilarity = LEMMAS,
    boxed: pl.DataFrame | None = None,
    ground_again: GroundAgain = keep_regions,
) -> Reviewed:
    """Judge every image, and ask annotators again about revisable fields, in at most three rounds.

    Every image of `images` has one verdict row per field in round 1 and in each later round that
    includes it. Questions about words go to their author, questions about emotion and intensity to
    every annotator that answered; no one is asked about boxes, because annotators do not draw them.
    Where a revision changes the words, the boxes are found again before they are judged.
    A contested emotion follows from the critic's choice between two candidates (`contested.py`).

    Args:
        images: rows of `dedup__images`.
        replies: rows of `annotation__replies`.
        verifier_replies: rows of `verification__replies`.
        regions: rows of `grounding__regions`.
        annotators: the annotators that can be asked, with distinct names.
        ledger: where answers are looked up and stored.
        sources_dir: the folder with one folder of images per source.
        critic: the critic; by default the rule critic.
        decide_by: computes decisions; by default `decide` without a pattern table.
        human: image_id and emotion, where people agree; it sets the weight of the critic's choices.
        limits: the most rounds and calls, and thresholds.
        similarity: the measure by which words are compared.
        boxed: image_id and label of the boxes that people drew.
        ground_again: finds the regions of images whose words changed.
    """
    known = WordEvidence() if boxed is None else WordEvidence(boxed)
    ballot = Ballot(replies, verifier_replies, human, limits.decision)
    means = _Means(
        critic or RuleCritic(limits=limits),
        {annotator.name: annotator for annotator in annotators},
        ledger,
        decide_by or decide_with(None, limits.decision, similarity, known),
        dict(locate_files(images, sources_dir)),
        ballot,
        limits,
        similarity,
        known.boxed,
    )
    latest = latest_replies(replies, _REPLIES.empty())
    found = Regions(regions, ground_again)
    history = _History(_count_first_calls(replies, verifier_replies), latest, found)
    _run_rounds(images, history, means)
    return history.finish()


def _run_rounds(images: pl.DataFrame, history: _History, means: _Means) -> None:
    """Run rounds until no image continues; then find the regions of words chosen in the last."""
    open_ = images
    while open_.height:
        open_ = _run_round(open_, history, means)
    evidence = (history.replies, history.choices, history.word_choices)
    first = (means.ballot.replies, means.ballot.verifier_replies)
    history.decisions = means.decide_by(*first, *evidence)
    rounds = {image_id: len(passes) for image_id, passes in history.passes.items()}
    history.regions.follow(images, history.decisions, rounds)


def _run_round(images: pl.DataFrame, history: _History, means: _Means) -> pl.DataFrame:
    """Decide, judge and ask again; return the images that continue."""
    round_no = len(history.verdicts)
    keep = pl.col("image_id").is_in(images["image_id"].to_list())
    history.candidates = list_candidates(
        means.ballot.replies, means.ballot.verifier_replies, history.replies
    )
    facts = name_rivals(
        _find_facts(images, history, means, round_no),
        history.choices,
        history.candidates,
        {image_id for image_id, codes in history.asked_codes.items() if "emotion" in codes},
    )
    cases = [
        Case(image_id, means.paths[image_id], fact, history.asked_codes.get(image_id, {}))
        for image_id, fact in facts.items()
    ]
    latest = history.latest.filter(keep)
    judged = _judge_round(cases, latest, history, means, round_no)
    _remember(history, judged, means.critic, round_no)
    plan, steps = _plan(judged, history, means)
    history.tasks += _hand_over(judged, steps, latest, history)
    answers = ask_again(
        plan, history.latest, means.annotators, means.paths, means.ledger, round_no + 1
    )
    _remember_answers(history, plan, answers)
    return images.filter(pl.col("image_id").is_in(list(plan)))


def _count_first_calls(replies: pl.DataFrame, verifier_replies: pl.DataFrame) -> dict[str, int]:
    asked = pl.concat([replies.select("image_id"), verifier_replies.select("image_id")])
    return dict(asked.group_by("image_id").len().iter_rows())


def _find_facts(
    images: pl.DataFrame, history: _History, means: _Means, round_no: int
) -> dict[str, Facts]:
    """Decide on the answers so far, and gather the facts about the images of this round."""
    keep = pl.col("image_id").is_in(images["image_id"].to_list())
    first, later = means.ballot.replies.filter(keep), history.replies.filter(keep)
    choices, word_choices = history.choices.filter(keep), history.word_choices.filter(keep)
    verified = means.ballot.verifier_replies.filter(keep)
    history.decisions = means.decide_by(first, verified, later, choices, word_choices)
    rounds = dict.fromkeys(images["image_id"], round_no)
    regions = history.regions.follow(images, history.decisions, rounds)
    counted = count_revisions(first, later, choices)
    history.words = merge_words(
        annotator_votes(counted),
        history.decisions,
        means.similarity,
        means.limits.decision,
        WordEvidence(means.boxed, word_choices),
    )
    facts = gather_facts(images, history.decisions, counted, regions)
    return add_other_texts(facts, history.words)


def _judge_round(
    cases: Sequence[Case],
    latest: pl.DataFrame,
    history: _History,
    means: _Means,
    round_no: int,
) -> _Judged:
    """Judge, weigh the critic's choices, and derive the judgements of contested emotions."""
    facts = {case.image_id: case.facts for case in cases}
    said = means.critic.judge(cases, means.ledger)
    chosen, weights = weigh_choices(
        facts, said.judgements, history.choices, history.candidates, means.ballot, round_no
    )
    history.choices = pl.concat([history.choices, chosen])
    history.weights.append(weights)
    compared = list_word_choices(said.judgements, history.words, history.word_choices, round_no)
    history.word_choices = pl.concat([history.word_choices, compared])
    settled = {row["image_id"]: row for row in history.choices.sort("round").to_dicts()}
    judgements = {
        image_id: {
            **fields,
            "emotion": judge_by_choice(facts[image_id], fields["emotion"], settled[image_id])
            if image_id in settled and facts[image_id].is_contested
            else fields["emotion"],
        }
        for image_id, fields in said.judgements.items()
    }
    answering = (
        latest.filter(
            (pl.col("status") == "ok") & pl.col("annotator").is_in(list(means.annotators))
        )
        .sort("image_id", "annotator")
        .group_by("image_id", maintain_order=True)
        .agg("annotator")
    )
    return _Judged(
        facts,
        replace(said, judgements=judgements),
        name_authors(history.words, compared),
        dict(answering.iter_rows()),
        frozenset(
            row["image_id"]
            for row in chosen.iter_rows(named=True)
            if row["is_accepted"] and row["settled_emotion"] != row["emotion"]
        ),
        find_unsettled(history.choices, history.candidates),
    )


def _remember(history: _History, judged: _Judged, critic: Critic, round_no: int) -> None:
    history.criticisms.append(judged.criticism)
    history.verdicts.append(tabulate(judged.criticism.judgements, critic, round_no))
    history.steps.append(tabulate_steps(judged.criticism, round_no))
    for image_id in judged.criticism.judgements:
        one = sum_up(
            judged.facts[image_id],
            judged.criticism.judgements[image_id],
            is_changed=image_id in judged.changed,
            has_candidate_left=image_id in judged.unsettled,
        )
        history.passes[image_id] = (*history.passes.get(image_id, ()), one)
    for image_id, questions in judged.criticism.questions.items():
        before = history.critic_questions.get(image_id, frozenset())
        history.critic_questions[image_id] = before | questions


def _remember_answers(history: _History, plan: Plan, answers: AnsweredTable) -> None:
    history.answers.append(answers)
    history.latest = latest_replies(history.latest, answers.frame)
    history.asked_codes = list_codes(plan, answers.frame)
    for image_id, asks in plan.items():
        if any(item.field == "emotion" for items in asks.values() for item in items):
            history.asked_about_emotion.add(image_id)
        history.annotator_calls[image_id] = history.annotator_calls.get(image_id, 0) + len(asks)


def _plan(judged: _Judged, history: _History, means: _Means) -> tuple[Plan, dict[str, Step]]:
    """Return the instructions for the images that continue, and the next step of every image.

    An image whose emotion the critic's choice changed continues without instructions: its words
    were judged against the emotion before.
    """
    plan: Plan = {}
    steps: dict[str, Step] = {}
    for image_id, fields in judged.criticism.judgements.items():
        authors, answering = judged.authors.get(image_id, {}), judged.answering.get(image_id, [])
        asks = {} if image_id in judged.changed else instruct(fields, authors, answering)
        askable = {item.field for items in asks.values() for item in items}
        ahead = len(asks) + means.critic.calls_per_pass
        calls = history.calls(image_id)
        step = next_step(history.passes[image_id], askable, calls, ahead, means.limits)
        steps[image_id] = step
        if step.state == "annotating":
            plan[image_id] = asks
    return plan, steps


def _hand_over(
    judged: _Judged, steps: Mapping[str, Step], replies: pl.DataFrame, history: _History
) -> Iterable[Task]:
    """Yield the tasks of the images that need a person: one per open field."""
    waiting = {image_id: step for image_id, step in steps.items() if step.state == "human"}
    voices: dict[str, list[dict[str, Any]]] = {image_id: [] for image_id in waiting}
    for row in replies.filter(
        pl.col("image_id").is_in(list(waiting)) & (pl.col("status") == "ok")
    ).iter_rows(named=True):
        voices[row["image_id"]].append(row)
    certainties = find_certainties(history.decisions, history.choices)
    for image_id, step in waiting.items():
        for name, judgement in judged.criticism.judgements[image_id].items():
            if judgement.verdict in ("revisable", "unjudged"):
                facts, rows = judged.facts[image_id], tuple(voices[image_id])
                certainty = certainties.get(image_id)
                yield Task(image_id, name, step.reason, facts, judgement, rows, certainty)
