"""The commands under `eemo batch`: names, options, help and examples.

Belongs here: declarations. Does not belong here: what a command does (`batching.py`).
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
    """Annotate in the providers' batches: half the price, within a day.

    Without a command, show how the batches stand.
    """
    ctx.obj = data, as_json
    if ctx.invoked_subcommand is None:
        from eemo_pipeline.cli.batch import show_batches

        show_batches(data, as_json=as_json)


@batch_app.command(epilog=examples("eemo batch status", "eemo batch status --json"))
def status(ctx: typer.Context, *, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show every batch; how the open ones stand, their providers are asked."""
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
    """Send what the annotators have not answered about the kept pictures.

    Nothing is sent that has an answer or waits in a batch; what failed in one is sent again. Run
    the graph up to dedup__images first. Exit code 4: the budget is spent, what fitted in is sent;
    5: a key or a model is missing.
    """
    from eemo_pipeline.cli.batch import submit_batches

    raise typer.Exit(
        submit_batches(
            data or ctx.obj[0], providers, budget_usd or (), as_json=as_json or ctx.obj[1]
        )
    )


@batch_app.command(epilog=examples("eemo batch collect", "eemo batch collect --data data/mine"))
def collect(ctx: typer.Context, *, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Store the results of the batches that are over; the next run uses them."""
    from eemo_pipeline.cli.batch import collect_batches

    raise typer.Exit(collect_batches(data or ctx.obj[0], as_json=as_json or ctx.obj[1]))
