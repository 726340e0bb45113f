import json
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import eemo_pipeline.qa.templates as templates
from eemo_pipeline.discovery import discover
from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.labels.rankings import build_rankings
from eemo_pipeline.qa.build import build_items
from eemo_pipeline.qa.facts import Facts, build_facts
from eemo_pipeline.qa.templates import QaTemplate
from eemo_pipeline.sampling import short_hash
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import (
    conform,
    key_violations,
    null_violations,
    vocabulary_violations,
)

Labels = dict[str, dict[str, Any]]
WORDS = {
    "valence": ("negative", "neutral", "positive"),
    "arousal": ("low", "moderate", "high"),
}


def frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


def tables_of(labels: Labels, seed: int = 0) -> list[pl.DataFrame]:
    """The six input tables, each in an order of its own."""
    images = frame(
        "dedup__images",
        [{"image_id": key, "split": row["split"], "sources": ["s"]} for key, row in labels.items()],
    )
    emotions = frame(
        "labels__emotions",
        [
            {
                "image_id": key,
                "taxonomy": "ekman7",
                "emotion": emotion,
                "mass": round(votes / sum(row["votes"].values()), 6),
                "lost_mass": 0.0,
                "rater_count": sum(row["votes"].values()),
            }
            for key, row in labels.items()
            for emotion, votes in row["votes"].items()
        ],
    )
    vad = frame(
        "labels__vad",
        [
            {
                "image_id": key,
                "origin": "rated:s",
                "semantics": "evoked",
                "valence": row["valence"],
                "arousal": row["arousal"],
            }
            for key, row in labels.items()
        ],
    )
    texts = frame(
        "texts__descriptions",
        [
            {"image_id": key, "status": "ok", "text": f"Seen: {key}."}
            for key, row in labels.items()
            if row["is_described"]
        ],
    )
    return [
        table.sample(fraction=1.0, shuffle=True, seed=seed) if seed else table
        for table in (images, emotions, vad, build_rankings(images, emotions), texts, texts)
    ]


def made(labels: Labels, seed: str = "seed", order: int = 0) -> tuple[Facts, pl.DataFrame]:
    facts = build_facts(*tables_of(labels, order))
    items, coverage = build_items(facts, seed)
    for name, rows in (("qa__items", items), ("_qa__coverage", coverage)):
        table, lazy = TABLES[name], conform(rows, TABLES[name]).lazy()
        assert not key_violations(lazy, table)
        assert not null_violations(lazy, table)
        assert not vocabulary_violations(lazy, table)
    assert coverage["image_id"].to_list() == sorted(labels)
    assert coverage["item_count"].sum() == items["image_ids"].list.len().sum()
    assert ((coverage["item_count"] == 0) == coverage["reason"].is_not_null()).all()
    return facts, items


def picture_of(random: Random) -> dict[str, Any]:
    emotions = random.sample(EKMAN_7, random.randint(0, 7))
    return {
        "split": random.choice(["train", "train", "validation", "test"]),
        "votes": {emotion: random.randint(1, 9) for emotion in emotions},
        "valence": random.choice([None, 0.4, 0.6, round(random.random(), 6)]),
        "arousal": random.choice([None, 0.399999, 0.600001, round(random.random(), 6)]),
        "is_described": random.random() < 0.8,
    }


def labels_of(count: int, seed: int) -> Labels:
    random = Random(seed)  # noqa: S311 - test data
    return {short_hash(str(seed), str(no)): picture_of(random) for no in range(count)}


@lru_cache(maxsize=1)
def many() -> tuple[Labels, Facts, pl.DataFrame]:
    labels = labels_of(400, 1)
    return labels, *made(labels)


# --- the answers again, from the labels alone and one at a time ----------------------------


def order_of(row: dict[str, Any]) -> list[str]:
    return sorted(row["votes"], key=lambda emotion: -row["votes"][emotion])


def top_three(row: dict[str, Any]) -> list[str]:
    counts = [*sorted(row["votes"].values(), reverse=True), 0, 0, 0, 0][:4]
    is_distinct = all(upper > lower for upper, lower in pairwise(counts))
    return order_of(row)[:3] if is_distinct else []


def dominant(row: dict[str, Any]) -> str | None:
    order = order_of(row)
    leads = len(order) == 1 or (order and row["votes"][order[0]] > row["votes"][order[1]])
    return order[0] if leads else None


def level(row: dict[str, Any], dimension: str) -> str:
    value = row[dimension]
    return WORDS[dimension][0 if value < 0.4 else 2 if value > 0.6 else 1]


def yes(condition: bool) -> str:  # noqa: FBT001
    return "Yes" if condition else "No"


def which(conditions: list[bool]) -> str:
    return {
        (True, False): "The first picture",
        (False, True): "The second picture",
        (True, True): "Both pictures",
        (False, False): "Neither picture",
    }[(conditions[0], conditions[1])]


def asked(item: dict[str, Any]) -> str:
    vocabulary = {*EKMAN_7, *WORDS["valence"], *WORDS["arousal"]}
    words = [word.strip("?,.") for word in item["question"].split()]
    found = [word for word in words if word in vocabulary]
    assert json.loads(item["facts"])["asked"] in found
    return json.loads(item["facts"])["asked"]


def only(options: list[str], condition: Callable[[str], bool]) -> str:
    fitting = [option for option in options if condition(option)]
    assert len(fitting) == 1
    return fitting[0]


ANSWERS: dict[str, Callable[[dict[str, Any], list[dict[str, Any]]], str]] = {
    "valence_level": lambda item, rows: yes(level(rows[0], "valence") == asked(item)),
    "arousal_level": lambda item, rows: yes(level(rows[0], "arousal") == asked(item)),
    "dominant_emotion": lambda item, rows: yes(dominant(rows[0]) == asked(item)),
    "emotion_among_top3": lambda item, rows: yes(asked(item) in top_three(rows[0])),
    "dominant_emotion_choice": lambda item, rows: only(
        item["options"], lambda option: option == dominant(rows[0])
    ),
    "present_emotion": lambda item, rows: only(
        item["options"], lambda option: option in top_three(rows[0])
    ),
    "absent_emotion": lambda item, rows: only(
        item["options"], lambda option: option not in top_three(rows[0])
    ),
    "valence_level_choice": lambda _, rows: level(rows[0], "valence"),
    "arousal_level_choice": lambda _, rows: level(rows[0], "arousal"),
    "shared_dominant": lambda item, rows: yes(all(dominant(row) == asked(item) for row in rows)),
    "both_valence_level": lambda item, rows: yes(
        all(level(row, "valence") == asked(item) for row in rows)
    ),
    "higher_valence": lambda _, rows: which(
        [rows[0]["valence"] > rows[1]["valence"], rows[1]["valence"] > rows[0]["valence"]]
    ),
    "higher_arousal": lambda _, rows: which(
        [rows[0]["arousal"] > rows[1]["arousal"], rows[1]["arousal"] > rows[0]["arousal"]]
    ),
    "which_has_dominant": lambda item, rows: which([dominant(row) == asked(item) for row in rows]),
    "common_emotion": lambda item, rows: only(
        item["options"], lambda option: all(option in top_three(row) for row in rows)
    ),
    "rank_three": lambda _, rows: ", ".join(top_three(rows[0])),
    "describe_image": lambda _, rows: f"Seen: {rows[0]['key']}.",
    "explain_emotion": lambda _, rows: f"Seen: {rows[0]['key']}.",
}
OPEN_PAIRS = {"compare_pair", "compare_valence"}


def check_answers(labels: Labels, items: pl.DataFrame) -> None:
    for item in items.rows(named=True):
        rows = [labels[image_id] | {"key": image_id} for image_id in item["image_ids"]]
        assert {row["split"] for row in rows} == {item["split"]}
        assert json.loads(item["facts"])
        if item["template"] not in OPEN_PAIRS:
            assert item["answer"] == ANSWERS[item["template"]](item, rows), item
        if item["question_type"] == "open":
            assert (item["options"], item["answer_letter"]) == ([], None)
        else:
            place = "ABCD".index(item["answer_letter"])
            assert item["options"][place] == item["answer"]
            assert len(set(item["options"])) == len(item["options"])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 12), st.integers(0, 10**6))
def test_every_answer_follows_from_the_labels(count: int, seed: int) -> None:
    labels = labels_of(count, seed)
    check_answers(labels, made(labels)[1])


def test_every_template_asks_about_many_pictures() -> None:
    labels, _, items = many()
    check_answers(labels, items)
    found = discover(templates, "TEMPLATE", QaTemplate)
    assert set(items["template"]) == set(found) == {*ANSWERS, *OPEN_PAIRS}
    assert all(name == template.name for name, template in found.items())


def test_options_are_as_many_as_the_template_promises() -> None:
    _, _, items = many()
    counts = dict(items.select("template", pl.col("options").list.len()).unique().iter_rows())
    assert counts["dominant_emotion_choice"] == counts["valence_level_choice"] == 3
    assert counts["common_emotion"] == counts["which_has_dominant"] == 4
    assert counts["higher_valence"] == counts["valence_level"] == 2
    assert items.select("template", pl.col("options").list.len()).unique().height == len(counts)


def test_yes_and_no_are_equally_frequent_for_everything_asked() -> None:
    _, _, items = many()
    verified = items.filter(question_type="yes_no").with_columns(
        pl.col("facts").str.json_path_match("$.asked").alias("asked")
    )
    counts = verified.group_by("template", "asked").agg((pl.col("answer") == "Yes").mean())
    assert set(counts["answer"]) == {0.5}
    assert verified["template"].n_unique() == 6


def test_right_letters_are_balanced() -> None:
    _, _, items = many()
    for options in (2, 3, 4):
        letters = items.filter(pl.col("options").list.len() == options)["answer_letter"]
        shares = letters.value_counts(normalize=True)["proportion"]
        assert shares.len() == options
        assert shares.to_list() == pytest.approx([1 / options] * options, abs=0.05)


def test_the_place_of_the_answer_says_nothing_about_it() -> None:
    _, _, items = many()
    both = items.filter(question_type="yes_no").group_by("answer", "answer_letter").len()
    assert both.height == 4
    assert both["len"].min() > 0.8 * both["len"].max()  # type: ignore[operator]


def test_distractors_of_the_dominant_emotion_are_mostly_one_of_either_kind() -> None:
    labels, _, items = many()
    kinds = Counter(
        sum(option in labels[item["image_ids"][0]]["votes"] for option in item["options"]) - 1
        for item in items.filter(template="dominant_emotion_choice").rows(named=True)
        if 3 <= len(labels[item["image_ids"][0]]["votes"]) <= 5
    )
    assert kinds[1] > kinds[0] > 0
    assert kinds[1] > kinds[2] > 0


def test_no_picture_is_in_more_than_six_pairs_of_a_template() -> None:
    _, _, items = many()
    pairs = items.filter(pl.col("image_ids").list.len() == 2)
    used = pairs.explode("image_ids").group_by("template", "image_ids").len()
    assert used["len"].max() == 6
    apart = pairs.select(pl.col("image_ids").list.unique().list.len())
    assert set(apart["image_ids"]) == {2}
    unordered = pairs.select("template", pl.col("image_ids").list.sort())
    assert unordered.is_duplicated().sum() == 0


def test_compared_pictures_differ_enough() -> None:
    labels, _, items = many()
    for template, dimension in (
        ("higher_valence", "valence"),
        ("higher_arousal", "arousal"),
        ("compare_valence", "valence"),
    ):
        gaps = [
            abs(labels[first][dimension] - labels[second][dimension])
            for first, second in items.filter(template=template)["image_ids"]
        ]
        assert min(gaps) >= 0.07


def test_comparisons_in_words_name_levels_and_no_numbers() -> None:
    labels, _, items = many()
    for item in items.filter(pl.col("template").is_in(OPEN_PAIRS)).rows(named=True):
        rows = [labels[image_id] for image_id in item["image_ids"]]
        prose = item["answer"]
        for image_id in item["image_ids"]:
            assert f"Seen: {image_id}." in prose
            prose = prose.replace(f"Seen: {image_id}.", "")
        assert not any(character.isdigit() for character in prose)
        assert len(item["answer"].split()) <= 200
        assert all(level(row, "valence") in prose for row in rows)
        if item["template"] == "compare_valence":
            winner = "first" if rows[0]["valence"] > rows[1]["valence"] else "second"
            assert prose.startswith(f"The {winner} picture feels more pleasant")
        else:
            named = {emotion for emotion in EKMAN_7 if f" {emotion}" in prose}
            assert named - {"neutral"} == {*top_three(rows[0]), *top_three(rows[1])} - {"neutral"}


def test_same_inputs_give_the_same_items_and_another_seed_gives_others() -> None:
    labels, _, items = many()
    reordered = dict(sorted(labels.items(), reverse=True))
    assert made(reordered, order=7)[1].equals(items)
    other = made(labels, "another seed")[1]
    assert set(other["template"]) == set(items["template"])
    assert len(set(other["item_id"]) - set(items["item_id"])) > items.height / 4


def test_nothing_in_asks_nothing() -> None:
    _, items = made({})
    assert items.is_empty()
    lonely = {"a": {"split": "train", "votes": {}, "is_described": False} | dict.fromkeys(WORDS)}
    facts, items = made(lonely)
    assert items.is_empty()
    assert build_items(facts, "seed")[1]["reason"].to_list() == ["no_facts"]


def test_evoked_ratings_come_before_apparent_ones() -> None:
    labels = {"a": {"split": "train", "votes": {}, "is_described": False} | dict.fromkeys(WORDS)}
    images, emotions, _, rankings, *texts = tables_of(labels)
    ratings = [("rated:x", "evoked", 0.2), ("rated:y", "evoked", 0.4), ("rated:z", "apparent", 0.9)]
    vad = frame(
        "labels__vad",
        [
            {"image_id": "a", "origin": origin, "semantics": semantics, "valence": valence}
            for origin, semantics, valence in ratings
        ],
    )
    evoked = build_facts(images, emotions, vad, rankings, *texts).pictures
    assert (evoked["valence"].item(), evoked["valence_level"].item()) == (0.3, "negative")
    apparent = build_facts(images, emotions, vad.tail(1), rankings, *texts).pictures
    assert apparent["valence"].item() == 0.9
