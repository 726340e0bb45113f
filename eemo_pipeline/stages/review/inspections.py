"""Two draws of images whose inspection by people accepts or rejects the machines' records.

Both are drawn by hashes of image ids, before any person has said anything of them; no verdict moves
the uniform draw. It estimates the quality of all records; the stratified one looks where machines
disagree, and at each verdict of the critic as often as the critic gave it.
A draw is judged once, when all of it was looked at: looking again and again until the interval is
favourable would accept what is bad.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.aggregation.study_answers import STUDY
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.review.sampling import draw_strata, is_audited, stratified_size
from eemo_pipeline.stats.hash_draws import unit_interval
from eemo_pipeline.stats.intervals import wilson

_DRAWS, _INSPECTIONS = TABLES["review__inspection_draws"], TABLES["review__inspections"]
# Images per draw: an interval of 3 points around 90 %, n = 3.84 p (1 - p) / e^2.
DRAWN = 385
STUDIED = 50  # images of each source in the user study, as in EmoVerse's
TARGET = 0.85  # lowest share of right values that is accepted
_FIELDS = ("emotion", "description", "background", "attribute", "subject", "box")
_LOOKED_AT = ("confirmed", "corrected", "refused", "absent", "unknown")


def draw_inspections(
    images: pl.DataFrame,
    decisions: pl.DataFrame,
    verdicts: pl.DataFrame,
    drawn: int | None = None,
) -> pl.DataFrame:
    """Return `review__inspection_draws`: one row per draw and image.

    - uniform: the first images of the audit, which is uniform over all images.
    - stratified: more where machines differ (`sampling.py`), from all images and by another hash,
      so that the two draws meet by chance alone.
    - study: 50 images of each source, for the user study (`study.py`), from the audit.

    People look at all drafts of all of them.

    Args:
        images: rows of `dedup__images`.
        decisions: rows of `verification__decisions`.
        verdicts: rows of `critic__verdicts`.
        drawn: images per draw; where None, 385, and of the stratified a share of all at most.
    """
    known = images.select("image_id", "source").sort("image_id")
    audited = known.filter(is_audited())
    size = stratified_size(images.height) if drawn is None else drawn
    rows = [
        *_uniform(audited, images.height, drawn or DRAWN),
        *_stratified(draw_strata(images, decisions, verdicts, size)),
        *_study(audited),
    ]
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


def _uniform(audited: pl.DataFrame, total: int, drawn: int) -> Iterator[dict[str, Any]]:
    ids = sorted(audited["image_id"], key=lambda image_id: unit_interval("audit", image_id))[:drawn]
    for place, image_id in enumerate(ids, start=1):
        yield _draw("uniform", image_id, "all", place, len(ids) / total)


def _stratified(strata: pl.DataFrame) -> Iterator[dict[str, Any]]:
    drawn = strata.filter("is_stratified").sort("inspected_stratum", "image_id")
    columns = ("image_id", "inspected_stratum", "stratified_share")
    for place, (image_id, name, share) in enumerate(drawn.select(columns).iter_rows(), start=1):
        yield _draw("stratified", image_id, name, place, share)


def _study(audited: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Draw as many images of each source, uniformly."""
    place = 0
    for (source,), members in audited.sort("source", "image_id").group_by(
        ["source"], maintain_order=True
    ):
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
    elif best < target and _worth(known) >= _fewest(target):
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
    worth = _worth(known)
    lower, upper = wilson(np.array([share * worth]), np.array([worth]))
    return share, float(lower[0]), float(upper[0])


def _worth(known: Sequence[tuple[bool | None, float]]) -> float:
    """Return how many images of equal weight say as much (Kish 1965)."""
    weights = np.array([weight for _, weight in known])
    return float(weights.sum() ** 2 / (weights**2).sum())


def _fewest(target: float) -> int:
    """Return the smallest draw that could be accepted at all, if every value were right."""
    count = 1
    while float(wilson(np.array([count]), np.array([count]))[0][0]) < target:
        count += 1
    return count
