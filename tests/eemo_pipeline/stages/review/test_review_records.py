"""What people decided, and how far they agree: counted by hand, and recovered from simulation."""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from eemo_pipeline.aggregation.kept_images import move_votes_to_kept
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.review.agreement import build_agreement
from eemo_pipeline.stages.review.records import build_review_records

SCHEMA = TABLES["review__votes"].polars_schema
QUEUE = TABLES["review__queue"].empty()
REPLIES = TABLES["annotation__replies"].empty()
VERIFIED = TABLES["verification__replies"].empty()
NO_PROBES = TABLES["_review__probes"].empty()


def vote(
    image_id: str, rater: str, phase: str, field: str, what: str, said: object, draft: object = None
) -> dict[str, Any]:
    rating = float(said) if field in ("valence", "arousal") else None  # type: ignore[arg-type]
    return {
        "image_id": image_id,
        "rater_id": rater,
        "phase": phase,
        "reviewed_field": field,
        "task_id": image_id,
        "queue": "audit",
        "vote": what,
        "said_json": json.dumps(said),
        "rating": rating,
        "draft_json": None if draft is None else json.dumps(draft),
        "is_counted": True,
        "event_no": 1,
        "voted_at": "2026-01-01T00:00:00.000+00:00",
    }


def felt(image_id: str, rater: str, emotion: str, valence: int, arousal: int = 0) -> list[dict]:
    said = {"emotion": emotion, "valence": valence, "arousal": arousal}
    return [vote(image_id, rater, "blind", name, "felt", value) for name, value in said.items()]


def records(*votes: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    rows = pl.DataFrame([row for group in votes for row in group], schema=SCHEMA)
    return {row["image_id"]: row for row in build_review_records(rows).iter_rows(named=True)}


def test_more_than_half_decides_and_the_spread_is_kept():
    found = records(
        felt("a", "1", "awe", 4, 2), felt("a", "2", "awe", 2, 2), felt("a", "3", "fear", -3, 2)
    )["a"]
    assert (found["outcome"], found["emotion"], found["judgement_count"]) == ("decided", "awe", 3)
    assert found["emotion_share"] == pytest.approx(2 / 3, abs=1e-6)
    assert found["distribution"][MIKELS_8.index("awe")] == pytest.approx(2 / 3)
    assert found["valence"] == 0.625  # (8 + 6 + 1) / 24
    assert found["valence_sd"] == pytest.approx(np.std([1, 0.75, 0.125], ddof=1), abs=1e-6)
    assert (found["arousal"], found["arousal_sd"]) == (0.75, 0)


@pytest.mark.parametrize(
    ("emotions", "outcome", "emotion"),
    [
        (["awe", "awe"], "too_few", None),
        (["awe", "fear", "anger"], "plural", None),
        (["awe", "awe", "fear", "fear"], "plural", None),
        (["awe", "awe", "neutral", "cannot_tell"], "plural", None),
        (["neutral", "neutral", "awe"], "decided", None),
        (["sadness", "sadness", "sadness"], "decided", "sadness"),
    ],
)
def test_what_is_not_agreed_is_not_made_an_emotion(
    emotions: list[str], outcome: str, emotion: str | None
):
    votes = [felt("a", str(number), name, 0) for number, name in enumerate(emotions)]
    found = records(*votes)["a"]
    assert (found["outcome"], found["emotion"]) == (outcome, emotion)


def test_a_surplus_vote_is_not_counted():
    late = [row | {"is_counted": False} for row in felt("a", "9", "fear", -4)]
    found = records(*(felt("a", str(number), "awe", 0) for number in range(3)), late)["a"]
    assert (found["judgement_count"], found["emotion_share"]) == (3, 1.0)


def test_drafts_are_settled_by_those_who_checked_them():
    def checked(rater: str, field: str, what: str, said: object = None) -> list[dict[str, Any]]:
        return [vote("a", rater, "drafts", field, what, said, "draft")]

    found = records(
        felt("a", "1", "awe", 0),
        checked("1", "description", "confirmed"),
        checked("1", "background", "corrected", "a beach"),
        checked("1", "subject", "refused", "wrong"),
        checked("1", "attribute", "confirmed"),
        checked("2", "attribute", "refused", "wrong"),
        checked("1", "style", "absent"),
    )["a"]
    assert json.loads(found["settled_json"]) == {"description": "draft", "background": "a beach"}
    assert found["refused_fields"] == ["style", "subject"]


def test_every_object_is_settled_by_itself():
    """No list is said twice, and each object has its majority all the same."""

    def said(rater: str, what: str, present: object = None, unknown: object = None) -> list[dict]:
        checked = vote("a", rater, "drafts", "objects", what, present, ["dog", "tree", "boat"])
        return [checked | {"unknown_objects": unknown}]

    felt_by = [felt("a", str(number), "awe", 0) for number in range(3)]
    found = records(
        *felt_by,
        said("1", "corrected", ["dog", "cat"], ["tree"]),
        said("2", "corrected", ["dog"], ["tree", "cat"]),
        said("3", "corrected", ["dog", "tree", "boat"], []),
    )["a"]
    assert json.loads(found["settled_json"]) == {"objects": ["dog"]}
    assert json.loads(found["draft_states_json"]) == {"objects": "corrected"}
    assert (found["absent_objects"], found["unknown_objects"]) == (["boat"], ["tree"])
    agreed = records(*felt_by, said("1", "confirmed"), said("2", "confirmed"), said("3", "refused"))
    assert json.loads(agreed["a"]["draft_states_json"]) == {"objects": "confirmed"}
    apart = records(*felt_by, said("1", "confirmed"), said("2", "absent"))["a"]
    assert (json.loads(apart["settled_json"]), apart["absent_objects"]) == ({}, None)


def measures(votes: list[dict[str, Any]], probes: pl.DataFrame = NO_PROBES) -> dict[tuple, dict]:
    given = pl.DataFrame(votes, schema=SCHEMA)
    frame = build_agreement(given, probes, QUEUE, REPLIES, VERIFIED)
    return {(row["measure"], row["judged_field"]): row for row in frame.iter_rows(named=True)}


def test_without_votes_nothing_is_estimated():
    found = measures([])
    assert found["alpha", "emotion"]["estimate"] is None
    assert found["wrong_accepted", "any"]["counted"] == 0
    assert all(row["is_too_few"] for row in found.values())


def test_simulated_people_are_found_as_they_were_made():
    """Ratings of a known reliability, and drafts accepted at a known rate, lie in the intervals."""
    chance = np.random.default_rng(7)
    images, raters = 300, 3
    votes: list[dict[str, Any]] = []
    for image in range(images):
        truth = chance.normal()
        for rater in range(raters):
            # Variance 1 between images and 0.25 within: ICC(1,1) is 0.8 before rounding.
            valence = int(np.clip(np.round(1.5 * (truth + chance.normal(scale=0.5))), -4, 4))
            emotion = "awe" if truth > 0 else "fear"
            votes += felt(f"{image:03}", str(rater), emotion, valence, int(chance.integers(-4, 5)))
    wrong = [
        vote("p", str(number), "drafts", "description", what, None, "x")
        for number, what in enumerate(["confirmed"] * 12 + ["refused"] * 28)
    ]
    found = measures(votes, pl.DataFrame(wrong, schema=SCHEMA))
    assert found["alpha", "emotion"]["estimate"] == 1.0
    valence = found["icc_single", "valence"]
    assert valence["estimate_lower"] < 0.77 < valence["estimate_upper"]  # 0.8 less the rounding
    assert found["icc_mean", "valence"]["estimate"] > valence["estimate"]
    noise = found["alpha", "arousal"]
    assert noise["estimate_lower"] < 0 < noise["estimate_upper"]
    accepted = found["wrong_accepted", "any"]
    assert accepted["estimate"] == 0.3
    assert accepted["estimate_lower"] < 0.3 < accepted["estimate_upper"]
    assert not accepted["is_too_few"]


def test_what_people_said_of_a_dropped_copy_counts_for_the_kept_one():
    clusters = pl.DataFrame(
        [
            {"image_id": image, "is_kept": image == "kept", "kept_image_id": "kept"}
            for image in ("kept", "small", "smaller")
        ],
        schema=TABLES["dedup__clusters"].polars_schema,
    )
    box = [{"x1_px": 1, "y1_px": 1, "x2_px": 5, "y2_px": 5}]
    votes = [
        *felt("small", "ann", "awe", 1),
        *felt("small", "ben", "awe", 2),
        *felt("kept", "ben", "fear", -2),
        *felt("smaller", "cid", "anger", -1),
        *({**row, "event_no": 9} for row in felt("small", "cid", "awe", 3)),
        vote("small", "ann", "drafts", "box", "confirmed", None, box),
        vote("small", "ann", "drafts", "subject", "confirmed", None, "a sea"),
        *felt("gone", "ann", "sadness", -3),
    ]
    given = pl.DataFrame(votes, schema=SCHEMA)
    moved = move_votes_to_kept(given, clusters)
    rows = {row["image_id"]: row for row in build_review_records(moved).iter_rows(named=True)}
    assert set(rows) == {"kept", "gone"}, "what was said of an image that left is kept"
    kept = rows["kept"]
    assert (kept["judgement_count"], kept["emotion"]) == (3, "awe")
    assert kept["valence"] == pytest.approx(((1 - 2 + 3) / 3 + 4) / 8, abs=1e-6)
    assert json.loads(kept["settled_json"]) == {"subject": "a sea"}, "pixels are of another file"
    others = clusters.filter(pl.col("image_id") == "kept")
    assert move_votes_to_kept(given, others).equals(given.sort(TABLES["review__votes"].key))
