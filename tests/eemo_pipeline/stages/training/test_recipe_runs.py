"""Recipes on real classes with tiny random weights: trained, merged, rewarded, embedded, probed.

Most jobs run in this process, by their own `main`, because each process would import torch and TRL
again. One is killed and resumed in processes of its own.
"""

import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform
from eemo_pipeline.stages.training.job_folder import is_complete, job_module
from eemo_pipeline.stages.training.job_reporting import JobFailed
from tests.support.training_lake import COUNT, Lake, write_recipe

MISSING = [name for name in ("torch", "transformers", "trl", "peft") if find_spec(name) is None]
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (make models)"),
    # The warnings of libraries about themselves.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """SFT, merge, GRPO, hidden states, embedding head and probe, one after the other."""
    root = tmp_path_factory.mktemp("lake")
    lake = Lake(root)
    head = write_recipe(root, "des_head", base="tiny", then=[])
    lake.train("grpo", is_trial=True)
    lake.train(head)
    return lake


def test_fine_tuning_is_merged_and_the_policy_starts_from_it(lake: Lake) -> None:
    runs = {row["recipe"]: row for row in lake.rows().runs.iter_rows(named=True)}
    sft, grpo = runs["sft_lora.tiny"], runs["grpo.tiny"]
    assert (sft["status"], grpo["status"]) == ("ok", "ok")
    assert (sft["step_count"], sft["base_model"]) == (6, "tiny")
    assert sft["path"] == "training/sft_lora.tiny/merged/model.safetensors"
    assert (grpo["base_model"], grpo["base_run_id"]) == ("sft_lora", sft["run_id"])
    folder = lake.root.training / "grpo.tiny"
    assert (folder / "base" / "model.safetensors").samefile(lake.root.path / sft["path"])
    lines = [
        json.loads(line) for line in (folder.parent / "sft_lora.tiny" / "metrics.jsonl").open()
    ]
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert lines[-1]["loss"] < lines[0]["loss"]
    assert lines[-1]["token_count"] == sft["token_count"] > 0
    measures = json.loads(grpo["measures"])
    assert set(measures) == {f"validation_{p}" for p in ("format", "ranking", "score", "dominant",
                                                         "total")}  # fmt: skip
    conform(lake.rows().runs, TABLES["training__runs"])


def test_the_loss_counts_the_completion_alone_and_all_rewards_are_logged(lake: Lake) -> None:
    folder = lake.root.training / "grpo.tiny"
    last = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
    assert {"reward", "reward_format", "reward_ranking", "reward_score", "reward_dominant"} <= set(
        last
    )
    assert "kl" in last
    assert len({line["reward"] for line in map(json.loads, (folder / "metrics.jsonl").open())}) > 1
    refused = lake.rows().refusals.filter(recipe="grpo.tiny")
    assert refused.is_empty()  # Mikels' matrix comes from the published anchors


def test_answers_of_the_policy_are_kept_with_their_rewards(lake: Lake) -> None:
    answers = lake.rows().completions["grpo.tiny"]
    samples = pl.read_parquet(lake.root.training / "grpo.tiny" / "validation.parquet")
    assert answers["sample_id"].to_list() == samples["sample_id"].to_list()
    assert (answers["total"] > 0).any()  # the cold start has taught the form
    assert answers["completion"].str.contains("<answer>", literal=True).any()
    parts = answers.select("format", "ranking", "score", "dominant").sum_horizontal()
    assert answers["total"].to_list() == pytest.approx(parts.to_list())


def test_each_part_of_the_reward_is_a_function_as_trl_calls_it() -> None:
    from eemo_pipeline.stages.training.jobs.grpo import build_reward_functions, read_golds

    samples = pl.DataFrame(
        {"sample_id": ["a"], "task": ["vad"], "dimension": ["valence"], "answer": ["Valence: 0.5"]}
        | {"target": [0.5], "candidates": [[]]}
    )
    matrices = pl.DataFrame(schema={"key": pl.String, "labels": pl.List(pl.String)})
    functions = build_reward_functions(read_golds(samples, matrices))
    right = "<think>Calm.</think><answer>Valence: 0.5</answer>"
    completions = [[{"role": "assistant", "content": text}] for text in (right, "Valence: 0.5")]
    given = {"prompts": [None] * 2, "completions": completions, "sample_id": ["a"] * 2}
    rewards = {function.__name__: function(**given) for function in functions}
    assert rewards == {
        "format": [1.0, 0.0],
        "ranking": [0.0, 0.0],
        "score": [1.0, 0.0],
        "dominant": [0.0, 0.0],
    }


def test_embeddings_are_float32_of_1024_and_do_not_know_the_labels_of_test_images(
    lake: Lake, tmp_path: Path
) -> None:
    embeddings = lake.rows().embeddings
    assert embeddings.height == COUNT
    assert embeddings.schema["embedding"] == pl.List(pl.Float32)
    assert set(embeddings["embedding"].list.len()) == {1024}
    lengths = embeddings["unit_embedding"].list.eval(pl.element().pow(2)).list.sum()
    assert lengths.to_list() == pytest.approx([1.0] * COUNT, abs=1e-3)
    other = Lake(tmp_path / "other")
    tests = other.tables["dedup__images"].filter(pl.col("split") == "test")["image_id"].implode()
    other.tables["labels__emotions"] = other.tables["labels__emotions"].with_columns(
        pl.when(pl.col("image_id").is_in(tests))
        .then(pl.lit("sadness"))
        .otherwise("emotion")
        .alias("emotion")
    )
    other.train(write_recipe(tmp_path, "des_head", base="tiny", then=[]))
    again = other.rows().embeddings
    columns = ["image_id", "embedding"]
    assert (
        again.select(columns).sort("image_id").equals(embeddings.select(columns).sort("image_id"))
    )


def test_hidden_states_are_computed_once_per_image_and_model(lake: Lake, tmp_path: Path) -> None:
    before = list(lake.launcher.launched)
    released = write_recipe(tmp_path, "des_head_released", base="tiny", then=[])
    lake.train(released)
    new = lake.launcher.launched[len(before) :]
    assert new == ["des_head_released"]  # another head, the same states
    head = str(lake.root.path / "des_head.yaml")
    probe = write_recipe(tmp_path, "linear_probe", base=head, mapped=30)
    lake.train(probe)
    row = lake.rows().runs.filter(recipe="linear_probe").row(0, named=True)
    assert (row["status"], row["reason"]) == ("ok", None)
    measures = json.loads(row["measures"])
    assert 0 <= measures["accuracy_low"] <= row["accuracy"] <= measures["accuracy_high"] <= 1
    assert {"stress_1", "silhouette", "trustworthiness"} <= set(measures)
    assert set(lake.rows().maps["linear_probe"]["group"]) == set(MIKELS_8[:3])
    assert lake.train(released).asked == 0


@pytest.mark.parametrize("name", ["sft_lora.tiny", "grpo.tiny"])
def test_a_killed_run_is_resumed_to_the_same_weights(lake: Lake, tmp_path: Path, name: str) -> None:
    """GRPO samples its completions anew: from the same state they are the same.

    Its cold start is that of the whole run: a finished one is not repeated, and changes nothing.
    """
    folder, whole = tmp_path / name, lake.root.training / name
    inputs = [path.name for path in whole.glob("*.parquet") if path.name != "completions.parquet"]
    inputs += ["images", "job.json", *(["base", "cold_start"] if name == "grpo.tiny" else [])]
    for part in inputs:
        source = whole / part
        shutil.copytree(source, folder / part) if source.is_dir() else _copy(source, folder / part)
    command = [sys.executable, "-m", job_module(folder), str(folder)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL)  # fmt: skip
    deadline = time.monotonic() + 300
    while not (folder / "checkpoints" / "checkpoint-2" / "trainer_state.json").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not is_complete(folder)
    runpy.run_module(job_module(folder))["main"](folder)
    assert is_complete(folder)
    for part in ("merged/model.safetensors", "metrics.jsonl"):
        assert file_sha256(folder / part) == file_sha256(whole / part), part
    first, second = (json.loads((f / "result.json").read_text()) for f in (whole, folder))
    assert first == second


def _copy(source: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(source.read_bytes())


def test_what_cannot_be_learnt_from_is_skipped_with_its_reason(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.tables["qa__items"] = lake.tables["qa__items"].with_columns(answer=pl.lit("joy"))
    lake.tables["labels__emotions"] = lake.tables["labels__emotions"].head(5)
    lake.train("emoverse_attribute", "sft_lora", is_trial=True)
    assert lake.launcher.launched == []
    runs = lake.rows().runs
    assert dict(runs.select("recipe", "reason").rows()) == {
        "emoverse_attribute.tiny": "no_samples",
        "emoverse_emotion.tiny": "base_skipped",
        "sft_lora.tiny": "one_class",
        "grpo.tiny": "base_skipped",
        "des_head.tiny": "base_skipped",
        "linear_probe.tiny": "base_skipped",
    }


def test_a_loss_that_is_not_finite_names_the_key_that_cures_it(lake: Lake, tmp_path: Path) -> None:
    wild = write_recipe(
        tmp_path, "des_head", "wild_head", base="tiny", then=[], learning_rate=1e30, epochs=9
    )
    with pytest.raises(JobFailed, match=r"lower learning_rate \(now 1e\+30\)"):
        lake.train(wild)
    failure = json.loads((lake.root.training / "wild_head" / "failure.json").read_text())
    assert "learning_rate" in failure["message"]


def test_checkpoints_of_another_recipe_are_refused(lake: Lake, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "sft_lora", then=[])
    lake.train(recipe)
    folder = lake.root.training / "sft_lora"
    (folder / "checkpoints" / "run_id.txt").write_text("another")
    (folder / "result.json").unlink()
    with pytest.raises(JobFailed, match="checkpoints of another recipe"):
        lake.train(recipe)
