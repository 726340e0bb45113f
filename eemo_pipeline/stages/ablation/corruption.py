"""Values corrupted on purpose, to test whether a critic notices.

Holds the kinds of corruption and applies one at a time to decisions. Shares and intervals are in
`scoring.py`.

One value of each copy is corrupted and all others stay. A corruption that would leave the value
right, by a rule that can be checked (another label, a box with little overlap, a word of the other
polarity), is not applied. Controls change the form and not the meaning, so a flag on a control is
a false alarm. Votes are not corrupted: no copy counts as contested.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.decide import intensity_level
from eemo_pipeline.emotion.attributes import (
    ATTRIBUTE_POLARITY,
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    polarity,
)
from eemo_pipeline.emotion.taxonomies import MIKELS_8, POSITIVE_MIKELS
from eemo_pipeline.emotion.vad import MIKELS_ANCHORS
from eemo_pipeline.imaging.boxes import Box, intersection_over_union
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.critic import Case, Critic
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.ablation.outcomes import CORNERS, find_boxes
from eemo_pipeline.stages.ablation.synthetic_records import LEVEL_VALUES, Records
from eemo_pipeline.stages.critic.review_pass import gather_facts
from eemo_pipeline.stats.hash_draws import unit_interval

MOST_PER_KIND = 300
CONTROL, CROSS_FIELD = "control", "cross_field"
_CONFUSABLE = {
    **{"awe": "contentment", "contentment": "awe", "amusement": "excitement"},
    **{"excitement": "amusement", "fear": "disgust", "disgust": "fear"},
    **{"sadness": "fear", "anger": "sadness"},
}
_OPPOSITES = {
    **{"bright": "dark", "dark": "bright", "sunny": "overcast", "overcast": "sunny"},
    **{"warm": "cold", "cold": "warm", "foggy": "clear", "snowy": "dusty", "rainy": "dry"},
    **{"moonlit": "sunlit", "colourful": "grey", "grey": "colourful", "blue": "red"},
    **{"red": "blue", "green": "orange", "brown": "white", "white": "black", "black": "white"},
}
_CLAUSES = ("while a small dog waits", "while two children watch", "beside an old bicycle")

Row = dict[str, Any]
# an image's values, another image's values, a number in [0, 1) -> changed columns; {} if impossible
Spoil = Callable[[Row, Row, float], Row]


@dataclass(frozen=True)
class Corruption:
    """One way to corrupt a value.

    Attributes:
        name: the name of the corruption.
        part: the field it corrupts; `triplet` for background, attribute and subject together.
        severity: easy, medium, hard, cross_field or control.
        judged: the fields of which at least one must be flagged.
        spoil: the function that applies it.
    """

    name: str
    part: str
    severity: str
    judged: tuple[str, ...]
    spoil: Spoil


def corrupt(records: Records, decisions: pl.DataFrame, critic: Critic) -> pl.DataFrame:
    """Return `ablation__corruptions`: every corrupted copy, and the critic's judgement of it.

    Args:
        records: the images, replies and regions that belong to the decisions.
        decisions: the values before corruption; rows of `verification__decisions`.
        critic: the critic under test.
    """
    boxes = find_boxes(records.regions)
    values = [
        {**row, "box": boxes.get(row["image_id"])}
        for row in decisions.drop_nulls("emotion").sort("image_id").iter_rows(named=True)
    ]
    frames = [TABLES["ablation__corruptions"].empty()]
    for kind in CORRUPTIONS:
        changes = dict(_draw(kind, values))
        frames.append(_judge(records, decisions, critic, kind, changes))
    return pl.concat(frames).sort(TABLES["ablation__corruptions"].key)


def judge_clean(
    records: Records, decisions: pl.DataFrame, critic: Critic
) -> dict[str, Mapping[str, Any]]:
    """Return image_id -> field -> judgement of unchanged values, with nothing contested."""
    plain = decisions.with_columns(pl.lit(value=False).alias("is_contested"))
    facts = gather_facts(records.images, plain, records.replies, records.regions)
    cases = [Case(image_id, Path(), fact) for image_id, fact in facts.items()]
    nobody: Ledger = None  # pyright: ignore[reportAssignmentType] (these critics ask nobody)
    return dict(critic.judge(cases, nobody).judgements)


def _draw(kind: Corruption, values: Sequence[Row]) -> Iterable[tuple[str, Row]]:
    """Yield image_id and column -> (before, after), for images to which the kind applies."""
    made = 0
    for row in sorted(values, key=lambda row: unit_interval(kind.name, row["image_id"])):
        chance = unit_interval(kind.name, "other", row["image_id"])
        other = values[int(chance * len(values))]
        changed = kind.spoil(row, other, unit_interval(kind.name, "value", row["image_id"]))
        if changed and any(changed[name] != row.get(name) for name in changed):
            yield row["image_id"], {name: (row.get(name), changed[name]) for name in changed}
            made += 1
        if made == MOST_PER_KIND:
            return


def _judge(
    records: Records,
    decisions: pl.DataFrame,
    critic: Critic,
    kind: Corruption,
    changes: Mapping[str, Row],
) -> pl.DataFrame:
    rows = [
        {name: after for name, (_, after) in change.items()} | {"image_id": image_id}
        for image_id, change in changes.items()
    ]
    if not rows:
        return TABLES["ablation__corruptions"].empty()
    spoilt = Records(
        **{
            **vars(records),
            "images": records.images.filter(pl.col("image_id").is_in(list(changes))),
            "regions": _move_boxes(records.regions, rows),
        }
    )
    judged = judge_clean(spoilt, _overwrite(decisions, rows), critic)
    return pl.DataFrame(
        [
            {
                "experiment": records.name,
                "image_id": image_id,
                "part": kind.part,
                "severity": kind.severity,
                "corruption": kind.name,
                "before": _write(before for before, _ in change.values()),
                "after": _write(after for _, after in change.values()),
                "is_flagged": any(
                    judged[image_id][name].verdict != "valid" for name in kind.judged
                ),
                "codes": sorted(
                    {code for name in kind.judged for code in judged[image_id][name].codes}
                ),
            }
            for image_id, change in changes.items()
        ],
        schema=TABLES["ablation__corruptions"].polars_schema,
    )


def _overwrite(decisions: pl.DataFrame, rows: Sequence[Row]) -> pl.DataFrame:
    named = [name for name in rows[0] if name not in ("box", "image_id")]
    if not named:
        return decisions
    schema = {name: decisions.schema[name] for name in ("image_id", *named)}
    spoilt = pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)
    changed = decisions.update(spoilt, on="image_id")
    return changed.with_columns(intensity_level(pl.col("intensity")).alias("intensity_level"))


def _move_boxes(regions: pl.DataFrame, rows: Sequence[Row]) -> pl.DataFrame:
    if "box" not in rows[0]:
        return regions
    moved = pl.DataFrame(
        [
            {"image_id": row["image_id"], "region_no": 1}
            | dict(zip(CORNERS, map(float, row["box"]), strict=True))
            for row in rows
        ],
        schema={name: regions.schema[name] for name in ("image_id", "region_no", *CORNERS)},
    )
    return regions.update(moved, on=["image_id", "region_no"])


def _write(values: Iterable[Any]) -> str:
    return " | ".join(
        " ".join(f"{side:g}" for side in value) if isinstance(value, list) else str(value)
        for value in values
    )


def _pick(values: Sequence[Any], chance: float) -> Any:
    return values[int(chance * len(values))] if values else None


def _is_positive(emotion: str) -> bool:
    return emotion in POSITIVE_MIKELS


def _opposite_half(row: Row, _: Row, chance: float) -> Row:
    half = [e for e in MIKELS_8 if _is_positive(e) != _is_positive(row["emotion"])]
    return {"emotion": _pick(half, chance)}


def _other_arousal(row: Row, _: Row, __: float) -> Row:
    here = MIKELS_ANCHORS[row["emotion"]].arousal
    half = [e for e in MIKELS_8 if _is_positive(e) == _is_positive(row["emotion"])]
    return {"emotion": max(half, key=lambda e: abs(MIKELS_ANCHORS[e].arousal - here))}


def _confusable(row: Row, _: Row, __: float) -> Row:
    return {"emotion": _CONFUSABLE[row["emotion"]]}


def _other_text(name: str) -> Spoil:
    def spoil(row: Row, other: Row, _: float) -> Row:
        mine, theirs = str(row[name] or "").lower(), str(other[name] or "").lower()
        return {name: other[name]} if theirs and theirs not in mine else {}

    return spoil


def _swapped_subject(row: Row, other: Row, _: float) -> Row:
    text, mine, theirs = row["description"], row["subject"], other["subject"]
    if not (text and mine and theirs) or mine == theirs or mine not in text:
        return {}
    return {"description": text.replace(mine, theirs, 1)}


def _added_clause(row: Row, _: Row, chance: float) -> Row:
    text = (row["description"] or "").rstrip(". ")
    clause = _pick(_CLAUSES, chance)
    is_new = text and not set(clause.split()[-2:]) & set(text.lower().split())
    return {"description": f"{text} {clause}."} if is_new else {}


def _opposite_word(row: Row, _: Row, __: float) -> Row:
    words = str(row["background"] or "").split()
    for place, word in enumerate(words):
        if word.lower() in _OPPOSITES:
            return {
                "background": " ".join(
                    [*words[:place], _OPPOSITES[word.lower()], *words[place + 1 :]]
                )
            }
    return {}


def _words_of(tone: str) -> list[str]:
    return [word for word, given in ATTRIBUTE_POLARITY.items() if given == tone]


def _antonym(row: Row, _: Row, chance: float) -> Row:
    tone = polarity(str(row["attribute"] or ""))
    other = {POSITIVE: NEGATIVE, NEGATIVE: POSITIVE}.get(tone or "")
    return {"attribute": _pick(_words_of(other), chance)} if other else {}


def _neutral_word(row: Row, _: Row, chance: float) -> Row:
    if polarity(str(row["attribute"] or "")) in (None, NEUTRAL):
        return {}
    return {"attribute": _pick(_words_of(NEUTRAL), chance)}


def _background_noun(row: Row, _: Row, __: float) -> Row:
    noun = str(row["background"] or "").split()[-1:]
    return {"subject": noun[0]} if noun and noun[0] not in str(row["subject"]) else {}


def _other_parts(*names: str) -> Spoil:
    def spoil(row: Row, other: Row, _: float) -> Row:
        is_other = all(other[name] and other[name] != row[name] for name in names)
        return {name: other[name] for name in names} if is_other else {}

    return spoil


def _intensity(levels: Mapping[str, str]) -> Spoil:
    def spoil(row: Row, _: Row, __: float) -> Row:
        level = levels.get(str(row["intensity_level"]))
        return {"intensity": LEVEL_VALUES[level]} if level else {}

    return spoil


def _same_level(row: Row, _: Row, __: float) -> Row:
    moved = {3: 4, 4: 3, 1: 2, 2: 1, 5: 6, 6: 5, 7: 6, 8: 9, 9: 8, 10: 9}
    return {"intensity": moved[row["intensity"]]} if row["intensity"] else {}


def _other_box(row: Row, other: Row, _: float) -> Row:
    mine, theirs = row["box"], other["box"]
    if not (mine and theirs) or intersection_over_union(Box(*mine), Box(*theirs)) >= 0.3:
        return {}
    return {"box": theirs}


def _shifted(row: Row, _: Row, __: float) -> Row:
    """Shift the box by two fifths of its width, left or right: intersection over union 0.43."""
    if not row["box"]:
        return {}
    left, top, right, bottom = row["box"]
    step = 0.4 * (right - left)
    step = step if left < step else -step
    return {"box": [left + step, top, right + step, bottom]}


def _loose(row: Row, _: Row, __: float) -> Row:
    """Scale each side by 1.6 about the centre: intersection over union 0.39."""
    if not row["box"]:
        return {}
    left, top, right, bottom = row["box"]
    wide, high = 0.3 * (right - left), 0.3 * (bottom - top)
    return {"box": [max(0.0, left - wide), max(0.0, top - high), right + wide, bottom + high]}


def _moved_together(row: Row, other: Row, chance: float) -> Row:
    emotion = _opposite_half(row, other, chance)["emotion"]
    tone = POSITIVE if _is_positive(emotion) else NEGATIVE
    return {"emotion": emotion, "attribute": _pick(_words_of(tone), chance)}


def _other_spacing(row: Row, _: Row, __: float) -> Row:
    text = row["description"]
    return {"description": f" {text.replace(' ', '  ')} "} if text else {}


_TRIPLET = ("background", "attribute", "subject")
_FAR = {"low": "high", "high": "low"}
_NEAR = {"low": "medium", "medium": "high", "high": "medium"}
# name, part, severity, function; judged by the part itself, or by the fields given last
_KINDS: tuple[tuple[Any, ...], ...] = (
    ("opposite_half", "emotion", "easy", _opposite_half),
    ("other_arousal", "emotion", "medium", _other_arousal),
    ("confusable", "emotion", "hard", _confusable),
    ("moved_together", "emotion", CROSS_FIELD, _moved_together, ("emotion", "attribute")),
    ("other_description", "description", "easy", _other_text("description")),
    ("swapped_subject", "description", "medium", _swapped_subject),
    ("added_clause", "description", "hard", _added_clause),
    ("other_spacing", "description", CONTROL, _other_spacing),
    ("other_background", "background", "easy", _other_text("background")),
    ("opposite_word", "background", "hard", _opposite_word),
    ("antonym", "attribute", "easy", _antonym),
    ("neutral_word", "attribute", "medium", _neutral_word),
    ("other_subject", "subject", "easy", _other_text("subject")),
    ("background_noun", "subject", "medium", _background_noun),
    ("all_parts", "triplet", "easy", _other_parts(*_TRIPLET), _TRIPLET),
    ("two_parts", "triplet", "medium", _other_parts("attribute", "subject"), _TRIPLET),
    ("far_level", "intensity", "easy", _intensity(_FAR)),
    ("near_level", "intensity", "medium", _intensity(_NEAR)),
    ("same_level", "intensity", CONTROL, _same_level),
    ("other_box", "box", "easy", _other_box),
    ("shifted", "box", "hard", _shifted),
    ("loose", "box", "hard", _loose),
)
CORRUPTIONS = tuple(
    Corruption(name, part, severity, judged[0] if judged else (part,), spoil)
    for name, part, severity, spoil, *judged in _KINDS
)
