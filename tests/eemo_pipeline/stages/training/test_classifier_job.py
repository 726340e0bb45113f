import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.usage import Work
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform
from eemo_pipeline.stages.training.classifier_inputs import JOB, prepare_classifier, select_rows
from eemo_pipeline.stages.training.job_folder import (
    IncompleteRun,
    Launcher,
    is_complete,
    job_module,
    prepare_job,
    read_job,
    read_result,
)
from eemo_pipeline.stages.training.jobs.emotion_classifier import Softmax, majority_label, score
from eemo_pipeline.stages.training.runs import train_classifier
from resources.launchers.choice import LauncherResource

COMMAND = [sys.executable, "-m", f"eemo_pipeline.stages.training.jobs.{JOB}"]
LABELS = ("anger", "joy", "sadness")
OUTPUTS = ("metrics.jsonl", "model.json", "result.json")


def make_tables(train=60, validation=12, test=30, noise=0.8):
    """Items whose features carry the label, with noise, and a constant feature."""
    splits = ["train"] * train + ["validation"] * validation + ["test"] * test
    numbers = np.random.default_rng(7)
    items, features = [], []
    for place, split in enumerate(splits):
        label = LABELS[place % 3]
        vector = [*(np.eye(3)[place % 3] * 2 + numbers.normal(0, noise, 3)), 1.0]
        items.append(
            {
                "item_id": f"item{place:03}",
                "task": "dominant_emotion",
                "image_id": f"image{place:03}",
                "question": "Which emotion?",
                "answer": f"Dominant emotion: {label}",
                "candidates": list(LABELS),
                "split": split,
                "source": "folder",
            }
        )
        features.append(
            {
                "image_id": f"image{place:03}",
                "method": "test",
                "status": "ok",
                "features": [round(float(value), 6) for value in vector],
            }
        )
    return (
        pl.DataFrame(items, schema=TABLES["assess__items"].polars_schema),
        pl.DataFrame(features, schema=TABLES["_verification__features"].polars_schema),
    )


def run_job(folder):
    return subprocess.run([*COMMAND, str(folder)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of the real job in its own process, without Dagster."""
    root = tmp_path_factory.mktemp("data")
    folder = root / "training" / JOB
    prepared = prepare_classifier(folder, *make_tables(), seed=1)
    done = run_job(folder)
    assert done.returncode == 0, done.stderr
    return root, folder, prepared


def test_the_job_learns_and_is_scored_on_held_out_items(finished):
    root, folder, prepared = finished
    assert prepared.reason is None
    assert is_complete(folder)
    frame = conform(read_result(folder, root), TABLES["training__runs"])
    row = frame.row(0, named=True)
    assert row["run_id"] == prepared.run_id
    assert (row["status"], row["reason"]) == ("ok", None)
    assert (row["train_count"], row["test_count"]) == (60, 30)
    assert row["baseline_accuracy"] == pytest.approx(1 / 3, abs=1e-6)
    assert row["accuracy"] > 0.7
    assert row["path"] == f"training/{JOB}/model.json"


def test_the_artefact_gives_the_score_and_the_truth_was_not_among_the_inputs(finished):
    root, folder, _ = finished
    model = json.loads((folder / "model.json").read_text())
    classifier = Softmax(
        tuple(model["classes"]),
        *(np.array(model[name]) for name in ("mean", "scale", "weights", "bias")),
    )
    test = pl.read_parquet(folder / "test.parquet")
    predicted = classifier.predict(np.array(test["features"].to_list()))
    row = read_result(folder, root).row(0, named=True)
    again = score(test["label"].to_list(), predicted, "anger")
    assert again["accuracy"] == row["accuracy"]
    assert again["macro_f1"] == row["macro_f1"]
    train = pl.read_parquet(folder / "train.parquet")
    assert not set(train["image_id"]) & set(test["image_id"])


def test_progress_is_one_json_object_per_line_and_losses_fall(finished):
    steps = [json.loads(line) for line in (finished[1] / "metrics.jsonl").read_text().splitlines()]
    assert len(steps) >= 3
    assert [step["epoch"] for step in steps] == sorted({step["epoch"] for step in steps})
    assert steps[-1]["train_loss"] < steps[0]["train_loss"] < np.log(3)


def test_same_inputs_same_bytes_in_any_row_order(finished, tmp_path):
    _, folder, prepared = finished
    items, features = make_tables()
    again = prepare_classifier(
        tmp_path, items.sample(fraction=1, shuffle=True, seed=3), features.reverse(), seed=1
    )
    assert again.run_id == prepared.run_id
    assert run_job(tmp_path).returncode == 0
    for path in sorted(folder.iterdir()):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_seed_or_a_changed_label_is_another_run(finished, tmp_path):
    items, features = make_tables()
    run_id = finished[2].run_id
    assert prepare_classifier(tmp_path / "a", items, features, seed=2).run_id != run_id
    changed = items.with_columns(
        pl.when(pl.col("item_id") == "item000")
        .then(pl.lit("Dominant emotion: joy"))
        .otherwise("answer")
        .alias("answer")
    )
    assert prepare_classifier(tmp_path / "b", changed, features, seed=1).run_id != run_id


def test_preparing_anew_keeps_a_finished_run_and_drops_another_ones(tmp_path):
    prepare_classifier(tmp_path, *make_tables(), seed=1)
    assert run_job(tmp_path).returncode == 0
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    prepare_classifier(tmp_path, *make_tables(), seed=1)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    prepare_classifier(tmp_path, *make_tables(train=59), seed=1)
    assert not is_complete(tmp_path)
    assert not any((tmp_path / name).exists() for name in OUTPUTS)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_job_leaves_no_result_and_a_rerun_starts_clean(finished, tmp_path, how):
    # many more epochs, each reported, so that the signal arrives in the middle
    inputs = {
        name: pl.read_parquet(finished[1] / f"{name}.parquet")
        for name in ("train", "validation", "test")
    }
    parameters = {**read_job(finished[1])["parameters"], "report_epochs": 1}
    endless = {**parameters, "epochs": 10_000_000, "patience_epochs": 10_000_000}
    prepare_job(tmp_path, JOB, "test", 1, endless, inputs)
    process = subprocess.Popen([*COMMAND, str(tmp_path)])
    deadline = time.monotonic() + 120
    while not (tmp_path / "metrics.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, how)
    assert process.wait(timeout=30) == -how
    assert (tmp_path / "metrics.jsonl").exists()
    assert not (tmp_path / "result.json").exists()
    assert not is_complete(tmp_path)
    with pytest.raises(IncompleteRun, match="materialise training__runs again"):
        read_result(tmp_path, tmp_path)

    (tmp_path / ".result.json.1.tmp").write_text("torn")
    prepare_job(tmp_path, JOB, "test", 1, parameters, inputs)
    assert run_job(tmp_path).returncode == 0
    steps = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert steps[0]["epoch"] == 1
    assert len({step["epoch"] for step in steps}) == len(steps)
    assert not list(tmp_path.glob(".*.tmp"))
    assert is_complete(tmp_path)


@pytest.mark.parametrize(
    "sizes",
    [{"train": 0, "validation": 0, "test": 0}, {"train": 19}, {"test": 9}],
    ids=["nothing", "few to fit", "few to score"],
)
def test_too_few_items_complete_the_run_without_launching(tmp_path, sizes):
    prepared = prepare_classifier(tmp_path, *make_tables(**sizes), seed=1)
    assert prepared.reason == "too_few_items"
    assert is_complete(tmp_path)
    row = conform(read_result(tmp_path, tmp_path), TABLES["training__runs"]).row(0, named=True)
    assert (row["status"], row["reason"]) == ("skipped", "too_few_items")
    assert row["accuracy"] is None
    assert row["path"] is None


def test_without_validation_items_all_epochs_are_run(tmp_path):
    prepare_classifier(tmp_path, *make_tables(validation=0), seed=1)
    assert run_job(tmp_path).returncode == 0
    last = json.loads((tmp_path / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["epoch"] == last["epochs"] == last["best_epoch"]
    assert last["validation_loss"] is None


def test_items_that_cannot_be_used_are_left_out_and_counted(tmp_path):
    items, features = make_tables()
    broken = features.with_columns(
        pl.when(pl.col("image_id") == "image000")
        .then(pl.lit([0.0, 1.0, float("nan"), 1.0]))
        .when(pl.col("image_id") == "image001")
        .then(pl.lit([1.0]))
        .otherwise("features")
        .alias("features"),
        pl.when(pl.col("image_id") == "image002")
        .then(pl.lit("error"))
        .otherwise("status")
        .alias("status"),
    ).filter(pl.col("image_id") != "image003")
    odd = items.with_columns(
        pl.when(pl.col("item_id") == "item004")
        .then(pl.lit("Dominant emotion: '); drop table items"))
        .when(pl.col("item_id") == "item005")
        .then(pl.lit("Dominant emotion: sadness(anger, joy, sadness)"))
        .otherwise("answer")
        .alias("answer")
    )
    rows = select_rows(odd, broken)
    assert rows.height == items.height - 5
    assert rows.filter(pl.col("image_id") == "image005")["label"].to_list() == ["sadness"]
    assert prepare_classifier(tmp_path, odd, broken, seed=1).left_out_count == 5


def test_only_the_label_set_of_most_items_is_learnt():
    items, features = make_tables()
    shown = pl.col("image_id").is_in(["image000", "image001"])
    other = pl.when(shown).then(pl.lit([*LABELS, "awe"])).otherwise("candidates")
    rows = select_rows(items.with_columns(other.alias("candidates")), features)
    assert rows.height == select_rows(items, features).height - 2
    assert not rows["image_id"].is_in(["image000", "image001"]).any()


def test_a_larger_label_set_with_too_few_test_items_is_not_learnt():
    items, features = make_tables()
    wide = items.with_columns(
        pl.col("item_id") + "-wide",
        pl.lit([*LABELS, "awe"]).alias("candidates"),
        pl.when(pl.col("split") == "test").then(pl.lit("train")).otherwise("split").alias("split"),
    )
    more = wide.head(1).with_columns(pl.lit("item-more").alias("item_id"))
    assert wide.height + more.height > items.height
    both = pl.concat([items, wide, more])
    assert select_rows(both, features).equals(select_rows(items, features))


def test_an_altered_input_or_artefact_is_noticed(finished, tmp_path):
    prepare_classifier(tmp_path, *make_tables(), seed=1)
    assert run_job(tmp_path).returncode == 0
    (tmp_path / "model.json").write_text("{}")
    assert not is_complete(tmp_path)
    (tmp_path / "train.parquet").write_bytes((tmp_path / "test.parquet").read_bytes())
    done = run_job(tmp_path)
    assert done.returncode != 0
    assert "prepare the job again" in done.stderr
    assert "prepare the job first" in run_job(tmp_path / "nowhere").stderr


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from(EKMAN_7)] * 2), min_size=1, max_size=40))
def test_scores_are_those_of_scikit_learn(pairs):
    from sklearn.metrics import accuracy_score, f1_score

    truth, predicted = [a for a, _ in pairs], [b for _, b in pairs]
    scored = score(truth, predicted, majority_label(truth))
    assert scored["accuracy"] == pytest.approx(accuracy_score(truth, predicted), abs=1e-6)
    expected = f1_score(truth, predicted, average="macro")
    assert scored["macro_f1"] == pytest.approx(expected, abs=1e-6)
    assert scored["baseline_accuracy"] == max(
        round(truth.count(label) / len(truth), 6) for label in truth
    )
    assert sum(n for row in scored["confusion"].values() for n in row.values()) == len(pairs)


def test_dagster_pipes_launches_the_same_job(finished, tmp_path):
    folder = tmp_path / JOB

    @dg.asset
    def training__runs(context: dg.AssetExecutionContext, pipes: dg.PipesSubprocessClient):
        prepare_classifier(folder, *make_tables(), seed=1)
        done = pipes.run(command=[*COMMAND, str(folder)], context=context)
        messages = done.get_custom_messages()
        row = read_result(folder, tmp_path).row(0, named=True)
        return dg.MaterializeResult(
            metadata={
                "accuracy": row["accuracy"],
                "events": dg.MetadataValue.json([message["event"] for message in messages]),
                "last": dg.MetadataValue.json(messages[-1]),
            }
        )

    result = dg.materialize(
        [training__runs],
        resources={"pipes": dg.PipesSubprocessClient()},
        instance=dg.DagsterInstance.ephemeral(),
    )
    assert result.success
    metadata = result.asset_materializations_for_node("training__runs")[0].metadata
    steps = (folder / "metrics.jsonl").read_text().splitlines()
    assert metadata["events"].value == ["progress"] * len(steps) + ["result"]
    written = json.loads((folder / "result.json").read_text())
    assert metadata["last"].value == {"event": "result", **written}
    assert metadata["accuracy"].value == written["accuracy"]
    for path in sorted(finished[1].iterdir()):
        assert (folder / path.name).read_bytes() == path.read_bytes(), path.name


def materialize(asset):
    """Materialise an asset that asks for the launcher of a run."""
    return dg.materialize(
        [asset],
        resources={"launcher": LauncherResource()},
        instance=dg.DagsterInstance.ephemeral(),
        raise_on_error=False,
    )


def test_a_run_is_launched_once_and_then_reused(finished, tmp_path):
    runs = []

    @dg.asset
    def training__runs(launcher: dg.ResourceParam[Launcher]):
        run = train_classifier(*make_tables(), DataRoot(tmp_path), 1, launcher)
        runs.append(run)
        return dg.MaterializeResult()

    assert materialize(training__runs).success
    assert materialize(training__runs).success
    first, second = runs
    assert (first.work, second.work) == (Work(asked=1), Work(reused=1))
    assert first.run_id == second.run_id == finished[2].run_id
    assert first.frame.equals(second.frame)
    for path in sorted(set(finished[1].iterdir()) - {finished[1] / "job.json"}):
        assert (tmp_path / "training" / JOB / path.name).read_bytes() == path.read_bytes()
    # What it was made with is no part of what it is.
    (row,) = second.frame.to_dicts()
    assert json.loads(row["data_versions"])["assess__items"] == "absent"
    assert row["recipe"] == JOB


def test_a_skipped_run_is_not_launched(tmp_path):
    class NoLauncher:
        def launch(self, folder):
            raise AssertionError(f"launched {folder}")

    run = train_classifier(*make_tables(train=19), DataRoot(tmp_path), 1, NoLauncher())
    assert run.frame["status"].to_list() == ["skipped"]


def test_a_job_that_fails_fails_its_step(tmp_path):
    prepare_classifier(tmp_path, *make_tables(), seed=1)
    (tmp_path / "train.parquet").write_bytes(b"altered")

    @dg.asset
    def training__runs(launcher: dg.ResourceParam[Launcher]):
        launcher.launch(tmp_path)

    result = materialize(training__runs)
    (failure,) = result.get_step_failure_events()
    assert "prepare the job again" in str(failure.step_failure_data.error)
    assert not is_complete(tmp_path)


def test_a_folder_without_a_job_has_no_module(tmp_path):
    with pytest.raises(IncompleteRun, match="prepare the job first"):
        job_module(tmp_path)


def test_no_file_of_a_run_tells_where_it_was_made(finished):
    root, folder, _ = finished
    for path in sorted(folder.iterdir()):
        assert str(root).encode() not in path.read_bytes()
    assert {path.name for path in folder.iterdir()} == {
        "job.json",
        "train.parquet",
        "validation.parquet",
        "test.parquet",
        *OUTPUTS,
    }
    assert Path(folder, "job.json").read_bytes().endswith(b"\n")
