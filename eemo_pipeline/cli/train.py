"""Trains recipes on the tables of a data root (`eemo train`), and finds like images by them."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from eemo_pipeline.cli.data_root import choose_data_root
from eemo_pipeline.cli.model_choice import choose_models
from eemo_pipeline.cli.problems import Exit, Problem, wrong_usage
from eemo_pipeline.cli.run import run_selection
from eemo_pipeline.cli.shell_text import command, making_commands, shown
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.stages.training.recipe import BadRecipe, list_recipes
from eemo_pipeline.stages.training.recipe_runs import plan

# The runs, and the database that analysts read.
_SELECTION = 'key:"training__runs" or key:"warehouse__database"'
_STEP = "training__runs"


def train(
    data: Path | None,
    recipes: Sequence[str],
    usd_per_gpu_hour: float | None,
    *,
    tiny: bool,
    as_json: bool,
) -> Exit:
    """Train recipes, and in a trial what follows them; see `stages/training/recipe_runs.py`.

    Raises:
        Problem: a recipe cannot be used, or the data root has no tables.
    """
    root = choose_data_root(data)
    names = [_resolve(name) for name in recipes]
    try:
        plan(names, is_trial=tiny)
    except BadRecipe as error:
        raise wrong_usage(
            "the recipe cannot be used",
            f"--recipe {' --recipe '.join(recipes)}",
            str(error),
            command(f"train --recipe {_find_nearest(recipes)}", root),
        ) from error
    if not (root.tables / "assess__items.parquet").is_file():
        raise Problem(
            "there is nothing to train on",
            shown(root.tables),
            "the tables have not been built",
            *(making_commands(root) or (command("run", root),)),
        )
    settings: dict[str, Any] = {"recipes": names, "tiny": tiny}
    if usd_per_gpu_hour is not None:
        settings["usd_per_gpu_hour"] = usd_per_gpu_hour
    return run_selection(
        root,
        _SELECTION,
        choose_models(None, ()),
        _next_commands,
        as_json=as_json,
        settings={_STEP: settings},
    )


def _resolve(name: str) -> str:
    """Return a recipe's name, or the absolute path of its file."""
    return str(Path(name).absolute()) if name.endswith((".yaml", ".yml")) else name


def _next_commands(root: DataRoot) -> list[str]:
    query = "select recipe, status, base_model, train_loss, accuracy, path from training__runs"
    return [command(f'sql "{query}"', root), command("ui", root)]


def _find_nearest(recipes: Sequence[str]) -> str:
    """Return the recipe whose name is nearest to one that was asked for, else the first."""
    shipped = list_recipes()
    near = [match for name in recipes for match in get_close_matches(name, shipped, 1)]
    return (near or list(shipped))[0]
