"""The commands under `eemo release`: names, options, help and examples.

`release.py` does the work; `eemo_pipeline/stages/release/` makes and checks releases.
"""

from typing import Annotated

import typer

from eemo_pipeline.cli.options import DataOption, JsonOption, PermittedOption, examples

release_app = typer.Typer(
    name="release",
    help="Number what is handed out: immutable folders with a card, checked against their data.",
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog=examples(
        "eemo release build --redistributable-only --data data/mine",
        "eemo release check --data data/mine",
        "eemo release diff 1 2 --data data/mine",
    ),
)
ReleaseArgument = Annotated[
    str | None,
    typer.Argument(metavar="[RELEASE]", help="A number, or a release's folder; else the latest."),
]


@release_app.command(
    epilog=examples(
        "eemo release build --redistributable-only --data data/mine",
        "eemo release build --permitted folder --data data/mine",
        "eemo release build --redistributable-only --with-images --data data/mine",
    )
)
def build(
    *,
    permitted: PermittedOption = None,
    redistributable_only: Annotated[
        bool,
        typer.Option(
            "--redistributable-only", help="Leave out rows whose terms forbid redistribution."
        ),
    ] = False,
    with_images: Annotated[
        bool,
        typer.Option("--with-images", help="Put the image files in, and not their paths alone."),
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the next release to `releases/NUMBER` of the data root.

    The licence of what the dataset adds stands in `release.yaml` of the data root. Every row has
    the licences that it depends on. Where nothing has changed since the latest release, no new one
    is made.
    """
    from eemo_pipeline.cli.release import build as make

    make(
        data,
        permitted or [],
        redistributable_only=redistributable_only,
        with_images=with_images,
        as_json=as_json,
    )


@release_app.command(
    epilog=examples("eemo release check --data data/mine", "eemo release check received/2")
)
def check(
    release: ReleaseArgument = None, *, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Check a release: hashes, images, licences, splits, and every number of its card.

    Exit code 3 if something is wrong.
    """
    from eemo_pipeline.cli.release import check as examine

    raise typer.Exit(examine(data, release, as_json=as_json))


@release_app.command(
    epilog=examples("eemo release diff 1 2 --data data/mine", "eemo release diff received/1 mine/2")
)
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A number, or a release's folder.")],
    new: ReleaseArgument = None,
    *,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which rows, labels and numbers moved between two releases, and why.

    Without a second release, OLD is compared with the latest.
    """
    from eemo_pipeline.cli.release_diff import show_difference

    show_difference(data, old, new, as_json=as_json)


@release_app.command("list", epilog=examples("eemo release list --data data/mine"))
def list_releases(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show the releases: rows, images, licence and digest."""
    from eemo_pipeline.cli.release import show_releases

    show_releases(data, as_json=as_json)
