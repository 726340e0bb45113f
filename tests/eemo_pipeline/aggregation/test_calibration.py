from typing import Any

import numpy as np
import polars as pl
import pytest

from eemo_pipeline.aggregation.decide import decide, fit_patterns
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import (
    conform,
    key_violations,
    null_violations,
    range_violations,
    vocabulary_violations,
)
from eemo_pipeline.stats.hash_draws import unit_interval

PATTERNS = TABLES["verification__patterns"]
Said = dict[str, str]  # voice -> emotion; "human" is what people say


def lake(pictures: list[Said], source: str = "s", first: int = 0):
    """Annotators a and b, the verifier, people; every picture is a cluster of its own."""
    replies: list[dict[str, Any]] = []
    verified: list[dict[str, Any]] = []
    human: list[dict[str, Any]] = []
    for number, said in enumerate(pictures, first):
        image = f"i{number:05d}"
        fixed = {"image_id": image, "model": "m", "method": "m", "status": "ok"}
        for name in ("a", "b"):
            words = dict.fromkeys(("description", "background", "attribute", "subject"), "x")
            replies.append(
                {**fixed, "annotator": name, "round": 1, "prompt_hash": "p", "clarity": 6}
                | {"intensity": 6, "emotion": said[name], **words}
            )
        fold = number % 5 + 1 if "human" in said else 0
        place = {"verifier": "v", "source": source, "fold": fold}
        verified.append({**fixed, **place, "emotion": said["verifier"]})
        if "human" in said:
            human.append({"image_id": image, "emotion": said["human"]})
    return (
        pl.DataFrame(replies, schema=TABLES["annotation__replies"].polars_schema),
        pl.DataFrame(verified, schema=TABLES["verification__replies"].polars_schema),
        pl.DataFrame(human, schema={"image_id": pl.String, "emotion": pl.String}),
    )


def pair_against_verifier(count: int, pair_is_right: float) -> list[Said]:
    voices = {"a": "awe", "b": "awe", "verifier": "fear"}
    return [
        {**voices, "human": "awe" if unit_interval("right", str(n)) < pair_is_right else "fear"}
        for n in range(count)
    ]


def test_people_decide_who_is_right_and_how_surely():
    surely, verified, human = lake(pair_against_verifier(500, 0.95))
    patterns = fit_patterns(surely, verified, human)
    lazy = conform(patterns, PATTERNS).lazy()
    for check in (key_violations, null_violations, range_violations, vocabulary_violations):
        assert check(lazy, PATTERNS) == []
    decided = decide(surely, verified, patterns)
    assert decided["pattern"].unique().to_list() == ["pair_against_verifier"]
    assert decided["emotion"].unique().to_list() == ["awe"]
    assert not decided["is_contested"].any()
    awe = decided["distribution"].list.get(MIKELS_8.index("awe"))
    assert awe.to_numpy() == pytest.approx(0.95, abs=0.03)

    hardly, verified, human = lake(pair_against_verifier(500, 0.8))
    decided = decide(hardly, verified, fit_patterns(hardly, verified, human))
    assert decided["emotion"].unique().to_list() == ["awe"]
    assert decided["is_contested"].all()


def test_few_labels_change_nothing():
    few = lake(pair_against_verifier(370, 1.0))  # 296 remain in every fold
    patterns = fit_patterns(*few)
    of_folds = patterns.filter(pl.col("fold") > 0)
    assert not of_folds["is_chosen"].any()
    assert of_folds["image_count"].max() == 296
    assert patterns.filter(fold=0, pattern="any", voice="majority")["right_count"].item() == 370
    replies, verified, _ = few
    plain = decide(replies, verified)
    assert plain["emotion"].unique().to_list() == ["fear"]
    assert decide(replies, verified, patterns).equals(plain)


def test_a_source_is_judged_by_its_own_labels_alone():
    calibrated = lake(pair_against_verifier(400, 1.0))
    unlabelled = [{"a": "awe", "b": "awe", "verifier": "fear"}] * 20
    elsewhere = lake(unlabelled, "other", 1000)
    replies, verified, human = (pl.concat(both) for both in zip(calibrated, elsewhere, strict=True))
    patterns = fit_patterns(replies, verified, human)
    decided = decide(replies, verified, patterns).join(
        verified.select("image_id", "source"), on="image_id"
    )
    other = decided.filter(pl.col("source") == "other")
    assert other["emotion"].unique().to_list() == ["fear"]
    assert other["is_contested"].all()
    assert decided.filter(pl.col("source") == "s")["emotion"].unique().to_list() == ["awe"]


def test_a_label_does_not_judge_itself():
    replies, verified, human = lake(pair_against_verifier(420, 0.6))
    patterns = fit_patterns(replies, verified, human)
    # Whatever people say about the pictures of fold 2, its rows of the table stay as they are.
    fold = verified.filter(pl.col("fold") == 2)["image_id"]
    lying = human.with_columns(
        pl.when(pl.col("image_id").is_in(fold.to_list()))
        .then(pl.lit("sadness"))
        .otherwise("emotion")
        .alias("emotion")
    )
    again = fit_patterns(replies, verified, lying)
    assert again.filter(fold=2).equals(patterns.filter(fold=2))
    assert not again.filter(fold=3).equals(patterns.filter(fold=3))


def test_a_cell_of_forty_is_divided_by_the_verifiers_emotion():
    voices = {"a": "awe", "b": "awe"}
    fear = [{**voices, "verifier": "fear", "human": "fear"}] * 60
    anger = [{**voices, "verifier": "anger", "human": "awe"}] * 340
    replies, verified, human = lake([*fear, *anger])
    patterns = fit_patterns(replies, verified, human)
    assert set(patterns["verifier_emotion"]) == {"any", "fear", "anger"}
    decided = decide(replies, verified, patterns).join(
        verified.select("image_id", pl.col("emotion").alias("trusted")), on="image_id"
    )
    assert decided.group_by("trusted").agg(pl.col("emotion").unique()).sort("trusted").rows() == [
        ("anger", ["awe"]),
        ("fear", ["fear"]),
    ]


def test_a_verifier_earns_its_weight():
    right = {"a": "awe", "b": "fear", "verifier": "awe", "human": "awe"}
    wrong = {**right, "human": "fear"}
    good = fit_patterns(*lake([right] * 400 + [wrong] * 40))
    weights = good.filter(pattern="any", verifier_emotion="any", voice="verifier")["weight"]
    assert set(weights) == {1.0}  # annotator a is right as often
    lone = {"a": "sadness", "b": "fear", "verifier": "awe", "human": "awe"}
    good = fit_patterns(*lake([lone] * 400))
    assert set(good.drop_nulls("weight")["weight"]) == {2.0}


def test_row_order_and_emptiness():
    replies, verified, human = lake(pair_against_verifier(400, 0.9))
    mixed, also_mixed, mixed_too = (
        frame.sample(fraction=1.0, shuffle=True, seed=3) for frame in (replies, verified, human)
    )
    assert fit_patterns(mixed, also_mixed, mixed_too).equals(fit_patterns(replies, verified, human))
    nothing = fit_patterns(replies.clear(), verified.clear(), human.clear())
    assert nothing.equals(PATTERNS.empty())
    assert fit_patterns(replies, verified, human.clear()).equals(PATTERNS.empty())
    assert np.isfinite(fit_patterns(replies, verified, human)["lower_bound"].to_numpy()).all()
