"""The arms of the experiment: the pipeline with a part left out, on the same recorded answers.

Defines what each arm leaves out, and runs it. Scores are in `scoring.py`.

`full`: cross-verification, critic, loop. `no_cross_verification`: a single annotator, each in
turn. `no_critic`: the decision is kept as it is. `neither`: a single annotator and no critic.
`no_loop`: rejected values go to human review at once. `critic_is_annotator`: an annotator judges by
its own answer. `placebo`: a critic that asks about every contested emotion again, without a
finding. `weight_*` (emotion only) and `no_pattern_table`: other rules of cross-verification,
without a critic. `human_audit`: full, with the open cases settled by people. All others decide as
the pipeline does, with the pattern table and the measured weight of the critic's choices, both
fitted on labels of other folds. In every arm, an image that is not preserved does not count as
kept, and neither does a field that was emptied.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.critic_choices import latest_choices
from eemo_pipeline.aggregation.decide import (
    Decide,
    decide,
    decide_with,
    fit_patterns,
    latest_replies,
)
from eemo_pipeline.aggregation.human_labels import find_human_labels
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.critic import Critic
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.ablation.baseline_critics import KnowingCritic, PlaceboCritic
from eemo_pipeline.stages.ablation.outcomes import FIELDS, Judge, find_boxes, tabulate_outcomes
from eemo_pipeline.stages.ablation.synthetic_records import Records
from eemo_pipeline.stages.critic.limits import CRITIC_LIMITS, CriticLimits
from eemo_pipeline.stages.critic.review_loop import Reviewed, review

WEIGHTS = (0.0, 1.0, 1.5, 2.5)
_VERIFIED = {
    name: TABLES["verification__replies"].polars_schema[name]
    for name in ("emotion", "probability", "distribution")
}
_NO_CHOICES = TABLES["critic__choices"].empty()
_NO_WORD_CHOICES = TABLES["critic__word_choices"].empty()
_NO_REPLIES = TABLES["_critic__replies"].empty()


@dataclass(frozen=True)
class Arm:
    """One arm on one set of records, with outcomes as `tabulate_outcomes` returns them."""

    name: str
    outcomes: pl.DataFrame


def run_arms(
    records: Records, critic: Critic, is_right: Judge, limits: CriticLimits = CRITIC_LIMITS
) -> list[Arm]:
    """Run all arms over the records, the full pipeline first.

    Args:
        records: recorded or synthetic.
        critic: the critic of every arm that has one, except `critic_is_annotator` and `placebo`.
        is_right: (image_id, field, value) -> whether the value is right; None if unknown.
        limits: thresholds.
    """
    human = find_human_labels(records.labels)
    patterns = fit_patterns(records.replies, records.verifier_replies, human, limits.decision)
    rule = decide_with(patterns, limits.decision)
    first = rule(
        records.replies, records.verifier_replies, _NO_REPLIES, _NO_CHOICES, _NO_WORD_CHOICES
    )
    plain = decide(records.replies, records.verifier_replies)
    tabulate = partial(tabulate_outcomes, records, is_right, find_boxes(records.regions))
    with TemporaryDirectory() as folder, closing(Ledger(Path(folder) / "replay.sqlite")) as ledger:
        loop = partial(_review, human, ledger, limits)
        full = loop(records, critic, rule)
        others = {
            "critic_is_annotator": loop(records, _own_critic(records), rule),
            "placebo": loop(records, PlaceboCritic(), rule),
        }
        alone = _alone(records, critic, tabulate, loop)
    whole = tabulate(first, full, full.decisions)
    judged_once = replace(full, verdicts=full.verdicts.filter(pl.col("round") == 1))
    return [
        Arm("full", whole),
        Arm("human_audit", let_people_settle(whole)),
        Arm("no_loop", tabulate(first, judged_once, first)),
        Arm("no_critic", tabulate(first, None, first)),
        *(Arm(name, tabulate(first, done, done.decisions)) for name, done in others.items()),
        *alone,
        Arm("no_pattern_table", tabulate(plain, None, plain)),
        *(
            Arm(f"weight_{weight:g}", weighed.filter(pl.col("field") == "emotion"))
            for weight in WEIGHTS
            for decisions in [decide_by_weight(records, plain, weight)]
            for weighed in [tabulate(decisions, None, decisions)]
        ),
    ]


def let_people_settle(outcomes: pl.DataFrame) -> pl.DataFrame:
    """Return the outcomes after people gave every open image its right values."""
    is_open = pl.col("state") == "human"
    return outcomes.with_columns(
        (pl.col("is_kept") | is_open).alias("is_kept"),
        (pl.col("is_right") | is_open).alias("is_right"),
    )


def decide_by_weight(records: Records, decisions: pl.DataFrame, weight: float) -> pl.DataFrame:
    """Decide the emotion by weighted vote: annotators weigh 1, and a tie goes to the verifier."""
    usable = pl.col("emotion").is_in(list(MIKELS_8)) & (pl.col("status") == "ok")
    votes = pl.concat(
        [
            records.replies.filter(usable).select(
                "image_id", "emotion", pl.lit(1.0).alias("_weight"), pl.lit(0).alias("_trusted")
            ),
            records.verifier_replies.filter(usable).select(
                "image_id", "emotion", pl.lit(weight).alias("_weight"), pl.lit(1).alias("_trusted")
            ),
        ]
    )
    # A verifier with weight zero has no vote, not even on a tie.
    heard = votes.filter(pl.col("_weight") > 0)
    chosen = (
        heard.group_by("image_id", "emotion")
        .agg(pl.col("_weight").sum(), pl.col("_trusted").max())
        .sort("image_id", "_weight", "_trusted", "emotion", descending=[False, True, True, False])
        .unique("image_id", keep="first", maintain_order=True)
        .select("image_id", pl.col("emotion").alias("_heavy"))
    )
    return decisions.join(chosen, on="image_id", how="left").select(
        pl.coalesce("_heavy", "emotion").alias("emotion") if name == "emotion" else name
        for name in decisions.columns
    )


def decide_alone(
    replies: pl.DataFrame,
    verdicts_of_verifier: pl.DataFrame,
    later: pl.DataFrame = _NO_REPLIES,
    choices: pl.DataFrame = _NO_CHOICES,
    word_choices: pl.DataFrame = _NO_WORD_CHOICES,  # noqa: ARG001 (it has no other to differ from)
) -> pl.DataFrame:
    """Return the decisions of one annotator without a verifier.

    Its emotion is contested only where the critic's choice leaves it so.
    """
    alone = decide(replies, verdicts_of_verifier.clear(), None, later, choices)
    settled = latest_choices(choices).select("image_id", "is_accepted")
    return alone.join(settled, on="image_id", how="left", maintain_order="left").select(
        pl.coalesce(~pl.col("is_accepted"), pl.col("emotion").is_null()).alias("is_contested")
        if name == "is_contested"
        else name
        for name in alone.columns
    )


def _alone(
    records: Records,
    critic: Critic,
    tabulate: Callable[..., pl.DataFrame],
    loop: Callable[[Records, Critic, Decide], Reviewed],
) -> Sequence[Arm]:
    """Return the single-annotator arms. Each concatenates the outcomes of all annotators."""
    with_critic: list[pl.DataFrame] = []
    without: list[pl.DataFrame] = []
    # Source and fold stay: the critic's choices are weighed by them.
    silent = records.verifier_replies.with_columns(
        pl.lit("abstain").alias("status"),
        *(pl.lit(None).cast(dtype).alias(name) for name, dtype in _VERIFIED.items()),
    )
    for name in sorted(set(records.replies["annotator"])):
        one = replace(
            records,
            replies=records.replies.filter(pl.col("annotator") == name),
            verifier_replies=silent,
            annotators=tuple(a for a in records.annotators if a.name == name),
        )
        decisions = decide_alone(one.replies, one.verifier_replies)
        done = loop(one, critic, decide_alone)
        with_critic.append(tabulate(decisions, done, done.decisions))
        without.append(tabulate(decisions, None, decisions))
    return (
        [
            Arm("no_cross_verification", pl.concat(with_critic)),
            Arm("neither", pl.concat(without)),
        ]
        if with_critic
        else []
    )


def _review(
    human: pl.DataFrame,
    ledger: Ledger,
    limits: CriticLimits,
    records: Records,
    critic: Critic,
    rule: Decide,
) -> Reviewed:
    """Run the loop. The arms share a ledger: the same question has the same answer in each."""
    return review(
        records.images,
        records.replies,
        records.verifier_replies,
        records.regions,
        records.annotators,
        ledger,
        Path(),
        critic,
        rule,
        human,
        limits,
    )


def _own_critic(records: Records) -> KnowingCritic:
    """Return the first annotator as critic: right is its own answer. It does not judge boxes."""
    first = latest_replies(records.replies, _NO_REPLIES)
    names = sorted(set(first["annotator"]))
    said: dict[str, dict[str, Any]] = {}
    if names:
        rows = first.filter(pl.col("annotator") == names[0]).iter_rows(named=True)
        said = {row["image_id"]: row for row in rows}

    def is_own(image_id: str, field: str, value: Any) -> bool | None:
        if field in ("box", "intensity") or image_id not in said:
            return None
        return said[image_id][field] == value

    sure: dict[str, tuple[float, float]] = dict.fromkeys(FIELDS, (1.0, 1.0))
    return KnowingCritic(is_own, sure, "own_critic", "an annotator judges by its own answer")
