"""One pass of the critic: gathers the facts from tables, and writes verdicts as rows.

Facts are gathered without their authors. The rules are in `rules.py`, the contract of a critic in
`roles/critic.py`, the loop in `review_loop.py`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.decide import TEXT_FIELDS, runner_up
from eemo_pipeline.roles.critic import Box, Case, Critic, Criticism, Facts, Judgement, Look
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.critic.rule_critic import RuleCritic
from eemo_pipeline.stages.critic.rules import word_request
from eemo_pipeline.stages.critic.state_machine import Pass

_VERDICTS, _STEPS = TABLES["critic__verdicts"], TABLES["critic__steps"]
_BOX_COLUMNS = ("x1_px", "y1_px", "x2_px", "y2_px", "score")

# image_id -> field -> the codes that annotators were asked about in the previous round
Asked = Mapping[str, Mapping[str, frozenset[str]]]


def judge(
    images: pl.DataFrame,
    decisions: pl.DataFrame,
    replies: pl.DataFrame,
    regions: pl.DataFrame,
    round_no: int = 1,
    asked: Asked | None = None,
) -> pl.DataFrame:
    """Build `critic__verdicts` for one round of the rule critic: one row per image and field.

    Args:
        images: rows of `dedup__images`.
        decisions: rows of `verification__decisions`; the author of the words is not used.
        replies: the latest replies; only means and counts over annotators are used.
        regions: rows of `grounding__regions`.
        round_no: the round of the values.
        asked: the codes that annotators were asked about in the previous round.
    """
    critic = RuleCritic()
    facts = gather_facts(images, decisions, replies, regions)
    cases = [
        Case(image_id, Path(), fact, (asked or {}).get(image_id, {}))
        for image_id, fact in facts.items()
    ]
    return tabulate(critic.judge(cases).judgements, critic, round_no)


def gather_facts(
    images: pl.DataFrame, decisions: pl.DataFrame, replies: pl.DataFrame, regions: pl.DataFrame
) -> dict[str, Facts]:
    """Return image_id -> facts for every image of `images`, in key order."""
    joined = (
        images.select(
            "image_id",
            "is_blank",
            "brightness",
            "colourfulness",
            "dominant_colours",
            "width_px",
            "height_px",
        )
        .join(decisions.drop("annotator", "pattern"), on="image_id", how="left")
        .join(_rate(replies, decisions), on="image_id", how="left")
        .sort("image_id")
    )
    boxes = _boxes(regions)
    missing = _missing_boxes(regions)
    return {
        row["image_id"]: _facts(row, boxes.get(row["image_id"], ()), missing.get(row["image_id"]))
        for row in joined.iter_rows(named=True)
    }


def sum_up(
    facts: Facts, fields: Mapping[str, Judgement], *, is_changed: bool, has_candidate_left: bool
) -> Pass:
    """Return the pass of one image for the state machine."""
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
        is_changed,
        has_candidate_left,
    )


def tabulate(
    judgements: Mapping[str, Mapping[str, Judgement]], critic: Critic, round_no: int
) -> pl.DataFrame:
    """Return the rows of `critic__verdicts`."""
    rows = [
        {
            "image_id": image_id,
            "round": round_no,
            "field": field,
            "critic": critic.name,
            "method": critic.method,
            "verdict": judgement.verdict,
            "codes": [problem.code for problem in judgement.problems],
            "instruction": " ".join(word_request(field, p) for p in judgement.problems)
            if judgement.verdict == "revisable"
            else None,
            "finding": "; ".join(p.finding for p in judgement.problems)
            or judgement.finding
            or "no rule is broken",
        }
        for image_id, fields in judgements.items()
        for field, judgement in fields.items()
    ]
    return pl.DataFrame(rows, schema=_VERDICTS.polars_schema)


def tabulate_steps(criticism: Criticism, round_no: int) -> pl.DataFrame:
    """Return the rows of `critic__steps`."""
    rows = [
        {
            "image_id": image_id,
            "round": round_no,
            "step": step.step,
            "field": step.field,
            "evidence": list(step.evidence),
            "finding": step.finding,
        }
        for image_id, steps in criticism.steps.items()
        for step in steps
    ]
    return pl.DataFrame(rows, schema=_STEPS.polars_schema)


def _rate(replies: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, mean valence and arousal, and the number of cues for the decided emotion."""
    answered = (
        replies.filter(pl.col("status") == "ok")
        .select("image_id", "valence", "arousal", "evidence", pl.col("emotion").alias("_vote"))
        .join(decisions.select("image_id", "emotion"), on="image_id", how="inner")
        .sort("image_id", "valence", "arousal")
    )
    means = answered.group_by("image_id", maintain_order=True).agg(
        pl.col("valence").mean(), pl.col("arousal").mean()
    )
    cue = pl.col("evidence").str.strip_chars().str.to_lowercase()
    cues = (
        answered.filter(pl.col("_vote") == pl.col("emotion"))
        .explode("evidence")
        .filter(cue != "")
        .group_by("image_id")
        .agg(cue.n_unique().cast(pl.Int64).alias("cue_count"))
    )
    return means.join(cues, on="image_id", how="left")


def _boxes(regions: pl.DataFrame) -> dict[str, tuple[Box, ...]]:
    found = regions.filter((pl.col("region_no") > 0) & (pl.col("status") == "ok"))
    boxes: dict[str, list[Box]] = {}
    for image_id, *numbers in (
        found.sort("image_id", "region_no").select("image_id", *_BOX_COLUMNS).iter_rows()
    ):
        boxes.setdefault(image_id, []).append(Box(*numbers))
    return {image_id: tuple(several) for image_id, several in boxes.items()}


def _missing_boxes(regions: pl.DataFrame) -> dict[str, tuple[str, bool]]:
    """Return image_id -> why a region is missing, and whether the detector failed."""
    absent = regions.filter((pl.col("region_no") == 0) | (pl.col("status") != "ok"))
    return {
        image_id: (reason or status, status == "error")
        for image_id, status, reason in absent.sort("image_id", "region_no", descending=True)
        .select("image_id", "status", "reason")
        .iter_rows()
    }


def _facts(row: dict[str, Any], boxes: tuple[Box, ...], missing: tuple[str, bool] | None) -> Facts:
    reason, is_down = missing or ("", False)
    return Facts(
        emotion=row["emotion"],
        rival=runner_up(row["emotion"], row["distribution"]),
        is_contested=row["is_contested"] is not False,
        intensity=row["intensity"],
        intensity_level=row["intensity_level"],
        description=row["description"],
        background=row["background"],
        attribute=row["attribute"],
        subject=row["subject"],
        valence=row["valence"],
        arousal=row["arousal"],
        cue_count=row["cue_count"] or 0,
        is_blank=row["is_blank"],
        look=Look(row["brightness"], row["colourfulness"], tuple(row["dominant_colours"])),
        width_px=row["width_px"],
        height_px=row["height_px"],
        boxes=boxes,
        no_box_reason=reason,
        is_detector_down=is_down,
    )
