"""Simulated people with a known bias and care: what was put in is found, within the intervals."""

import json
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform
from eemo_pipeline.stages.review.agreement import build_agreement
from eemo_pipeline.stages.review.emotion_rates import weigh_back
from eemo_pipeline.stages.review.gold import measure_gold
from eemo_pipeline.stages.review.raters import build_raters, compare_order
from eemo_pipeline.stages.review.records import build_review_records
from eemo_pipeline.stages.review.study import build_study

IMAGES, PEOPLE, PER_IMAGE = 400, 6, 3
NOISE, SPREAD = 0.8, 1.2  # standard deviations of a rating within and between images, in steps
HIT = 0.7  # probability that a person names the image's emotion; else one of the others
BIASED, CARELESS, FOLLOWER = "r0", "r1", "r2"
BIAS = {BIASED: 1.0}
CARRIED = 0.25  # share of the distance to a person's last arousal that stays in the next one
PROBES = 40
WRONG_ACCEPTED = {CARELESS: 1.0}
ACCEPTED = 0.15  # of everybody else
SCHEMA = TABLES["review__votes"].polars_schema


def vote(image: str, rater: str, phase: str, field: str, said: Any, no: int) -> dict[str, Any]:
    rated = field in ("valence", "arousal")
    return {
        **{"image_id": image, "rater_id": rater, "phase": phase, "reviewed_field": field},
        **{"vote": said if phase == "drafts" else "felt", "said_json": json.dumps(said)},
        **{"rating": float(said) if rated else None, "is_counted": True, "event_no": no},
    }


def step(value: float) -> int:
    return int(np.clip(np.round(value), -4, 4))


@cache
def people() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return votes, answers to wrong drafts, and a queue whose machine the follower agrees with."""
    chance = np.random.default_rng(11)
    votes, queue = [], []
    last: dict[str, float] = {}
    for number in range(IMAGES):
        image, emotion = f"{number:04}", int(chance.integers(8))
        level, calm = chance.normal(scale=SPREAD, size=2)
        machine = MIKELS_8[int(chance.integers(8))]
        queue.append({"image_id": image, "machine_emotion": machine})
        for rater in (f"r{place}" for place in chance.permutation(PEOPLE)[:PER_IMAGE]):
            other = (emotion + int(chance.integers(1, 8))) % 8
            felt = MIKELS_8[emotion if chance.random() < HIT else other]
            if rater == FOLLOWER:
                felt = machine
            before = last.get(rater, 0.0)
            arousal = step(calm + chance.normal(scale=NOISE) + CARRIED * before)
            last[rater] = arousal
            valence = step(level + BIAS.get(rater, 0.0) + chance.normal(scale=NOISE))
            for field, said in (("emotion", felt), ("valence", valence), ("arousal", arousal)):
                votes.append(vote(image, rater, "blind", field, said, len(votes)))
    probes = [
        vote(f"{number:04}", f"r{rater}", "drafts", "description", answer, 0)
        for rater in range(PEOPLE)
        for number in range(PROBES)
        for answer in [
            "confirmed"
            if chance.random() < WRONG_ACCEPTED.get(f"r{rater}", ACCEPTED)
            else "refused"
        ]
    ]
    return (
        pl.DataFrame(votes, schema=SCHEMA),
        pl.DataFrame(probes, schema=SCHEMA),
        pl.DataFrame(queue, schema=TABLES["review__queue"].polars_schema),
    )


@cache
def raters() -> dict[str, dict[str, Any]]:
    found = build_raters(*people())
    assert conform(found, TABLES["review__raters"]).columns == found.columns
    return {row["rater_id"]: row for row in found.iter_rows(named=True)}


@cache
def measures() -> dict[tuple[str, str], dict[str, Any]]:
    votes, probes, queue = people()
    # Agreement is of people who say what they feel: the follower is left out.
    own = votes.filter(pl.col("rater_id") != FOLLOWER)
    empty = (TABLES[name].empty() for name in ("annotation__replies", "verification__replies"))
    rows = build_agreement(own, probes, queue, *empty).iter_rows(named=True)
    return {(row["measure"], row["judged_field"]): row for row in rows}


def test_alpha_of_the_emotion_is_that_of_the_confusion():
    # Two people agree where both hit, or both miss in the same way; chance is an eighth.
    agree = HIT**2 + (1 - HIT) ** 2 / 7
    expected = 1 - (1 - agree) / (1 - 1 / 8)
    found = measures()["alpha", "emotion"]
    assert found["estimate_lower"] < expected < found["estimate_upper"]
    assert found["estimate_upper"] - found["estimate_lower"] < 0.15
    kappa = measures()["fleiss_kappa", "emotion"]
    assert kappa["estimate_lower"] < expected < kappa["estimate_upper"]


def test_fleiss_kappa_is_of_three_judgements_where_disagreement_asked_for_more():
    votes, probes, queue = people()
    empty = [TABLES[name].empty() for name in ("annotation__replies", "verification__replies")]
    image = votes.filter(pl.col("image_id") == "0000")
    later = [
        vote("0000", f"s{number}", "blind", "emotion", felt, 10_000 + number)
        for number, felt in enumerate(("fear", "awe"))
    ]
    asked = pl.concat([image, pl.DataFrame(later, schema=SCHEMA)])
    whole = build_agreement(image, probes, queue, *empty).filter(measure="fleiss_kappa")
    assert whole["counted"].item() == 1
    assert (
        build_agreement(asked, probes, queue, *empty).filter(measure="fleiss_kappa").equals(whole)
    )


def test_alpha_of_a_rating_is_the_share_of_variance_between_images():
    found = measures()["alpha", "valence"]
    # Rounding to whole steps adds 1/12; the biased person's offset is variance within an image.
    within = NOISE**2 + 1 / 12
    unbiased = SPREAD**2 / (SPREAD**2 + within)
    biased = SPREAD**2 / (SPREAD**2 + within + BIAS[BIASED] ** 2 / 4)
    assert biased - 0.03 < found["estimate"] < unbiased
    assert found["estimate_lower"] > 0.5


def test_the_offset_of_a_person_is_within_its_interval():
    found = raters()
    biased = found[BIASED]
    # Clipping at the ends of the scale and rounding leave the offset of a middle rating.
    assert biased["valence_offset_lower"] < BIAS[BIASED] < biased["valence_offset_upper"] + 0.1
    assert biased["valence_offset_lower"] > 0.5
    for rater in ("r3", "r4", "r5"):
        assert found[rater]["valence_offset_lower"] < 0.2
        assert abs(found[rater]["valence_offset_shrunk"]) <= abs(found[rater]["valence_offset"])
    assert 0.85 < biased["valence_scale"] < 1.2


def test_a_rating_that_follows_the_last_one_is_found():
    found = measures()["carry_over", "arousal"]
    assert found["estimate_lower"] < CARRIED < found["estimate_upper"]
    assert found["estimate_lower"] > 0
    none = measures()["carry_over", "valence"]
    assert none["estimate_lower"] < 0 < none["estimate_upper"]


def test_the_share_of_wrong_drafts_accepted_is_within_its_interval():
    expected = (1.0 + ACCEPTED * (PEOPLE - 1)) / PEOPLE
    found = measures()["wrong_accepted", "any"]
    assert found["estimate_lower"] < expected < found["estimate_upper"]
    assert found["counted"] == PEOPLE * PROBES


def test_who_accepts_everything_and_who_follows_the_machine_is_noted():
    noted = {rater: row["care_finding"] for rater, row in raters().items()}
    assert noted[CARELESS] == "accepts_wrong_drafts"
    assert noted[FOLLOWER] == "agrees_with_the_machine"
    assert set(noted.values()) - {"accepts_wrong_drafts", "agrees_with_the_machine"} == {None}
    assert [rater for rater, finding in noted.items() if finding] == [CARELESS, FOLLOWER]


def test_two_wrong_drafts_are_too_few_to_note_anybody():
    votes, probes, queue = people()
    few = probes.filter(pl.col("image_id") < "0003")
    found = build_raters(votes, few, queue)
    assert "accepts_wrong_drafts" not in found["care_finding"].to_list()


GOLD = (0.8, 0.0, 0.0, 0.2, 0.0, 0.0, 0.0, 0.0)  # amusement and contentment
GOLDEN = 120


@cache
def gold() -> dict[str, dict[str, Any]]:
    """People who draw from gold, who always name its first, and who name something else."""
    chance = np.random.default_rng(3)
    votes = [
        vote(f"{number:04}", rater, "blind", "emotion", felt, 1)
        for number in range(GOLDEN)
        for rater, felt in (
            ("drawn", str(chance.choice(MIKELS_8, p=GOLD))),
            ("first", "amusement"),
            ("other", "fear" if number % 10 else "contentment"),
            *([("few", "fear")] if number < 5 else []),
        )
    ]
    queue = pl.DataFrame(
        [{"image_id": f"{number:04}", "gold_distribution": GOLD} for number in range(GOLDEN)],
        schema=TABLES["review__queue"].polars_schema,
    )
    given = pl.DataFrame(votes, schema=SCHEMA)
    found = build_raters(given, given.clear(), queue)
    (gap,) = measure_gold(given.filter(pl.col("rater_id") == "drawn"), queue)
    return {row["rater_id"]: row for row in found.iter_rows(named=True)} | {"gap": gap}


def test_a_person_is_compared_with_gold_as_a_distribution():
    found = gold()
    expected = sum(share**2 for share in GOLD)
    for row in (found["drawn"], found["first"], found["other"], found["few"]):
        assert row["gold_expected"] == pytest.approx(expected)
    drawn, first, other = found["drawn"], found["first"], found["other"]
    assert drawn["gold_mass_lower"] < expected < drawn["gold_mass_upper"]
    assert drawn["gold_distance"] < 0.1
    # Who always names the most frequent one has more mass, and is no better: the distance says so.
    assert (first["gold_mass"], first["gold_distance"]) == (0.8, pytest.approx(0.2))
    assert other["gold_mass"] == pytest.approx(0.02)
    noted = {name: found[name]["care_finding"] for name in ("drawn", "first", "other", "few")}
    assert noted == {"drawn": None, "first": None, "other": "far_from_gold", "few": None}
    assert found["gap"]["estimate_lower"] < 0 < found["gap"]["estimate_upper"]


def test_rates_of_all_images_come_back_from_an_uneven_draw():
    """Images of fear are one in ten and drawn four times as often as the others."""
    chance = np.random.default_rng(9)
    votes, queue = [], []
    for number in range(6_000):
        image, is_fear = f"{number:04}", number % 10 == 0
        share = 0.8 if is_fear else 0.2
        if chance.random() > share:
            continue
        queue.append({"image_id": image, "queue": "rare", "asked_share": share})
        if chance.random() < 0.5:  # the others wait
            felt = vote(image, "r", "blind", "emotion", "fear" if is_fear else "awe", 1)
            votes.append(felt | {"queue": "rare", "asked_share": share})
    found = pl.DataFrame(votes, schema=SCHEMA)
    assert (found["said_json"] == '"fear"').sum() > found.height / 4
    asked = pl.DataFrame(queue, schema=TABLES["review__queue"].polars_schema)
    rates = {row["judged_field"]: row for row in weigh_back(found, asked)}
    assert rates["fear"]["estimate_lower"] < 0.1 < rates["fear"]["estimate_upper"]
    assert sum(row["estimate"] for row in rates.values()) == pytest.approx(1, abs=1e-5)
    assert rates["neutral"]["estimate"] == 0.0


RETESTED = 300
STEADY = 0.6  # probability that the emotion is the same again; else one of the seven others


@cache
def retests() -> pl.DataFrame:
    """Return votes of a person who is asked again, of one who repeats all, and of one once."""
    chance = np.random.default_rng(5)
    votes = []
    for number in range(RETESTED):
        image, emotion = f"{number:04}", int(chance.integers(8))
        level = chance.normal(scale=SPREAD)
        for phase in ("blind", "repeated"):
            moved = phase == "repeated" and chance.random() > STEADY
            felt = MIKELS_8[(emotion + int(chance.integers(1, 8)) * moved) % 8]
            valence = step(level + chance.normal(scale=NOISE))
            for field, said in (("emotion", felt), ("valence", valence), ("arousal", 2)):
                votes.append(vote(image, "wavers", phase, field, said, len(votes)))
            for field, said in (("emotion", "awe"), ("valence", number % 9 - 4), ("arousal", 0)):
                votes.append(vote(image, "same", phase, field, said, len(votes)))
    votes += [vote("0001", "once", "blind", "emotion", "awe", len(votes))]
    return pl.DataFrame(votes, schema=SCHEMA)


def test_how_far_a_person_agrees_with_themselves_is_found():
    found = build_raters(retests(), *(frame.clear() for frame in people()[1:]))
    assert conform(found, TABLES["review__raters"]).columns == found.columns
    rows = {row["rater_id"]: row for row in found.iter_rows(named=True)}
    wavers = rows["wavers"]
    assert (wavers["retest_count"], wavers["judgement_count"]) == (RETESTED, RETESTED)
    assert wavers["retest_emotion_lower"] < STEADY < wavers["retest_emotion_upper"]
    # Rounding to whole steps adds 1/12 to the variance of the noise.
    expected = SPREAD**2 / (SPREAD**2 + NOISE**2 + 1 / 12)
    assert abs(wavers["retest_valence_icc"] - expected) < 0.06
    assert wavers["retest_arousal_icc"] is None, "no rating varies"
    same = rows["same"]
    assert (same["retest_emotion_share"], same["retest_valence_icc"]) == (1.0, 1.0)
    once = rows["once"]
    assert once["retest_count"] == 0
    assert once["retest_emotion_share"] is once["retest_valence_icc"] is None


def test_what_is_said_again_changes_no_other_table(drawn: pl.DataFrame):
    votes = retests()
    first = votes.filter(pl.col("phase") != "repeated")
    _, probes, queue = people()
    empty = [TABLES[name].empty() for name in ("annotation__replies", "verification__replies")]
    for build in (
        build_review_records,
        lambda said: build_agreement(said, probes, queue, *empty),
        lambda said: build_study(drawn, said, queue),
        lambda said: pl.DataFrame(compare_order(said)),
    ):
        assert build(votes).equals(build(first))
    again = build_review_records(votes.filter(pl.col("phase") == "repeated"))
    assert again.is_empty(), "an image is not judged by who is asked again"


@pytest.fixture
def drawn() -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"inspection": name, "image_id": image, "inspected_stratum": source}
            for name, image, source in (
                ("study", "a", "emotic"),
                ("study", "b", "oasis"),
                ("uniform", "c", "all"),
            )
        ],
        schema=TABLES["review__inspection_draws"].polars_schema,
    )


def test_the_user_study_counts_yes_per_source(drawn: pl.DataFrame):
    said = [
        vote("a", "1", "blind", "emotion", "awe", 1),
        vote("a", "2", "blind", "emotion", "fear", 2),
        vote("a", "2", "reconciled", "emotion", "both", 3) | {"vote": "both"},
        vote("a", "3", "blind", "emotion", "neutral", 4),
        vote("a", "3", "reconciled", "emotion", "keep", 5) | {"vote": "kept"},
        vote("a", "1", "drafts", "background", "confirmed", 6),
        vote("a", "2", "drafts", "background", "corrected", 7),
        vote("a", "3", "drafts", "background", "unknown", 8),
        vote("b", "1", "blind", "emotion", "awe", 9),
        vote("c", "1", "blind", "emotion", "awe", 10),
    ]
    queue = pl.DataFrame(
        [{"image_id": image, "machine_emotion": "awe"} for image in "ac"],
        schema=TABLES["review__queue"].polars_schema,
    )
    found = build_study(drawn, pl.DataFrame(said, schema=SCHEMA), queue)
    assert conform(found, TABLES["review__study"]).columns == found.columns
    counts = {
        (row["study_group"], row["study_question"]): (row["yes_count"], row["answer_count"])
        for row in found.iter_rows(named=True)
    }
    assert counts["emotic", "evokes_emotion"] == (2, 3)
    assert counts["emotic", "emotion_is_right"] == (2, 3)
    assert counts["emotic", "background_is_right"] == (1, 2)
    assert counts["oasis", "evokes_emotion"] == (1, 1)
    assert counts["oasis", "emotion_is_right"] == (0, 0), "machines decided no emotion of it"
    assert counts["all", "evokes_emotion"] == (3, 4)
    nobody = build_study(drawn, pl.DataFrame(schema=SCHEMA), queue)
    assert nobody["yes_share"].null_count() == nobody.height == 9
