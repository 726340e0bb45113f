"""Recipes: what ships is complete, and a wrong key is named with the right one."""

import re
from pathlib import Path

import pytest

from eemo_pipeline.stages.training.lineage import read_environment
from eemo_pipeline.stages.training.recipe import (
    BadRecipe,
    GrpoRecipe,
    SftRecipe,
    list_recipes,
    parse_recipe,
    read_recipe,
    shrink,
)
from eemo_pipeline.stages.training.recipe_runs import plan

PROBE = """job: linear_probe
environment: trl
description: a probe
base: des_head
splits: 5
test_share: 0.2
folds: 5
inverse_penalties: [0.1]
mapped: 100
"""


def test_every_recipe_that_ships_is_sound_and_its_environment_is_pinned() -> None:
    names = list_recipes()
    assert {"sft_lora", "grpo", "emoverse_attribute", "emoverse_emotion"} <= set(names)
    assert {"des_head", "des_head_released", "linear_probe"} <= set(names)
    assert len({read_recipe(name).recipe_hash for name in names}) == len(names)
    for name in names:
        recipe = read_recipe(name)
        pins = read_environment(recipe.environment).decode().splitlines()
        wanted = [line for line in pins if not line.startswith("#")]
        assert len(wanted) > 20
        assert all(re.fullmatch(r"[a-z0-9-]+==\S+", line) for line in wanted)
        assert all(following in names for following in recipe.then)


def test_the_published_numbers_are_those_of_the_recipes() -> None:
    sft, grpo = read_recipe("sft_lora"), read_recipe("grpo")
    assert isinstance(sft, SftRecipe)
    assert isinstance(grpo, GrpoRecipe)
    assert (sft.lora_rank, sft.lora_alpha, sft.lora_dropout) == (64, 64, 0.05)
    assert (sft.learning_rate, sft.scheduler, sft.warmup_ratio) == (2e-4, "cosine", 0.03)
    assert (sft.min_pixels, sft.max_pixels) == (256 * 28 * 28, 1280 * 28 * 28)
    assert sft.batch_size_per_device * sft.accumulation_steps == 128
    assert (grpo.generations, grpo.kl_weight, grpo.learning_rate) == (8, 0.04, 1e-6)
    assert (grpo.temperature, grpo.max_completion_tokens) == (0.9, 1024)
    assert grpo.batch_size_per_device * grpo.accumulation_steps == 4 * grpo.generations
    attribute, emotion = read_recipe("emoverse_attribute"), read_recipe("emoverse_emotion")
    assert attribute.content["lora_rank"] == emotion.content["lora_rank"] == 256
    assert attribute.content["max_pixels"] == 200_704
    assert emotion.base == "emoverse_attribute"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PROBE + "splitz: 3", "unknown key 'splitz': did you mean 'splits'?"),
        (PROBE.replace("folds: 5", "folds: 1"), "folds: .*greater than or equal to 2, not 1"),
        (PROBE.replace("folds: 5\n", ""), "the key 'folds' is missing"),
        (PROBE.replace("trl", "tlr"), "environment: input should be 'trl'"),
        (PROBE.replace("linear_probe", "linear_prob"), "did you mean 'linear_probe'"),
        ("job: {name: sft}", "one flat list of keys"),
        ("- 1", "one flat list of keys"),
        ("job: [", "not YAML"),
    ],
)
def test_a_wrong_recipe_is_refused_by_its_key(text: str, message: str) -> None:
    with pytest.raises(BadRecipe, match=message):
        parse_recipe("mine", text)


def test_recipes_are_found_by_name_or_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(PROBE)
    assert read_recipe(str(path)).name == "mine"
    with pytest.raises(BadRecipe, match=r"did you mean 'sft_lora'\? Recipes"):
        read_recipe("sft_lra")
    with pytest.raises(BadRecipe, match="no recipe file"):
        read_recipe(str(tmp_path / "other.yaml"))
    path.write_text("#" * 70_000)
    with pytest.raises(BadRecipe, match="larger than"):
        read_recipe(str(path))


def test_bases_come_first_and_only_a_trial_goes_on() -> None:
    assert [recipe.name for recipe in plan(["grpo"], is_trial=False)] == ["sft_lora", "grpo"]
    trial = plan(["sft_lora"], is_trial=True)
    names = [recipe.name for recipe in trial]
    assert set(names) == {
        *("sft_lora", "grpo", "emoverse_attribute", "emoverse_emotion", "des_head"),
        "linear_probe",
    }
    for recipe in trial:
        assert recipe.base == "tiny" or names.index(recipe.base) < names.index(recipe.name)


def test_a_trial_is_another_recipe() -> None:
    recipe = read_recipe("sft_lora")
    assert shrink(recipe).recipe_hash != recipe.recipe_hash
    assert shrink(recipe).base == "tiny"
    assert shrink(read_recipe("grpo")).base == "sft_lora"
