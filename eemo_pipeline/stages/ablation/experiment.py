"""The whole experiment: the lake's records and the made-up ones, in arms and spoilt.

Belongs here: what is run on what, and the two tables. Does not belong here: any arm, any score.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.decide import decide
from eemo_pipeline.ledger.store import EMBEDDED, Ask, Ledger
from eemo_pipeline.ledger.usage import Work
from eemo_pipeline.roles.critic import Critic
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.ablation.arms import run_arms
from eemo_pipeline.stages.ablation.baseline_critics import PUBLISHED_RATES, KnowingCritic
from eemo_pipeline.stages.ablation.corruption import CONTROL, corrupt, judge_clean
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
from eemo_pipeline.stages.critic.rule_critic import RuleCritic
from eemo_pipeline.stages.verification.folds import find_human_labels
from eemo_pipeline.stats.hash_draws import draw, short_hash

# Labelled pictures of the lake that take part at most; more add little to a share's interval.
MOST_PICTURES = 1_000
RHOS = (0.0, 0.8)
LAKE = "lake"
CORRUPTED = "corrupted"
MADE_UP = "records made up after the pilot and EmoVerse"


@dataclass(frozen=True)
class RecordedAnnotator:
    """An annotator whose later answers were recorded; implements `Annotator`.

    Attributes:
        name: of the annotator.
        answers: picture and round -> the row of `_critic__replies`.
    """

    name: str
    answers: dict[tuple[str, int], Row]
    model: str = "recorded"
    method: str = "answers recorded before"
    prompt_hash: str = "0"
    revision_hash: str = "0"
    provider: str = EMBEDDED

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        """The recorded answers; what was not recorded is an error, and the value stays."""
        for ask in asks:
            row = self.answers.get((ask.image_id, ask.payload.round))
            yield ask, row or {"status": "error", "reason": "not_recorded"}


@dataclass(frozen=True)
class Experiment:
    """`ablation__scores` and `ablation__corruptions`.

    `work` says whether the part on made-up records was computed or in the ledger.
    """

    scores: pl.DataFrame
    corruptions: pl.DataFrame
    work: Work


def run_experiment(records: Records, ledger: Ledger, pictures: int = PICTURES) -> Experiment:
    """Run all of it: the lake with the rule critic, made-up records with one of published rates.

    What comes of the made-up records depends on the code alone, so the ledger keeps it.

    Args:
        records: of the lake, as `gather_records` gives them.
        ledger: where the other part is kept.
        pictures: how many are made up.
    """
    is_right = judge_by_truth(records.truth)
    scores = score_arms(records.name, run_arms(records, RuleCritic(), is_right))
    decisions = decide(records.replies, records.verifier_replies)
    rows, spoilt = run_corruptions(records, decisions, is_right)
    ask = Ask("", pictures, {"pictures": pictures, "code": _hash_code()})
    made_up = ledger.answer_all("experiment", MADE_UP, [ask], _run_made_up, stage="ablation")
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
    """Scores of the rules on values that were spoilt and on those that were not, and the former.

    The rules judge made-up records too: a critic of given rates would give these back.
    """
    rules = RuleCritic()
    spoilt = corrupt(records, decisions, rules)
    clean = score_clean(records, decisions, rules, is_right)
    return score_corruptions(spoilt) + clean, spoilt


def _run_made_up(asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
    """The arms on records of each correlation of the annotators, and spoilt values of the truth."""
    for ask in asks:
        scores: list[Row] = []
        for rho in RHOS:
            made = make_records(rho, ask.payload)
            is_right = judge_by_truth(made.truth)
            critic = KnowingCritic(is_right, PUBLISHED_RATES)
            scores += score_arms(made.name, run_arms(made, critic, is_right))
        # What is spoilt is the truth, which is the same for every rho.
        made = make_records(RHOS[0], ask.payload)
        rows, spoilt = run_corruptions(*tell_truth(made), judge_by_truth(made.truth))
        corruptions = spoilt.to_dicts()
        yield ask, {"status": "ok", "scores": scores + rows, "corruptions": corruptions}


@cache
def _hash_code() -> str:
    """Hash of everything in the library's folder."""
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
    """The lake's records that people labelled, a thousand at most, drawn by name."""
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
    """Recall per field and severity, and false alarms on the controls."""
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
    """The share of right values that the critic leaves alone."""
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
    """Made-up records under the name `made`, with their true boxes, and true decisions."""
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
