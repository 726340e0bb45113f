from contextlib import closing
from typing import Any

import polars as pl
import pytest

from eemo_pipeline.imaging.boxes import Box, intersection_over_union
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import (
    conform,
    key_violations,
    null_violations,
    range_violations,
    vocabulary_violations,
)
from eemo_pipeline.stages.ablation.arms import Arm, run_arms
from eemo_pipeline.stages.ablation.baseline_critics import (
    PUBLISHED_RATES,
    FixedCritic,
    KnowingCritic,
)
from eemo_pipeline.stages.ablation.corruption import corrupt
from eemo_pipeline.stages.ablation.corruption_kinds import CONTROL, CORRUPTIONS
from eemo_pipeline.stages.ablation.experiment import (
    gather_records,
    run_experiment,
    score_clean,
    score_corruptions,
    tell_truth,
)
from eemo_pipeline.stages.ablation.outcomes import FIELDS, judge_by_truth
from eemo_pipeline.stages.ablation.report import write_report
from eemo_pipeline.stages.ablation.scoring import score_arms
from eemo_pipeline.stages.ablation.synthetic_records import (
    Records,
    confusion_of_machines,
    make_records,
)
from eemo_pipeline.stages.critic.rule_critic import RuleCritic

SCORES = TABLES["ablation__scores"]


@pytest.fixture(scope="module")
def made() -> Records:
    return make_records(0.5, 120)


@pytest.fixture(scope="module")
def content(made: Records) -> list[Arm]:
    """The arms of a critic that finds everything valid."""
    return run_arms(made, FixedCritic("valid"), judge_by_truth(made.truth))


@pytest.fixture(scope="module")
def knowing(made: Records) -> list[Arm]:
    """The arms of the experiment's own critic."""
    is_right = judge_by_truth(made.truth)
    return run_arms(made, KnowingCritic(is_right, PUBLISHED_RATES), is_right)


@pytest.fixture(scope="module", params=[(400, 0.0), (400, 0.8), (800, 0.0)])
def scores(request: pytest.FixtureRequest) -> dict[tuple[str, str, str], float]:
    """The experiment's own records and critic, at both correlations of the annotators.

    From 800 images, labels choose a voter for every pattern, also where all voters differ.
    """
    pictures, rho = request.param
    records = make_records(rho, pictures)
    is_right = judge_by_truth(records.truth)
    critic = KnowingCritic(is_right, PUBLISHED_RATES)
    return table(score_arms("made", run_arms(records, critic, is_right), PUBLISHED_RATES))


def table(rows: list[dict[str, Any]]) -> dict[tuple[str, str, str], float]:
    """(arm, part, metric) -> value."""
    return {
        (row["arm"], row["part"], row["metric"]): row["value"]
        for row in rows
        if row["severity"] == "all"
    }


def share(values: pl.Series) -> float:
    return float(values.cast(pl.Float64).to_numpy().mean())


def test_a_critic_that_is_content_finds_nothing_and_one_that_is_not_keeps_nothing(made, content):
    is_right = judge_by_truth(made.truth)
    found = table(score_arms("x", content))
    stern = table(score_arms("x", run_arms(made, FixedCritic("discarded"), is_right)))
    for field in FIELDS:
        assert found["full", field, "recall"] == 0
        assert found["full", field, "preserve"] == 1
        # What the votes leave contested, a critic that agrees with everything does not settle.
        assert 0 < found["full", field, "coverage"] < 1
        assert stern["full", field, "recall"] == 1
        assert stern["full", field, "preserve"] == 0
        assert stern["full", field, "coverage"] == 0
        assert stern["full", field, "accuracy"] is None


def test_the_corruption_suite_knows_both_extremes_too(made):
    records, truth = tell_truth(made)
    is_right = judge_by_truth(made.truth)
    for critic, found in ((FixedCritic("valid"), 0), (FixedCritic("discarded"), 1)):
        rows = score_corruptions(corrupt(records, truth, critic))
        assert {row["value"] for row in rows} == {found}
        kept = score_clean(records, truth, critic, is_right)
        assert {row["part"] for row in kept} == set(FIELDS)
        assert {row["value"] for row in kept} == {1 - found}


def test_every_corruption_is_made_and_makes_the_value_wrong(made):
    records, truth = tell_truth(made)
    spoilt = corrupt(records, truth, RuleCritic())
    conform(spoilt, TABLES["ablation__corruptions"])
    assert set(spoilt["corruption"]) == {kind.name for kind in CORRUPTIONS}
    assert spoilt.filter(pl.col("before") == pl.col("after")).height == 0
    gold = {row["image_id"]: row["box"] for row in made.truth.iter_rows(named=True)}
    of_box = spoilt.filter(pl.col("part") == "box")
    assert set(of_box.filter(corruption="box_removed")["after"]) == {"None"}
    for row in of_box.filter(pl.col("corruption") != "box_removed").iter_rows(named=True):
        after = Box(*(float(side) for side in row["after"].split()))
        assert intersection_over_union(after, Box(*gold[row["image_id"]])) < 0.5
    flagged = spoilt.group_by("corruption").agg(pl.col("is_flagged").mean())
    by_name = dict(flagged.iter_rows())
    counted = spoilt.filter(corruption="count_changed")
    assert counted["after"].str.contains("A group of three ").all()
    assert by_name["box_removed"] == 1
    assert by_name["count_changed"] < 0.3  # they miss the noun of "children" and "women" alone
    assert by_name["antonym"] == 1  # the rules know polarity
    assert by_name["neutral_word"] == by_name["added_clause"] == 0  # and see no picture
    assert by_name["named_emotion"] == by_name["subject_as_background"] == by_name["outside"] == 1
    assert by_name["other_strength"] == by_name["near_kind"] == by_name["mirrored"] == 0
    assert by_name["other_spacing"] == 0
    assert by_name["other_case"] < 0.05  # a colour word that the image lacks is wrong in any case
    levels = {part: {k.severity for k in CORRUPTIONS if k.part == part} for part in FIELDS}
    for part in ("emotion", "description", "background", "attribute", "subject", "box"):
        assert {"easy", "medium", "hard"} <= levels[part]
    assert CONTROL in levels["attribute"]


def test_each_part_contributes(knowing):
    rows = score_arms("x", knowing)
    value = table(rows)
    for field in ("emotion", "description"):
        without = value["no_critic", field, "accuracy"]
        assert value["full", field, "accuracy"] > without
        assert value["neither", field, "accuracy"] <= without + 0.05
    assert value["full", "description", "repair_success"] > 0.5
    assert value["no_loop", "description", "repair_success"] == 0
    assert value["no_loop", "description", "coverage"] < value["full", "description", "coverage"]
    for field in FIELDS:
        assert value["human_audit", field, "coverage"] >= value["full", field, "coverage"]
        assert value["no_critic", field, "coverage"] == 1
    compared = [row for row in rows if row["metric"] == "accuracy" and row["arm"] != "full"]
    for row in compared:
        if row["value"] is not None and row["difference"] is not None:
            assert row["difference_lower"] <= row["difference"] <= row["difference_upper"]
            assert row["p_value"] <= row["p_adjusted"] <= 1


def test_the_loop_repairs_emotions(scores):
    assert scores["full", "emotion", "repair_success"] > 0.6
    assert scores["full", "emotion", "false_repair"] < 0.01


def test_asking_again_makes_no_agreement(scores):
    """A placebo turns answers too; if they counted as votes, they would agree by being asked."""
    placebo = scores["placebo", "emotion", "agreement_if_counted"]
    assert scores["placebo", "emotion", "answer_flips"] > 0.5
    assert placebo > 0.1
    assert scores["full", "emotion", "agreement_by_asking"] < placebo
    assert scores["placebo", "emotion", "agreement_by_asking"] == 0
    assert scores["placebo", "emotion", "repair_success"] == 0


def test_cross_verification_pays_at_equal_coverage(scores):
    alone = "no_cross_verification"
    full = scores["full", "emotion", "accuracy"]
    assert scores["full", "emotion", "coverage"] >= scores[alone, "emotion", "coverage"]
    assert full > scores[alone, "emotion", "accuracy"]
    # over all images, kept or not
    assert (
        scores["full", "emotion", "accuracy_of_all"] > scores[alone, "emotion", "accuracy_of_all"]
    )


def test_a_critic_that_knows_nothing_changes_nothing():
    records = make_records(0.8)
    is_right = judge_by_truth(records.truth)
    guess = dict.fromkeys(PUBLISHED_RATES, (0.5, 0.5))
    arms = {
        arm.name: arm.outcomes
        for arm in run_arms(records, KnowingCritic(is_right, guess), is_right)
    }
    of_emotion = arms["full"].filter(pl.col("field") == "emotion", pl.col("was_contested"))
    assert of_emotion.filter("is_kept").height == 0
    gained = share(of_emotion["is_right"]) - share(of_emotion["was_right"])
    assert abs(gained) < 0.1


def test_the_experiment_does_not_tell_right_from_wrong(made):
    """Nothing that an arm reads gives the truth away: clarity overlaps, votes are drawn by rate."""
    truth = dict(made.truth.select("image_id", "emotion").iter_rows())
    by_right: dict[bool, set[int]] = {True: set(), False: set()}
    for image_id, emotion, clarity in made.replies.select(
        "image_id", "emotion", "clarity"
    ).iter_rows():
        by_right[emotion == truth[image_id]].add(clarity)
    assert len(by_right[True] & by_right[False]) >= 4
    verified = make_records(0.0, 2000).verifier_replies.join(
        make_records(0.0, 2000).truth.select("image_id", pl.col("emotion").alias("_truth")),
        on="image_id",
    )
    is_hit = verified["emotion"] == verified["_truth"]
    assert share(is_hit) == pytest.approx(0.80, abs=0.02)
    assert share(verified["probability"]) == pytest.approx(share(is_hit), abs=0.02)


def test_the_triplet_is_right_where_all_parts_are(scores, content):
    outcomes = next(arm.outcomes for arm in content if arm.name == "no_critic")
    parts = outcomes.filter(pl.col("field").is_in(["background", "attribute", "subject"]))
    expected = parts.group_by("image_id").agg(pl.col("is_right").all())["is_right"]
    of_triplet = outcomes.filter(pl.col("field") == "triplet")
    assert share(of_triplet["is_right"]) == pytest.approx(share(expected))
    for part in ("background", "attribute", "subject"):
        assert scores["no_critic", "triplet", "accuracy"] < scores["no_critic", part, "accuracy"]


def test_rates_that_were_fed_are_inputs(made, knowing):
    for row in score_arms("made", knowing, PUBLISHED_RATES):
        if row["metric"] in ("preserve", "recall"):
            assert row["published"] is None
            is_fed = row["arm"] == "full" and row["part"] != "triplet"
            assert row["fed_rate"] is not None or not is_fed
        else:
            assert row["fed_rate"] is None
    of_lake = score_arms("lake", run_arms(made, RuleCritic(), judge_by_truth(made.truth)))
    assert any(row["published"] for row in of_lake if row["metric"] == "preserve")


def test_the_machines_confuse_as_the_pilot_says():
    confusion = confusion_of_machines()
    assert confusion.sum(axis=1) == pytest.approx(1)
    assert confusion.diagonal().min() > 0.5
    awe = 2
    assert confusion[awe].argmax() == awe
    assert confusion[awe, awe] == confusion.diagonal().min()  # every emotion leaks into awe


def test_the_whole_experiment_is_deterministic_and_fits_its_tables(made, tmp_path):
    lake = gather_records(
        made.images,
        made.replies,
        TABLES["_critic__replies"].empty(),
        made.verifier_replies,
        made.regions,
        made.labels,
    )
    assert lake.truth.columns == ["image_id", "emotion"]
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        done = run_experiment(lake, ledger, 40)
    assert (done.work.asked, done.work.reused) == (1, 0)
    for frame, name in ((done.scores, SCORES), (done.corruptions, TABLES["ablation__corruptions"])):
        lazy = conform(frame, name).lazy()
        for check in (key_violations, null_violations, range_violations, vocabulary_violations):
            assert check(lazy, name) == []
    of_lake = done.scores.filter(pl.col("experiment") == "lake", pl.col("arm") == "full")
    assert set(of_lake["part"]) == {"emotion"}  # the only field that people labelled
    shuffled = gather_records(
        *(
            frame.sample(fraction=1.0, shuffle=True, seed=5)
            for frame in (
                made.images,
                made.replies,
                TABLES["_critic__replies"].empty(),
                made.verifier_replies,
                made.regions,
                made.labels,
            )
        )
    )
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        kept = run_experiment(shuffled, ledger, 40)
    assert (kept.work.asked, kept.work.reused) == (0, 1)
    assert kept.scores.equals(done.scores)
    assert kept.corruptions.equals(done.corruptions)
    with closing(Ledger(tmp_path / "another.sqlite")) as another:
        again = run_experiment(shuffled, another, 40)
    assert again.scores.equals(done.scores)
    assert again.corruptions.equals(done.corruptions)
    report = write_report(done.scores)
    assert "| lake | emotion | full |" in report
    assert "93.2" in report


def test_a_lake_without_labels_has_no_scores():
    names = ("dedup__images", "annotation__replies", "_critic__replies", "verification__replies")
    empty = [TABLES[name].empty() for name in (*names, "grounding__regions", "labels__emotions")]
    lake = gather_records(*empty)
    arms = run_arms(lake, RuleCritic(), judge_by_truth(lake.truth))
    assert score_arms("lake", arms) == []
    assert corrupt(lake, TABLES["verification__decisions"].empty(), RuleCritic()).height == 0
