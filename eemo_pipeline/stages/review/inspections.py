"""Two draws of images whose inspection by people accepts or rejects the machines' records.

Both are drawn by hashes of image ids, before any person or critic has said anything of them. The
uniform draw estimates the quality of all records; the stratified one looks where machines disagree.
A draw is judged once, when all of it was looked at: looking again and again until the interval is
favourable would accept what is bad.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.aggregation.study_answers import STUDY
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.hash_draws import unit_interval
from eemo_pipeline.stats.intervals import wilson

_DRAWS, _INSPECTIONS = TABLES["review__inspection_draws"], TABLES["review__inspections"]
# Images per draw: an interval of 3 points around 90 %, n = 3.84 p (1 - p) / e^2.
DRAWN = 385
STUDIED = 50  # images of each source in the user study, as in EmoVerse's
TARGET = 0.85  # lowest share of right values that is accepted
_CONTESTED_WEIGHT = 3.0  # images of a contested stratum count as so many in the allocation
_FIELDS = ("emotion", "description", "background", "attribute", "subject", "box")
_LOOKED_AT = ("confirmed", "corrected", "refused", "absent", "unknown")


def draw_inspections(
    images: pl.DataFrame, decisions: pl.DataFrame, audited: Sequence[str], drawn: int = DRAWN
) -> pl.DataFrame:
    """Return `review__inspection_draws`: one row per draw and image.

    Besides the two inspections, 50 images of each source are drawn for the user study
    (`study.py`).

    Args:
        images: rows of `dedup__images`.
        decisions: rows of `verification__decisions`.
        audited: images of the audit in `review__queue`, a uniform sample of all images. Both draws
            are part of it, because people look at all drafts of an audited image.
        drawn: most images per draw.
    """
    known = (
        images.filter(pl.col("image_id").is_in(list(audited)))
        .select("image_id", "source")
        .join(
            decisions.select("image_id", "pattern", "emotion", "is_contested"),
            on="image_id",
            how="left",
        )
        .sort("image_id")
    )
    rows = [*_uniform(known, drawn), *_stratified(known, drawn), *_study(known)]
    return pl.DataFrame(rows, schema=_DRAWS.polars_schema).sort(_DRAWS.key)


def judge_inspections(
    draws: pl.DataFrame, people: pl.DataFrame, records: pl.DataFrame, target: float = TARGET
) -> pl.DataFrame:
    """Return `review__inspections`: one row per draw and field, with its verdict.

    A machine's emotion is right where people decided the same; where people differ it is not. A
    draft is right where most people confirmed it.

    - accepted: all drawn images were judged, and the lower end of Wilson's 95 % interval is at
      least the target.
    - rejected: the lower end cannot reach the target any more, even if all images that wait were
      right.
    - undecided: some images wait.

    Shares of the stratified draw are weighted by the inverse of each image's probability to be
    drawn; its interval counts as many images as the weights are worth (Kish 1965).

    Args:
        draws: result of `draw_inspections`.
        people: rows of `review__records`.
        records: rows of `records__emoverse`: what machines decided, and which fields they filled.
        target: lowest share of right values.
    """
    judged = {row["image_id"]: row for row in people.iter_rows(named=True)}
    machines = {row["image_id"]: row for row in records.iter_rows(named=True)}
    rows = []
    inspected = draws.filter(pl.col("inspection") != STUDY)
    for (name,), drawn in inspected.group_by(["inspection"], maintain_order=True):
        images = list(drawn.select("image_id", "inclusion_share").iter_rows())
        for field in _FIELDS:
            known = [
                (_is_right(field, judged.get(image_id), machines.get(image_id)), 1 / share)
                for image_id, share in images
                if _is_asked(field, machines.get(image_id))
            ]
            rows.append({"inspection": name, "judged_field": field, **_judge(known, target)})
    return pl.DataFrame(rows, schema=_INSPECTIONS.polars_schema).sort(_INSPECTIONS.key)


def _uniform(known: pl.DataFrame, drawn: int) -> Iterator[dict[str, Any]]:
    ids = sorted(known["image_id"], key=lambda image_id: unit_interval("audit", image_id))[:drawn]
    for place, image_id in enumerate(ids, start=1):
        share = len(ids) / known.height
        yield _draw("uniform", image_id, "all", place, share)


def _stratified(known: pl.DataFrame, drawn: int) -> Iterator[dict[str, Any]]:
    """Allocate by size, contested strata threefold, at least one image of each."""
    strata: dict[tuple[str, float], list[str]] = {}
    for image_id, source, pattern, emotion, is_contested in known.iter_rows():
        name = "/".join([source, pattern or "none", emotion or "none"])
        weight = _CONTESTED_WEIGHT if is_contested in (True, None) else 1.0
        strata.setdefault((name, weight), []).append(image_id)
    total = sum(weight * len(members) for (_, weight), members in strata.items())
    place = 0
    for (name, weight), members in sorted(strata.items()):
        count = min(len(members), math.ceil(drawn * weight * len(members) / (2 * total)))
        members.sort(key=lambda image_id: unit_interval("stratified", image_id))
        for image_id in members[:count]:
            place += 1
            yield _draw("stratified", image_id, name, place, count / len(members))


def _study(known: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Draw as many images of each source, uniformly."""
    place = 0
    for (source,), members in known.sort("source").group_by(["source"], maintain_order=True):
        ids = sorted(members["image_id"], key=lambda image_id: unit_interval(STUDY, image_id))
        for image_id in ids[:STUDIED]:
            place += 1
            yield _draw(STUDY, image_id, str(source), place, min(1.0, STUDIED / len(ids)))


def _draw(name: str, image_id: str, stratum: str, place: int, share: float) -> dict[str, Any]:
    return {
        "inspection": name,
        "image_id": image_id,
        "inspected_stratum": stratum,
        "draw_no": place,
        "inclusion_share": round(share, 6),
    }


def _is_asked(field: str, machine: Mapping[str, Any] | None) -> bool:
    """Return whether machines filled the field; one that people emptied was filled before."""
    if machine is None:
        return False
    if field == "emotion":
        return machine["machine_emotion"] is not None
    column = "boxes_px" if field == "box" else field
    return bool(machine[column]) or field in machine["decided_by_people"]


def _is_right(
    field: str, people: Mapping[str, Any] | None, machine: Mapping[str, Any] | None
) -> bool | None:
    """Return whether people found the machines right; None where they have not looked yet."""
    if people is None or machine is None:
        return None
    if field == "emotion":
        if people["outcome"] in ("too_few", "imported", "dropped"):
            return None
        return people["emotion"] == machine["machine_emotion"]
    state = json.loads(people["draft_states_json"]).get(field)
    return state == "confirmed" if state in _LOOKED_AT else None


def _judge(known: Sequence[tuple[bool | None, float]], target: float) -> dict[str, Any]:
    looked = [(right, weight) for right, weight in known if right is not None]
    counts = {
        "drawn_count": len(known),
        "judged_count": len(looked),
        "right_count": sum(right for right, _ in looked),
        "target_share": target,
    }
    if not looked:
        none = dict.fromkeys(("right_share", "right_lower", "right_upper"))
        return {**counts, **none, "acceptance": "undecided"}
    share, lower, upper = _share(looked)
    _, best, _ = _share([(right is not False, weight) for right, weight in known])
    verdict = "undecided"
    if len(looked) == len(known) and lower >= target:
        verdict = "accepted"
    elif best < target and len(known) >= _fewest(target):
        verdict = "rejected"
    return {
        **counts,
        "right_share": round(share, 6),
        "right_lower": round(lower, 6),
        "right_upper": round(upper, 6),
        "acceptance": verdict,
    }


def _share(known: Sequence[tuple[bool | None, float]]) -> tuple[float, float, float]:
    right = np.array([bool(one) for one, _ in known], dtype=float)
    weights = np.array([weight for _, weight in known])
    share = float((right * weights).sum() / weights.sum())
    worth = float(weights.sum() ** 2 / (weights**2).sum())
    lower, upper = wilson(np.array([share * worth]), np.array([worth]))
    return share, float(lower[0]), float(upper[0])


def _fewest(target: float) -> int:
    """Return the smallest draw that could be accepted at all, if every value were right."""
    count = 1
    while float(wilson(np.array([count]), np.array([count]))[0][0]) < target:
        count += 1
    return count
