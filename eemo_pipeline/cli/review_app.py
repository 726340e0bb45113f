"""The commands under `eemo review`: names, options, help and examples.

`review.py` does the work; `eemo_pipeline/web/` is the tool.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from eemo_pipeline.cli.options import DataOption, JsonOption, examples

review_app = typer.Typer(
    name="review",
    help="Let people judge images, blind, and check what models wrote.",
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog=examples(
        "eemo review users add ann --data data/demo",
        "eemo review serve --data data/demo",
        "eemo review stats --data data/demo",
    ),
)
users_app = typer.Typer(
    name="users",
    help="Manage the people who may log in.",
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog=examples("eemo review users add ann --role annotator", "eemo review users list --json"),
)
review_app.add_typer(users_app)
Format = Literal["jsonl", "label-studio", "coco"]
NameArgument = Annotated[str, typer.Argument(metavar="NAME")]
PortOption = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the server.")]


@review_app.command(
    epilog=examples(
        "eemo review serve --data data/demo",
        "eemo review serve --data data/mine --port 8001",
        "eemo review serve --host 0.0.0.0 --allow-host lab.example.org --data data/mine",
    )
)
def serve(
    *,
    data: DataOption = None,
    port: PortOption = 8765,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host",
            metavar="NAME",
            help="Name under which browsers reach the server; repeatable. Needed with --host.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Serve the review tool, to this machine only, until Ctrl-C.

    In a data root without people, a login link for the first one is shown. Every answer is stored
    before the page says so. EEMO_REVIEW_URL names a PostgreSQL database in place of the file
    review.sqlite.
    """
    from eemo_pipeline.cli.review import serve as run

    raise typer.Exit(run(data, host, port, allow_host or [], as_json=as_json))


@review_app.command(epilog=examples("eemo review queue --data data/demo"))
def queue(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Take the pipeline's latest queue into the review tool; a running server does so by itself."""
    from eemo_pipeline.cli.review import take_queue

    take_queue(data, as_json=as_json)


@review_app.command(
    epilog=examples("eemo review stats --data data/demo", "eemo review stats --json")
)
def stats(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show how far the review is: tasks by queue and state, judgements, events.

    Then the two draws of images by which people accept or reject what machines recorded, and the
    user study (does the image evoke an emotion, are emotion and background right), with what
    people said until now.
    """
    from eemo_pipeline.cli.review import show_stats

    show_stats(data, as_json=as_json)


@review_app.command(epilog=examples("eemo review verify --data data/demo"))
def verify(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Recompute the log's chain of hashes; exit code 3 names the first event that was changed."""
    from eemo_pipeline.cli.review import verify_log

    raise typer.Exit(verify_log(data, as_json=as_json))


@review_app.command(epilog=examples("eemo review replay --data data/demo"))
def replay(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Rebuild everything that follows from the events; exit code 3 if it was otherwise before."""
    from eemo_pipeline.cli.review import replay_log

    raise typer.Exit(replay_log(data, as_json=as_json))


@review_app.command(
    epilog=examples(
        "eemo review export votes.parquet --data data/demo",
        "eemo review export judgements.jsonl --format jsonl --data data/demo",
        "eemo review export tasks.json --format label-studio --data data/demo",
    )
)
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    *,
    form: Annotated[
        Format | None, typer.Option("--format", help="Write judgements for another tool.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write what people said to FILE.

    Without --format: every vote, one row each; FILE ends with .parquet, .jsonl or .csv. With it:
    what each person felt, corrected or confirmed of an image; coco holds boxes and the emotion
    alone. People are pseudonyms. An existing file is not overwritten.
    """
    from eemo_pipeline.cli.review_files import export_file

    export_file(data, file, form, as_json=as_json)


@review_app.command(
    "import",
    epilog=examples(
        "eemo review import labels.jsonl --data data/demo",
        "eemo review import project.json --format label-studio --data data/demo",
        "eemo review import instances.json --format coco --data data/demo --json",
    ),
)
def import_labels(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    *,
    form: Annotated[
        Format | None, typer.Option("--format", help="Format of the file; jsonl by its ending.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take in labels that people gave elsewhere.

    They count where nobody judged the same here. What is not taken is listed with its row and the
    reason. A file that is imported again adds nothing; a changed one of the same name replaces what
    the same people said in it. People of different files count as different people. Exit code 1 if
    nothing could be taken.
    """
    from eemo_pipeline.cli.review_files import import_file

    raise typer.Exit(import_file(data, file, form, as_json=as_json))


@users_app.command(epilog=examples("eemo review users add ann --role annotator --data data/demo"))
def add(
    name: NameArgument,
    *,
    role: Annotated[
        Literal["viewer", "annotator", "reviewer", "adjudicator", "admin"],
        typer.Option("--role", help="What the person may do."),
    ] = "annotator",
    port: PortOption = 8765,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a person and show their login link, which works once."""
    from eemo_pipeline.cli.review import add_person

    add_person(data, name, role, port, as_json=as_json)


@users_app.command(epilog=examples("eemo review users link ann --data data/demo"))
def link(
    name: NameArgument,
    *,
    port: PortOption = 8765,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a new login link for a person, and end their sessions."""
    from eemo_pipeline.cli.review import renew_link

    renew_link(data, name, port, as_json=as_json)


@users_app.command(
    epilog=examples(
        "eemo review users remove ann --data data/demo",
        "eemo review users remove ann --withdraw --data data/demo",
    )
)
def remove(
    name: NameArgument,
    *,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Leave out what they said, as they asked.")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a person's access; what they said stays, unless they withdraw it."""
    from eemo_pipeline.cli.review import remove_person

    remove_person(data, name, withdraw=withdraw, as_json=as_json)


@users_app.command("list", epilog=examples("eemo review users list --data data/demo"))
def list_people(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show the people who may log in, and their roles."""
    from eemo_pipeline.cli.review import show_people

    show_people(data, as_json=as_json)
