"""The points of EMOTIC's labels: a known W is found again, noise says that it is noise."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from eemo_pipeline.emotion.mappings import read_mapping
from eemo_pipeline.emotion.taxonomies import EMOTIC_26
from eemo_pipeline.emotion.vad import PUBLISHED_CENTROIDS
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform, null_violations, range_violations
from eemo_pipeline.stages.labels.label_points import Regression, build_label_points

TABLE = TABLES["labels__label_points"]
MAPPING = read_mapping("emotic26", "ekman7")


def points_of(rows: list[dict[str, Any]], rules: Regression | None = None) -> pl.DataFrame:
    kept = pl.DataFrame({"image_id": ["a"]}).match_to_schema(
        TABLES["dedup__images"].polars_schema, missing_columns="insert"
    )
    native = pl.DataFrame(rows, schema=TABLES["ingest__annotations"].polars_schema)
    points = build_label_points(kept, native, rules or Regression())
    lazy = conform(points, TABLE).lazy()
    assert not null_violations(lazy, TABLE)
    assert not range_violations(lazy, TABLE)
    assert points["label"].to_list() == list(EMOTIC_26)
    return points


def annotations(
    random: np.random.Generator, truth: np.ndarray, noise: float, count: int, **fields: Any
) -> list[dict[str, Any]]:
    rows = []
    for no in range(count):
        chosen = random.choice(len(EMOTIC_26), random.integers(1, 5), replace=False)
        rating = 10 * (truth[chosen].mean(axis=0) + random.normal(0, noise, 3))
        values = np.clip(rating, 1, 10)
        rows.append(
            {
                "source": "emotic",
                "record_id": "a",
                "annotation_no": no,
                "image_id": "a",
                "label_space": "emotic26",
                "semantics": "apparent",
                "native_labels": [EMOTIC_26[place].title() for place in chosen],
                "native_valence": values[0],
                "native_arousal": values[1],
                "native_dominance": values[2],
                "scale_min": 1.0,
                "scale_max": 10.0,
            }
            | fields
        )
    return rows


def anchors(shift: float = 0.0) -> np.ndarray:
    return np.array([PUBLISHED_CENTROIDS[MAPPING[label]] for label in EMOTIC_26]) + shift


def test_a_known_w_is_found_again() -> None:
    random = np.random.default_rng(1)
    truth = np.clip(anchors() + random.uniform(-0.03, 0.03, (26, 3)), 0.1, 1)
    exact = points_of(annotations(random, truth, 0.0, 400))
    found = exact.select("valence", "arousal", "dominance").to_numpy()
    assert np.abs(found - truth).max() < 1e-5
    assert exact["fit_sd"].max() < 1e-5  # pyright: ignore[reportOperatorIssue]
    assert exact["emotion"].to_list() == exact["published_emotion"].to_list()
    assert set(exact["rule"]) == {"nearest_anchor"}
    noisy = points_of(annotations(random, truth, 0.1, 4_000))
    off = np.abs(noisy.select("valence", "arousal", "dominance").to_numpy() - truth).max()
    # the error of a coefficient is about 0.1 / sqrt(4000 * mean of p^2), 0.01 here
    assert off < 0.05
    assert noisy["held_out_error"][0] == pytest.approx(0.1, abs=0.01)
    assert noisy["held_out_error"][0] < noisy["baseline_error"][0]


def test_noise_predicts_no_better_than_the_mean() -> None:
    random = np.random.default_rng(2)
    rows = annotations(random, np.full((26, 3), 0.5), 0.15, 1_000)
    points = points_of(rows)
    assert points["held_out_error"][0] > points["baseline_error"][0]
    assert points["fit_sd"].max() > 0.005  # pyright: ignore[reportOperatorIssue]


ANCHORS = ("anger", "aversion", "fear", "peace", "pleasure", "sadness", "surprise")


def test_far_and_tied_points_follow_the_manual_table() -> None:
    random = np.random.default_rng(3)
    truth = anchors()
    others = [place for place, label in enumerate(EMOTIC_26) if label not in ANCHORS]
    truth[others] = 1.0
    rows = annotations(random, truth, 0.0, 200)
    far = points_of(rows)
    by_anchor = dict(far.group_by("is_anchor").agg(pl.col("rule").unique()).iter_rows())
    assert by_anchor == {True: ["nearest_anchor"], False: ["manual_table"]}
    assert far["emotion"].to_list() == [MAPPING[label] for label in EMOTIC_26]
    near = points_of(rows, Regression(radius=2.0)).filter(~pl.col("is_anchor"))
    assert set(near["emotion"]) == {"joy"}
    assert set(near["is_as_published"]) == {True, False}
    # every label at one point: all anchors are as near
    tied = points_of(annotations(random, np.full((26, 3), 0.5), 0.0, 200))
    assert set(tied["rule"]) == {"manual_table"}


def test_clusters_are_around_the_lakes_own_anchors_and_the_printed_ones_stand_beside() -> None:
    random = np.random.default_rng(6)
    shift = 0.2
    truth = anchors(shift) + random.uniform(-0.02, 0.02, (26, 3))
    points = points_of(annotations(random, np.clip(truth, 0.1, 1.0), 0.0, 400))
    assert points["emotion"].to_list() == points["published_emotion"].to_list()
    assert points["is_as_published"].all()
    own = points.filter("is_anchor")
    assert tuple(own["label"]) == ANCHORS
    assert set(own["anchor_distance"]) == {0.0}
    assert own["anchor_emotion"].to_list() == own["published_emotion"].to_list()
    # each of three coordinates moved by the same
    assert own["anchor_shift"].to_list() == pytest.approx([shift * 3**0.5] * 7, abs=0.07)
    assert not points["printed_emotion"].equals(points["anchor_emotion"])
    joy = own.row(by_predicate=pl.col("label") == "pleasure", named=True)
    assert joy["published_valence"] == PUBLISHED_CENTROIDS["joy"].valence
    assert points.filter(~pl.col("is_anchor"))["anchor_shift"].null_count() == 19


def test_the_scaling_of_ratings_can_be_switched_and_is_recorded() -> None:
    random = np.random.default_rng(7)
    rows = annotations(random, anchors(), 0.05, 300)
    tenth, stretched = points_of(rows), points_of(rows, Regression(scaling="stretched"))
    assert set(tenth["rating_rule"]) == {"x/10"}
    assert set(stretched["rating_rule"]) == {"(x-1)/9"}
    moved = stretched.select("valence").to_series()
    assert ((tenth["valence"] * 10 - 1) / 9 - moved).abs().max() < 1e-5  # pyright: ignore[reportOperatorIssue]


def test_folds_depend_on_keys_and_seed_and_hardly_matter() -> None:
    random = np.random.default_rng(4)
    rows = annotations(random, anchors(), 0.1, 300)
    points = points_of(rows)
    assert points.equals(points_of(rows[::-1]))
    coordinates = ("valence", "arousal", "dominance")
    for rules in (Regression(seed="other"), Regression(folds=5, repeats=3)):
        other = points_of(rows, rules).select(coordinates).to_numpy()
        assert not np.array_equal(other, points.select(coordinates).to_numpy())
        assert np.abs(other - points.select(coordinates).to_numpy()).max() < 0.02


def test_labels_that_nobody_chose_and_too_few_annotations_have_a_reason() -> None:
    assert set(points_of([])["reason"]) == {"no_annotations"}
    random = np.random.default_rng(5)
    assert set(points_of(annotations(random, anchors(), 0.1, 51))["reason"]) == {
        "too_few_annotations"
    }
    rows = [
        row
        for row in annotations(random, anchors(), 0.1, 300)
        if "Fear" not in row["native_labels"]
    ]
    points = points_of(rows)
    refused = points.filter(status="refused")
    assert refused.select("label", "reason", "label_count").rows() == [("fear", "never_chosen", 0)]
    unrated = annotations(random, anchors(), 0.1, 60, native_dominance=None)
    assert set(points_of(unrated)["reason"]) == {"no_annotations"}
    other = annotations(random, anchors(), 0.1, 60, image_id="dropped")
    assert set(points_of(other)["reason"]) == {"no_annotations"}
