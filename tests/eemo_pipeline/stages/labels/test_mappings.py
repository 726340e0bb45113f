"""The mapping entries, what they lose, and which annotations are used."""

import csv
from collections import Counter
from importlib.resources import files
from typing import Any

import polars as pl
import pytest

from eemo_pipeline.emotion.mappings import list_entries, list_mappings, read_mapping
from eemo_pipeline.emotion.taxonomies import EMOTIC_26, LABEL_SPACES, TAXONOMIES, canonical
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import (
    conform,
    key_violations,
    null_violations,
    range_violations,
    vocabulary_violations,
)
from eemo_pipeline.stages.labels.emotions import build_emotions
from eemo_pipeline.stages.labels.label_fates import build_coverage, build_label_fates
from eemo_pipeline.stages.labels.lexicon import LexiconRules
from eemo_pipeline.stages.labels.vad import build_vad


def frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


def images(*image_ids: str) -> pl.DataFrame:
    return frame("dedup__images", [{"image_id": image_id} for image_id in image_ids])


def annotation(no: int, image_id: str = "a", **fields: Any) -> dict[str, Any]:
    return {
        "source": "affection",
        "record_id": image_id,
        "annotation_no": no,
        "image_id": image_id,
        "label_space": "affection9",
        "semantics": "evoked",
    } | fields


def assert_valid(name: str, rows: pl.DataFrame) -> None:
    table, lazy = TABLES[name], conform(rows, TABLES[name]).lazy()
    assert not key_violations(lazy, table)
    assert not null_violations(lazy, table)
    assert not vocabulary_violations(lazy, table)
    assert not range_violations(lazy, table)


# --- entries -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("space", "taxonomy"), list_mappings())
def test_a_space_maps_with_every_label_once_or_says_why_not(space: str, taxonomy: str) -> None:
    entries = [e for e in list_entries() if (e.label_space, e.taxonomy) == (space, taxonomy)]
    assert Counter(e.label for e in entries) == Counter(LABEL_SPACES[space])
    for entry in entries:
        assert entry.label == canonical(entry.label)
        assert entry.basis
        assert (entry.fate == "mapped") == (entry.emotion in TAXONOMIES[taxonomy])
        assert entry.fate in {"mapped", "dropped", "ambiguous"}
        assert entry.fate == "mapped" or entry.note
        assert (entry.basis == "identity") <= (entry.emotion == entry.label)


def test_every_vocabulary_that_is_asked_for_maps_to_ekman() -> None:
    spaces = {"mikels8", "abstract8", "affection9", "ekman7", "emotic26", "plutchik24"}
    assert {(space, "ekman7") for space in spaces} <= set(list_mappings())
    # Abstract-8 spells two of Mikels' labels its own way
    abstract = ["Anger", "Sad", "Fear", "Disgust", "Amusement", "Excitement", "Awe", "Content"]
    assert sorted(canonical(label) for label in abstract) == sorted(LABEL_SPACES["abstract8"])
    for taxonomy in TAXONOMIES:
        assert read_mapping("abstract8", taxonomy) == read_mapping("mikels8", taxonomy)


def test_the_file_is_sorted_and_has_no_other_columns() -> None:
    text = files("eemo_pipeline.emotion").joinpath("mappings.csv").read_text("utf-8")
    header, *rows = csv.reader(text.splitlines())
    assert header == ["label_space", "taxonomy", "label", "emotion", "fate", "basis", "note"]
    assert rows == sorted(rows)


def test_emotic_maps_as_printed_in_table_6() -> None:
    printed = {
        "surprise": "engagement surprise embarrassment",
        "anger": "anger",
        "disgust": "disquietment doubt/confusion annoyance disapproval aversion",
        "sadness": "sadness suffering pain",
        "fear": "fear",
        "neutral": "disconnection peace fatigue",
    }
    mapping = read_mapping("emotic26", "ekman7")
    for emotion, labels in printed.items():
        assert {label for label, to in mapping.items() if to == emotion} == set(labels.split())
    joy = {label for label, emotion in mapping.items() if emotion == "joy"}
    assert joy == set(EMOTIC_26) - set(" ".join(printed.values()).split())
    assert len(joy) == 10


# --- loss ----------------------------------------------------------------------------------------


def test_a_picture_says_what_it_lost_and_what_of_it_was_ambiguous() -> None:
    labels, weights = ["joy", "fear", "neutral", "bliss"], [4.0, 3.0, 2.0, 1.0]
    row = annotation(0, label_space="ekman7", native_labels=labels, native_weights=weights)
    emotions = build_emotions(images("a"), frame("ingest__annotations", [row]))
    assert_valid("labels__emotions", emotions)
    mikels = emotions.filter(taxonomy="mikels8").row(0, named=True)
    assert (mikels["emotion"], mikels["mass"]) == ("fear", 0.3)
    assert (mikels["lost_mass"], mikels["ambiguous_mass"]) == (0.7, 0.4)
    assert set(emotions.filter(taxonomy="ekman7")["lost_mass"]) == {0.1}
    assert set(emotions["semantics"]) == {"evoked"}


def test_a_mapping_says_which_labels_lost_how_much() -> None:
    rows = [
        annotation(0, native_labels=["awe"]),
        annotation(1, native_labels=["Something Else"]),
        annotation(2, native_labels=["bliss", "awe"]),
        annotation(3, image_id="gone", native_labels=["fear"]),
    ]
    fates = build_label_fates(images("a"), frame("ingest__annotations", rows))
    assert_valid("labels__label_fates", fates)
    found = fates.filter(taxonomy="ekman7").select(
        "label", "fate", "emotion", "label_count", "label_mass", "label_share"
    )
    assert found.rows() == [
        ("awe", "mapped", "surprise", 2, 1.5, 0.5),
        ("bliss", "unknown", None, 1, 0.5, 0.166667),
        ("something else", "dropped", None, 1, 1.0, 0.333333),
    ]


def test_every_annotation_is_used_or_has_a_reason() -> None:
    rows = [
        annotation(0, native_labels=["fear"], comment="happy"),
        annotation(1, native_labels=["something else"], comment="\u043d\u0435\u0442"),
        annotation(2, native_labels=["fear"], native_weights=[0.0]),
        annotation(3, native_labels=["fear"], semantics="none"),
        annotation(0, "gone", native_labels=["fear"], comment="happy"),
        annotation(0, source="emoart", label_space="emoart12", native_labels=["calm"]),
        annotation(0, source="emotic", label_space="emotic26", native_labels=["Peace"])
        | {"semantics": "apparent", "native_valence": 5.0, "scale_min": 1.0, "scale_max": 10.0},
        annotation(1, source="emotic", label_space="emotic26", native_labels=["Peace"])
        | {"semantics": "apparent", "native_valence": 50.0, "scale_min": 1.0, "scale_max": 10.0},
    ]
    native, kept = frame("ingest__annotations", rows), images("a")
    words = frame("ingest__words", [])
    vad = build_vad(kept, native, words, LexiconRules())
    coverage = build_coverage(kept, native, build_emotions(kept, native), vad)
    assert_valid("_labels__coverage", coverage)
    found = {row[:3]: row[3] for row in coverage.iter_rows()}
    assert found == {
        ("affection", "ekman7", "used"): 1,
        ("affection", "ekman7", "all_mass_lost"): 1,
        ("affection", "ekman7", "no_weight"): 1,
        ("affection", "ekman7", "not_felt"): 1,
        ("affection", "ekman7", "not_kept"): 1,
        ("affection", "mikels8", "used"): 1,
        ("affection", "mikels8", "all_mass_lost"): 1,
        ("affection", "mikels8", "no_weight"): 1,
        ("affection", "mikels8", "not_felt"): 1,
        ("affection", "mikels8", "not_kept"): 1,
        ("affection", "comments", "no_lexicon"): 2,
        ("affection", "comments", "not_kept"): 1,
        ("emoart", "ekman7", "no_mapping"): 1,
        ("emoart", "mikels8", "no_mapping"): 1,
        ("emotic", "ekman7", "evoked_preferred"): 2,
        ("emotic", "mikels8", "no_mapping"): 2,
        ("emotic", "ratings", "used"): 1,
        ("emotic", "ratings", "outside_scale"): 1,
    }


def test_nothing_in_gives_empty_tables() -> None:
    empty = {name: table.empty() for name, table in TABLES.items()}
    pictures, native = empty["dedup__images"], empty["ingest__annotations"]
    assert_valid("labels__label_fates", build_label_fates(pictures, native))
    coverage = build_coverage(pictures, native, empty["labels__emotions"], empty["labels__vad"])
    assert_valid("_labels__coverage", coverage)
    assert coverage.is_empty()
