"""The commands under `eemo report`: names, options, help and examples.

`report.py` does the work; `eemo_pipeline/stages/reports/` makes the page.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from eemo_pipeline.cli.options import DataOption, JsonOption, PermittedOption, examples

report_app = typer.Typer(
    name="report",
    help="Look at the dataset: one page with charts and a gallery, without network.",
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog=examples(
        "eemo report build --data data/demo",
        "eemo report open --data data/demo",
        "eemo report diff before after",
    ),
)


@report_app.command(
    epilog=examples(
        "eemo report build --data data/demo",
        "eemo report build --to ~/handed-out --data data/mine",
        "eemo report build --to ~/handed-out --images none --data data/mine",
    )
)
def build(
    *,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FOLDER",
            help="Folder outside the data root: images whose terms forbid it are not shown.",
        ),
    ] = None,
    images: Annotated[
        Literal["thumb", "none"],
        typer.Option("--images", help="Whether the gallery shows images."),
    ] = "thumb",
    permitted: PermittedOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build the report from the tables as they are.

    It is reports/dataset/index.html in the data root, or a folder to hand out. The same tables give
    the same bytes.
    """
    from eemo_pipeline.cli.report import build as write

    write(data, to, images, permitted or [], as_json=as_json)


@report_app.command(
    name="open", epilog=examples("eemo report open", "eemo report open --data data/demo")
)
def open_page(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Open the report in the browser, and say where it is."""
    from eemo_pipeline.cli.report import open_page as show_page

    show_page(data, as_json=as_json)


@report_app.command(
    epilog=examples("eemo report diff before after", "eemo report diff before after --json")
)
def diff(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="Folder of a report.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="Folder of a later one.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Show the numbers that moved between two reports."""
    from eemo_pipeline.cli.report import show_changes

    show_changes(before, after, as_json=as_json)
