"""The commands under `eemo batch`: names, options, help and examples.

`batch.py` does the work.
"""

import typer

from eemo_pipeline.cli.options import (
    BudgetOption,
    DataOption,
    JsonOption,
    ProvidersOption,
    examples,
)

batch_app = typer.Typer(
    name="batch",
    rich_markup_mode=None,
    epilog=examples(
        "eemo batch --data data/mine",
        "eemo batch submit --providers openai,gemini --budget-usd 5 --data data/mine",
        "eemo batch collect --data data/mine",
    ),
)


@batch_app.callback(invoke_without_command=True)
def _start(ctx: typer.Context, *, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Annotate in batches: half the price, within a day.

    Without a command, show the state of all batches.
    """
    ctx.obj = data, as_json
    if ctx.invoked_subcommand is None:
        from eemo_pipeline.cli.batch import show_batches

        show_batches(data, as_json=as_json)


@batch_app.command(epilog=examples("eemo batch status", "eemo batch status --json"))
def status(ctx: typer.Context, *, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show every batch; open ones are looked up at the provider."""
    from eemo_pipeline.cli.batch import show_batches

    show_batches(data or ctx.obj[0], as_json=as_json or ctx.obj[1])


@batch_app.command(
    epilog=examples(
        "eemo batch submit --providers openai,gemini",
        "eemo batch submit --providers openai:gpt-4o-mini --budget-usd 5 --data data/mine",
    )
)
def submit(
    ctx: typer.Context,
    *,
    data: DataOption = None,
    providers: ProvidersOption = None,
    budget_usd: BudgetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send the annotators' open questions about the kept images.

    Questions that are answered or wait in a batch are not sent; failed ones are sent again. Run the
    graph up to dedup__images first. Exit code 4: the budget is spent, and the questions that fitted
    into it are sent; 5: a key or a model is missing.
    """
    from eemo_pipeline.cli.batch import submit_batches

    raise typer.Exit(
        submit_batches(
            data or ctx.obj[0], providers, budget_usd or (), as_json=as_json or ctx.obj[1]
        )
    )


@batch_app.command(epilog=examples("eemo batch collect", "eemo batch collect --data data/mine"))
def collect(ctx: typer.Context, *, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Store the results of finished batches for the next run."""
    from eemo_pipeline.cli.batch import collect_batches

    raise typer.Exit(collect_batches(data or ctx.obj[0], as_json=as_json or ctx.obj[1]))
