"""The commands of `eemo` about trained models: names, options, help and examples."""

from typing import Annotated

import typer

from eemo_pipeline.cli.options import DataOption, JsonOption, examples

_TRAIN = examples(
    "eemo train --recipe sft_lora --tiny --data data/demo",
    "eemo train --recipe sft_lora --recipe grpo --usd-per-gpu-hour 3.5",
    "eemo train --recipe my_recipe.yaml",
)
_SIMILAR = examples("eemo similar 3fa2b1c0 --data data/demo", "eemo similar 3fa2b1c0 --count 40")


def add_training_commands(app: typer.Typer) -> None:
    """Add `train` and `similar` to the command line."""
    app.command(epilog=_TRAIN)(train)
    app.command(epilog=_SIMILAR)(similar)


def train(
    *,
    recipe: Annotated[
        list[str],
        typer.Option(
            "--recipe", metavar="NAME", help="Recipe, or the path of a .yaml file; repeatable."
        ),
    ],
    tiny: Annotated[
        bool,
        typer.Option(
            "--tiny", help="Try the recipe and what follows it with tiny random models, on a CPU."
        ),
    ] = False,
    usd_per_gpu_hour: Annotated[
        float | None,
        typer.Option("--usd-per-gpu-hour", min=0, help="Price of a GPU, for training__runs.usd."),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train models on the tables: a recipe, and the recipes that it starts from.

    Finished runs are reused, killed ones go on from their last checkpoint. EEMO_LAUNCHER chooses
    where jobs run: subprocess, ray, which submits them to the cluster at RAY_ADDRESS, or by_hand,
    which prints their commands.
    """
    from eemo_pipeline.cli.train import train as run_recipes

    raise typer.Exit(run_recipes(data, recipe, usd_per_gpu_hour, tiny=tiny, as_json=as_json))


def similar(
    image: Annotated[str, typer.Argument(metavar="IMAGE_ID")],
    *,
    count: Annotated[int, typer.Option("--count", min=1, max=1000, help="Images to show.")] = 10,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the images that feel most alike, by the embeddings of `eemo train --recipe des_head`.

    IMAGE_ID is the first digits of an image_id, at least 4, or the path of an image.
    """
    from eemo_pipeline.cli.similar import show_similar

    show_similar(data, image, count, as_json=as_json)
