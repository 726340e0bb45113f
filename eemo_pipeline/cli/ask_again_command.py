"""The command `eemo ask-again`: options, help and examples; `ask_again.py` does the work."""

from typing import Annotated

import typer

from eemo_pipeline.cli.options import (
    BudgetOption,
    DataOption,
    JsonOption,
    ProvidersOption,
    complete_table,
    examples,
)

ASK_AGAIN_EXAMPLES = examples(
    'eemo ask-again --where "is_contested" --providers openai,gemini --dry-run',
    "eemo ask-again --table annotation__replies --where \"emotion = 'awe'\" --budget-usd 2",
)


def ask_again(
    *,
    where: Annotated[
        str, typer.Option("--where", metavar="SQL", help="Condition on the table's columns.")
    ],
    table: Annotated[
        str,
        typer.Option(
            "--table",
            metavar="TABLE",
            help="Table with the rows; it has an image_id.",
            autocompletion=complete_table,
        ),
    ] = "records__emoverse",
    stage: Annotated[
        list[str] | None,
        typer.Option(
            "--stage",
            metavar="STAGE",
            help="annotation, verification, grounding, critic or texts; repeatable; else the "
            "table's own stage, or all five.",
        ),
    ] = None,
    providers: ProvidersOption = None,
    budget_usd: BudgetOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the questions and their cost; ask nothing.")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the models of a run again about the images of chosen rows, and rebuild what follows.

    The earlier answers stay in the ledger as past answers; the new ones are used from then on.
    Embedded models are not asked: they would say the same. The forecast is what these answers cost
    last time; where an answer changes, the questions that follow from it are new. Exit codes are
    those of `eemo run`, which continues where the budget was reached.
    """
    from eemo_pipeline.cli.ask_again import Wish
    from eemo_pipeline.cli.ask_again import ask_again as ask

    wish = Wish(table, where, tuple(stage or ()))
    raise typer.Exit(
        ask(data, wish, providers, budget_usd or (), is_dry_run=dry_run, as_json=as_json)
    )
