"""Options that several commands take, and the foot of a help page.

Belongs here: what an option is called and what its help says. Does not belong here: any command.
"""

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
ProvidersOption = Annotated[
    str | None,
    typer.Option(
        "--providers",
        metavar="WHO",
        help="Who annotates: embedded (no key, no download), local (a server of this program), or "
        "a list as openai:MODEL,gemini,compatible:MODEL; else EEMO_PROVIDERS, else embedded.",
    ),
]
BudgetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--budget-usd",
        metavar="USD",
        help="Spend no more: 5 for the run, annotation=2 for a stage; repeatable. Else "
        "EEMO_BUDGET_USD.",
    ),
]


def examples(*commands: str) -> str:
    """The foot of a help page: commands that work when pasted."""
    return "\n".join(["\b", "Examples:", *(f"  {command}" for command in commands)])
