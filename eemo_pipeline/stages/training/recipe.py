"""Recipes of training: flat YAML files, one key per line, checked before anything is prepared.

A recipe names a job, an environment, what it starts from, and every number that the result depends
on. The files are in `recipes/`; a file of your own is given by its path. A wrong recipe is refused
with its key and the nearest right one.
"""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eemo_pipeline.stats.hash_draws import short_hash

RESOURCES = ("cpus", "gpus", "memory_gb")
TINY = "tiny"  # in the place of a base model: random weights of the real classes
_FOLDER = files("eemo_pipeline.stages.training").joinpath("recipes")
_LARGEST_FILE = 64 * 1024
_SUFFIXES = (".yaml", ".yml")

Environment = Literal["trl", "ms_swift", "verl", "llamafactory"]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Pixels = Annotated[int, Field(ge=1, description="Area of an image.")]


class BadRecipe(ValueError):
    """A recipe cannot be used; the message names the file, the key, the cause and the fix."""


class Recipe(BaseModel):
    """What every recipe states.

    Attributes:
        name: the file's name without its suffix; not a key of the file.
        job: the module of `jobs/` that runs it.
        environment: the environment that the job runs in; its lock file is in `environments/`.
        description: one sentence.
        base: the recipe whose result it starts from, by name or path of its file; or a folder or
            name of a model, or "tiny".
        then: recipes that a trial with --tiny runs after it.
        seed: the seed of every random choice.
        cpus: cores that a cluster sets aside for the job.
        gpus: GPUs that a cluster sets aside for the job.
        memory_gb: main memory in GiB that a cluster sets aside for the job.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    name: str
    job: str
    environment: Environment
    description: str
    base: str
    then: tuple[str, ...] = ()
    seed: int = Field(default=42, ge=0)
    cpus: Positive = 1.0
    gpus: Annotated[float, Field(ge=0)] = 0.0
    memory_gb: Annotated[float, Field(ge=0)] = 0.0

    @property
    def content(self) -> dict[str, Any]:
        """Return everything that the result depends on, as JSON values: not where it runs."""
        return self.model_dump(
            mode="json", exclude={"description", "then", "reward_matrices", *RESOURCES}
        )

    @property
    def resources(self) -> dict[str, float]:
        """Return what a cluster sets aside for the job."""
        return {name: getattr(self, name) for name in RESOURCES}

    @property
    def recipe_hash(self) -> str:
        """Return the hash of `content`, first 16 digits."""
        return short_hash(json.dumps(self.content, sort_keys=True))


class TunedRecipe(Recipe):
    """What supervised fine-tuning and GRPO share.

    Attributes:
        precision: bf16, or fp32 for processors without it.
        learning_rate: the highest rate of AdamW.
        scheduler: how the rate falls.
        warmup_ratio: share of the steps in which it rises.
        weight_decay: of AdamW.
        max_grad_norm: gradients are clipped to this norm.
        epochs: passes over the samples; half a pass is 0.5.
        max_steps: stop earlier; -1 for all epochs.
        batch_size_per_device: samples per step and device (of GRPO: completions).
        accumulation_steps: steps that share one update.
        gradient_checkpointing: compute activations again instead of keeping them.
        min_pixels: smaller images are enlarged to this area.
        max_pixels: larger images are reduced to this area; 28 x 28 pixels are one image token.
        largest_image_px: images of a larger area are refused.
        max_tokens: samples with more image and text tokens are refused.
        max_samples: a draw of the samples; 0 for all.
        save_steps: a checkpoint after as many steps.
        system_prompt: the first turn of every conversation.
    """

    precision: Literal["bf16", "fp32"]
    learning_rate: Positive
    scheduler: Literal["cosine", "constant", "constant_with_warmup", "linear"]
    warmup_ratio: Share = 0.0
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    max_grad_norm: Positive = 1.0
    epochs: Positive
    max_steps: int = Field(default=-1, ge=-1)
    batch_size_per_device: Count
    accumulation_steps: Count
    gradient_checkpointing: bool = True
    min_pixels: Pixels
    max_pixels: Pixels
    largest_image_px: Pixels
    max_tokens: Count
    max_samples: int = Field(default=0, ge=0)
    save_steps: Count
    system_prompt: str


class SftRecipe(TunedRecipe):
    """Supervised fine-tuning with LoRA, then merged into one model.

    Attributes:
        samples: qa (EEmoDB-QA), attributes (all fields of EmoVerse records) or emotions (the
            emotion of EmoVerse records alone).
        lora_rank: rank of the added matrices.
        lora_alpha: their scale is alpha / rank.
        lora_dropout: dropout before them.
        lora_scope: every linear layer of vision tower, merger and language model, or those of the
            language model alone.
        trains_merger: whether the merger between both is trained in full.
    """

    samples: Literal["qa", "attributes", "emotions"]
    lora_rank: Count
    lora_alpha: Count
    lora_dropout: Share
    lora_scope: Literal["vision_merger_language", "language"]
    trains_merger: bool = False


class GrpoRecipe(TunedRecipe):
    """Group relative policy optimisation on the Assess items (Shao et al. 2024, arXiv 2402.03300).

    Attributes:
        generations: completions per prompt.
        kl_weight: beta, the weight of the divergence from the starting model.
        temperature: of sampling.
        max_completion_tokens: longer completions are cut.
        format_weight: lambda of the format reward.
        cold_start_steps: supervised steps on true answers before the first sampling, for a model
            that does not keep the form of an answer; 0 for none.
        cold_start_rate: their learning rate.
        vllm: off, colocate (in the training process) or server (`vllm serve` elsewhere).
        vllm_server_url: the address of the server, for `server`.
        reward_matrices: a file of similarity rewards in the layout of EEmo-Logic's release, which
            go before those built here; "" for none. Its numbers are an input of the job.
    """

    generations: Annotated[int, Field(ge=2)]
    kl_weight: Annotated[float, Field(ge=0)]
    temperature: Positive
    max_completion_tokens: Count
    format_weight: Annotated[float, Field(ge=0)] = 1.0
    cold_start_steps: int = Field(default=0, ge=0)
    cold_start_rate: Positive = 1e-5
    vllm: Literal["off", "colocate", "server"] = "off"
    vllm_server_url: str = ""
    reward_matrices: str = ""


class DesRecipe(Recipe):
    """The discrete-emotion embedding over frozen hidden states (EmoVerse, section 4).

    Attributes:
        variant: paper (self- then cross-attention, masked attention pooling) or released (mean of
            four layers, one self-attention, sum over the padded length).
        layers: how many of the last layers are used.
        dimension: width of the embedding.
        heads: attention heads.
        dropout: inside the head.
        prompt: the text beside each image; it holds no label.
    """

    variant: Literal["paper", "released"]
    layers: Count = 4
    dimension: Count
    heads: Count
    dropout: Share
    learning_rate: Positive
    weight_decay: Annotated[float, Field(ge=0)]
    max_grad_norm: Positive = 1.0
    epochs: Count
    batch_size: Count
    precision: Literal["bf16", "fp32"]
    min_pixels: Pixels
    max_pixels: Pixels
    largest_image_px: Pixels
    max_samples: int = Field(default=0, ge=0)
    prompt: str


class ProbeRecipe(Recipe):
    """Multinomial logistic regression on frozen embeddings, split by cluster.

    Attributes:
        splits: seeds of the cluster-wise splits into training and test.
        test_share: share of the clusters in the test part.
        folds: folds of the cross-validation that chooses the penalty.
        inverse_penalties: candidates for scikit-learn's C.
        mapped: most points of the map; drawn evenly over emotions.
    """

    splits: Count
    test_share: Annotated[float, Field(gt=0, lt=1)]
    folds: Annotated[int, Field(ge=2)]
    inverse_penalties: tuple[Positive, ...]
    mapped: Annotated[int, Field(ge=4, le=1000)]


class CommandRecipe(Recipe):
    """A trainer of another environment, started by its own command on our export.

    Attributes:
        export: the folder of `exports/` whose train file it reads.
        command: words of the command; {train}, {base} and {output} are replaced.
        metrics: the trainer's file of metrics below {output}, one JSON object per line.
        artefact: the file or folder below {output} that is the result.
    """

    export: Literal["sharegpt", "verl", "trl"]
    train_file: str
    command: tuple[str, ...]
    metrics: str
    artefact: str


_KINDS: Mapping[str, type[Recipe]] = {
    "sft": SftRecipe,
    "grpo": GrpoRecipe,
    "des_head": DesRecipe,
    "linear_probe": ProbeRecipe,
    "trainer_command": CommandRecipe,
}


def list_recipes() -> tuple[str, ...]:
    """Return the names of the recipes that come with the pipeline."""
    names = (item.name for item in _FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def is_recipe(base: str) -> bool:
    """Return whether a base is a recipe, by name or by the path of its file, and not a model."""
    return base.endswith(_SUFFIXES) or base in list_recipes()


def name_of(recipe: str) -> str:
    """Return the name of a recipe that is given by name or by path."""
    return Path(recipe).stem if recipe.endswith(_SUFFIXES) else recipe


def read_recipe(name: str) -> Recipe:
    """Read a recipe by its name in `recipes/`, or by the path of a YAML file.

    Raises:
        BadRecipe: there is no such recipe, or it is wrong.
    """
    if name.endswith(_SUFFIXES):
        path = Path(name)
        if not path.is_file():
            raise BadRecipe(f"there is no recipe file {path}")
        if path.stat().st_size > _LARGEST_FILE:
            raise BadRecipe(f"{path} is larger than {_LARGEST_FILE} bytes: not a recipe")
        return parse_recipe(path.stem, path.read_text(encoding="utf-8", errors="replace"))
    if name not in list_recipes():
        raise BadRecipe(
            f"there is no recipe {name!r}{_suggest(name, list_recipes()) or '.'} "
            f"Recipes: {', '.join(list_recipes())}; or the path of a .yaml file"
        )
    return parse_recipe(name, _FOLDER.joinpath(f"{name}.yaml").read_text(encoding="utf-8"))


def parse_recipe(name: str, text: str) -> Recipe:
    """Parse the YAML of a recipe.

    Raises:
        BadRecipe: the text is no flat mapping, or a key is unknown, missing or wrong.
    """
    try:
        keys = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise BadRecipe(f"recipe {name}: not YAML ({str(error).splitlines()[0]})") from error
    if not isinstance(keys, dict) or any(isinstance(value, dict) for value in keys.values()):
        raise BadRecipe(f"recipe {name}: a recipe is one flat list of keys, `key: value`")
    job = keys.get("job")
    kind = _KINDS.get(job) if isinstance(job, str) else None
    if kind is None:
        raise BadRecipe(
            f"recipe {name}: job is {job!r}{_suggest(str(job), tuple(_KINDS))}; "
            f"it is one of {', '.join(_KINDS)}"
        )
    try:
        return kind.model_validate({**keys, "name": name})
    except ValidationError as error:
        known = tuple(field for field in kind.model_fields if field != "name")
        lines = "; ".join(_explain(problem, known) for problem in _unknown_first(error))
        raise BadRecipe(f"recipe {name}: {lines}") from error


def shrink(recipe: Recipe) -> Recipe:
    """Return the recipe for a trial on a processor: same job, tiny random model, few samples."""
    base = recipe.base if is_recipe(recipe.base) else TINY
    changes: dict[str, Any] = {"base": base, "cpus": 1.0, "gpus": 0.0, "memory_gb": 1.0}
    if isinstance(recipe, TunedRecipe):
        changes |= {
            "precision": "fp32",
            "learning_rate": 2e-2,
            "max_steps": 6,
            "max_samples": 24,
            "batch_size_per_device": 4,
            "accumulation_steps": 1,
            "gradient_checkpointing": False,
            "min_pixels": 256,
            "max_pixels": 1024,
            "save_steps": 2,
        }
    if isinstance(recipe, SftRecipe):
        changes |= {"lora_rank": 4, "lora_alpha": 8}
    if isinstance(recipe, GrpoRecipe):
        changes |= {"generations": 4, "max_completion_tokens": 96, "vllm": "off"}
        changes |= {"max_steps": 8, "learning_rate": 1e-3}
        # Random weights keep no form, so that every reward would be 0.
        changes |= {"max_samples": 64, "cold_start_steps": 120, "cold_start_rate": 5e-3}
    if isinstance(recipe, DesRecipe):
        changes |= {
            "precision": "fp32",
            "learning_rate": 1e-3,
            "epochs": 4,
            "batch_size": 16,
            "min_pixels": 256,
            "max_pixels": 1024,
            "max_samples": 120,
        }
    if isinstance(recipe, ProbeRecipe):
        changes |= {"splits": 2, "folds": 3, "inverse_penalties": (0.01, 1.0), "mapped": 60}
    return recipe.model_copy(update=changes)


def _explain(problem: Any, known: tuple[str, ...]) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown key {key!r}{_suggest(key, known)}"
    if problem["type"] == "missing":
        return f"the key {key!r} is missing"
    return f"{key}: {problem['msg'].lower()}, not {problem['input']!r}"


def _unknown_first(error: ValidationError) -> list[Any]:
    """Return at most five problems: a misspelled key also leaves the right one missing."""
    problems = error.errors()
    return sorted(problems, key=lambda problem: problem["type"] != "extra_forbidden")[:5]


def _suggest(word: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(word, known, n=1)
    return f": did you mean {close[0]!r}?" if close else ""
