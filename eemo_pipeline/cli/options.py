"""Options shared by several commands, and the examples at the end of a help page."""

from pathlib import Path
from typing import Annotated

import typer

from eemo_pipeline.cli.data_root import read_folder

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data", parser=read_folder, metavar="DIR", help="Data root; else EEMO_DATA, else ./data."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="List all findings, not the first twenty.")
]
ProvidersOption = Annotated[
    str | None,
    typer.Option(
        "--providers",
        metavar="WHO",
        help="The annotators: embedded (no key, no download), local (this program's own server), "
        "or a list such as openai:MODEL,gemini,compatible:MODEL,transformers:FOLDER; else "
        "EEMO_PROVIDERS, else embedded.",
    ),
]
BudgetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--budget-usd",
        metavar="USD",
        help="Spending cap: 5 for the run, annotation=2 for a stage; repeatable; else "
        "EEMO_BUDGET_USD.",
    ),
]


def complete_source(typed: str) -> list[str]:
    """Return the source datasets whose names begin with what was typed."""
    from importlib.util import find_spec
    from pkgutil import iter_modules

    # The names alone: importing every source would make Tab slow.
    spec = find_spec("eemo_pipeline.sources")
    folders = spec.submodule_search_locations if spec else None
    return sorted(file.name for file in iter_modules(folders) if file.name.startswith(typed))


def complete_table(typed: str) -> list[str]:
    """Return the tables whose names begin with what was typed."""
    from eemo_pipeline.schema.tables import TABLES

    return [name for name in TABLES if name.startswith(typed)]


PermittedOption = Annotated[
    list[str] | None,
    typer.Option(
        "--permitted",
        metavar="SOURCE",
        help="A source whose owner has given you permission beyond its terms; repeatable.",
        autocompletion=complete_source,
    ),
]


def examples(*commands: str) -> str:
    """Return the end of a help page: example commands that work when pasted."""
    return "\n".join(["\b", "Examples:", *(f"  {command}" for command in commands)])
