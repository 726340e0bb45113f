"""The command `eemo evaluate`: its options, help and examples."""

from pathlib import Path
from typing import Annotated

import typer

from eemo_pipeline.cli.data_root import read_folder
from eemo_pipeline.cli.options import DataOption, JsonOption, examples

EVALUATE_EXAMPLES = examples(
    "eemo evaluate --benchmark eemo_bench_pair --replay responses.json",
    "eemo evaluate --benchmark eemo_bench_pair --replay responses.json --json",
)


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
        str,
        typer.Option(
            "--benchmark",
            metavar="NAME",
            help="The benchmark, such as eemo_bench_pair.",
            autocompletion=complete_benchmark,
        ),
    ],
    replay: Annotated[
        Path,
        typer.Option(
            "--replay",
            metavar="FILE",
            parser=read_folder,
            help="File with the answers of a model; no image is needed.",
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME", help="Whose answers, where a file has several."),
    ] = None,
    data: DataOption = None,  # noqa: ARG001 (a response file needs no data root)
    as_json: JsonOption = False,
) -> None:
    """Score a model by a published protocol, with intervals beside the published numbers.

    Replies are read tolerantly and strictly. Intervals are of 95 %, by a bootstrap over images or
    pairs. Answers that cannot be read count as wrong and are reported as coverage.
    """
    from eemo_pipeline.cli.evaluate import show_replay

    show_replay(benchmark, replay, model, as_json=as_json)
