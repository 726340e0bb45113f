from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.aggregation.limits import DecisionLimits
from eemo_pipeline.aggregation.text_similarity import LemmaOverlap, list_lemmas, split_claims
from eemo_pipeline.aggregation.word_agreement import (
    WordEvidence,
    list_boxed,
    merge_words,
    widen_words,
)
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform, key_violations, null_violations

WORDS = TABLES["verification__words"]
FIELDS = ("description", "background", "attribute", "subject")
ANSWER: dict[str, Any] = {
    "description": "A calm boat rests on blue water.",
    "background": "a lake",
    "attribute": "calm",
    "subject": "boat",
    "emotion": "awe",
    "clarity": 7,
}


def merge(
    *changes: dict[str, Any],
    emotion: str | None = "awe",
    evidence: WordEvidence | None = None,
    **limits: Any,
) -> pl.DataFrame:
    """The words of one image; annotators a, b, c answer as by default, but for the changes."""
    names = TABLES["annotation__replies"].polars_schema
    schema = {name: names[name] for name in ("image_id", "annotator", *ANSWER)}
    votes = [
        {"image_id": "i", "annotator": name, **ANSWER, **change}
        for name, change in zip("abc", changes, strict=False)
    ]
    outcome = pl.DataFrame(
        {"image_id": ["i"], "emotion": [emotion]},
        schema={"image_id": pl.String, "emotion": pl.String},
    )
    words = merge_words(
        pl.DataFrame(votes, schema=schema),
        outcome,
        limits=DecisionLimits(**limits),
        evidence=evidence,
    )
    lazy = conform(words, WORDS).lazy()
    assert key_violations(lazy, WORDS) == null_violations(lazy, WORDS) == []
    return words


def row_of(words: pl.DataFrame, field: str) -> dict[str, Any]:
    return words.filter(pl.col("field") == field).row(0, named=True)


@pytest.mark.parametrize(
    ("one", "other", "agreement", "kept"),
    [
        ("a lake", "The lakes", "agreed", "a lake"),  # determiner, capital letter, plural
        ("a calm lake", "calm blue lakes", "agreed", "calm blue lakes"),  # more content words
        ("a calm blue lake", "the lake, calm", "agreed", "a calm blue lake"),
        ("a lake", "a busy street", "contested", "a lake"),
        ("a lake", None, "alone", "a lake"),
        ("a lake", "  ", "alone", "a lake"),
    ],
)
def test_phrases_agree_by_their_lemmas_and_the_more_specific_is_kept(one, other, agreement, kept):
    row = row_of(merge({"background": one}, {"background": other}), "background")
    assert (row["agreement"], row["text"]) == (agreement, kept)
    assert (row["similarity"] is None) == (agreement == "alone")


def test_the_threshold_is_a_limit():
    changes = ({"background": "a mountain lake"}, {"background": "a village lake"})
    assert row_of(merge(*changes), "background")["agreement"] == "contested"
    lenient = merge(*changes, words_agree_from=0.5)
    assert row_of(lenient, "background")["agreement"] == "agreed"


def test_the_description_that_the_other_bears_out_wins_and_says_why():
    claims_more = {"description": "A boat rests on the lake, a dog barks and a fire burns."}
    plain = {"description": "A boat rests on the lake."}
    row = row_of(merge(claims_more, plain), "description")
    assert (row["annotator"], row["reason"]) == ("b", "better_support")
    assert (row["text"], row["support"]) == (plain["description"], 1.0)
    alike = row_of(merge(plain, plain), "description")
    assert (alike["annotator"], alike["reason"]) == ("a", "equal_support")
    apart = merge({"description": "Two cats sleep."}, {"description": "A red car drives off."})
    assert row_of(apart, "description")["agreement"] == "contested"


@pytest.mark.parametrize(
    ("field", "one", "other", "agreement"),
    [
        # other cues of the same thing
        ("background", "mostly grey surroundings, dark", "cold grey surroundings", "compatible"),
        ("background", "grey surroundings", "brown surroundings", "contested"),
        ("background", "a dark grey lake", "a bright grey lake", "contested"),
        ("background", "a dark street", "a bright sky over a dark street", "contested"),
        ("attribute", "vibrant", "energetic", "compatible"),
        ("attribute", "vibrant", "muted", "contested"),  # two ends of one scale
        ("attribute", "joyful", "dreary", "contested"),  # pleasant and unpleasant
        ("subject", "a bright area", "a bright region", "agreed"),  # two words for one thing
        # alike in all words but the one that matters
        ("subject", "a red toy boat on the lake", "a blue toy boat on the lake", "contested"),
    ],
)
def test_only_texts_that_conflict_are_contested(
    field: str, one: str, other: str, agreement: str
) -> None:
    row = row_of(merge({field: one}, {field: other}), field)
    assert (row["agreement"], row["text"]) == (agreement, one)
    is_shown = agreement in ("compatible", "contested")
    assert row["other_text"] == (other if is_shown else None)
    assert row["other_annotator"] == ("b" if is_shown else None)
    swapped = row_of(merge({field: other}, {field: one}), field)
    assert swapped["agreement"] == agreement


def test_the_description_with_fewer_contradicted_claims_wins():
    feeling = {"background": "a lake", "subject": "boat"}
    sour = {**feeling, "description": "A boat on a lake; it feels unpleasant.", "clarity": 9}
    sweet = {**feeling, "description": "A boat on a lake; it feels pleasant."}
    row = row_of(merge(sour, sweet, sweet), "description")
    # Two of three say so: the first is contradicted by both, each of them by one.
    assert (row["agreement"], row["reason"]) == ("contested", "equal_support")
    free = {**sweet, "description": "A boat on a lake."}
    row = row_of(merge(sour, sweet, free), "description")
    assert (row["annotator"], row["reason"]) == ("c", "less_contradicted")


def test_boxes_that_people_drew_bear_out_a_text():
    car, woman = {"subject": "a red car"}, {"subject": "a smiling woman"}
    boxed = pl.DataFrame({"image_id": ["i"], "label": ["person"]})
    row = row_of(merge(car, woman), "subject")
    assert (row["text"], row["reason"]) == ("a red car", "preferred_annotator")
    row = row_of(merge(car, woman, evidence=WordEvidence(boxed)), "subject")
    assert (row["annotator"], row["text"], row["other_text"]) == (
        *("b", "a smiling woman", "a red car"),
    )
    assert (row["agreement"], row["reason"]) == ("contested", "boxed_by_people")
    both = merge(woman, {"subject": "two boys"}, evidence=WordEvidence(boxed))
    assert row_of(both, "subject")["reason"] == "preferred_annotator"


def test_the_critics_choice_of_a_contested_text_is_kept():
    choice = {"image_id": "i", "round": 1, "field": "subject", "annotator": "b", "text": "dog"}
    table = TABLES["critic__word_choices"]
    evidence = WordEvidence(choices=pl.DataFrame([choice], schema=table.polars_schema))
    row = row_of(merge({}, {"subject": "dog"}, evidence=evidence), "subject")
    assert (row["text"], row["other_text"], row["reason"]) == ("dog", "boat", "critic_choice")
    # Its author says otherwise by now.
    row = row_of(merge({}, {"subject": "cat"}, evidence=evidence), "subject")
    assert (row["text"], row["reason"]) == ("boat", "preferred_annotator")


def test_boxes_of_a_dropped_image_follow_to_the_kept_one():
    annotations = pl.DataFrame(
        {"image_id": ["old", "old", "none"], "person_box_px": [[1.0], [2.0], None]},
        schema={"image_id": pl.String, "person_box_px": pl.List(pl.Float64)},
    )
    clusters = pl.DataFrame(
        {"image_id": ["old"], "is_kept": [False], "kept_image_id": ["new"]},
    )
    assert list_boxed(annotations, clusters).rows() == [("new", "person")]


def test_the_preferred_annotator_voted_for_the_emotion():
    street = {"background": "a busy street", "emotion": "fear"}
    row = row_of(merge(street, {"background": "a lake"}), "background")
    assert (row["annotator"], row["reason"]) == ("b", "preferred_annotator")
    clear = {"background": "a busy street", "clarity": 9}
    assert row_of(merge({}, clear), "background")["annotator"] == "b"


PHRASES = st.sampled_from(["a lake", "the calm lake", "busy streets", "", None, "ein See", "#!"])
CHANGES = st.fixed_dictionaries(dict.fromkeys(FIELDS, PHRASES))


@given(st.lists(CHANGES, min_size=1, max_size=3))
def test_laws(changes):
    words = merge(*changes)
    by_name = dict(zip("abc", changes, strict=False))
    for row in words.iter_rows(named=True):
        assert row["text"] == by_name[row["annotator"]][row["field"]]  # never a blend
    named = {field for change in changes for field in FIELDS if (change[field] or "").strip()}
    assert set(words["field"]) == named
    wide = widen_words(words)
    assert wide.height == bool(named)


@given(st.text(max_size=40), st.text(max_size=40))
def test_overlap_is_symmetric_and_one_for_the_same(one, other):
    there, back, same = LemmaOverlap().compare([(one, other), (other, one), (one, one)])
    assert there == back
    assert 0 <= there <= 1
    assert same == 1


def test_lemmas_and_claims():
    assert list_lemmas("The sun-dappled Paths of a park") == ("sun-dapple", "path", "park")
    assert split_claims("A boat rests on a lake, and a dog barks while it rains.") == (
        "A boat rests on a lake",
        "a dog barks",
        "it rains",
    )
