"""AIGIEmo records: raw votes, what became of each draft, and a balance of what people felt."""

import json
from collections import Counter
from typing import Any

import polars as pl
import pytest

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.emotion.vad import PILOT_RATINGS
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform
from eemo_pipeline.stages.records.aigiemo import build_aigiemo, count_classes
from eemo_pipeline.stages.review.records import build_review_records

DRAFT = "A dog runs on grass."
REPLY = {
    "image_id": "a",
    "annotator": "one",
    "status": "ok",
    "round": 1,
    "description": DRAFT,
    "style": "photograph",
    "scene": "outdoor/field",
    "objects": ["dog"],
    "facial_expression": "absent",
    "human_action": "absent",
    "evidence": ["a running dog", "bright grass"],
}
RECORD = {
    "image_id": "a",
    "annotator": "one",
    "description": DRAFT,
    "emotion": "awe",
    "decided_by_people": ["emotion"],
}
IMAGE = {
    "image_id": "a",
    "source": "folder",
    "split": "train",
    "path": "a.png",
    "brightness": 0.5,
    "colourfulness": 32.0,
    "dominant_colours": ["#ffffff", "#fefefe", "#c01020"],
    "dominant_shares": [0.5, 0.3, 0.2],
}


def frame(name: str, *rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


def felt(
    image: str, rater: str, emotion: str, valence: int = 2, arousal: int = 1, phase: str = "blind"
) -> list[dict[str, Any]]:
    said = {"emotion": emotion, "valence": valence, "arousal": arousal}
    return [
        {
            **{"image_id": image, "rater_id": rater, "phase": phase, "reviewed_field": name},
            **{"vote": "felt", "said_json": json.dumps(value), "is_counted": True},
            "rating": None if name == "emotion" else float(value),  # type: ignore[arg-type]
        }
        for name, value in said.items()
    ]


def checked(field: str, vote: str, said: object = None, draft: object = DRAFT) -> dict[str, Any]:
    return {
        **{"image_id": "a", "rater_id": "1", "phase": "drafts", "reviewed_field": field},
        **{"vote": vote, "said_json": json.dumps(said), "draft_json": json.dumps(draft)},
        "is_counted": True,
    }


THREE = [*felt("a", "1", "awe", 3, 2), *felt("a", "2", "awe", 1, 3), *felt("a", "3", "fear", -4, 4)]


def build(*votes: dict[str, Any], **changed: Any) -> dict[str, Any]:
    given = frame("review__votes", *votes)
    source = {"source": "folder", "record_id": "1", "image_id": "a"}
    source["attributes"] = json.dumps({"prompt": "a dog", "generator": "sdxl"})
    table = build_aigiemo(
        build_review_records(given),
        given,
        frame("records__emoverse", RECORD | changed),
        frame("dedup__images", IMAGE),
        frame("ingest__records", source),
        frame("annotation__replies", REPLY, REPLY | {"annotator": "two", "description": "other"}),
    )
    assert conform(table, TABLES["records__aigiemo"]).columns == table.columns
    (row,) = table.to_dicts()
    return row


def test_every_vote_is_kept_raw_beside_majority_and_means():
    row = build(*THREE)
    assert row["emotion"] == "awe"
    assert row["rater_ids"] == ["1", "2", "3"]
    assert row["felt_emotions"] == ["awe", "awe", "fear"]
    assert row["also_felt"] == ["{}"] * 3
    assert row["felt_valences"] == [3, 1, -4]
    assert row["felt_arousals"] == [2, 3, 4]
    assert row["valence"] == 0.5  # the mean of 7, 5 and 0, by 8
    assert sum(row["distribution"]) == pytest.approx(1)
    assert (row["prompt"], row["generator"]) == ("a dog", "sdxl")
    assert row["image_path"] == "sources/folder/a.png"


def test_what_people_felt_besides_is_kept_per_person_and_counted():
    besides = felt("a", "3", "fear")[0] | {"reviewed_field": "also_felt"}
    row = build(*THREE, besides | {"said_json": '{"sadness":1,"awe":3}', "rating": None})
    assert row["also_felt"] == ["{}", "{}", '{"awe": 3, "sadness": 1}']
    shares = dict(zip(MIKELS_8, row["felt_shares"], strict=True))
    assert {name: share for name, share in shares.items() if share} == pytest.approx(
        {"awe": 1.0, "fear": 1 / 3, "sadness": 1 / 3}, abs=1e-6
    )
    assert max(row["distribution"]) == pytest.approx(2 / 3), "the emotion felt most, alone"
    votes_alone = build(*THREE)
    assert (row["emotion"], row["distribution"]) == (
        votes_alone["emotion"],
        votes_alone["distribution"],
    )


def test_colours_are_computed_and_named_once_each():
    row = build(*THREE)
    assert (row["brightness"], row["colour_words"]) == (0.5, ["white", "red"])
    assert (row["brightness_step"], row["colourfulness_step"]) == (0.5, 0.3)


def test_drafts_that_nobody_looked_at_are_drafts():
    row = build(*THREE)
    assert (row["caption"], row["caption_state"]) == (DRAFT, "drafted")
    assert row["emotion_reason"] == "a running dog; bright grass"
    assert row["caption_distance"] is None


@pytest.mark.parametrize(
    ("vote", "value", "state"),
    [
        (checked("human_action", "absent", draft="runs"), "absent", "absent"),
        (checked("human_action", "unknown", draft="runs"), "unknown", "unknown"),
        (checked("human_action", "refused", "wrong", "runs"), None, "refused"),
        (checked("human_action", "confirmed", draft="runs"), "runs", "confirmed"),
        (checked("human_action", "corrected", "walks", "runs"), "walks", "corrected"),
    ],
)
def test_absent_unknown_and_refused_are_three_things(
    vote: dict[str, Any], value: str | None, state: str
):
    row = build(*THREE, vote)
    assert (row["human_action"], row["human_action_state"]) == (value, state)


def test_people_who_differ_about_a_draft_leave_it_open():
    other = checked("scene", "refused", "wrong", "outdoor/field") | {"rater_id": "2"}
    row = build(*THREE, checked("scene", "confirmed", draft="outdoor/field"), other)
    assert (row["scene"], row["scene_state"]) == ("outdoor/field", "open")


def test_words_outside_a_closed_list_are_kept_beside_it():
    row = build(*THREE, checked("style", "corrected", "woodcut of 1520", "photograph"))
    assert (row["style"], row["style_words"]) == ("other", "woodcut of 1520")


def test_how_far_people_changed_a_caption_is_counted_in_words():
    corrected = checked("description", "corrected", "A brown dog sleeps on grass.")
    row = build(*THREE, corrected)
    assert (row["caption"], row["caption_state"]) == ("A brown dog sleeps on grass.", "corrected")
    assert row["caption_distance"] == 2  # one word put in, one replaced
    assert build(*THREE, checked("description", "confirmed"))["caption_distance"] == 0


@pytest.mark.parametrize("emotion", MIKELS_8)
def test_the_gap_is_to_the_usual_ratings_of_the_emotion(emotion: str):
    valence, arousal = map(round, PILOT_RATINGS[emotion])
    near = [vote for no in "123" for vote in felt("a", no, emotion, valence, arousal)]
    assert build(*near)["rating_gap"] <= 0.5
    far = [vote for no in "123" for vote in felt("a", no, emotion, -valence, -4)]
    assert build(*far)["rating_gap"] > 2.5


def test_imported_labels_count_where_nobody_judged_here():
    elsewhere = [
        vote for no in "123" for vote in felt("a", f"i{no}", "fear", -3, 3, phase="imported")
    ]
    row = build(*elsewhere)
    assert (row["outcome"], row["emotion"]) == ("imported", "fear")
    assert row["felt_emotions"] == ["fear"] * 3
    both = build(*THREE, *elsewhere)
    assert (both["emotion"], both["rater_ids"]) == ("awe", ["1", "2", "3"])


@pytest.mark.parametrize(
    ("emotions", "outcome"),
    [
        (["fear"], "too_few"),
        (["fear", "fear"], "too_few"),
        (["fear", "awe", "anger"], "plural"),
        (["fear", "fear", "awe"], "imported"),
    ],
)
def test_imported_labels_follow_the_rule_of_votes(emotions: list[str], outcome: str):
    given = [felt("a", f"i{no}", one, phase="imported") for no, one in enumerate(emotions)]
    row = build(*(vote for votes in given for vote in votes))
    assert row["outcome"] == outcome
    assert row["emotion"] == ("fear" if outcome == "imported" else None)
    assert row["felt_emotions"] == emotions, "what was given is kept"


def balance(counts: dict[str, int], per_class: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    names = [
        (f"{emotion}{no}", emotion) for emotion, count in counts.items() for no in range(count)
    ]
    votes = frame(
        "review__votes",
        *(vote for name, emotion in names for no in "123" for vote in felt(name, no, emotion)),
    )
    # Machines call everything awe: a balance of their labels would be none of people's.
    records = frame(
        "records__emoverse",
        *(RECORD | {"image_id": name, "machine_emotion": "awe"} for name, _ in names),
    )
    table = build_aigiemo(
        build_review_records(votes),
        votes,
        records,
        frame("dedup__images", *(IMAGE | {"image_id": name} for name, _ in names)),
        frame("ingest__records"),
        frame("annotation__replies"),
        per_class,
    )
    return table, count_classes(table, records, per_class)


def test_the_selection_has_as_many_images_of_each_emotion_that_people_felt():
    table, stops = balance({"awe": 7, "fear": 3, "anger": 5}, per_class=20)
    chosen = Counter(table.filter("is_selected")["emotion"])
    assert chosen == {"awe": 3, "fear": 3, "anger": 3}
    assert not stops["is_stopped"].any()
    assert stops.filter(emotion="awe").select("decided_count", "selected_count").row(0) == (7, 3)


def test_an_emotion_is_stopped_when_people_found_it_often_enough():
    table, stops = balance({"awe": 4, "fear": 6}, per_class=4)
    assert Counter(table.filter("is_selected")["emotion"]) == {"awe": 4, "fear": 4}
    assert dict(stops.select("emotion", "is_stopped").iter_rows()) == {
        emotion: emotion in ("awe", "fear") for emotion in MIKELS_8
    }


def test_more_judgements_never_take_an_image_of_another_emotion_out():
    few, _ = balance({"awe": 9, "fear": 3}, per_class=20)
    more, _ = balance({"awe": 9, "fear": 5}, per_class=20)
    chosen = [set(table.filter("is_selected")["image_id"]) for table in (few, more)]
    assert chosen[0] < chosen[1]


BOXES = [{"x1_px": 1, "y1_px": 2, "x2_px": 9, "y2_px": 8}]


@pytest.mark.parametrize(
    ("boxes", "regions"),
    [
        (checked("box", "confirmed", None, BOXES), [1]),
        (checked("box", "corrected", BOXES, []), [1]),
        (checked("box", "refused", "wrong", BOXES), []),
        (None, []),
    ],
)
def test_a_reason_names_the_regions_that_its_author_saw(
    boxes: dict[str, Any] | None, regions: list[int]
):
    said = "The dog [1] runs towards [7]."
    reason = checked("reason", "corrected", said, "a running dog")
    found = build(*THREE, reason, *([boxes] if boxes else []))
    assert (found["emotion_reason"], found["reason_regions"]) == (said, regions)
    assert found["reason_fields"] == ["objects"], "the dog is one of the objects"


def test_boxes_that_others_settled_are_not_those_that_the_author_saw():
    others = [{**BOXES[0], "x2_px": 7}]
    reason = checked("reason", "corrected", "The dog [1].", "a running dog")
    confirmed = [checked("box", "confirmed", None, others) | {"rater_id": who} for who in "23"]
    found = build(*THREE, reason, checked("box", "corrected", BOXES, others), *confirmed)
    assert found["reason_regions"] == []
