from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import (
    conform,
    key_violations,
    null_violations,
    range_violations,
    vocabulary_violations,
)
from eemo_pipeline.stages.verification.linear_probe import MIN_TRAINING, ProbeVerifier, extract
from eemo_pipeline.stages.verification.verify import ask_verifier
from eemo_pipeline.stats.hash_draws import unit_interval

REPLIES = TABLES["verification__replies"]
CLASSES = ("awe", "fear", "sadness")


def verify(images: pl.DataFrame, features: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """What the probe says; it leaves the ledger alone."""
    probe = ProbeVerifier(images, features, labels)
    placed = images.with_columns(pl.col("source", "path").fill_null("s"))
    ledger: Any = None
    return ask_verifier(probe, placed, labels, ledger, Path()).frame


def table(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


def assert_valid(frame: pl.DataFrame) -> None:
    lazy = conform(frame, REPLIES).lazy()
    for check in (key_violations, null_violations, range_violations, vocabulary_violations):
        assert check(lazy, REPLIES) == []


def place_of(emotion: str, image: str) -> list[float]:
    """A point near the emotion's corner, two informative features and one constant."""
    corner = {"awe": (0.0, 0.0), "fear": (4.0, 0.0), "sadness": (0.0, 4.0)}[emotion]
    return [
        corner[0] + unit_interval("x", image) - 0.5,
        corner[1] + unit_interval("y", image) - 0.5,
        1.0,
    ]


def lake(count: int, unlabelled: int = 6):
    """Separable pictures; each pair of neighbours is one near-duplicate cluster."""
    ids = [f"i{number:03d}" for number in range(count + unlabelled)]
    truth = {image: CLASSES[number // 2 % 3] for number, image in enumerate(ids)}
    images = table(
        "dedup__images",
        [{"image_id": i, "cluster_id": f"c{n // 2}"} for n, i in enumerate(ids)],
    )
    features = table(
        "_verification__features",
        [
            {"image_id": i, "method": "m", "status": "ok", "features": place_of(truth[i], i)}
            for i in ids
        ],
    )
    labels = label_rows({image: truth[image] for image in ids[:count]})
    return images, features, labels, truth


def label_rows(truth: dict[str, str]) -> pl.DataFrame:
    return table(
        "labels__emotions",
        [
            {"image_id": i, "taxonomy": taxonomy, "emotion": emotion, "mass": mass}
            for i, label in truth.items()
            for taxonomy, emotion, mass in (
                ("mikels8", label, 0.8),
                ("mikels8", "disgust", 0.2),
                ("ekman7", "joy", 1.0),
            )
        ],
    )


def row_of(frame: pl.DataFrame, image: str) -> dict[str, Any]:
    return frame.filter(pl.col("image_id") == image).row(0, named=True)


def test_separable_problem_is_learned():
    images, features, labels, truth = lake(120)
    replies = verify(images, features, labels)
    assert_valid(replies)
    assert replies["image_id"].to_list() == sorted(truth)
    assert set(replies["status"]) == {"ok"}
    right = [truth[i] == e for i, e in replies.select("image_id", "emotion").iter_rows()]
    assert np.mean(right) > 0.95
    for row in replies.iter_rows(named=True):
        assert abs(sum(row["distribution"]) - 1) < 1e-9
        assert row["probability"] == max(row["distribution"])
        assert row["distribution"][MIKELS_8.index("disgust")] == 0.0
    unlabelled = replies.tail(6)
    assert unlabelled.select("fold", "training_count").unique().rows() == [(0, 120)]
    judged = replies.head(120)
    assert judged["fold"].min() >= 1  # pyright: ignore[reportOperatorIssue, reportOptionalOperand]
    assert judged["training_count"].max() < 120  # pyright: ignore[reportOperatorIssue, reportOptionalOperand]


def test_two_classes_are_learned_too():
    images, features, labels, truth = lake(120)
    two = labels.filter(~pl.col("image_id").is_in([i for i, e in truth.items() if e == "fear"]))
    replies = verify(images, features, two)
    for image in ("i000", "i004"):  # awe and sadness, each in its labelled cluster
        assert row_of(replies, image)["emotion"] == truth[image]


@pytest.mark.parametrize("image", ["i000", "i001", "i017", "i118"])
def test_neither_its_own_label_nor_its_near_duplicates_reach_a_judgement(image):
    images, features, labels, truth = lake(120)
    before = verify(images, features, labels)
    cluster = row_of(images, image)["cluster_id"]
    members = images.filter(pl.col("cluster_id") == cluster)["image_id"].to_list()
    assert len(members) == 2
    for changed in (members[:1], members[1:], members):
        lied = {i: e for i, e in truth.items() if i < "i120"}
        lied |= dict.fromkeys(changed, "amusement")
        after = verify(images, features, label_rows(lied))
        assert not after.equals(before)
        for member in members:
            assert row_of(after, member) == row_of(before, member)


def test_unlabelled_near_duplicate_of_a_labelled_picture_is_judged_by_its_fold():
    images, features, labels, _ = lake(120)
    without = labels.filter(pl.col("image_id") != "i000")
    replies = verify(images, features, without)
    assert row_of(replies, "i000")["fold"] == row_of(replies, "i001")["fold"] > 0


def test_a_tie_is_no_label():
    images, features, labels, _ = lake(120, unlabelled=0)
    tied = labels.with_columns(
        pl.when(pl.col("taxonomy") == "mikels8").then(0.5).otherwise("mass").alias("mass")
    )
    replies = verify(images, features, tied)
    assert set(replies["reason"]) == {"too_few_labels"}
    assert set(replies["training_count"]) == {0}


def test_abstains_where_labels_are_too_few():
    images, features, labels, _ = lake(MIN_TRAINING - 1)
    replies = verify(images, features, labels)
    assert_valid(replies)
    assert replies.select("status", "reason").unique().rows() == [("abstain", "too_few_labels")]
    assert replies["distribution"].null_count() == replies.height


def test_abstains_where_one_emotion_has_nearly_all_labels():
    images, features, _, truth = lake(120)
    lonely: dict[str, str] = dict.fromkeys(truth, "awe")
    rare = label_rows({**lonely, **dict.fromkeys(("i002", "i003", "i022", "i023"), "fear")})
    assert set(verify(images, features, rare)["reason"]) == {"too_few_labels"}


def test_pictures_without_features_are_refused_one_by_one():
    images, features, labels, _ = lake(120)
    broken = features.filter(pl.col("image_id") != "i003").with_columns(
        pl.when(pl.col("image_id") == "i001")
        .then(pl.lit("error"))
        .otherwise("status")
        .alias("status"),
        pl.when(pl.col("image_id") == "i002")
        .then(pl.lit([1.0, float("nan"), 1.0]))
        .when(pl.col("image_id") == "i121")
        .then(pl.lit([1.0]))
        .otherwise("features")
        .alias("features"),
    )
    replies = verify(images, broken, labels)
    assert replies.height == images.height
    missing = replies.filter(pl.col("reason") == "features_missing")
    assert missing["image_id"].to_list() == ["i001", "i002", "i003", "i121"]
    assert set(missing["status"]) == {"abstain"}


def test_empty_input():
    images, features, labels, _ = lake(0, 0)
    assert_valid(verify(images, features, labels))
    assert verify(images, features, labels).height == 0
    alone = lake(4, 0)
    none = verify(alone[0], features, labels)
    assert set(none["reason"]) == {"features_missing"}


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 99))
def test_order_of_rows_does_not_matter(seed):
    images, features, labels, _ = lake(60)
    mixed = images.sample(fraction=1, shuffle=True, seed=seed)
    vectors = features.sample(fraction=1, shuffle=True, seed=seed + 1)
    assert verify(mixed, vectors, labels.reverse()).equals(verify(images, features, labels))


def test_features_of_real_files_are_computed_once(tmp_path: Path):
    folder = tmp_path / "sources" / "folder"
    folder.mkdir(parents=True)
    rows = []
    for number, colour in enumerate([(200, 40, 40), (30, 60, 200)]):
        pixels = np.full((40, 60, 3), colour, dtype=np.uint8)
        pixels[10:20, 10:30] = 255 - pixels[10:20, 10:30]
        path = folder / f"{number}.png"
        Image.fromarray(pixels).save(path)
        rows.append({"image_id": file_sha256(path), "source": "folder", "path": path.name})
    rows.append({"image_id": "f" * 64, "source": "folder", "path": "gone.png"})
    images = table("dedup__images", rows)
    ledger, workers = Ledger(tmp_path / "ledger.sqlite"), Workers(1)
    try:
        first = extract(images, ledger, workers, tmp_path / "sources")
        again = extract(images.reverse(), ledger, workers, tmp_path / "sources")
    finally:
        workers.close()
        ledger.close()
    # The picture that is gone is asked about again: it may be back.
    assert (first.work.asked, again.work.asked, again.work.reused) == (3, 1, 2)
    assert again.frame.equals(first.frame)
    conform(first.frame, TABLES["_verification__features"])
    by_image = {row["image_id"]: row for row in first.frame.iter_rows(named=True)}
    vectors = [by_image[row["image_id"]]["features"] for row in rows[:2]]
    assert vectors[0] != vectors[1]
    assert len(vectors[0]) == len(vectors[1]) > 1
    gone = by_image["f" * 64]
    assert (gone["status"] != "ok", gone["reason"] is not None, gone["features"]) == (
        True,
        True,
        None,
    )
