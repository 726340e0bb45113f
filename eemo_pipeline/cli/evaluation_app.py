"""The command `eemo evaluate`: its options, help and examples."""

from pathlib import Path
from typing import Annotated

import typer

from eemo_pipeline.cli.data_root import read_folder
from eemo_pipeline.cli.options import BudgetOption, DataOption, JsonOption, examples

EVALUATE_EXAMPLES = examples(
    "eemo evaluate --benchmark eemo_bench_pair --replay responses.json --json",
    "eemo evaluate --benchmark held_out_assess --model local --limit 20 --data data/demo",
    "eemo evaluate --benchmark held_out_qa --model openai:gpt-4o --budget-usd 2 --dry-run",
)


SimilarityOption = Annotated[
    Path | None,
    typer.Option(
        "--similarity",
        metavar="FOLDER",
        parser=read_folder,
        help="With --replay: folder of a CLIP model that compares texts (emoverse_grounding).",
    ),
]


def complete_benchmark(typed: str) -> list[str]:
    """Return the benchmarks whose names begin with what was typed."""
    from importlib.util import find_spec
    from pkgutil import iter_modules

    spec = find_spec("eemo_pipeline.stages.evaluation.benchmarks")
    folders = spec.submodule_search_locations if spec else None
    return sorted(file.name for file in iter_modules(folders) if file.name.startswith(typed))


def evaluate(
    *,
    benchmark: Annotated[
        list[str],
        typer.Option(
            "--benchmark",
            metavar="NAME",
            help="The benchmark, such as eemo_bench_pair; repeatable with --model.",
            autocompletion=complete_benchmark,
        ),
    ],
    replay: Annotated[
        Path | None,
        typer.Option(
            "--replay",
            metavar="FILE",
            parser=read_folder,
            help="File with the answers of a model; no image is needed.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="WHO",
            help="The model to ask: local (this program's own server) or PROVIDER:MODEL. With "
            "--replay: whose answers, where a file has several.",
        ),
    ] = None,
    similarity: SimilarityOption = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, metavar="N", help="The most items of a benchmark."),
    ] = None,
    budget_usd: BudgetOption = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show the planned calls and their cost; ask nothing."),
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score a model by a published protocol, with intervals beside the published numbers.

    Either the answers are in a file (--replay), or a model is asked (--model) about the images of
    the data root; then they are in the ledger, and an evaluation that is stopped goes on with the
    same command. Replies are read tolerantly and strictly. Intervals are of 95 %, by a bootstrap
    over near-duplicates or pairs. Answers that cannot be read count as wrong.
    """
    from eemo_pipeline.cli import evaluate as commands

    if replay is not None:
        commands.show_replay(benchmark, replay, model, similarity, as_json=as_json)
    elif dry_run:
        commands.show_cost(data, benchmark, model, limit, budget_usd or (), as_json=as_json)
    else:
        raise typer.Exit(
            commands.ask_model(data, benchmark, model, limit, budget_usd or (), as_json=as_json)
        )
