"""Studies on made-up images whose truth is known: what is found, and that nothing leaks."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform
from eemo_pipeline.stages.evaluation.studies.attribute_ablation import ablate_attributes
from eemo_pipeline.stages.evaluation.studies.data_mixing import mix_data
from eemo_pipeline.stages.evaluation.studies.embedding_probe import name_runs, probe_embeddings
from eemo_pipeline.stages.evaluation.studies.labelled_images import LabelledImages, gather_images
from eemo_pipeline.stages.evaluation.studies.source_transfer import transfer_between
from eemo_pipeline.stages.evaluation.studies.study_table import TABLE, Study, tabulate_study
from eemo_pipeline.stages.evaluation.studies.trials import Missing, Trial, try_arm
from eemo_pipeline.stages.evaluation.studies.user_study import compare_groups
from eemo_pipeline.stages.evaluation.studies.visual_baselines import compare_baselines

EMOTIONS = np.array(MIKELS_8[:4])
SIZE = 240


def make_images(
    *, signs: tuple[float, ...] = (1.0, 1.0), noise: float = 0.4, seed: int = 5
) -> LabelledImages:
    """Return images of sources whose features show the emotion; a sign of -1 turns it around."""
    numbers = np.random.default_rng(seed)
    codes = numbers.integers(0, len(EMOTIONS), SIZE)
    sources = np.array([f"s{place}" for place in numbers.integers(0, len(signs), SIZE)])
    turn = np.array(signs)[[int(name[1:]) for name in sources]][:, None]
    features = turn * np.eye(len(EMOTIONS))[codes] + noise * numbers.normal(size=(SIZE, 4))
    return LabelledImages(
        image_ids=np.array([f"{place:04}" for place in range(SIZE)]),
        emotions=EMOTIONS[codes],
        sources=sources,
        units=np.array([f"c{place // 2}" for place in range(SIZE)]),
        splits=np.array([("train", "train", "test")[place // 2 % 3] for place in range(SIZE)]),
        may_train=np.ones(SIZE, dtype=bool),
        features=features,
        valence=codes / 3 + 0.1 * numbers.normal(size=SIZE),
        arousal=np.full(SIZE, np.nan),
    )


def scores(table: pl.DataFrame, number: str = "Accuracy") -> dict[tuple[str, str], float]:
    assert conform(table, TABLES["evaluation__studies"]).columns == table.columns
    assert table.equals(table.sort(TABLE.key))
    found = table.filter(study_seed="all", number=number, status="ok")
    return {
        (arm, tested): value
        for arm, tested, value in found.select("study_arm", "tested_on", "score_value").iter_rows()
    }


def test_no_cluster_is_on_both_sides_of_a_split_and_every_seed_has_its_own() -> None:
    images = make_images()
    parts = [images.held_out(seed) for seed in (1, 2)]
    for held in parts:
        assert not set(images.units[held]) & set(images.units[~held])
        assert 0.2 < held.mean() < 0.4
    assert (parts[0] != parts[1]).any()


def test_what_may_not_train_is_only_tested() -> None:
    images = make_images()
    images.may_train[images.sources == "s1"] = False
    table = transfer_between(images)
    assert set(table["study_arm"]) == {"s0"}
    assert {tested for _, tested in scores(table)} == {"s0", "s1"}
    assert set(table["train_count"]) <= set(range((images.sources == "s0").sum()))


def test_transfer_finds_that_features_mean_the_opposite_in_another_source() -> None:
    found = scores(table := transfer_between(make_images(signs=(1.0, -1.0))))
    assert found["s0", "s0"] > 80 < found["s1", "s1"]
    assert found["s0", "s1"] < 25 > found["s1", "s0"]
    rows = table.filter(study_seed="all", number="Accuracy", study_arm="s0", tested_on="s1")
    (row,) = rows.to_dicts()
    assert row["reference_arm"] == "s1"
    assert row["arm_difference_upper"] < -30
    assert row["test_p_value"] <= row["test_p_adjusted"] < 0.01
    assert row["score_lower"] <= row["score_value"] <= row["score_upper"]


def test_mixing_at_a_matched_size_keeps_the_size() -> None:
    images = make_images(signs=(1.0, -1.0))
    table = mix_data(images)
    base = images.large_sources()[0]
    other = {"s0": "s1", "s1": "s0"}[base]
    sizes = dict(
        table.filter(study_seed="1", number="Accuracy", tested_on=base)
        .select("study_arm", "train_count")
        .iter_rows()
    )
    assert sizes[f"{base}, 50 % of {other} instead"] == sizes[base]
    assert sizes[f"{base}, 100 % of {other} added"] > sizes[f"{base}, 50 % of {other} added"]
    found = scores(table)
    # Images whose features mean the opposite do not help the base, however many there are.
    assert found[f"{base}, 75 % of {other} instead", base] < found[base, base]
    assert found[f"{base}, 100 % of {other} added", other] > found[base, other]


def replies_of(images: LabelledImages, *, says: bool) -> pl.DataFrame:
    """Return replies whose scene names the emotion, or one of two words by chance."""
    words = {name: f"place{place:c>3}" for place, name in zip("abcd", EMOTIONS, strict=True)}
    chance = np.random.default_rng(1).choice(["meadow", "street"], len(images))
    table = TABLES["annotation__replies"]
    rows = [
        {"image_id": image_id, "annotator": "a", "round": 1, "status": "ok"}
        | {"scene": words[emotion] if says else chance[place]}
        for place, (image_id, emotion) in enumerate(
            zip(images.image_ids.tolist(), images.emotions, strict=True)
        )
    ]
    return pl.DataFrame(rows, schema=table.polars_schema)


def test_an_attribute_that_tells_the_emotion_is_missed_when_it_is_zeroed() -> None:
    images = make_images(noise=1.5)
    table = ablate_attributes(images, replies_of(images, says=True))
    found = scores(table)
    assert found["inputs: all", "all"] > found["inputs: none", "all"] + 15
    valence = scores(table, "Valence PLCC")
    assert valence["inputs: all", "all"] > valence["inputs: none", "all"] + 0.15
    (row,) = table.filter(
        study_seed="all", number="Valence PLCC", study_arm="heads: all"
    ).to_dicts()
    assert (row["published_value"], row["score_unit"]) == (0.671, "correlation")
    assert row["score_lower"] < row["score_value"] < row["score_upper"] < 1
    absent = table.filter(status="missing")
    assert set(absent.filter(number="Arousal PLCC")["score_note"]) == {
        "too few images with ratings"
    }
    absent = absent.filter(number="Accuracy")
    assert set(absent["reason"]) == {"no_values"}
    assert all("EEMO_PROVIDERS" in note for note in absent["score_note"])
    assert "heads: without scene" not in set(absent["study_arm"])
    assert absent.filter(study_arm="inputs: without objects")["published_value"].to_list() == [56.5]


def test_an_attribute_of_chance_adds_nothing_that_can_be_shown() -> None:
    images = make_images(noise=1.0)
    table = ablate_attributes(images, replies_of(images, says=False))
    tested = table.drop_nulls("test_p_adjusted")
    assert set(tested["study_arm"]) == {"heads: none", "inputs: none"}
    assert min(tested["test_p_adjusted"].to_list()) > 0.05


def test_labels_do_not_reach_the_answers_about_their_own_cluster() -> None:
    images = make_images()
    held = images.held_out(1)
    train, test = np.flatnonzero(~held), np.flatnonzero(held)
    (before,) = try_arm("a", images, train, {"all": test}, 1)
    images.emotions[test] = images.emotions[test][::-1].copy()
    (after,) = try_arm("a", images, train, {"all": test}, 1)
    assert before.answers.tolist() == after.answers.tolist()


def test_the_pooled_row_counts_every_seed_and_each_cluster_once() -> None:
    table = compare_baselines(make_images(), {}, [Missing("resnet50", "weights_missing")])
    pixels = table.filter(study_arm="pixel_features", number="Accuracy")
    seeds = pixels.filter(pl.col("study_seed") != "all")
    (pooled,) = pixels.filter(study_seed="all").to_dicts()
    assert pooled["counted_items"] == seeds["counted_items"].sum()
    assert pooled["counted_clusters"] < seeds["counted_clusters"].sum()
    mean = (seeds["score_value"] * seeds["counted_items"]).sum() / pooled["counted_items"]
    assert pooled["score_value"] == pytest.approx(mean, abs=1e-5)
    found = scores(table)
    assert found["random_baseline", "all"] == pytest.approx(25, abs=8)
    assert table.filter(study_arm="resnet50")["reason"].to_list() == ["weights_missing"]


def test_numbers_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import precision_recall_fscore_support

    truth, answers = np.array(list("aabbbcd")), np.array(list("abbbacc"))
    units = np.array(list("1234567"))
    names = ("Accuracy", "Macro precision", "Macro recall", "Macro F1")
    study = Study("embedding_probe", lambda _: None, names)
    table = tabulate_study(study, [Trial("x", "all", 1, units, truth, answers, 9)])
    ours = {name: scores(table, name)["x", "all"] for name in names}
    options: Any = {"average": "macro", "zero_division": 0}
    theirs = precision_recall_fscore_support(truth, answers, **options)
    assert list(ours.values())[1:] == pytest.approx([100 * float(one) for one in theirs[:3]])
    assert ours["Accuracy"] == pytest.approx(100 * 4 / 7, abs=1e-5)


def test_a_correlation_is_that_of_numpy_and_none_where_nothing_varies() -> None:
    rated, told = np.random.default_rng(3).normal(size=(2, 30))
    units = np.array([f"c{place // 3}" for place in range(30)])
    study = Study("attribute_ablation", lambda _: None)
    trials = [
        Trial("x", "all", 1, units, rated, told, 9, "Valence PLCC"),
        Trial("y", "all", 1, units, rated, np.full(30, 0.3), 9, "Valence PLCC"),
    ]
    rows = {row["study_arm"]: row for row in tabulate_study(study, trials).to_dicts()}
    assert rows["x"]["score_value"] == pytest.approx(np.corrcoef(rated, told)[0, 1], abs=1e-6)
    assert (rows["x"]["counted_items"], rows["x"]["counted_clusters"]) == (30, 10)
    assert rows["y"]["score_value"] is rows["y"]["score_lower"] is None
    assert (rows["y"]["status"], rows["y"]["reason"]) == ("missing", "undefined")


def embeddings_of(images: LabelledImages, run_id: str) -> pl.DataFrame:
    rows = [
        {"run_id": run_id, "image_id": image_id, "split": split, "embedding": list(vector)}
        | {"unit_embedding": list(vector)}
        for image_id, split, vector in zip(
            images.image_ids.tolist(),
            images.splits.tolist(),
            np.eye(4)[[list(EMOTIONS).index(one) for one in images.emotions]],
            strict=True,
        )
    ]
    return pl.DataFrame(rows, schema=TABLES["training__embeddings"].polars_schema)


def runs(*chain: tuple[str, str, str | None]) -> pl.DataFrame:
    rows = [
        {"run_id": run_id, "recipe": recipe, "base_run_id": base, "status": "ok"}
        | {"job": "des_head" if recipe.startswith("des_head") else "sft"}
        for run_id, recipe, base in chain
    ]
    return pl.DataFrame(rows, schema=TABLES["training__runs"].polars_schema)


def test_an_embedding_is_named_after_the_rounds_that_its_model_was_trained_in() -> None:
    chain = (
        *(("1", "emoverse_attribute", None), ("2", "emoverse_emotion", "1")),
        *(("3", "des_head", "2"), ("4", "des_head.tiny", None), ("5", "emoverse_emotion", None)),
        ("6", "des_head", "5"),
    )
    known = runs(*chain)
    assert name_runs(known.filter(job="des_head"), known) == {
        "3": "embedding, attributes then emotion",
        "4": "embedding, no training (des_head.tiny)",
        "6": "embedding, emotion",
    }


def test_the_probe_tests_the_published_test_images_beside_the_pixels() -> None:
    images = make_images(noise=2.0)
    known = runs(("h", "des_head", None))
    table = probe_embeddings(images, embeddings_of(images, "h"), known)
    found = scores(table)
    assert found["embedding, no training", "all"] == 100
    assert found["pixel_features", "all"] < 80
    rows = table.filter(study_arm="embedding, no training", study_seed="1")
    assert set(rows["counted_items"]) == {int((images.splits == "test").sum())}
    published = table.filter(study_arm="embedding, no training", study_seed="all")
    assert published.filter(number="Macro F1")["published_value"].to_list() == [58.26]
    assert set(table.filter(status="missing")["reason"]) == {"no_embeddings"}


def votes_of(*rows: tuple[str, str, str, bool]) -> pl.DataFrame:
    """Return answers: group, image, person, yes."""
    return pl.DataFrame(
        [("emotion_is_right", image, rater, is_yes, group) for group, image, rater, is_yes in rows],
        schema={
            "study_question": pl.String,
            "image_id": pl.String,
            "rater_id": pl.String,
            "is_yes": pl.Boolean,
            "study_group": pl.String,
        },
        orient="row",
    )


def test_people_win_tie_and_lose_between_sources() -> None:
    answers = votes_of(
        *(("emoset", "a", rater, True) for rater in "xyz"),
        *(("fi", "b", rater, rater == "z") for rater in "xyz"),
        *(("fi", "c", rater, rater == "z") for rater in "xyz"),
    )
    table = compare_groups(answers, {})
    rows = {(row["study_arm"], row["number"]): row for row in table.to_dicts()}
    won = rows["emoset over fi", "Emotion is right: win rate"]
    assert won["score_value"] == pytest.approx(100 * 2.5 / 3, abs=1e-5)
    assert won["score_note"].startswith("People: 2 wins, 1 ties, 0 losses.")
    assert rows["emoset", "Emotion is right"]["published_value"] == 76.0
    assert rows["fi", "Emotion is right"]["score_value"] == pytest.approx(100 / 3, abs=1e-5)
    assert rows["fi", "Emotion is right"]["counted_clusters"] == 2


def test_agreement_is_krippendorffs_alpha() -> None:
    import krippendorff

    numbers = np.random.default_rng(8)
    said = [
        ("fi", str(image), str(rater), bool(numbers.random() < 0.2 + 0.6 * (image % 2)))
        for image in range(12)
        for rater in range(4)
        if numbers.random() < 0.8
    ]
    table = compare_groups(votes_of(*said), {})
    matrix = np.full((4, 12), np.nan)
    for _, image, rater, is_yes in said:
        matrix[int(rater), int(image)] = is_yes
    expected = krippendorff.alpha(matrix, level_of_measurement="nominal")
    found = table.filter(study_arm="fi", number="Emotion is right: agreement")
    assert found["score_value"].to_list() == [pytest.approx(expected, abs=1e-6)]


def test_without_votes_or_labels_every_study_says_so() -> None:
    nothing = gather_images(
        *(
            TABLES[name].empty()
            for name in (
                *("dedup__images", "labels__emotions", "labels__reviews"),
                *("_verification__features", "labels__vad"),
            )
        )
    )
    made = [
        ablate_attributes(nothing, TABLES["annotation__replies"].empty()),
        mix_data(nothing),
        transfer_between(nothing),
        compare_baselines(nothing, {}, ()),
        probe_embeddings(nothing, TABLES["training__embeddings"].empty(), runs()),
        compare_groups(votes_of(), {}),
    ]
    for table in made:
        assert set(table["status"]) == {"missing"}
        assert table["reason"].null_count() == table["score_value"].drop_nulls().len() == 0
        assert conform(table, TABLE).height == table.height
