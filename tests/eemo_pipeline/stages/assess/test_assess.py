from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.emotion.candidate_lists import (
    ABSTRACT_8_LIST,
    CANDIDATE_LISTS,
    EKMAN_7_LIST,
    EMOTIC_26_LIST,
    MIKELS_8_LIST,
    REWARDED_LISTS,
)
from eemo_pipeline.emotion.taxonomies import EKMAN_7, LABEL_SPACES, SOMETHING_ELSE, canonical
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import (
    conform,
    key_violations,
    null_violations,
    range_violations,
    vocabulary_violations,
)
from eemo_pipeline.stages.assess import Assessed, Choices, build_assess
from eemo_pipeline.stages.labels.rankings import build_rankings

TASKS = ("dominant_emotion", "ranking", "vad")


def frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


def annotation(image_id: str, label: str, number: int, **fields: Any) -> dict[str, Any]:
    known = {
        "source": "pictures",
        "record_id": image_id,
        "annotation_no": number,
        "image_id": image_id,
        "label_space": "ekman7",
        "semantics": "evoked",
        "native_labels": [label],
    }
    return known | fields


def annotations_of(votes: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    return [
        annotation(key, emotion, number, rater_count=count)
        for key, counts in votes.items()
        for number, (emotion, count) in enumerate(sorted(counts.items()), 1)
    ]


def build(
    votes: dict[str, dict[str, int]],
    ratings: list[dict[str, Any]] | None = None,
    annotations: list[dict[str, Any]] | None = None,
    evaluation: frozenset[str] = frozenset(),
    **choices: Any,
) -> Assessed:
    images = frame(
        "dedup__images",
        [
            {
                "image_id": key,
                "split": "train",
                "source": "pictures",
                "is_evaluation": key in evaluation,
            }
            for key in votes
        ],
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
                "semantics": "evoked",
                "sources": ["labels", "pictures"],
            }
            for key, counts in votes.items()
            for emotion, count in counts.items()
        ],
    )
    native = frame(
        "ingest__annotations", annotations_of(votes) if annotations is None else annotations
    )
    assessed = build_assess(
        images,
        native,
        emotions,
        frame("labels__vad", ratings or []),
        build_rankings(images, emotions, native),
        Choices(**choices),
    )
    for name, rows in (
        ("assess__items", assessed.items),
        ("_assess__candidates", assessed.candidates),
        ("assess__balance", assessed.balance),
    ):
        table, lazy = TABLES[name], conform(rows, TABLES[name]).lazy()
        assert not key_violations(lazy, table)
        assert not null_violations(lazy, table)
        assert not vocabulary_violations(lazy, table)
        assert not range_violations(lazy, table)
    return assessed


def assess(
    votes: dict[str, dict[str, int]], ratings: list[dict[str, Any]] | None = None, **choices: Any
) -> tuple[pl.DataFrame, pl.DataFrame]:
    assessed = build(votes, ratings, **choices)
    return assessed.items, assessed.candidates


def rating(image_id: str, origin: str, **fields: Any) -> dict[str, Any]:
    source = origin.split(":")[1]
    known = {"image_id": image_id, "origin": origin, "source": source, "semantics": "evoked"}
    return known | fields


def test_a_full_ranking_becomes_an_item_in_its_order() -> None:
    items, _ = assess({"a": {"fear": 3, "joy": 1, "anger": 2}})
    row = items.filter(task="ranking").row(0, named=True)
    assert row["answer"] == "Emotion ranking: fear, anger, joy"
    assert row["candidates"] == list(EKMAN_7_LIST)
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
    assert scores == {"valence": "some", "arousal": "few", "dominance": "words"}


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
    capped = candidates.filter(reason="class_full")
    assert capped.height == 14
    other, _ = assess(votes, seed="another")
    assert set(other["image_id"]) != set(chosen["image_id"])


def test_candidates_of_a_label_set_are_one_list_the_key_of_its_reward_matrix() -> None:
    items, _ = assess({str(no): {emotion: 1} for no, emotion in enumerate(EKMAN_7)})
    chosen = items.filter(task="dominant_emotion")
    assert {tuple(row) for row in chosen["candidates"]} == {EKMAN_7_LIST}
    (question,) = set(chosen["question"])
    assert "fear, joy, anger, sadness, surprise, disgust, neutral?" in question
    # sizes of the released matrices
    assert [len(listed) for listed in REWARDED_LISTS] == [8, 8, 26, 24, 7]


def test_a_list_names_every_emotion_of_its_label_space_once() -> None:
    without = {"gaped6", "none"}  # these name no emotion
    assert CANDIDATE_LISTS.keys() == LABEL_SPACES.keys() - without
    for space, listed in CANDIDATE_LISTS.items():
        named = [canonical(name) for name in LABEL_SPACES[space] if name != SOMETHING_ELSE]
        assert sorted(canonical(label) for label in listed) == sorted(named)


def test_abstract_8_keeps_its_own_set_and_spelling() -> None:
    annotations = [
        annotation("a", "Content", 1, label_space="abstract8"),
        annotation("b", "Sad", 1, label_space="abstract8"),
        annotation("c", "contentment", 1, label_space="mikels8"),
    ]
    items = build({key: {} for key in "abc"}, annotations=annotations).items
    answers = {row["image_id"]: row for row in items.rows(named=True)}
    assert {key: row["answer"].split(": ")[1] for key, row in answers.items()} == {
        "a": "Content",
        "b": "Sad",
        "c": "contentment",
    }
    assert answers["a"]["candidates"] == list(ABSTRACT_8_LIST)
    assert answers["c"]["candidates"] == list(MIKELS_8_LIST)


def test_what_people_in_the_image_seem_to_feel_is_not_asked_as_what_it_evokes() -> None:
    seeming = annotation("a", "Happiness", 1, label_space="emotic26", semantics="apparent")
    again = annotation("a", "Happiness", 2, label_space="emotic26", semantics="apparent")
    felt = annotation("b", "joy", 1)
    rated = [
        rating("a", "rated:emotic", semantics="apparent", valence=0.7),
        rating("b", "rated:x", valence=0.1),
    ]
    items = build({"a": {}, "b": {}}, rated, [seeming, again, felt]).items
    for row in items.rows(named=True):
        seems = "the people in this picture seem to feel" in row["question"]
        assert seems == (row["image_id"] == "a") == (row["semantics"] == "apparent")
        assert ("evoke" in row["question"]) != seems
    dominant = items.filter(task="dominant_emotion", image_id="a").row(0, named=True)
    assert dominant["answer"] == "Dominant emotion: Happiness"
    assert dominant["candidates"] == list(EMOTIC_26_LIST)


def lexicon(image_id: str, words: int, score: float) -> dict[str, Any]:
    return rating(image_id, "lexicon:words", valence=score, lexicon_word_count=words)


def test_lexicon_scores_enter_by_their_words_until_the_bins_are_even() -> None:
    votes: dict[str, dict[str, int]] = {f"{no:02}": {} for no in range(40)}
    rated = [rating(f"{no:02}", "rated:x", valence=0.55) for no in range(4)]
    read = [lexicon(f"{no:02}", no, 0.25 if no % 2 else 0.57) for no in range(4, 40)]
    assessed = build(votes, rated + read)
    chosen = set(assessed.items.filter(task="vad")["image_id"])
    most_words = {f"{no:02}" for no in (39, 37, 35, 33)}
    assert chosen == {"00", "01", "02", "03"} | most_words
    full = assessed.candidates.filter(reason="bin_full")
    assert full.height == 32
    balance = {
        row["stratum"]: (row["available_count"], row["selected_count"])
        for row in assessed.balance.filter(balanced_over="valence").rows(named=True)
    }
    assert balance == {"0.20-0.30": (18, 4), "0.50-0.60": (22, 4)}


def test_ratings_are_capped_at_the_median_bin_so_that_the_histogram_is_flat() -> None:
    sizes = {0.05: 2, 0.25: 5, 0.45: 30, 0.65: 11, 0.85: 4}
    scores = [score for score, size in sizes.items() for _ in range(size)]
    votes: dict[str, dict[str, int]] = {f"{no:02}": {} for no in range(len(scores))}
    rated = [
        rating(key, "rated:x", valence=score) for key, score in zip(votes, scores, strict=True)
    ]
    balance = build(votes, rated).balance.sort("stratum")
    assert balance["available_count"].to_list() == [2, 5, 30, 11, 4]
    assert balance["selected_count"].to_list() == [2, 5, 5, 5, 4]
    assert set(balance["cap"]) == {5}
    thrice = build(votes, rated, bin_cap=3.0).balance.sort("stratum")
    assert thrice["selected_count"].to_list() == [2, 5, 15, 11, 4]
    other = build(votes, rated, seed="another")
    assert set(other.items["image_id"]) != set(build(votes, rated).items["image_id"])


def test_ratings_of_what_viewers_felt_come_before_what_people_seem_to_feel() -> None:
    votes: dict[str, dict[str, int]] = {f"{no:02}": {} for no in range(9)}
    rated = [
        rating(key, "rated:x", valence=0.5, semantics="evoked" if no > 6 else "apparent")
        for no, key in enumerate(votes)
    ]
    rated[0]["valence"], rated[1]["valence"] = 0.1, 0.9
    items = build(votes, rated).items
    assert set(items["image_id"]) > {"00", "01"}
    assert len(set(items["image_id"]) & {"07", "08"}) == 1  # the median bin has one


def test_where_nobody_rated_bins_are_filled_to_their_median() -> None:
    votes: dict[str, dict[str, int]] = {f"{no:02}": {} for no in range(9)}
    read = [
        lexicon(key, 5, score)
        for key, score in zip(votes, [0.1, 0.3, 0.3, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0], strict=True)
    ]
    selected = build(votes, read).balance.sort("stratum")["selected_count"].to_list()
    assert selected == [1, 2, 2, 1]


def test_the_dominant_emotion_is_named_in_the_label_set_of_its_dataset() -> None:
    annotations = [
        annotation("a", "Awe", 1, label_space="affection9"),
        annotation("a", "Happiness", 1, source="z", label_space="emotic26", semantics="apparent"),
        annotation("b", "something else", 1, label_space="affection9"),
        annotation("c", "ecstasy", 1, label_space="plutchik24"),
        annotation("d", "spider", 1, label_space="gaped6"),
    ]
    items = build({key: {} for key in "abcd"}, annotations=annotations).items
    answers = {row["image_id"]: row for row in items.rows(named=True)}
    assert {key: row["answer"] for key, row in answers.items()} == {
        "a": "Dominant emotion: awe",
        "c": "Dominant emotion: Ecstasy",
    }
    assert answers["a"]["candidates"] == list(MIKELS_8_LIST)
    assert len(answers["c"]["candidates"]) == 24


def test_rankings_can_be_taken_from_chosen_sources() -> None:
    votes = {"a": {"fear": 3, "joy": 1, "anger": 2}}
    chosen = build(votes, ranking_sources=["labels", "pictures"])
    assert chosen.items.filter(task="ranking").height == 1
    _, candidates = assess(votes, ranking_sources=["labels"])
    assert candidates.filter(task="ranking")["reason"].to_list() == ["source_not_chosen"]


def test_pictures_of_an_evaluation_set_are_never_assessed() -> None:
    votes = {"a": {"fear": 3, "joy": 1, "anger": 2}, "b": {"joy": 1}}
    assessed = build(votes, [rating("a", "rated:x", valence=0.5)], evaluation=frozenset({"a"}))
    assert set(assessed.items["image_id"]) == {"b"}
    assert set(assessed.candidates.filter(image_id="a")["reason"]) == {"evaluation_picture"}


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
