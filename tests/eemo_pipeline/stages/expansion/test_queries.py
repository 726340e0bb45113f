"""Queries: their words, their need, and the reasons for none."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.expansion.limits import ExpansionLimits
from eemo_pipeline.stages.expansion.phrases import fits_polarity, query
from eemo_pipeline.stages.expansion.queries import build_queries

WORDS = st.text(alphabet="abcdefgh ,-", min_size=1, max_size=60).filter(
    lambda text: any(sign.isalpha() for sign in text)
)


def record(number: int, emotion: str, triplet: tuple[str, str, str], **more: object) -> dict:
    background, attribute, subject = triplet
    parts = {"background": background, "attribute": attribute, "subject": subject}
    known = {"image_id": f"{number:064x}", "source": "folder", "split": "train"}
    judged = {"state": "preserved", "is_contested": False, "emotion": emotion}
    return {**known, **judged, **parts, **more}


def build(rows: list[dict], evaluation: tuple[int, ...] = (), **limits: int) -> pl.DataFrame:
    table = TABLES["records__emoverse"]
    records = pl.DataFrame(rows, schema=table.polars_schema)
    evaluates = {f"{number:064x}" for number in evaluation}
    images = records.select("image_id", is_evaluation=pl.col("image_id").is_in(evaluates))
    return build_queries(records, images, ExpansionLimits(**limits))


@pytest.mark.parametrize(
    ("triplet", "words"),
    [
        (("music festival", "joyful", "crowd"), "joyful crowd at music festival"),
        (("a sunny beach", "calm", "the woman"), "calm woman on sunny beach"),
        (("On earthy material", "plump", "grub"), "plump grub On earthy material"),
        (("Indoors", "distressed", "Baby"), "distressed Baby Indoors"),
        (("a kitchen", "warm", "warm light"), "warm light in kitchen"),
        (
            ("a path lined with very tall old trees in the park", "leisurely", "people"),
            "leisurely people on path",
        ),
    ],
)
def test_a_query_says_attribute_subject_and_place(
    triplet: tuple[str, str, str], words: str
) -> None:
    background, attribute, subject = triplet
    assert query(background, attribute, subject, 10) == words


@given(WORDS, WORDS, WORDS, st.integers(3, 12))
def test_a_query_never_has_more_words_than_allowed(
    background: str, attribute: str, subject: str, most: int
) -> None:
    words = query(background, attribute, subject, most)
    assert words is None or 1 <= len(words.split()) <= most


@given(st.text(max_size=300))
def test_hostile_words_stay_words(text: str) -> None:
    words = query(f"room {text}", "calm", f"cat {text}", 10)
    assert words is None or not set('<>"{}[]|;\n\0') & set(words)


def test_what_is_lacking_most_and_rarest_comes_first() -> None:
    rows = [record(n, "awe", ("lake", "calm", "swan")) for n in range(6)]
    rows += [record(10 + n, "fear", ("street", "dark", "dog")) for n in range(2)]
    rows += [record(20, "fear", ("cellar", "dark", "door"))]
    table = build(rows).sort("need", descending=True)
    assert table.select("query", "class_deficit", "record_count", "need", "reason").rows() == [
        ("dark door in cellar", 3, 1, 3.0, None),
        ("dark dog on street", 3, 2, 1.5, None),
        (None, 0, 6, 0.0, "enough_images"),
    ]
    assert table["image_cap"].to_list() == [20, 20, 0]


def test_a_triplet_without_a_query_says_why() -> None:
    rows = [record(n, "awe", ("lake", "calm", f"swan {n}")) for n in range(9)]
    rows += [
        record(20, "fear", ("a cellar", "dark", "door")),
        record(21, "fear", ("the cellar", "dark", "a door")),
        record(22, "fear", ("one two three four five six seven eight nine", "dark", "door")),
        record(23, "fear", ("attic", "dark", "box")),
        record(24, "fear", ("attic", "dark", "bat"), source="aigc"),
        record(25, "fear", ("attic", "dark", "bat"), state="human"),
        record(26, "fear", ("attic", "?", "bat")),
    ]
    table = build(rows, evaluation=(23,)).filter(pl.col("emotion") == "fear")
    reasons = {None, "evaluation_only", "same_query", "too_many_words"}
    assert set(table["reason"]) == reasons
    assert table.height == len(reasons), "generated, open and incomplete records do not count"
    by_reason = {row["reason"]: row for row in table.to_dicts()}
    assert by_reason["evaluation_only"]["subject"] == "box"
    assert {by_reason[None]["subject"], by_reason["same_query"]["subject"]} == {"door", "a door"}


def test_polarity_is_that_of_every_word() -> None:
    assert fits_polarity("calm", "awe")
    assert not fits_polarity("a calm and gloomy room", "awe")
    assert fits_polarity("a gloomy room", "fear")
    assert not fits_polarity("a sunny room", "fear")
    assert fits_polarity("a room", "fear")
