"""Runs recipes: selects and judges their samples, prepares their jobs, and launches what is new.

A recipe whose base is another recipe needs that one's run; it is trained first. What a finished
folder holds is read in `runs.py`.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import file_sha256, write_bytes
from eemo_pipeline.ledger.answering import Inquiry, answer_all
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.ledger.usage import Work
from eemo_pipeline.stages.training import samples as sampling
from eemo_pipeline.stages.training.job_folder import (
    ENVIRONMENT_FILE,
    IncompleteRun,
    Launcher,
    is_complete,
    link_file,
    prepare_job,
    read_job,
    result_of,
    skip_job,
)
from eemo_pipeline.stages.training.lineage import (
    BaseModel,
    count_rows,
    hash_code,
    hash_tables,
    read_environment,
)
from eemo_pipeline.stages.training.recipe import (
    CommandRecipe,
    DesRecipe,
    GrpoRecipe,
    ProbeRecipe,
    Recipe,
    SftRecipe,
    TunedRecipe,
    is_recipe,
    name_of,
    read_recipe,
    shrink,
)
from eemo_pipeline.stages.training.reward_matrices import as_frame, build_matrices, read_released
from eemo_pipeline.stats.hash_draws import short_hash

METHODS = {
    "sft": "LoRA (Hu et al. 2022) by TRL's SFTTrainer, completion-only loss, merged",
    "grpo": "GRPO (Shao et al. 2024) by TRL's GRPOTrainer, rewards of EEmo-Logic (Eq. 1 to 4)",
    "hidden_states": "hidden states of the last layers of a frozen model",
    "des_head": "emotion embedding of EmoVerse (section 4) over cached hidden states",
    "linear_probe": "linear probe (Alain and Bengio 2016), cluster-wise splits; MDS by SMACOF",
    "trainer_command": "another trainer by its own command",
}
_SOURCES: Mapping[str, tuple[str, ...]] = {
    "grpo": ("assess__items", "ingest__words", "dedup__images"),
    "des_head": ("dedup__images", "labels__emotions"),
    "linear_probe": ("dedup__images", "labels__emotions"),
    "trainer_command": ("qa__items", "assess__items"),
}
# With fewer labelled images a head or a probe would be scored on a handful.
SMALLEST_LABELLED = 20
_REFUSED = "refused"
_NO_REFUSALS = pl.DataFrame(schema=sampling.REFUSAL_SCHEMA)


@dataclass(frozen=True)
class TrainingTables:
    """The tables that samples are made of, each read when a recipe needs it.

    Attributes:
        read: returns a table by its name.
    """

    read: Callable[[str], pl.DataFrame]


@dataclass(frozen=True)
class Trainer:
    """Everything that a recipe is run with.

    Attributes:
        tables: the tables of the data root.
        data_root: job folders are created below its folder `training`.
        launcher: runs prepared jobs.
        similarity: compares definitions of emotions, for the rewards.
        ledger: keeps which hidden states exist.
        is_trial: whether recipes are shrunk to tiny random models.
    """

    tables: TrainingTables
    data_root: DataRoot
    launcher: Launcher
    similarity: TextSimilarity
    ledger: Ledger
    is_trial: bool = False

    def folder(self, name: str) -> Path:
        """Return the job folder of a recipe; a trial has one of its own."""
        return self.data_root.training / (f"{name}.tiny" if self.is_trial else name)


def plan(names: Sequence[str], *, is_trial: bool) -> list[Recipe]:
    """Return the recipes in the order in which they run: bases first, each once.

    A trial also runs the recipes that follow.

    Raises:
        BadRecipe: a recipe does not exist, is wrong, or needs itself.
    """
    ordered: dict[str, Recipe] = {}

    def add(name: str, needed_by: tuple[str, ...] = ()) -> None:
        recipe = read_recipe(name)
        if recipe.name in ordered or recipe.name in needed_by:
            return
        if is_recipe(recipe.base):
            add(recipe.base, (*needed_by, recipe.name))
        ordered.setdefault(recipe.name, recipe)
        for following in recipe.then if is_trial else ():
            add(following, (*needed_by, recipe.name))

    for name in names:
        add(name)
    return [shrink(recipe) if is_trial else recipe for recipe in ordered.values()]


def train_recipes(names: Sequence[str], trainer: Trainer) -> Work:
    """Run recipes and what they need; return how many were trained and how many were there.

    Raises:
        BadRecipe: a recipe cannot be used.
        IncompleteRun: a job ended without a result; the message is the job's own where it has one.
    """
    work = Work()
    for recipe in plan(names, is_trial=trainer.is_trial):
        folder = trainer.folder(recipe.name)
        _prepare(recipe, folder, trainer)
        is_new = not is_complete(folder)
        if is_new:
            trainer.launcher.launch(folder)
        if not is_complete(folder):
            raise IncompleteRun(f"the job in {folder} ended without a result")
        work += Work(asked=int(is_new), reused=int(not is_new))
    return work


def _prepare(recipe: Recipe, folder: Path, trainer: Trainer) -> None:
    """Write the job of a recipe; complete it as skipped where it has nothing to learn from."""
    base = _find_base(recipe, trainer)
    if base is None:
        _write(recipe, folder, trainer, BaseModel(recipe.base, None, {}), {}, {})
        skip_job(folder, "base_skipped", 0, 0)
        return
    if isinstance(recipe, SftRecipe):
        _prepare_tuned(recipe, folder, trainer, base, *_sft_samples(recipe, trainer), {})
    elif isinstance(recipe, GrpoRecipe):
        _prepare_grpo(recipe, folder, trainer, base)
    elif isinstance(recipe, DesRecipe):
        _prepare_des(recipe, folder, trainer, base)
    elif isinstance(recipe, ProbeRecipe):
        _prepare_probe(recipe, folder, trainer, base)
    elif isinstance(recipe, CommandRecipe):
        _prepare_command(recipe, folder, trainer, base)


def _find_base(recipe: Recipe, trainer: Trainer) -> BaseModel | None:
    """Return what the recipe starts from; None where that run was skipped."""
    if not is_recipe(recipe.base):
        return BaseModel(recipe.base, None, {})
    folder = trainer.folder(name_of(recipe.base))
    result = result_of(folder)
    if result.get("status") != "ok":
        return None
    hashes = {**result.get("files", {}), result["artefact"]: result["sha256"]}
    files = {
        name.removeprefix("merged/"): (folder / name, sha256) for name, sha256 in hashes.items()
    }
    return BaseModel(recipe.base, result["run_id"], files)


def _sft_samples(recipe: SftRecipe, trainer: Trainer) -> tuple[pl.DataFrame, pl.DataFrame]:
    if recipe.samples == "qa":
        return sampling.qa_samples(trainer.tables.read("qa__items")), _NO_REFUSALS
    records = trainer.tables.read("records__emoverse")
    select = {"attributes": sampling.record_samples, "emotions": sampling.emotion_samples}
    return select[recipe.samples](records), _NO_REFUSALS


def _prepare_grpo(recipe: GrpoRecipe, folder: Path, trainer: Trainer, base: BaseModel) -> None:
    items = trainer.tables.read("assess__items")
    words = trainer.tables.read("ingest__words")
    released = read_released(recipe.reward_matrices)
    matrices = build_matrices(items, words, trainer.similarity, released)
    found, refused = sampling.assess_samples(items, matrices.built, matrices.lacking)
    more = {"matrices": as_frame(matrices.built)}
    _prepare_tuned(recipe, folder, trainer, base, found, refused, more)


def _prepare_tuned(
    recipe: TunedRecipe,
    folder: Path,
    trainer: Trainer,
    base: BaseModel,
    found: pl.DataFrame,
    refused: pl.DataFrame,
    more: Mapping[str, pl.DataFrame],
) -> None:
    budget = sampling.ImageBudget(
        recipe.min_pixels,
        recipe.max_pixels,
        recipe.largest_image_px,
        recipe.max_tokens,
        recipe.max_samples,
    )
    images = trainer.tables.read("dedup__images")
    judged = sampling.judge_samples(found, images, trainer.data_root.sources, budget, recipe.seed)
    parts = {
        split: judged.accepted.filter(pl.col("split") == split) for split in ("train", "validation")
    }
    parts[_REFUSED] = pl.concat([refused, judged.refused]).sort("sample_id")
    _write(recipe, folder, trainer, base, {**parts, **more}, judged.images)
    train = parts["train"]
    if train.is_empty():
        skip_job(folder, "no_samples", 0, parts["validation"].height)
    elif recipe.job == "sft" and train["answer"].n_unique() < 2:
        skip_job(folder, "one_class", train.height, parts["validation"].height)


def _prepare_des(recipe: DesRecipe, folder: Path, trainer: Trainer, base: BaseModel) -> None:
    budget = sampling.ImageBudget(
        recipe.min_pixels, recipe.max_pixels, recipe.largest_image_px, 0, recipe.max_samples
    )
    images = trainer.tables.read("dedup__images")
    found = sampling.image_samples(images, trainer.tables.read("labels__emotions"))
    judged = sampling.judge_samples(
        found,
        images,
        trainer.data_root.sources,
        budget,
        recipe.seed,
        ("train", "validation", "test"),
    )
    rows = judged.accepted.select(pl.col("sample_id").alias("image_id"), "split", "target")
    train = rows.filter((pl.col("split") == "train") & pl.col("target").is_not_null())
    reason = _too_few(train.select(sampling.dominant_of("target")).to_series())
    shards = {} if reason else _hidden_states(recipe, trainer, base, judged)
    linked = {f"states/{path.name}": (path, sha256) for path, sha256 in shards.items()}
    parts = {"samples": rows, _REFUSED: judged.refused}
    _write(recipe, folder, trainer, base, parts, {}, linked)
    if reason:
        skip_job(folder, reason, train.height, 0)


def _hidden_states(
    recipe: DesRecipe, trainer: Trainer, base: BaseModel, judged: sampling.Judged
) -> dict[Path, str]:
    """Return the file of each image's states and its SHA-256: from the cache, or computed now.

    The ledger knows which exist, by model, layers, prompt and image budget; the files are in
    `training/states/<model>/`. A file that is gone is computed again.
    """
    keys = ("layers", "prompt", "min_pixels", "max_pixels", "precision", "seed")
    chosen = {name: recipe.content[name] for name in keys}
    model = f"{base.identity}/{json.dumps(chosen, sort_keys=True)}"
    cache = trainer.data_root.training / "states" / short_hash(model)
    folder = trainer.folder(f"hidden_states.{recipe.name}")

    def compute(asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        wanted = {ask.image_id: judged.images[ask.image_id] for ask in asks}
        rows = pl.DataFrame({"image_id": sorted(wanted)})
        states = recipe.model_copy(update={"job": "hidden_states"})
        _write(states, folder, trainer, base, {"samples": rows}, wanted)
        if not is_complete(folder):
            trainer.launcher.launch(folder)
        tokens = json.loads((folder / "states.json").read_bytes())["tokens"]
        for ask in asks:
            shard = folder / "states" / f"{ask.image_id}.safetensors"
            link_file(shard, cache / shard.name)
            answer = {"status": "ok", "sha256": file_sha256(shard), "tokens": tokens[ask.image_id]}
            yield ask, answer

    asks = [Ask(image_id) for image_id in judged.accepted["sample_id"]]
    inquiry = Inquiry("hidden_states", model, asks, compute, stage="training")
    answers = answer_all(trainer.ledger, inquiry).values
    hashes = {ask.image_id: answer["sha256"] for ask, answer in zip(asks, answers, strict=True)}
    places = {image_id: cache / f"{image_id}.safetensors" for image_id in hashes}
    gone = [ask for ask in asks if not places[ask.image_id].is_file()]
    for ask, answer in compute(gone) if gone else ():
        hashes[ask.image_id] = answer["sha256"]
    return {path: hashes[image_id] for image_id, path in places.items()}


def _prepare_probe(recipe: ProbeRecipe, folder: Path, trainer: Trainer, base: BaseModel) -> None:
    images = trainer.tables.read("dedup__images")
    found = sampling.image_samples(images, trainer.tables.read("labels__emotions"))
    labelled = found.filter(pl.col("target").is_not_null()).select(
        pl.col("sample_id").alias("image_id"),
        "cluster_id",
        sampling.dominant_of("target").alias("emotion"),
    )
    embeddings = pl.read_parquet(base.files["embeddings.parquet"][0])
    rows = embeddings.select("image_id", "embedding").join(labelled, on="image_id")
    rows = rows.sort("image_id")
    _write(recipe, folder, trainer, base, {"labelled": rows, _REFUSED: _NO_REFUSALS}, {})
    if reason := _too_few(rows["emotion"]):
        skip_job(folder, reason, rows.height, 0)


def _prepare_command(
    recipe: CommandRecipe, folder: Path, trainer: Trainer, base: BaseModel
) -> None:
    export = trainer.data_root.exports / recipe.export
    linked = {
        f"export/{path.name}": (path, file_sha256(path))
        for path in sorted(export.glob("*"))
        if path.is_file()
    }
    train = export / recipe.train_file
    rows = count_rows(train) if train.is_file() else 0
    parts = {_REFUSED: _NO_REFUSALS}
    _write(recipe, folder, trainer, base, parts, {}, linked, {"train_rows": rows})
    if not rows:
        skip_job(folder, "no_samples", 0, 0)


def _write(
    recipe: Recipe,
    folder: Path,
    trainer: Trainer,
    base: BaseModel,
    inputs: Mapping[str, pl.DataFrame],
    images: Mapping[str, Path],
    linked: Mapping[str, tuple[Path, str]] | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write a job folder: inputs, images, base model, environment and description."""
    lock = read_environment(recipe.environment)
    folder.mkdir(parents=True, exist_ok=True)
    for image_id, path in images.items():
        link_file(path, folder / "images" / image_id)
    content = recipe.content | dict(more or {})
    environment = write_bytes(lock, folder / ENVIRONMENT_FILE)
    about = {
        "recipe": folder.name,
        "recipe_hash": recipe.recipe_hash,
        "environment": recipe.environment,
        "environment_hash": environment.sha256[:16],
        "code_version": hash_code(recipe.job),
        "data_versions": json.dumps(
            hash_tables(trainer.data_root.tables, _sources_of(recipe)), sort_keys=True
        ),
        "base_model": base.name,
        "base_run_id": base.run_id,
        "resources": recipe.resources,
    }
    uses_base = recipe.job != "linear_probe"
    files = {f"base/{name}": file for name, file in base.files.items()} if uses_base else {}
    prepare_job(
        folder,
        recipe.job,
        METHODS[recipe.job],
        recipe.seed,
        content,
        inputs,
        about,
        {**files, **(linked or {})},
    )
    read_job(folder)


def _sources_of(recipe: Recipe) -> tuple[str, ...]:
    """Return the tables that the recipe's samples are made of."""
    if isinstance(recipe, SftRecipe):
        samples = "qa__items" if recipe.samples == "qa" else "records__emoverse"
        return samples, "dedup__images"
    return _SOURCES.get(recipe.job, ())


def _too_few(emotions: pl.Series) -> str | None:
    """Return why labelled images are too few to fit anything, or None."""
    if emotions.len() < SMALLEST_LABELLED:
        return "too_few_items"
    return "one_class" if emotions.n_unique() < 2 else None
