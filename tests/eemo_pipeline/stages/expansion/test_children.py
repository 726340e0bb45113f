"""Generated images of the lake, and how often they met the intention."""

import json

import polars as pl
import pytest

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.expansion.children import count_matches, list_children

PARENT, CHILD, COPY, STRANGER, DROPPED = (f"{number:064x}" for number in range(5))


def frame(name: str, rows: list[dict]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


def generated(image_id: str, **told: object) -> dict:
    known = {"source": "aigc", "record_id": image_id, "image_id": image_id}
    return {**known, "attributes": json.dumps(told)}


@pytest.fixture
def children() -> pl.DataFrame:
    asked = {"generator": "g m", "intended_emotion": "awe", "replaced": ["subject"], "seed": 7}
    odd: dict = {"generator": "g m", "seed": "x", "replaced": "subject"}
    records = frame(
        "ingest__records",
        [
            generated(CHILD, parent_image_id=PARENT, **asked),
            generated(COPY, parent_image_id=PARENT, **asked),
            generated(STRANGER, parent_image_id="ff" * 32, **asked | {"intended_emotion": "Sad"}),
            generated(DROPPED, parent_image_id=PARENT, **odd),
            {"source": "folder", "record_id": "p", "image_id": PARENT},
        ],
    )
    cluster = {"cluster_id": PARENT, "is_kept": True}
    clusters = frame(
        "dedup__clusters",
        [
            *({"image_id": one, **cluster} for one in (PARENT, CHILD, DROPPED)),
            {"image_id": COPY, **cluster, "is_kept": False},
            {"image_id": STRANGER, "cluster_id": STRANGER, "is_kept": True},
        ],
    )
    splits = ((PARENT, PARENT, "test"), (CHILD, PARENT, "test"), (STRANGER, STRANGER, "train"))
    images = frame(
        "dedup__images",
        [{"image_id": one, "cluster_id": group, "split": split} for one, group, split in splits],
    )
    emotions = ((CHILD, "awe"), (STRANGER, "fear"), (DROPPED, None))
    records_of = [
        {"image_id": one, "emotion": emotion, "state": "human"} for one, emotion in emotions
    ]
    return list_children(records, clusters, images, frame("records__emoverse", records_of))


def test_a_child_has_its_parents_split_and_what_cannot_be_judged_says_why(
    children: pl.DataFrame,
) -> None:
    chosen = ("image_id", "parent_split", "split", "intended_emotion", "is_match", "reason")
    assert children.select(chosen).rows() == [
        (CHILD, "test", "test", "awe", True, None),
        (COPY, "test", None, "awe", None, "near_duplicate"),
        (STRANGER, None, "train", "sadness", False, "parent_unknown"),
        (DROPPED, "test", "test", None, None, "no_intended_emotion"),
    ]
    assert children["seed"].to_list() == [7, 7, 7, None]
    assert set(children["replaced"].list.join(",")) == {"subject"}


def test_the_rate_has_an_interval_and_all_images_are_counted(children: pl.DataFrame) -> None:
    matches = {row["intended"]: row for row in count_matches(children).to_dicts()}
    total = matches["all"]
    assert (total["image_count"], total["judged_count"], total["match_count"]) == (4, 2, 1)
    assert total["match_share"] == 0.5
    # Wilson's interval of one in two.
    assert (round(total["match_lower"], 4), round(total["match_upper"], 4)) == (0.0945, 0.9055)
    assert set(matches) == {"all", "awe", "sadness"}
    assert matches["awe"]["image_count"] == 2


def test_without_generated_images_nothing_is_counted() -> None:
    nothing = pl.DataFrame(schema=TABLES["expansion__children"].polars_schema)
    assert count_matches(nothing).is_empty()
