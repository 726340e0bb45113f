"""The arms of the experiment: the pipeline with a part left out, on the same recorded answers.

Defines what each arm leaves out, and runs it. Scores are in `scoring.py`.

`full`: cross-verification, critic, loop. `no_cross_verification`: a single annotator, each in
turn. `no_critic`: the decision is kept as it is. `neither`: a single annotator and no critic.
`no_loop`: rejected values go to human review at once. `critic_is_annotator`: an annotator judges by
its own answer. `weight_*` (emotion only) and `pattern_table`: other rules of cross-verification,
without a critic. `human_audit`: full, with the open cases settled by people. In every arm, an image
that is not preserved does not count as kept, and neither does a field that was emptied.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.decide import decide, fit_patterns, latest_replies
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.critic import Critic
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.ablation.baseline_critics import KnowingCritic
from eemo_pipeline.stages.ablation.outcomes import FIELDS, Judge, tabulate_outcomes
from eemo_pipeline.stages.ablation.synthetic_records import Records
from eemo_pipeline.stages.critic.review_loop import Decide, Reviewed, review
from eemo_pipeline.stages.verification.folds import find_human_labels

WEIGHTS = (0.0, 1.0, 1.5, 2.5)
_NO_VERDICTS = TABLES["critic__verdicts"].empty()
_NO_REPLIES = TABLES["_critic__replies"].empty()


@dataclass(frozen=True)
class Arm:
    """One arm on one set of records, with outcomes as `tabulate_outcomes` returns them."""

    name: str
    outcomes: pl.DataFrame


def run_arms(records: Records, critic: Critic, is_right: Judge) -> list[Arm]:
    """Run all arms over the records, the full pipeline first.

    Args:
        records: recorded or synthetic.
        critic: the critic of every arm that has one, except `critic_is_annotator`.
        is_right: (image_id, field, value) -> whether the value is right; None if unknown.
    """
    full = _review(records, critic, decide)
    patterns = fit_patterns(
        records.replies, records.verifier_replies, find_human_labels(records.labels)
    )
    first = full.verdicts.filter(pl.col("round") == 1)
    own = _own_critic(records)
    tabulate = partial(tabulate_outcomes, records, is_right)
    undecided = decide(records.replies, records.verifier_replies)
    by_pattern = decide(records.replies, records.verifier_replies, patterns)
    whole = tabulate(undecided, full.verdicts, _decide_again(records, full, decide))
    return [
        Arm("full", whole),
        Arm("human_audit", let_people_settle(whole)),
        Arm("no_loop", tabulate(undecided, first, undecided)),
        Arm("no_critic", tabulate(undecided, _NO_VERDICTS, undecided)),
        Arm("critic_is_annotator", _run_whole(records, own, decide, undecided, tabulate)),
        *_alone(records, critic, tabulate),
        Arm("pattern_table", tabulate(by_pattern, _NO_VERDICTS, by_pattern)),
        *(
            Arm(f"weight_{weight:g}", weighed.filter(pl.col("field") == "emotion"))
            for weight in WEIGHTS
            for decisions in [decide_by_weight(records, undecided, weight)]
            for weighed in [tabulate(decisions, _NO_VERDICTS, decisions)]
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


def decide_alone(replies: pl.DataFrame, verdicts_of_verifier: pl.DataFrame) -> pl.DataFrame:
    """Return the decisions of one annotator without a verifier."""
    alone = decide(replies, verdicts_of_verifier.clear())
    return alone.with_columns(pl.col("emotion").is_null().alias("is_contested"))


def _alone(
    records: Records, critic: Critic, tabulate: Callable[..., pl.DataFrame]
) -> Sequence[Arm]:
    """Return the single-annotator arms. Each concatenates the outcomes of all annotators."""
    with_critic: list[pl.DataFrame] = []
    without: list[pl.DataFrame] = []
    for name in sorted(set(records.replies["annotator"])):
        one = Records(
            **{
                **vars(records),
                "replies": records.replies.filter(pl.col("annotator") == name),
                "annotators": tuple(a for a in records.annotators if a.name == name),
            }
        )
        decisions = decide_alone(one.replies, one.verifier_replies)
        with_critic.append(_run_whole(one, critic, decide_alone, decisions, tabulate))
        without.append(tabulate(decisions, _NO_VERDICTS, decisions))
    return (
        [
            Arm("no_cross_verification", pl.concat(with_critic)),
            Arm("neither", pl.concat(without)),
        ]
        if with_critic
        else []
    )


def _run_whole(
    records: Records,
    critic: Critic,
    rule: Decide,
    undecided: pl.DataFrame,
    tabulate: Callable[..., pl.DataFrame],
) -> pl.DataFrame:
    reviewed = _review(records, critic, rule)
    return tabulate(undecided, reviewed.verdicts, _decide_again(records, reviewed, rule))


def _review(records: Records, critic: Critic, rule: Decide) -> Reviewed:
    with TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "replay.sqlite")
        try:
            return review(
                records.images,
                records.replies,
                records.verifier_replies,
                records.regions,
                records.annotators,
                ledger,
                Path(folder),
                critic,
                rule,
            )
        finally:
            ledger.close()


def _decide_again(records: Records, reviewed: Reviewed, rule: Decide) -> pl.DataFrame:
    latest = latest_replies(records.replies, reviewed.replies)
    return rule(latest, records.verifier_replies)


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
