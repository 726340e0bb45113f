"""EmoVerse records: the values that the models agreed on, with discarded fields emptied.

Builds the record and final state of every kept image: preserved, waiting for a person, or dropped.
The vote is in `aggregation/decide.py`, the verdicts in `critic/`. A record says all that EmoVerse
releases of one, and more; the two released layouts are in `readers/emoverse_records.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.decide import decide, roll_up
from eemo_pipeline.aggregation.image_types import type_images
from eemo_pipeline.aggregation.limits import DECISION_LIMITS, DecisionLimits
from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.aggregation.word_agreement import LEMMAS, WordEvidence
from eemo_pipeline.readers.emoverse_records import WORDS, join_triplet
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.records.regions import enclose_regions

_TABLE = TABLES["records__emoverse"]
# Seen by an annotator; they tell the type of an image of which its source says nothing.
_SEEN = ("style", "facial_expression", "human_action", "scene")
# field -> the columns emptied when the field is discarded
_COLUMNS_OF_FIELD: Mapping[str, tuple[str, ...]] = {
    "emotion": ("emotion", "confidence", "distribution"),
    "intensity": ("intensity", "intensity_level"),
    "description": ("description",),
    "background": ("background",),
    "attribute": ("attribute",),
    "subject": ("subject",),
    "box": ("boxes_px",),
}
_DECIDED = (
    "description",
    "background",
    "attribute",
    "subject",
    "emotion",
    "confidence",
    "intensity",
    "intensity_level",
    "distribution",
    "annotator",
    "boxes_px",
)


def build_records(
    images: pl.DataFrame,
    first_replies: pl.DataFrame,
    later_replies: pl.DataFrame,
    verifier_replies: pl.DataFrame,
    verdicts: pl.DataFrame,
    regions: pl.DataFrame,
    patterns: pl.DataFrame | None = None,
    choices: pl.DataFrame | None = None,
    limits: DecisionLimits = DECISION_LIMITS,
    similarity: TextSimilarity = LEMMAS,
    words: WordEvidence | None = None,
) -> pl.DataFrame:
    """Return `records__emoverse`: one row per image of `images`.

    Only the verdicts of the latest round are used. States and reasons:

    - preserved: every field is valid, or discarded and emptied; the reason is then
      `discarded_` with the fields.
    - human: the emotion is contested and the critic did not settle it (`emotion_contested`), a
      field can still be corrected (`revisable_` with the fields), or no critic has judged the
      emotion (`not_judged`).
    - dropped: no annotator gave a usable answer (`no_usable_reply`), the image has no structure
      (`image_unreadable`), the emotion was discarded (`emotion_discarded`), or at least three of
      description, background, attribute, subject and box were (`attributes_discarded`).

    Args:
        images: rows of `dedup__images`.
        first_replies: rows of `annotation__replies`.
        later_replies: rows of `_critic__replies`.
        verifier_replies: rows of `verification__replies`.
        verdicts: rows of `critic__verdicts`.
        regions: rows of `grounding__regions`.
        patterns: rows of `verification__patterns`.
        choices: rows of `critic__choices`.
        limits: thresholds.
        similarity: the measure by which words are compared.
        words: what speaks for a text besides the annotators.
    """
    decisions = decide(
        first_replies, verifier_replies, patterns, later_replies, choices, limits, similarity, words
    )
    found = enclose_regions(regions)
    rounds = _count_rounds([first_replies, later_replies])
    joined = (
        images.select("image_id", "source", "split")
        .join(decisions, on="image_id", how="left")
        .join(found, on="image_id", how="left")
        .join(rounds, on="image_id", how="left")
        .with_columns(
            pl.col("region_count").fill_null(0),
            pl.col("boxes_px").fill_null([]),
            pl.col("round_count").fill_null(1),
            pl.col("is_contested").fill_null(value=True),
        )
        .sort("image_id")
    )
    judged = _latest_verdicts(verdicts)
    rows = [_record(row, judged.get(row["image_id"], {})) for row in joined.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=_TABLE.polars_schema)


def _count_rounds(replies: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return image_id and round_count."""
    rounds = pl.concat([frame.select("image_id", "round") for frame in replies])
    return rounds.group_by("image_id").agg(pl.col("round").max().alias("round_count"))


def describe_images(
    records: pl.DataFrame,
    images: pl.DataFrame,
    source_records: pl.DataFrame,
    replies: pl.DataFrame,
    later_replies: pl.DataFrame,
    types: Mapping[str, str | None],
) -> pl.DataFrame:
    """Return `records__emoverse` with what the image, its source and the words' author add.

    Adds image_path, external_id, image_type with its origin, the joined triplet, the annotator of
    each text, and the model and method of the description's.

    Args:
        records: result of `build_records`.
        images: rows of `dedup__images`.
        source_records: rows of `ingest__records`, those of dropped near-duplicates included.
        replies: rows of `annotation__replies`.
        later_replies: rows of `_critic__replies`.
        types: source -> the type of all its images, None where it names none.
    """
    authors = replies.filter(pl.col("status") == "ok").select(
        "image_id", "annotator", "model", "method", *_SEEN
    )
    attribute = pl.col("attributes").str.json_path_match
    told = (
        source_records.sort("source", "record_id")
        .group_by("image_id", maintain_order=True)
        .agg(
            attribute("$.external_id").drop_nulls().first().alias("external_id"),
            pl.coalesce(attribute("$.image_type"), attribute("$.category"))
            .drop_nulls()
            .alias("source_words"),
        )
    )
    paths = images.select(
        "image_id",
        pl.concat_str(pl.lit("sources"), "source", "path", separator="/").alias("image_path"),
    )
    added = (
        *("image_path", "external_id", "image_type", "image_type_origin", "model", "method"),
        "word_annotators",
    )
    triplet = pl.struct("background", "attribute", "subject").map_elements(
        lambda parts: join_triplet(*parts.values()), return_dtype=pl.String
    )
    joined = (
        records.drop(*added)
        .join(paths, on="image_id", how="left")
        .join(told, on="image_id", how="left")
        .join(authors, on=["image_id", "annotator"], how="left")
        .join(_word_annotators(records, [replies, later_replies]), on="image_id", how="left")
        .with_columns(
            pl.col("source")
            .replace_strict(types, default=None, return_dtype=pl.String)
            .alias("source_type"),
            triplet.alias("joined_triplet"),
        )
    )
    return type_images(joined).select(_TABLE.columns).sort("image_id")


def _word_annotators(records: pl.DataFrame, replies: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return image_id and word_annotators: who wrote each text, the description's author first.

    Texts are never blended, so each is one annotator's word for word.
    """
    said = pl.concat([frame.select("image_id", "annotator", *WORDS) for frame in replies])
    lead = pl.col("annotator")
    authors = records.select("image_id")
    for field in WORDS:
        found = (
            records.select("image_id", field, "annotator")
            .join(said.select("image_id", field, other="annotator"), on=["image_id", field])
            .group_by("image_id")
            .agg(
                pl.when((pl.col("other") == lead).any())
                .then(lead.first())
                .otherwise(pl.col("other").min())
                .alias(field)
            )
        )
        authors = authors.join(found, on="image_id", how="left")
    return authors.select(
        "image_id", pl.concat_list(pl.col(*WORDS).fill_null("")).alias("word_annotators")
    )


def _latest_verdicts(verdicts: pl.DataFrame) -> dict[str, dict[str, tuple[str, list[str]]]]:
    """Return image_id -> field -> verdict and codes, from the image's latest round."""
    latest = verdicts.filter(pl.col("round") == pl.col("round").max().over("image_id"))
    judged: dict[str, dict[str, tuple[str, list[str]]]] = {}
    for image_id, field, verdict, codes in latest.select(
        "image_id", "field", "verdict", "codes"
    ).iter_rows():
        judged.setdefault(image_id, {})[field] = (verdict, codes)
    return judged


def _record(row: dict[str, Any], judged: Mapping[str, tuple[str, list[str]]]) -> dict[str, Any]:
    verdicts = {field: verdict for field, (verdict, _) in judged.items()}
    state = roll_up(verdicts)
    emptied = {
        column
        for field, verdict in verdicts.items()
        if verdict == "discarded"
        for column in _COLUMNS_OF_FIELD[field]
    }
    return {
        **{name: row[name] for name in ("image_id", "source", "split")},
        # A critic that found the emotion valid has settled the contest.
        "is_contested": row["is_contested"] and verdicts.get("emotion") != "valid",
        "state": state,
        "reason": _reason(state, row, judged),
        **{name: None if name in emptied else row[name] for name in _DECIDED},
        "decided_by_people": [],
        # People may decide otherwise later; what machines decided stays.
        "machine_emotion": None if "emotion" in emptied else row["emotion"],
        "region_count": row["region_count"],
        "round_count": row["round_count"],
    }


def _reason(
    state: str, row: dict[str, Any], judged: Mapping[str, tuple[str, list[str]]]
) -> str | None:
    if state == "preserved":
        return _fields_with("discarded", judged)
    if state == "human":
        if any(verdict == "unjudged" for verdict, _ in judged.values()) or "emotion" not in judged:
            return "not_judged"
        is_open = row["is_contested"] and judged["emotion"][0] == "revisable"
        return "emotion_contested" if is_open else _fields_with("revisable", judged)
    verdict, codes = judged.get("emotion", ("", []))
    if "UNREADABLE" in codes:
        return "image_unreadable"
    if row["emotion"] is None:
        return "no_usable_reply"
    is_emotion = verdict == "discarded"
    return "emotion_discarded" if is_emotion else "attributes_discarded"


def _fields_with(verdict: str, judged: Mapping[str, tuple[str, list[str]]]) -> str | None:
    fields = sorted(field for field, (given, _) in judged.items() if given == verdict)
    return "_".join([verdict, *fields]) if fields else None
