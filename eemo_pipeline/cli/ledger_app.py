"""The commands under `eemo ledger`: names, options, help and examples.

`ledger.py` does the work.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from eemo_pipeline.cli.options import DataOption, JsonOption, examples

ledger_app = typer.Typer(
    name="ledger",
    rich_markup_mode=None,
    epilog=examples(
        "eemo ledger --data data/demo",
        "eemo ledger export calls.parquet --data data/demo",
        "eemo ledger prune --status refused --dry-run --data data/demo",
    ),
)


@ledger_app.callback(invoke_without_command=True)
def _start(ctx: typer.Context, *, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Manage the stored answers of models, and their cost.

    Without a command, show it. The ledger is a file in the data root, or the PostgreSQL database
    named in EEMO_LEDGER_URL.
    """
    ctx.obj = data, as_json
    if ctx.invoked_subcommand is None:
        from eemo_pipeline.cli.ledger import show_accounts

        show_accounts(data, as_json=as_json)


@ledger_app.command(
    epilog=examples("eemo ledger show --data data/demo", "eemo ledger show --json > costs.json")
)
def show(ctx: typer.Context, *, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show calls, answers, tokens and cost of every stage, provider and model."""
    from eemo_pipeline.cli.ledger import show_accounts

    show_accounts(data or ctx.obj[0], as_json=as_json or ctx.obj[1])


@ledger_app.command(
    epilog=examples(
        "eemo ledger export calls.parquet --data data/demo",
        "eemo ledger export calls.jsonl --data data/demo",
    )
)
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    *,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write every attempt and every answer to FILE, one row each.

    FILE ends with .parquet or .jsonl; the column `entry` says whether a row is an attempt, an
    answer, or a past answer that was asked for again. An existing file is not overwritten.
    """
    from eemo_pipeline.cli.ledger import export_rows

    export_rows(data or ctx.obj[0], file, as_json=as_json or ctx.obj[1])


@ledger_app.command(
    epilog=examples(
        "eemo ledger prune --status refused --dry-run",
        "eemo ledger prune --model gpt-4o-mini --stage critic --data data/mine",
        "eemo ledger prune --stage annotation --yes --data data/demo",
    )
)
def prune(
    ctx: typer.Context,
    *,
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="Answers of this model.")
    ] = None,
    stage: Annotated[
        str | None, typer.Option("--stage", metavar="STAGE", help="Answers to this stage.")
    ] = None,
    status: Annotated[
        Literal["ok", "refused"] | None, typer.Option("--status", help="Answers with this status.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be deleted; delete nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete stored answers, so that the next run asks for them, and pays, again.

    Only answers that match all given options are deleted. Past calls remain in the cost account.
    """
    from eemo_pipeline.cli.ledger import prune_answers
    from eemo_pipeline.ledger.accounts import Choice

    prune_answers(
        data or ctx.obj[0],
        Choice(model, stage, status),
        is_dry_run=dry_run,
        is_agreed=yes,
        as_json=as_json or ctx.obj[1],
    )
