"""What people decided of an image: their emotion with its spread, their ratings, the drafts.

Only votes given before any draft was shown count for emotion, valence and arousal. Disagreement is
data: the distribution and the standard deviations stay beside the decision.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.review.objects import FIELD, settle_objects

_TABLE = TABLES["review__records"]
DECIDING = 3  # blind judgements, or imported labels, that decide an emotion
_ADJUDICATED = {"plural": "kept_plural", "drop": "dropped"}
_SPAN = 8.0  # steps from the lowest rating to the highest
_LOWEST = -4.0


def build_review_records(votes: pl.DataFrame) -> pl.DataFrame:
    """Return `review__records`: one row per image that people judged.

    - decided: three or more judged it blind, and more than half of them felt the same emotion.
    - plural: three or more judged it blind, and no emotion has more than half.
    - too_few: fewer judged it so far.
    - imported: nobody judged it here, and of three or more imported labels more than half name the
      same emotion.
    - adjudicated, kept_plural, dropped: what an adjudicator decided; it goes before the votes.

    Labels that were given elsewhere and imported count only where nobody judged the same here, by
    the rule of votes: one label alone is no majority. What a person said when asked a second time
    counts nowhere.

    `felt_shares` counts every emotion that a person felt, most or besides; the rest counts the one
    that each felt most.

    `neutral` and `cannot_tell` are votes as well: they stop an emotion from having more than half,
    and are no part of the distribution over the eight. A draft is settled by the majority of those
    who checked it, and of objects each by itself; a tie settles nothing.

    Args:
        votes: rows of `review__votes`; surplus votes are not counted.
    """
    own = pl.col("is_counted") & (pl.col("phase") != "repeated")
    counted = votes.filter(own).sort("image_id", "rater_id", "phase", "reviewed_field")
    rows = [
        _record(image_id, group.to_dicts())
        for (image_id,), group in counted.group_by(["image_id"], maintain_order=True)
    ]
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)


def _record(image_id: Any, votes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    imported = [vote for vote in votes if vote["phase"] == "imported"]
    blind = [vote for vote in votes if vote["phase"] == "blind"] or imported
    felt = [json.loads(vote["said_json"]) for vote in blind if vote["reviewed_field"] == "emotion"]
    emotion, share = _majority(felt)
    is_imported = bool(felt) and blind is imported
    outcome = _outcome(len(felt), emotion, is_imported=is_imported)
    if choice := _adjudicated(votes):
        outcome = _ADJUDICATED.get(choice, "adjudicated")
        emotion = choice
    named = Counter(name for name in felt if name in MIKELS_8)
    total = sum(named.values())
    is_settled = outcome in ("decided", "adjudicated", "imported") and emotion in MIKELS_8
    return {
        "image_id": image_id,
        "outcome": outcome,
        "judgement_count": len(felt),
        "emotion": emotion if is_settled else None,
        "emotion_share": share,
        "named_share": round(total / len(felt), 6) if felt else 0.0,
        "distribution": [named[name] / total for name in MIKELS_8] if total else None,
        "felt_shares": _share_felt(blind, len(felt)),
        **_ratings("valence", blind),
        **_ratings("arousal", blind),
        **_settle_drafts([vote for vote in votes if vote["phase"] == "drafts"], imported),
    }


def _share_felt(blind: Sequence[Mapping[str, Any]], people: int) -> list[float] | None:
    """Return of each of the eight emotions the share of people who felt it, most or besides."""
    if not people:
        return None
    felt = Counter(
        name
        for vote in blind
        if vote["reviewed_field"] in ("emotion", "also_felt")
        for name in _names(json.loads(vote["said_json"]))
    )
    return [round(min(felt[name], people) / people, 6) for name in MIKELS_8]


def _names(said: str | Mapping[str, int]) -> Iterable[str]:
    return [said] if isinstance(said, str) else said


def _outcome(count: int, emotion: str | None, *, is_imported: bool) -> str:
    if count < DECIDING:
        return "too_few"
    if emotion is None:
        return "plural"
    return "imported" if is_imported else "decided"


def _adjudicated(votes: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the latest decision of an adjudicator; None where there is none."""
    decided = [vote for vote in votes if vote["phase"] == "adjudicated"]
    last = max(decided, key=lambda vote: vote["event_no"], default=None)
    return json.loads(last["said_json"])["choice"] if last else None


def _majority(felt: Sequence[str]) -> tuple[str | None, float]:
    """Return the emotion of more than half, and the share of the most frequent one."""
    if not felt:
        return None, 0.0
    (emotion, count), *_ = Counter(felt).most_common(1)
    share = count / len(felt)
    return (emotion if share > 0.5 else None), round(share, 6)


def _ratings(name: str, blind: Iterable[Mapping[str, Any]]) -> dict[str, float | None]:
    """Return mean and standard deviation on 0-1; the latter from two ratings on."""
    given = pl.Series(
        [(vote["rating"] - _LOWEST) / _SPAN for vote in blind if vote["reviewed_field"] == name],
        dtype=pl.Float64,
    )
    spread = given.std() if given.len() > 1 else None
    return {
        name: round(float(given.mean()), 6) if given.len() else None,  # type: ignore[arg-type]
        f"{name}_sd": round(float(spread), 6) if spread is not None else None,  # type: ignore[arg-type]
    }


def _settle_drafts(
    checked: Iterable[Mapping[str, Any]], imported: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    by_field: dict[str, list[Mapping[str, Any]]] = {}
    for vote in checked:
        by_field.setdefault(vote["reviewed_field"], []).append(vote)
    elsewhere: dict[str, list[Mapping[str, Any]]] = {}
    for vote in imported:
        if vote["vote"] != "felt" and vote["reviewed_field"] not in by_field:
            elsewhere.setdefault(vote["reviewed_field"], []).append(vote)
    settled: dict[str, Any] = {}
    refused: list[str] = []
    states: dict[str, str] = {}
    objects = settle_objects((by_field | elsewhere).get(FIELD, []))
    for field, given in sorted((by_field | elsewhere).items()):
        if field == FIELD and objects.present is not None:
            settled[field], states[field] = objects.present, objects.state
            continue
        results = Counter(_result_of(vote) for vote in given)
        (result, count), *_ = results.most_common(1)
        if count * 2 <= len(given):
            states[field] = "open"
            continue
        acts = Counter(vote["vote"] for vote in given if _result_of(vote) == result)
        states[field] = acts.most_common(1)[0][0]
        if result is None:
            refused.append(field)
        else:
            settled[field] = json.loads(result)
    return {
        "settled_json": _write(settled),
        "refused_fields": refused,
        "draft_states_json": _write(states),
        "absent_objects": objects.absent or None,
        "unknown_objects": objects.unknown or None,
    }


def _write(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _result_of(vote: Mapping[str, Any]) -> str | None:
    """Return the value, as JSON, that a vote leaves in the field; None where it leaves none."""
    if vote["vote"] == "confirmed":
        return vote["draft_json"]
    return vote["said_json"] if vote["vote"] == "corrected" else None
