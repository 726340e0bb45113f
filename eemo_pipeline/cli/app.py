"""The commands of `eemo`: names, options, help, examples, and exit codes.

The other modules of this folder do the work of each command.
"""

import importlib.metadata
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import click
import typer

from eemo_pipeline.cli.ask_again_command import ASK_AGAIN_EXAMPLES, ask_again
from eemo_pipeline.cli.batch_app import batch_app
from eemo_pipeline.cli.collect_command import COLLECT_EXAMPLES, collect
from eemo_pipeline.cli.data_root import read_folder
from eemo_pipeline.cli.error_messages import TRACEBACK, explain_unexpected, explain_usage
from eemo_pipeline.cli.evaluation_app import EVALUATE_EXAMPLES, evaluate
from eemo_pipeline.cli.findings import MOST_FINDINGS
from eemo_pipeline.cli.gate_app import gate_app
from eemo_pipeline.cli.ledger_app import ledger_app
from eemo_pipeline.cli.mask_files import masks
from eemo_pipeline.cli.options import (
    BudgetOption,
    DataOption,
    JsonOption,
    PermittedOption,
    ProvidersOption,
    VerboseOption,
    complete_source,
    examples,
)
from eemo_pipeline.cli.output import say, show, show_json, show_problem
from eemo_pipeline.cli.problems import Exit, Problem, describe_problem
from eemo_pipeline.cli.release_app import release_app
from eemo_pipeline.cli.report_app import report_app
from eemo_pipeline.cli.review_app import review_app
from eemo_pipeline.cli.training_app import add_training_commands

app = typer.Typer(
    name="eemo",
    help="A dataset factory for image-evoked emotion: images in, finished datasets out.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain text: fast, and the same in a pipe
    pretty_exceptions_enable=False,
    suggest_commands=False,  # click suggests, and `explain_usage` shows it once
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  eemo demo
  eemo run --images ~/Pictures --data data/mine
  eemo sql "select * from ingest__rejects" --data data/mine""",
)


def _show_version(is_asked: bool) -> None:  # noqa: FBT001 (typer calls it with the value)
    if is_asked:
        show(f"eemo {importlib.metadata.version('eemo-pipeline')}")
        raise typer.Exit


@app.callback()
def _start(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """A dataset factory for image-evoked emotion: images in, finished datasets out."""


@app.command(
    epilog=examples("eemo demo", "eemo demo --providers local", "eemo demo --json > demo.json")
)
def demo(
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            parser=read_folder,
            metavar="DIR",
            help="Data root; else EEMO_DATA, else ./data/demo.",
        ),
    ] = None,
    providers: ProvidersOption = None,
    budget_usd: BudgetOption = None,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Build the demo lake and take it through the whole graph.

    A few hundred images, drawn by code or taken from scikit-image's photographs, are laid out like
    the source datasets.
    """
    from eemo_pipeline.cli.run import run_demo

    most = sys.maxsize if verbose else MOST_FINDINGS
    raise typer.Exit(run_demo(data, providers, budget_usd or (), most, as_json=as_json))


@app.command(
    epilog=examples(
        "eemo run --images ~/Pictures --data data/mine",
        "eemo run --data data/mine --providers openai,gemini --budget-usd 5",
        """eemo run --data data/mine --select '+key:"qa__items"'""",
    )
)
def run(
    *,
    images: Annotated[
        Path | None,
        typer.Option(
            "--images",
            parser=read_folder,
            metavar="FOLDER",
            help="Folder of images to process; it is linked, not copied.",
        ),
    ] = None,
    select: Annotated[
        str,
        typer.Option("--select", metavar="SELECTION", help="Dagster's asset selection syntax."),
    ] = "*",
    data: DataOption = None,
    providers: ProvidersOption = None,
    budget_usd: BudgetOption = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show the planned calls and their cost; run nothing."),
    ] = False,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take a folder of images through the graph.

    Without --images, process what is already in the data root. Unchanged results of the last run
    are reused, and no answer is paid for twice. Exit code 4: the budget is spent, run the same
    command again to continue; 5: a key or a model is missing.
    """
    if dry_run:
        from eemo_pipeline.cli.dry_run import show_forecast

        show_forecast(data, images, providers, budget_usd or (), as_json=as_json)
        return
    from eemo_pipeline.cli.run import run_pipeline

    most = sys.maxsize if verbose else MOST_FINDINGS
    raise typer.Exit(
        run_pipeline(data, images, select, providers, budget_usd or (), most, as_json=as_json)
    )


@app.command(epilog=examples("eemo status", "eemo status --data data/demo", "eemo status --json"))
def status(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show every table: rows, size, date and checks."""
    from eemo_pipeline.cli.inspection import show_status

    show_status(data, as_json=as_json)


@app.command(
    epilog=examples("eemo sources", "eemo sources --data data/demo", "eemo sources --json")
)
def sources(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show the source datasets: files on disk, licence, missing files."""
    from eemo_pipeline.cli.inspection import show_sources

    show_sources(data, as_json=as_json)


@app.command(
    epilog=examples(
        "eemo fetch emotion6 --data data/mine",
        "eemo fetch emotic",
        "eemo fetch warriner --url https://example.org/Ratings_Warriner_et_al.csv",
    )
)
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", autocompletion=complete_source)],
    *,
    url: Annotated[
        str | None,
        typer.Option("--url", metavar="URL", help="Alternative URL of the file, http or https."),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch a source dataset, or show how to get it.

    An interrupted download resumes where it stopped. Archives are unpacked; no file is overwritten.
    If the owner requires a request, the steps are shown.
    """
    from eemo_pipeline.cli.fetch import fetch_source

    fetch_source(data, name, url, as_json=as_json)


@app.command(
    epilog=examples(
        'eemo sql "show tables" --data data/demo',
        'eemo sql "select reason, count(*) from ingest__rejects group by all" --data data/demo',
        'eemo sql "select * from qa__items limit 3" --data data/demo --json',
    )
)
def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY")],
    *,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Query the published tables in SQL, even while a run is writing.

    QUERY is DuckDB SQL and changes nothing. The output is a table on a terminal and tab-separated
    lines in a pipe.
    """
    from eemo_pipeline.cli.inspection import answer_query

    answer_query(data, query, as_json=as_json)


@app.command(
    epilog=examples(
        "eemo explain 3fa2b1c0 --data data/demo",
        "eemo explain ~/Pictures/beach.jpg --data data/mine",
        "eemo explain 3fa2b1c0 --data data/demo --json",
    )
)
def explain(
    image: Annotated[
        str,
        typer.Argument(metavar="IMAGE_ID"),
    ],
    *,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one image's whole history, stage by stage.

    IMAGE_ID is the first digits of an image_id, at least 4, or the path of an image.
    """
    from eemo_pipeline.cli.inspection import explain_image

    explain_image(data, image, as_json=as_json)


@app.command(
    epilog=examples(
        "eemo export --to ~/handed-out --redistributable-only",
        "eemo export --to ~/handed-out --permitted folder --data data/mine",
    )
)
def export(
    *,
    to: Annotated[
        Path,
        typer.Option("--to", metavar="FOLDER", help="Folder to write to, outside the data root."),
    ],
    permitted: PermittedOption = None,
    redistributable_only: Annotated[
        bool,
        typer.Option(
            "--redistributable-only", help="Leave out items whose terms forbid redistribution."
        ),
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Export the published items, within the terms of their sources.

    Refused, with a list of sources, if an item depends on data that may not be redistributed.
    """
    from eemo_pipeline.cli.export import export as write

    write(data, to, permitted or [], redistributable_only=redistributable_only, as_json=as_json)


app.command(
    epilog=examples(
        "eemo masks --to masks --data data/demo", "eemo masks 3f2a91 --to masks --data data/demo"
    )
)(masks)
app.add_typer(ledger_app)
app.add_typer(batch_app)
app.add_typer(review_app)
app.add_typer(gate_app)
app.add_typer(report_app)
app.add_typer(release_app)
app.command(epilog=COLLECT_EXAMPLES)(collect)
app.command("ask-again", epilog=ASK_AGAIN_EXAMPLES)(ask_again)


@app.command(epilog=examples("eemo doctor", "eemo doctor --data data/demo", "eemo doctor --json"))
def doctor(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Check whether this machine and the data root are ready for use."""
    from eemo_pipeline.cli.doctor import examine

    raise typer.Exit(examine(data, as_json=as_json))


@app.command(epilog=examples("eemo ui --data data/demo", "eemo ui --data data/demo --port 3001"))
def ui(
    *,
    data: DataOption = None,
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Port on this machine.")
    ] = 3000,
    as_json: JsonOption = False,
) -> None:
    """Open Dagster's web pages for the data root.

    They are served to this machine only, until Ctrl-C.
    """
    from eemo_pipeline.cli.web_ui import serve

    raise typer.Exit(serve(data, port, as_json=as_json))


add_training_commands(app)
app.command(epilog=EVALUATE_EXAMPLES)(evaluate)


def run_command_line() -> int:
    """Run one command and return its exit code; errors are shown as a few lines."""
    command = typer.main.get_command(app)
    try:
        code = command.main(prog_name="eemo", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        say(error.format_message())
        return Exit.USAGE
    except click.UsageError as error:
        return _end(explain_usage(error), error)
    except Problem as error:
        return _end(error, error)
    except (KeyboardInterrupt, click.Abort):
        code = Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 (last resort; EEMO_TRACEBACK=1 shows the traceback)
        return _end(explain_unexpected(error), error)
    if code == Exit.INTERRUPTED:
        say("interrupted")
    return int(code or 0)


def _end(problem: Problem, error: BaseException) -> int:
    if os.environ.get(TRACEBACK) == "1":
        say("".join(traceback.format_exception(error)))
    show_problem(problem)
    if "--json" in sys.argv[1:]:
        show_json({"error": describe_problem(problem)})
    return problem.code
