from collections import defaultdict
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.emotion.mappings import list_mappings, read_mapping
from eemo_pipeline.emotion.taxonomies import EKMAN_7, LABEL_SPACES, canonical
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import (
    conform,
    key_violations,
    null_violations,
    range_violations,
    vocabulary_violations,
)
from eemo_pipeline.stages.labels.centroids import build_centroids
from eemo_pipeline.stages.labels.emotions import build_emotions
from eemo_pipeline.stages.labels.lexicon import LexiconRules
from eemo_pipeline.stages.labels.rankings import build_rankings
from eemo_pipeline.stages.labels.vad import build_vad


def frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


def images(*image_ids: str) -> pl.DataFrame:
    return frame("dedup__images", [{"image_id": image_id} for image_id in image_ids])


def annotation(no: int, image_id: str = "a", **fields: Any) -> dict[str, Any]:
    known = {
        "source": "affection",
        "record_id": image_id,
        "annotation_no": no,
        "image_id": image_id,
        "label_space": "affection9",
        "semantics": "evoked",
    }
    return known | fields


def assert_valid(name: str, rows: pl.DataFrame) -> None:
    table, lazy = TABLES[name], conform(rows, TABLES[name]).lazy()
    assert not key_violations(lazy, table)
    assert not null_violations(lazy, table)
    assert not vocabulary_violations(lazy, table)
    assert not range_violations(lazy, table)


def masses(emotions: pl.DataFrame, taxonomy: str, image_id: str = "a") -> dict[str, float]:
    rows = emotions.filter(taxonomy=taxonomy, image_id=image_id)
    return dict(rows.select("emotion", "mass").iter_rows())


def emotions_of(*rows: dict[str, Any], kept: tuple[str, ...] = ("a",)) -> pl.DataFrame:
    emotions = build_emotions(images(*kept), frame("ingest__annotations", list(rows)))
    assert_valid("labels__emotions", emotions)
    return emotions


def ranked(shares: dict[str, float], rater_count: int | None = None) -> dict[str, Any]:
    rows = [
        {
            "image_id": "a",
            "taxonomy": "ekman7",
            "emotion": emotion,
            "mass": round(share, 6),
            "lost_mass": 0.0,
            "rater_count": rater_count,
            "sources": ["s"],
            "rule": "identity",
        }
        for emotion, share in shares.items()
    ]
    return ranking_of(frame("labels__emotions", rows))


def ranking_of(emotions: pl.DataFrame, *rows: dict[str, Any]) -> dict[str, Any]:
    annotations = frame("ingest__annotations", list(rows))
    rankings = build_rankings(images("a"), emotions, annotations)
    assert_valid("labels__rankings", rankings)
    return rankings.row(0, named=True)


def test_labels_of_single_raters_are_votes() -> None:
    labels = ["awe", "Contentment ", "amusement", "fear", "something else"]
    emotions = emotions_of(
        *(annotation(no, native_labels=[label], rater_count=1) for no, label in enumerate(labels))
    )
    assert masses(emotions, "ekman7") == {"fear": 0.2, "joy": 0.4, "surprise": 0.2}
    assert set(emotions["lost_mass"]) == {0.2}
    assert set(emotions["rater_count"]) == {5}
    assert set(emotions["rule"]) == {"affection9>ekman7", "affection9>mikels8"}


def test_weights_that_do_not_fit_their_labels_are_equal_shares() -> None:
    emotions = emotions_of(
        annotation(0, native_labels=["fear", "awe"], native_weights=[1.0, 2.0, 3.0])
    )
    assert masses(emotions, "mikels8") == {"awe": 0.5, "fear": 0.5}


def test_weights_that_are_no_weights_carry_no_mass() -> None:
    weights = [3.0, float("nan"), -1.0, 1.0]
    labels = ["fear", "awe", "anger", "sadness"]
    emotions = emotions_of(annotation(0, native_labels=labels, native_weights=weights))
    assert masses(emotions, "mikels8") == {"fear": 0.75, "sadness": 0.25}
    assert emotions_of(annotation(0, native_labels=["fear"], native_weights=[0.0])).is_empty()


def test_raters_weigh_only_where_all_are_counted() -> None:
    nine = annotation(0, native_labels=["fear"], rater_count=9)
    one = annotation(1, native_labels=["awe"], rater_count=1)
    unknown = annotation(1, native_labels=["awe"])
    assert masses(emotions_of(nine, one), "mikels8") == {"awe": 0.1, "fear": 0.9}
    assert masses(emotions_of(nine, unknown), "mikels8") == {"awe": 0.5, "fear": 0.5}
    assert emotions_of(nine, unknown)["rater_count"].null_count() == 4


def test_evoked_labels_win_over_apparent_ones() -> None:
    apparent = annotation(
        0,
        source="emotic",
        label_space="emotic26",
        semantics="apparent",
        native_labels=["Happiness", "Peace"],
    )
    evoked = annotation(0, native_labels=["fear"])
    mixed = emotions_of(apparent, evoked)
    assert masses(mixed, "ekman7") == {"fear": 1.0}
    assert mixed["sources"].to_list() == [["affection"]] * 2
    alone = emotions_of(apparent)
    assert masses(alone, "ekman7") == {"joy": 0.5, "neutral": 0.5}
    # EMOTIC has no mapping into Mikels-8
    assert masses(alone, "mikels8") == {}
    # an evoked label that does not survive leaves the word to the apparent ones
    lost = annotation(0, native_labels=["something else"])
    assert masses(emotions_of(apparent, lost), "ekman7") == {"joy": 0.5, "neutral": 0.5}


def test_a_picture_takes_labels_from_every_source_that_holds_it() -> None:
    emotions = emotions_of(
        annotation(0, native_labels=["fear"]),
        annotation(0, source="emotion6", label_space="ekman7", native_labels=["joy"]),
        annotation(0, image_id="not kept", native_labels=["anger"]),
    )
    assert masses(emotions, "ekman7") == {"fear": 0.5, "joy": 0.5}
    rows = emotions.filter(taxonomy="ekman7")
    assert rows["sources"].to_list() == [["affection", "emotion6"]] * 2
    assert set(rows["rule"]) == {"affection9>ekman7; identity"}


_SPACES = ("affection9", "ekman7", "emotic26", "mikels8_or_ekman7")


@st.composite
def annotations(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = []
    for no in range(draw(st.integers(0, 12))):
        space = draw(st.sampled_from(_SPACES))
        labels = draw(st.lists(st.sampled_from([*LABEL_SPACES[space], "unheard of"]), max_size=4))
        weights = draw(
            st.none() | st.lists(st.integers(0, 9), min_size=len(labels), max_size=len(labels))
        )
        rows.append(
            annotation(
                no,
                image_id=draw(st.sampled_from("abc")),
                record_id="r",
                label_space=space,
                semantics=draw(st.sampled_from(["evoked", "apparent", "none"])),
                native_labels=labels or None,
                native_weights=None if weights is None or not labels else [*map(float, weights)],
                rater_count=draw(st.none() | st.integers(1, 20)),
            )
        )
    return rows


def masses_by_hand(rows: list[dict[str, Any]], image_id: str, taxonomy: str) -> dict[str, float]:
    for semantics in ("evoked", "apparent"):
        usable = [
            row
            for row in rows
            if row["image_id"] == image_id
            and row["semantics"] == semantics
            and row["native_labels"]
            and (row["label_space"], taxonomy) in list_mappings()
            and (row["native_weights"] is None or sum(row["native_weights"]) > 0)
        ]
        counted = all(row["rater_count"] for row in usable)
        total: defaultdict[str, float] = defaultdict(float)
        for row in usable:
            weights = row["native_weights"] or [1.0] * len(row["native_labels"])
            for label, weight in zip(row["native_labels"], weights, strict=True):
                mapping = read_mapping(row["label_space"], taxonomy)
                emotion = mapping.get(canonical(label), "")
                mass = weight / sum(weights) * (row["rater_count"] if counted else 1)
                total[emotion] += mass
        whole = sum(total.values())
        shares = {emotion: mass / whole for emotion, mass in total.items() if emotion and mass}
        if shares:
            return shares
    return {}


@settings(max_examples=60, deadline=None)
@given(annotations(), st.randoms())
def test_masses_and_loss_sum_to_one_whatever_the_order(
    rows: list[dict[str, Any]], random: Random
) -> None:
    emotions = emotions_of(*rows, kept=("a", "b", "c"))
    for image_id in "abc":
        for taxonomy in ("mikels8", "ekman7"):
            expected = masses_by_hand(rows, image_id, taxonomy)
            assert masses(emotions, taxonomy, image_id) == pytest.approx(expected, abs=1e-6)
    sums = emotions.group_by("image_id", "taxonomy").agg(
        pl.col("mass").sum() + pl.col("lost_mass").first(), pl.col("lost_mass").n_unique()
    )
    assert sums["mass"].to_list() == pytest.approx([1.0] * sums.height, abs=1e-5)
    assert set(sums["lost_mass"]) <= {1}
    random.shuffle(rows)
    assert emotions_of(*rows, kept=("c", "a", "b")).equals(emotions)


def rate(annotations: pl.DataFrame, *kept: str) -> pl.DataFrame:
    return build_vad(images(*kept), annotations, TABLES["ingest__words"].empty(), LexiconRules())


def vad_of(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    rated = rate(frame("ingest__annotations", list(rows)), "a", "b")
    assert_valid("labels__vad", rated)
    return rated.rows(named=True)


def rating(no: int, valence: float, **fields: Any) -> dict[str, Any]:
    row = annotation(no, scale_min=1.0, scale_max=9.0, native_valence=valence)
    return row | fields


def test_a_rating_keeps_its_rule_and_its_spread_in_the_same_unit() -> None:
    (row,) = vad_of(
        rating(0, 6.0, native_valence_sd=1.5, native_arousal=3.0, rater_count=15),
    )
    assert (row["origin"], row["source"], row["rule"]) == ("rated:affection", "affection", "x/10")
    assert (row["valence"], row["arousal"], row["dominance"]) == (0.6, 0.3, None)
    assert (row["valence_sd"], row["arousal_sd"], row["rater_count"]) == (0.15, None, 15)
    (stretched,) = vad_of(rating(0, 4.0, scale_max=7.0, native_valence_sd=1.5))
    assert (stretched["valence"], stretched["valence_sd"]) == (0.5, 0.25)


def test_ratings_can_be_stretched_from_the_ends_of_their_scale_and_rows_say_so() -> None:
    native = frame("ingest__annotations", [rating(0, 5.0, native_valence_sd=1.6)])
    words = TABLES["ingest__words"].empty()
    rows = build_vad(images("a"), native, words, LexiconRules(), "stretched")
    row = rows.row(0, named=True)
    assert (row["valence"], row["valence_sd"], row["rule"]) == (0.5, 0.2, "(x-1)/8")


def test_means_are_weighted_by_raters_where_all_are_counted() -> None:
    (counted,) = vad_of(rating(0, 2.0, rater_count=3), rating(1, 6.0, rater_count=1))
    assert counted["valence"] == 0.3
    (plain,) = vad_of(rating(0, 2.0, rater_count=3), rating(1, 6.0))
    assert (plain["valence"], plain["rater_count"]) == (0.4, None)


def test_spread_of_single_raters_and_of_pooled_aggregates() -> None:
    (singles,) = vad_of(rating(0, 2.0, rater_count=1), rating(1, 6.0, rater_count=1))
    assert singles["valence_sd"] == pytest.approx(0.8**0.5 / 10**0.5, abs=1e-6)  # sqrt(0.08)
    aggregates = [
        rating(no, value, rater_count=5, native_valence_sd=1.0)
        for no, value in ((0, 2.0), (1, 6.0))
    ]
    (pooled,) = vad_of(*aggregates)
    assert pooled["valence_sd"] == pytest.approx((0.01 + 0.04) ** 0.5, abs=1e-6)
    (mixed,) = vad_of(aggregates[0], rating(1, 6.0, rater_count=1))
    assert mixed["valence_sd"] is None


def test_a_rating_outside_its_scale_counts_as_none() -> None:
    assert vad_of(rating(0, 11.0)) == []
    assert vad_of(rating(0, float("nan"))) == []
    assert vad_of(rating(0, 5.0, scale_max=None)) == []
    (row,) = vad_of(rating(0, 11.0, native_arousal=5.0))
    assert (row["valence"], row["arousal"], row["rule"]) == (None, 0.5, "x/10")


def test_sources_are_not_averaged_and_evoked_wins_within_one() -> None:
    rows = vad_of(
        rating(0, 2.0),
        rating(1, 8.0, semantics="apparent"),
        rating(0, 6.0, source="oasis"),
        rating(0, 6.0, image_id="unknown"),
    )
    assert [(row["origin"], row["valence"], row["semantics"]) for row in rows] == [
        ("rated:affection", 0.2, "evoked"),
        ("rated:oasis", 0.6, "evoked"),
    ]


@pytest.mark.parametrize(
    ("shares", "raters", "reason", "dominant"),
    [
        ({"joy": 0.5, "fear": 0.3, "awe": 0.2}, None, None, "joy"),
        ({"joy": 0.6, "fear": 0.4}, None, "too_few_emotions", "joy"),
        ({"joy": 0.4, "fear": 0.4, "anger": 0.2}, None, "tie", None),
        ({"joy": 0.6, "fear": 0.2, "anger": 0.2}, None, "tie", "joy"),
        ({"joy": 0.4, "fear": 0.3, "anger": 0.15, "sadness": 0.15}, None, "tie", "joy"),
        ({"joy": 0.5, "fear": 0.26, "anger": 0.24}, None, "gap_too_small", "joy"),
        ({"joy": 0.5, "fear": 0.26, "anger": 0.24}, 100, None, "joy"),
        ({"joy": 3 / 6, "fear": 2 / 6, "anger": 1 / 6}, 6, None, "joy"),
        ({"joy": 3 / 6, "fear": 2 / 6, "anger": 1 / 6}, 5, "gap_too_small", "joy"),
        ({"joy": 0.1, "fear": 0.05, "anger": 0.15}, None, None, "anger"),
    ],
)
def test_gradient_rule(
    shares: dict[str, float], raters: int | None, reason: str | None, dominant: str | None
) -> None:
    named = {("surprise" if name == "awe" else name): share for name, share in shares.items()}
    row = ranked(named, raters)
    assert (row["reason"], row["dominant_emotion"]) == (reason, dominant)
    expected = sorted(named, key=lambda name: -named[name])[:3] if reason is None else None
    assert row["ranking"] == expected
    assert row["status"] == ("ok" if reason is None else "refused")


def test_a_picture_without_labels_has_a_row_with_its_reason() -> None:
    rankings = build_rankings(
        images("a", "b"),
        TABLES["labels__emotions"].empty(),
        frame(
            "ingest__annotations",
            [annotation(0, native_labels=["alarmed"], label_space="emoart12")],
        ),
    )
    assert_valid("labels__rankings", rankings)
    assert rankings["reason"].to_list() == ["no_labels", "no_labels"]
    assert rankings["margin"].null_count() == 2


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(EKMAN_7), st.integers(1, 9), min_size=1))
def test_votes_rank_exactly_where_they_are_distinct(votes: dict[str, int]) -> None:
    total = sum(votes.values())
    row = ranked({name: count / total for name, count in votes.items()}, total)
    counts = [*sorted(votes.values(), reverse=True), 0, 0, 0, 0]
    is_distinct = counts[0] > counts[1] > counts[2] > counts[3]
    assert (row["status"] == "ok") == is_distinct
    if is_distinct:
        assert [votes[name] for name in row["ranking"]] == counts[:3]
    assert (row["dominant_emotion"] is not None) == (counts[0] > counts[1])
    assert row["margin"] == pytest.approx((counts[0] - counts[1]) / total, abs=2e-6)


def test_centroids_are_means_beside_the_published_anchors() -> None:
    rows = [
        annotation(0, image_id="a", native_labels=["amusement"]),
        annotation(1, image_id="a", native_labels=["fear"], rater_count=None),
        annotation(2, image_id="a", native_labels=["awe"]),
        annotation(3, image_id="a", native_labels=["excitement"]),
        annotation(0, image_id="b", native_labels=["contentment"]),
        annotation(0, image_id="c", native_labels=["fear"]),
    ]
    emotions = emotions_of(*rows, kept=("a", "b", "c"))
    rated = frame(
        "ingest__annotations",
        [rating(9, 8.0), rating(9, 4.0, source="oasis"), rating(9, 9.0, image_id="b")],
    )
    centroids = build_centroids(emotions, rate(rated, "a", "b", "c"))
    assert_valid("labels__centroids", centroids)
    assert centroids["emotion"].to_list() == list(EKMAN_7)
    by_name = {row["emotion"]: row for row in centroids.rows(named=True)}
    # a: the mean of its two sources, 0.6; b: 0.9
    assert (by_name["joy"]["image_count"], by_name["joy"]["valence"]) == (2, 0.75)
    assert (by_name["fear"]["image_count"], by_name["fear"]["valence"]) == (0, None)
    assert by_name["joy"]["published_valence"] == 0.6605


def test_nothing_in_gives_the_schema_and_seven_centroids() -> None:
    empty = {name: table.empty() for name, table in TABLES.items()}
    pictures, native = empty["dedup__images"], empty["ingest__annotations"]
    assert_valid("labels__emotions", build_emotions(pictures, native))
    assert_valid("labels__vad", build_vad(pictures, native, empty["ingest__words"], LexiconRules()))
    assert_valid("labels__rankings", build_rankings(pictures, empty["labels__emotions"], native))
    centroids = build_centroids(empty["labels__emotions"], empty["labels__vad"])
    assert_valid("labels__centroids", centroids)
    assert centroids.height == 7
