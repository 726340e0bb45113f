"""AIGIEmo records: what people felt at an image, and what they made of the drafts of models.

The emotion and the ratings are people's alone, each vote kept raw. The other fields are drafted by
models, and a state says what people did with each draft. Colour and brightness are computed.
"""

import json
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.aggregation.detection_phrases import contains, plain_words
from eemo_pipeline.aggregation.region_marks import link_marks
from eemo_pipeline.emotion.colour import colour_names, lab_of, rgb_of
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.emotion.vad import PILOT_RATINGS
from eemo_pipeline.schema.columns import FACIAL_EXPRESSIONS, STYLES
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.hash_draws import unit_interval

_TABLE, _STOPS = TABLES["records__aigiemo"], TABLES["records__class_stops"]
PER_CLASS = 20_000  # images of each emotion in AIGIEmo
# Our name of a field in the review -> its column.
_FIELDS = {
    "description": "caption",
    "reason": "emotion_reason",
    "style": "style",
    "scene": "scene",
    "objects": "objects",
    "facial_expression": "facial_expression",
    "human_action": "human_action",
}
_COMPARED = {"description": "caption_distance", "reason": "reason_distance"}
# Columns with a closed list, and where the words of people go that are not in it.
_CLOSED = {
    "style": (STYLES, "style_words"),
    "facial_expression": (FACIAL_EXPRESSIONS, "expression_words"),
}
_MOST_COLOURFUL = 109.0  # "extremely colourful" in Hasler and Suesstrunk 2003, 82 is "highly"
_SAY_WHY = ("facial_expression", "human_action")  # their lists know absent and unknown
_MEASURED = (
    *("brightness", "contrast", "saturation", "colourfulness"),
    *("dominant_colours", "dominant_shares"),
)


def build_aigiemo(
    people: pl.DataFrame,
    votes: pl.DataFrame,
    records: pl.DataFrame,
    images: pl.DataFrame,
    source_records: pl.DataFrame,
    replies: pl.DataFrame,
    per_class: int = PER_CLASS,
) -> pl.DataFrame:
    """Return `records__aigiemo`: one row per kept image whose emotion people judged.

    The emotion is that of more than half of the people, or an adjudicator's choice. `rating_gap`
    compares their mean ratings with what a pilot of AIGIEmo found for the emotion, in steps of the
    scale from -4 to 4. `is_selected` marks a subset in which every emotion has as many images as
    the rarest one that people named, `per_class` at most: a class that is balanced by the labels
    of machines is not balanced by those of people.

    Args:
        people: rows of `review__records`.
        votes: rows of `review__votes`.
        records: rows of `records__emoverse`, with what people decided.
        images: rows of `dedup__images`.
        source_records: rows of `ingest__records`, moved to the kept images.
        replies: rows of `annotation__replies`.
        per_class: most images of an emotion.
    """
    judged = people.filter(pl.col("judgement_count") > 0)
    drafted = _drafts(records, replies)
    facts = _generation(source_records)
    joined = (
        judged.join(images.select("image_id", "source", "split", "path", *_MEASURED), on="image_id")
        .join(drafted, on="image_id", how="left")
        .join(facts, on="image_id", how="left")
        .sort("image_id")
    )
    by_image: dict[str, list[dict[str, Any]]] = {}
    for vote in votes.filter(pl.col("is_counted")).sort(votes.columns[:4]).iter_rows(named=True):
        by_image.setdefault(vote["image_id"], []).append(vote)
    rows = [_record(row, by_image.get(row["image_id"], [])) for row in joined.iter_rows(named=True)]
    _select(rows, per_class)
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)


def count_classes(
    aigiemo: pl.DataFrame, records: pl.DataFrame, per_class: int = PER_CLASS
) -> pl.DataFrame:
    """Return `records__class_stops`: one row per emotion, how often felt, and if that is enough.

    Args:
        aigiemo: rows of `records__aigiemo`.
        records: rows of `records__emoverse`.
        per_class: images of an emotion after which nobody is asked for more.
    """
    decided = dict(aigiemo.drop_nulls("emotion")["emotion"].value_counts().iter_rows())
    selected = dict(aigiemo.filter("is_selected")["emotion"].value_counts().iter_rows())
    is_open = ~pl.col("decided_by_people").list.contains("emotion")
    waiting = dict(
        records.filter(is_open).drop_nulls("emotion")["emotion"].value_counts().iter_rows()
    )
    rows = [
        {
            "emotion": emotion,
            "decided_count": decided.get(emotion, 0),
            "target_count": per_class,
            "undecided_count": waiting.get(emotion, 0),
            "selected_count": selected.get(emotion, 0),
            "is_stopped": decided.get(emotion, 0) >= per_class,
        }
        for emotion in MIKELS_8
    ]
    return pl.DataFrame(rows, schema=_STOPS.polars_schema).sort(_STOPS.key)


def _drafts(records: pl.DataFrame, replies: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, annotator and the draft of every field, by the record's annotator."""
    seen = (
        replies.filter((pl.col("status") == "ok") & (pl.col("round") == 1))
        .sort("image_id", "annotator")
        .select(
            "image_id",
            "annotator",
            *("style", "scene", "objects", "facial_expression", "human_action", "evidence"),
            first_description="description",
        )
    )
    # A caption that people corrected has no annotator; the draft is then the first one's.
    first = seen.unique("image_id", keep="first", maintain_order=True)
    words = ("description", "background", "attribute", "subject")
    own = records.select("image_id", "annotator", *words).join(
        seen, on=["image_id", "annotator"], how="inner"
    )
    others = first.join(own, on="image_id", how="anti").join(
        records.select("image_id", *words), on="image_id"
    )
    cues = pl.col("evidence").cast(pl.List(pl.String)).list.join("; ")
    return pl.concat([own, others], how="diagonal").with_columns(
        pl.coalesce("description", "first_description").alias("description"),
        pl.when(cues != "").then(cues).alias("reason"),
    )


def _generation(source_records: pl.DataFrame) -> pl.DataFrame:
    """Return image_id, generator and prompt, as the image's sources tell them."""
    told = pl.col("attributes").str.json_path_match
    return (
        source_records.sort("source", "record_id")
        .group_by("image_id", maintain_order=True)
        .agg(
            *(
                told(f"$.{name}").drop_nulls().first().alias(name)
                for name in ("generator", "prompt")
            )
        )
    )


def _record(row: Mapping[str, Any], votes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    phase = "blind" if any(vote["phase"] == "blind" for vote in votes) else "imported"
    felt = _felt(vote for vote in votes if vote["phase"] == phase)
    settled = json.loads(row["settled_json"])
    states = json.loads(row["draft_states_json"])
    record: dict[str, Any] = {name: row[name] for name in _TABLE.columns if name in row}
    record |= {
        "image_path": f"sources/{row['source']}/{row['path']}",
        "asked_share": next((vote["asked_share"] for vote in votes if vote["asked_share"]), None),
        "rater_ids": [rater for rater, _ in felt],
        "felt_emotions": [said.get("emotion", "") for _, said in felt],
        "also_felt": [json.dumps(said.get("also_felt", {}), sort_keys=True) for _, said in felt],
        "felt_valences": [said.get("valence") for _, said in felt],
        "felt_arousals": [said.get("arousal") for _, said in felt],
        "rating_gap": _gap(row),
        "brightness_step": _step(row["brightness"], 1.0),
        "colourfulness_step": _step(row["colourfulness"], _MOST_COLOURFUL),
        "colour_words": _name_colours(row["dominant_colours"]),
        "style_words": None,
        "expression_words": None,
        "caption_distance": None,
        "reason_distance": None,
        "is_selected": False,
    }
    for field, column in _FIELDS.items():
        value, state = _settle(field, row[field], settled, states)
        if field in _CLOSED and value is not None:
            known, words = _CLOSED[field]
            if value not in known:
                record[words] = value
                value = "other"
        record |= {column: value, f"{column}_state": state}
        if field in _COMPARED and field in settled:
            record[_COMPARED[field]] = _distance(field, settled[field], votes)
    return record | _ground_reason(record, row, settled.get("box"), votes)


def _ground_reason(
    record: Mapping[str, Any],
    row: Mapping[str, Any],
    boxes: Sequence[object] | None,
    votes: Sequence[Mapping[str, Any]],
) -> dict[str, list[Any]]:
    """Return the regions and the fields of the record that the reason names."""
    reason = record["emotion_reason"] or ""
    regions = {
        number
        for author in _authors(reason, votes)
        for number in link_marks(reason, _boxes_left_by(author, votes), boxes)
    }
    words = plain_words(reason)
    named = {name: [row[name]] for name in ("background", "attribute", "subject")}
    named["objects"] = record["objects"] or []
    fields = [
        name
        for name, texts in named.items()
        if any((part := plain_words(text)) and contains(words, part) for text in texts)
    ]
    return {"reason_regions": sorted(regions), "reason_fields": fields}


def _authors(reason: str, votes: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the people who wrote the reason that stands."""
    return {
        vote["rater_id"]
        for vote in votes
        if (vote["reviewed_field"], vote["vote"]) == ("reason", "corrected")
        and json.loads(vote["said_json"]) == reason
    }


def _boxes_left_by(rater: str, votes: Sequence[Mapping[str, Any]]) -> list[object] | None:
    """Return the boxes that a person confirmed or drew; None where they did neither."""
    texts = [
        vote["draft_json"] if vote["vote"] == "confirmed" else vote["said_json"]
        for vote in votes
        if vote["rater_id"] == rater
        and vote["reviewed_field"] == "box"
        and vote["vote"] in ("confirmed", "corrected")
    ]
    return json.loads(texts[-1]) if texts and texts[-1] else None


def _felt(votes: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return person -> field -> what they felt, in the order of their pseudonyms."""
    said: dict[str, dict[str, Any]] = {}
    for vote in votes:
        if vote["reviewed_field"] in ("emotion", "also_felt", "valence", "arousal"):
            given = json.loads(vote["said_json"])
            said.setdefault(vote["rater_id"], {})[vote["reviewed_field"]] = given
    return sorted(said.items())


def _settle(
    field: str, draft: Any, settled: Mapping[str, Any], states: Mapping[str, str]
) -> tuple[Any, str]:
    """Return the value of a field and what people did with its draft."""
    state = states.get(field)
    if field in settled:
        return settled[field], state or "confirmed"
    if state in ("absent", "unknown"):
        return (state if field in _SAY_WHY else None), state
    if state == "refused":
        return None, state
    if draft is None:
        return None, "missing"
    return draft, "open" if state == "open" else "drafted"


def _name_colours(codes: Sequence[str] | None) -> list[str] | None:
    """Return the basic colour terms of an image's dominant colours, each once, in their order."""
    if not codes:
        return None
    terms = colour_names(lab_of(np.array([rgb_of(code) for code in codes], dtype=np.uint8)))
    return list(dict.fromkeys(terms))


def _step(measured: float | None, most: float) -> float | None:
    """Return the step of EmoSet's eleven, 0.0 to 1.0, of a measure."""
    return None if measured is None else round(min(1.0, measured / most), 1)


def _gap(row: Mapping[str, Any]) -> float | None:
    if row["emotion"] is None or row["valence"] is None or row["arousal"] is None:
        return None
    valence, arousal = PILOT_RATINGS[row["emotion"]]
    return round(
        max(abs(row["valence"] * 8 - 4 - valence), abs(row["arousal"] * 8 - 4 - arousal)), 6
    )


def _distance(field: str, text: str, votes: Sequence[Mapping[str, Any]]) -> int:
    """Return how many words of the draft were put in, taken out or replaced; 0 if confirmed."""
    for vote in votes:
        is_this = vote["reviewed_field"] == field and vote["vote"] == "corrected"
        if is_this and vote["draft_json"] and json.loads(vote["said_json"]) == text:
            before, after = json.loads(vote["draft_json"]).split(), text.split()
            blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
            return sum(
                max(end - start, to - since)
                for tag, start, end, since, to in blocks
                if tag != "equal"
            )
    return 0


def _select(rows: Sequence[dict[str, Any]], per_class: int) -> None:
    """Mark as many images of each emotion as the rarest has, chosen by a hash of the image."""
    classes: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["emotion"] is not None:
            classes.setdefault(row["emotion"], []).append(row)
    cap = min([per_class, *(len(members) for members in classes.values())])
    for members in classes.values():
        members.sort(key=lambda row: unit_interval("aigiemo", row["image_id"]))
        for row in members[:cap]:
            row["is_selected"] = True
