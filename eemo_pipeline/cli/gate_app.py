"""The commands under `eemo gate`: names, options, help and examples.

`gate.py` does the work; edits are kept by `eemo_pipeline/lake/edits.py`.
"""

from pathlib import Path
from typing import Annotated

import typer

from eemo_pipeline.cli.options import DataOption, JsonOption, complete_table, examples

gate_app = typer.Typer(
    name="gate",
    help="Hand a table out to be edited by hand, and take it back.",
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog=examples(
        "eemo gate export records__emoverse --to records.csv --data data/mine",
        "eemo gate import records__emoverse records.csv --by ann --data data/mine",
    ),
)
TableArgument = Annotated[
    str,
    typer.Argument(metavar="TABLE", help="Name of the table.", autocompletion=complete_table),
]


@gate_app.command(
    epilog=examples(
        "eemo gate export records__emoverse --to records.csv --data data/mine",
        "eemo gate export records__emoverse --to awe.jsonl --where \"emotion = 'awe'\"",
    )
)
def export(
    table: TableArgument,
    *,
    to: Annotated[
        Path, typer.Option("--to", metavar="FILE", help="A .csv, .jsonl or .parquet file.")
    ],
    where: Annotated[
        str, typer.Option("--where", metavar="SQL", help="Condition on the table's columns.")
    ] = "true",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a table, or the rows that fulfil a condition, to FILE.

    Change values but not the key columns and not `gate_row`, which tells whether a row has changed
    since. Rows may be left out. An existing file is not overwritten.
    """
    from eemo_pipeline.cli.gate import export as hand_out

    hand_out(data, table, to, where, as_json=as_json)


@gate_app.command(
    "import",
    epilog=examples("eemo gate import records__emoverse records.csv --by ann --data data/mine"),
)
def take_back(
    table: TableArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    *,
    by: Annotated[
        str, typer.Option("--by", metavar="NAME", help="Pseudonym of the person who edited.")
    ],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take an edited file back; every changed value is kept with who, when, old and new.

    Rows that do not fit the table's schema, or that have changed since they were handed out, are
    refused one by one (exit code 3); the others are taken. Edits are put into the table whenever it
    is built, so they survive new runs.
    """
    from eemo_pipeline.cli.gate import take_back as take

    raise typer.Exit(take(data, table, file, by, as_json=as_json))
