"""The whole experiment: the lake's records and synthetic ones, through all arms and corruptions.

Selects the records, runs the arms and corruptions on them, and builds both tables.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.decide import decide
from eemo_pipeline.aggregation.human_labels import find_human_labels
from eemo_pipeline.execution.progress import track
from eemo_pipeline.ledger.answering import Inquiry, answer_all
from eemo_pipeline.ledger.store import EMBEDDED, Ask, Ledger
from eemo_pipeline.ledger.usage import Work
from eemo_pipeline.roles.critic import Critic
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.ablation.arms import run_arms
from eemo_pipeline.stages.ablation.baseline_critics import PUBLISHED_RATES, KnowingCritic
from eemo_pipeline.stages.ablation.corruption import corrupt, judge_clean
from eemo_pipeline.stages.ablation.corruption_kinds import CONTROL
from eemo_pipeline.stages.ablation.outcomes import (
    CORNERS,
    Judge,
    find_boxes,
    judge_by_truth,
    value_of,
)
from eemo_pipeline.stages.ablation.scoring import ALL, Row, score, score_arms
from eemo_pipeline.stages.ablation.synthetic_records import (
    LEVEL_VALUES,
    PICTURES,
    Records,
    make_records,
)
from eemo_pipeline.stages.critic.limits import CRITIC_LIMITS, CriticLimits
from eemo_pipeline.stages.critic.rule_critic import RuleCritic
from eemo_pipeline.stats.hash_draws import draw, short_hash

# Upper limit on labelled images from the lake; more add little to a share's interval.
MOST_PICTURES = 1_000
RHOS = (0.0, 0.8)
LAKE = "lake"
CORRUPTED = "corrupted"
MADE_UP = "records made up after the pilot and EmoVerse"


@dataclass(frozen=True)
class RecordedAnnotator:
    """An annotator that replays recorded later answers; implements `Annotator`.

    Attributes:
        name: the annotator's name.
        answers: (image_id, round) -> row of `_critic__replies`.
    """

    name: str
    answers: dict[tuple[str, int], Row]
    model: str = "recorded"
    method: str = "answers recorded before"
    prompt_hash: str = "0"
    revision_hash: str = "0"
    provider: str = EMBEDDED

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        """Yield the recorded answers. A missing one is an error, and the value stays as it is."""
        for ask in asks:
            row = self.answers.get((ask.image_id, ask.payload.round))
            yield ask, row or {"status": "error", "reason": "not_recorded"}


@dataclass(frozen=True)
class Experiment:
    """`ablation__scores` and `ablation__corruptions`.

    `work` records whether the part on synthetic records was computed or found in the ledger.
    """

    scores: pl.DataFrame
    corruptions: pl.DataFrame
    work: Work


def run_experiment(
    records: Records,
    ledger: Ledger,
    pictures: int = PICTURES,
    limits: CriticLimits = CRITIC_LIMITS,
) -> Experiment:
    """Run everything: the lake with the rule critic, synthetic records with a simulated critic.

    The simulated critic has the error rates published by EmoVerse. Results on synthetic records
    depend on the code and the thresholds alone, so the ledger stores them.

    Args:
        records: records of the lake, as `gather_records` returns them.
        ledger: the store for results on synthetic records.
        pictures: the number of synthetic images.
        limits: thresholds.
    """
    is_right = judge_by_truth(records.truth)
    rules = RuleCritic(limits=limits)
    scores = score_arms(records.name, run_arms(records, rules, is_right, limits))
    decisions = decide(records.replies, records.verifier_replies)
    rows, spoilt = run_corruptions(records, decisions, is_right)
    known = {"pictures": pictures, "code": _hash_code(), "limits": asdict(limits)}
    ask = Ask("", (pictures, limits), known)
    inquiry = Inquiry("experiment", MADE_UP, [ask], _run_made_up, stage="ablation")
    made_up = answer_all(ledger, inquiry)
    (made,) = made_up.values
    table, spoilt_table = TABLES["ablation__scores"], TABLES["ablation__corruptions"]
    made_spoilt = pl.DataFrame(made["corruptions"], schema=spoilt_table.polars_schema)
    return Experiment(
        pl.DataFrame(scores + rows + made["scores"], schema=table.polars_schema).sort(table.key),
        pl.concat([spoilt_table.empty(), spoilt, made_spoilt]).sort(spoilt_table.key),
        made_up.work,
    )


def run_corruptions(
    records: Records, decisions: pl.DataFrame, is_right: Judge
) -> tuple[list[Row], pl.DataFrame]:
    """Return the rule critic's scores on corrupted and on unchanged values, and the corruptions.

    Synthetic records use the rule critic too: a critic with fixed rates would only reproduce them.
    """
    rules = RuleCritic()
    spoilt = corrupt(records, decisions, rules)
    clean = score_clean(records, decisions, rules, is_right)
    return score_corruptions(spoilt) + clean, spoilt


def _run_made_up(asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
    """Answer with the results on synthetic records."""
    for ask in asks:
        yield ask, {"status": "ok", **_simulate(*ask.payload)}


@cache
def _simulate(pictures: int, limits: CriticLimits) -> dict[str, list[Row]]:
    """Run the arms at each correlation of the annotators, and corruptions of the true values."""
    scores: list[Row] = []
    for rho in track(RHOS, len(RHOS), "synthetic annotators"):
        made = make_records(rho, pictures)
        is_right = judge_by_truth(made.truth)
        critic = KnowingCritic(is_right, PUBLISHED_RATES)
        scores += score_arms(made.name, run_arms(made, critic, is_right, limits), PUBLISHED_RATES)
    # Corruptions start from the truth, which is the same for every rho.
    made = make_records(RHOS[0], pictures)
    rows, spoilt = run_corruptions(*tell_truth(made), judge_by_truth(made.truth))
    return {"scores": scores + rows, "corruptions": spoilt.to_dicts()}


@cache
def _hash_code() -> str:
    """Return a hash of every file in the library's folder except compiled ones."""
    root = Path(str(files("eemo_pipeline")))
    paths = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return short_hash(*(sha256(path.read_bytes()).hexdigest() for path in paths))


def gather_records(
    images: pl.DataFrame,
    replies: pl.DataFrame,
    later_replies: pl.DataFrame,
    verifier_replies: pl.DataFrame,
    regions: pl.DataFrame,
    labels: pl.DataFrame,
) -> Records:
    """Return at most MOST_PICTURES human-labelled records of the lake, drawn by image_id hash."""
    human = find_human_labels(labels)
    chosen = (
        images.select("image_id")
        .join(human, on="image_id", how="semi")
        .sort(draw(pl.col("image_id"), "ablation"))
        .head(MOST_PICTURES)["image_id"]
        .to_list()
    )
    keep = pl.col("image_id").is_in(chosen)
    recorded: dict[str, dict[tuple[str, int], Row]] = {
        name: {} for name in sorted(set(replies["annotator"]))
    }
    for row in later_replies.filter(keep).iter_rows(named=True):
        recorded.setdefault(row["annotator"], {})[row["image_id"], row["round"]] = row
    return Records(
        LAKE,
        images.filter(keep),
        replies.filter(keep),
        verifier_replies.filter(keep),
        regions.filter(keep),
        labels.filter(keep),
        human.filter(keep),
        tuple(RecordedAnnotator(name, answers) for name, answers in recorded.items()),
    )


def score_corruptions(spoilt: pl.DataFrame) -> list[Row]:
    """Return recall per field and severity, and false alarms on the controls."""
    rows: list[Row] = []
    wrong = spoilt.filter(pl.col("severity") != CONTROL)
    every = pl.concat([spoilt, wrong.with_columns(pl.lit(ALL).alias("severity"))])
    counted = every.group_by("experiment", "part", "severity").agg(
        pl.col("is_flagged").sum().alias("hits"), pl.len().alias("count")
    )
    for experiment, part, severity, hits, count in counted.sort(
        "experiment", "part", "severity"
    ).iter_rows():
        metric = "false_alarm" if severity == CONTROL else "recall"
        named = {"experiment": experiment, "arm": CORRUPTED, "part": part, "severity": severity}
        rows.append(score(named, metric, hits, count))
    return rows


def score_clean(
    records: Records, decisions: pl.DataFrame, critic: Critic, is_right: Judge
) -> list[Row]:
    """Return the share of right values that the critic does not flag, per field."""
    kept: dict[str, list[bool]] = {}
    boxes = find_boxes(records.regions)
    values = {row["image_id"]: row for row in decisions.iter_rows(named=True)}
    for image_id, fields in judge_clean(records, decisions, critic).items():
        for name, judgement in fields.items():
            if is_right(image_id, name, value_of(values[image_id], name, boxes)):
                kept.setdefault(name, []).append(judgement.verdict == "valid")
    named = {"experiment": records.name, "arm": CORRUPTED, "severity": ALL}
    return [
        score({**named, "part": name}, "preserve", sum(valid), len(valid))
        for name, valid in sorted(kept.items())
    ]


def tell_truth(made: Records) -> tuple[Records, pl.DataFrame]:
    """Return synthetic records named `made` with their true boxes, and the true decisions."""
    levels = pl.col("intensity_level").replace_strict(LEVEL_VALUES, return_dtype=pl.Int64)
    known = made.truth.drop("box", "place").with_columns(levels.alias("intensity"))
    boxes = made.truth.select(
        "image_id",
        pl.lit(1, pl.Int64).alias("region_no"),
        *(pl.col("box").list.get(place).alias(side) for place, side in enumerate(CORNERS)),
    )
    records = replace(
        made, name="made", regions=made.regions.update(boxes, on=["image_id", "region_no"])
    )
    return records, decide(made.replies, made.verifier_replies).update(known, on="image_id")
