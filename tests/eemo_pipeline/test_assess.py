from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.assess import build_assess
from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.labels.rankings import build_rankings
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import (
    conform,
    key_violations,
    null_violations,
    range_violations,
    vocabulary_violations,
)

TASKS = ("dominant_emotion", "ranking", "vad")


def frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


def assess(
    votes: dict[str, dict[str, int]],
    ratings: list[dict[str, Any]] | None = None,
    seed: str = "seed",
) -> tuple[pl.DataFrame, pl.DataFrame]:
    images = frame(
        "dedup__images",
        [{"image_id": key, "split": "train", "source": "pictures"} for key in votes],
    )
    emotions = frame(
        "labels__emotions",
        [
            {
                "image_id": key,
                "taxonomy": "ekman7",
                "emotion": emotion,
                "mass": round(count / sum(counts.values()), 6),
                "rater_count": sum(counts.values()),
                "sources": ["labels", "pictures"],
            }
            for key, counts in votes.items()
            for emotion, count in counts.items()
        ],
    )
    vad = frame("labels__vad", ratings or [])
    items, candidates = build_assess(images, emotions, vad, build_rankings(images, emotions), seed)
    for name, rows in (("assess__items", items), ("_assess__candidates", candidates)):
        table, lazy = TABLES[name], conform(rows, TABLES[name]).lazy()
        assert not key_violations(lazy, table)
        assert not null_violations(lazy, table)
        assert not vocabulary_violations(lazy, table)
        assert not range_violations(lazy, table)
    return items, candidates


def rating(image_id: str, origin: str, **fields: Any) -> dict[str, Any]:
    source = origin.split(":")[1]
    known = {"image_id": image_id, "origin": origin, "source": source, "semantics": "evoked"}
    return known | fields


def test_a_full_ranking_becomes_an_item_in_its_order() -> None:
    items, _ = assess({"a": {"fear": 3, "joy": 1, "anger": 2}})
    row = items.filter(task="ranking").row(0, named=True)
    assert row["answer"] == "Emotion ranking: fear, anger, joy"
    assert row["candidates"] == list(EKMAN_7)
    assert (row["source"], row["target"], row["dimension"]) == ("labels", None, None)


def test_each_rated_dimension_is_an_item_with_four_decimals() -> None:
    items, _ = assess({"a": {}}, [rating("a", "rated:oasis", valence=0.625, arousal=0.0416666)])
    rows = {row["dimension"]: row for row in items.filter(task="vad").rows(named=True)}
    assert set(rows) == {"valence", "arousal"}
    assert (rows["valence"]["answer"], rows["valence"]["target"]) == ("Valence: 0.6250", 0.625)
    assert (rows["arousal"]["answer"], rows["arousal"]["target"]) == ("Arousal: 0.0417", 0.0417)
    assert rows["valence"]["source"] == "oasis"
    whole, _ = assess({"a": {}}, [rating("a", "rated:x", valence=1.0, dominance=0.0)])
    assert sorted(whole["answer"]) == ["Dominance: 0.0000", "Valence: 1.0000"]


def test_the_origin_that_knows_best_gives_the_score() -> None:
    items, _ = assess(
        {"a": {}},
        [
            rating("a", "rated:many", semantics="apparent", rater_count=99, valence=0.9),
            rating("a", "rated:few", rater_count=2, valence=0.1, arousal=0.1),
            rating("a", "rated:some", rater_count=9, valence=0.3),
            rating("a", "lexicon:words", rater_count=100, valence=0.7, dominance=0.7),
        ],
    )
    scores = {row["dimension"]: row["source"] for row in items.rows(named=True)}
    assert scores == {"valence": "some", "arousal": "few"}


def test_minorities_are_kept_whole_and_majorities_capped_at_three_medians() -> None:
    sizes = {"joy": 20, "fear": 2, "anger": 1}
    votes = {
        f"{emotion}{no}": {emotion: 1} for emotion, size in sizes.items() for no in range(size)
    }
    items, candidates = assess(votes)
    chosen = items.filter(task="dominant_emotion")
    assert dict(chosen["answer"].value_counts().iter_rows()) == {
        "Dominant emotion: joy": 6,
        "Dominant emotion: fear": 2,
        "Dominant emotion: anger": 1,
    }
    capped = candidates.filter(reason="class_capped")
    assert capped.height == 14
    other, _ = assess(votes, seed="another")
    assert set(other["image_id"]) != set(chosen["image_id"])


def test_candidates_are_the_whole_label_set_in_drawn_orders() -> None:
    items, _ = assess({str(no): {emotion: 1} for no, emotion in enumerate(EKMAN_7)})
    chosen = items.filter(task="dominant_emotion")
    assert {tuple(sorted(row)) for row in chosen["candidates"]} == {EKMAN_7}
    assert chosen["candidates"].n_unique() > 1
    for row in chosen.rows(named=True):
        assert ", ".join(row["candidates"]) in row["question"]


def test_every_refusal_has_its_reason() -> None:
    _, candidates = assess({"a": {"joy": 1, "fear": 1}, "b": {}})
    reasons = {(row["image_id"], row["task"]): row["reason"] for row in candidates.rows(named=True)}
    assert reasons == {
        ("a", "dominant_emotion"): "no_dominant_emotion",
        ("a", "ranking"): "too_few_emotions",
        ("a", "vad"): "no_rating",
        ("b", "dominant_emotion"): "no_dominant_emotion",
        ("b", "ranking"): "no_labels",
        ("b", "vad"): "no_rating",
    }


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from("abcdefghij"),
        st.dictionaries(st.sampled_from(EKMAN_7), st.integers(1, 5), max_size=5),
    ),
    st.lists(
        st.tuples(
            st.sampled_from("abcz"), st.none() | st.floats(0, 1), st.none() | st.floats(0, 1)
        ),
        max_size=4,
        unique_by=lambda row: row[0],
    ),
)
def test_every_picture_is_selected_or_refused_for_each_task(
    votes: dict[str, dict[str, int]], rated: list[tuple[str, float | None, float | None]]
) -> None:
    ratings = [
        rating(image_id, "rated:x", valence=valence, arousal=arousal)
        for image_id, valence, arousal in rated
    ]
    items, candidates = assess(votes, ratings)
    expected = sorted((image_id, task) for image_id in votes for task in TASKS)
    assert list(candidates.select("image_id", "task").iter_rows()) == expected
    chosen = candidates.filter("is_selected").select("image_id", "task")
    assert set(chosen.iter_rows()) == set(items.select("image_id", "task").iter_rows())
    assert (candidates["is_selected"] == candidates["reason"].is_null()).all()
    scores = {(image_id, "Valence"): valence for image_id, valence, _ in rated}
    scores |= {(image_id, "Arousal"): arousal for image_id, _, arousal in rated}
    for row in items.filter(task="vad").rows(named=True):
        name, shown = row["answer"].split(": ")
        score = scores[row["image_id"], name]
        assert score is not None
        assert abs(float(shown) - score) <= 0.00005 + 1e-9
        assert float(shown) == row["target"]
    reordered = dict(sorted(votes.items(), reverse=True))
    again = assess(reordered, ratings[::-1])
    assert again[0].equals(items)
    assert again[1].equals(candidates)
