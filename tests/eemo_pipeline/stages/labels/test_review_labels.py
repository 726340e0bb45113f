"""People's judgements as labels: mass per emotion, what is lost, and which images have none."""

from typing import Any

import polars as pl
import pytest

from eemo_pipeline.aggregation.human_labels import find_human_labels, prefer_reviews
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.labels.reviews import build_review_labels

IMAGES = pl.DataFrame(
    [{"image_id": name} for name in "abc"], schema=TABLES["dedup__images"].polars_schema
)
JUDGED = {
    "image_id": "a",
    "outcome": "decided",
    "judgement_count": 4,
    "emotion": "awe",
    "emotion_share": 0.75,
    "named_share": 1.0,
    "distribution": [0.0, 0.0, 0.75, 0.0, 0.0, 0.0, 0.25, 0.0],
    "valence": 0.5,
}


def label(**said: Any) -> dict[str, float]:
    people = pl.DataFrame([JUDGED | said], schema=TABLES["review__records"].polars_schema)
    rows = build_review_labels(people, IMAGES)
    return dict(rows.select("emotion", "mass").iter_rows())


def test_masses_are_the_shares_of_the_people():
    assert label() == {"awe": 0.75, "fear": 0.25}


def test_what_feels_nothing_is_lost_mass():
    people = pl.DataFrame(
        [JUDGED | {"named_share": 0.8}], schema=TABLES["review__records"].polars_schema
    )
    rows = build_review_labels(people, IMAGES)
    assert dict(rows.select("emotion", "mass").iter_rows()) == {"awe": 0.6, "fear": 0.2}
    assert rows["lost_mass"].to_list() == pytest.approx([0.2, 0.2])
    assert set(rows["label_state"]) == {"human"}


def test_people_who_differ_keep_their_distribution():
    assert label(outcome="plural", emotion=None) == {"awe": 0.75, "fear": 0.25}
    assert label(outcome="kept_plural", emotion=None) == {"awe": 0.75, "fear": 0.25}


def test_an_adjudicator_has_all_mass():
    assert label(outcome="adjudicated", emotion="fear") == {"fear": 1.0}


@pytest.mark.parametrize(
    "said",
    [
        {"outcome": "too_few", "emotion": None},
        {"outcome": "dropped", "emotion": None},
        {"outcome": "decided", "emotion": None},  # most feel nothing
        {"image_id": "gone"},
    ],
)
def test_images_without_an_emotion_of_people_have_no_label(said: dict[str, Any]):
    assert label(**said) == {}


def test_reviews_go_before_the_labels_of_a_source():
    native = {"source": "folder", "native_label": "x", "lost_mass": 0.0}
    labels = pl.DataFrame(
        [
            native | {"image_id": "a", "taxonomy": "mikels8", "emotion": "fear", "mass": 1.0},
            native | {"image_id": "a", "taxonomy": "ekman7", "emotion": "fear", "mass": 1.0},
            native | {"image_id": "b", "taxonomy": "mikels8", "emotion": "fear", "mass": 1.0},
        ],
        schema={
            name: kind
            for name, kind in TABLES["labels__emotions"].polars_schema.items()
            if name in ("image_id", "taxonomy", "emotion", "mass", "source", "lost_mass")
        },
    )
    people = pl.DataFrame([JUDGED], schema=TABLES["review__records"].polars_schema)
    joined = prefer_reviews(labels, build_review_labels(people, IMAGES))
    assert dict(find_human_labels(joined).iter_rows()) == {"a": "awe", "b": "fear"}
    kept = joined.filter((pl.col("image_id") == "a") & (pl.col("taxonomy") == "ekman7"))
    assert kept["emotion"].to_list() == ["fear"]
