"""Scores answers of models by the published protocols (`eemo evaluate`)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eemo_pipeline.cli.data_root import choose_data_root
from eemo_pipeline.cli.dry_run import open_ledger_of
from eemo_pipeline.cli.model_choice import choose_judge, choose_models, choose_plan, no_bertscore
from eemo_pipeline.cli.output import clean, counted, say, show_json, show_rows
from eemo_pipeline.cli.problems import Exit, Problem, wrong_usage
from eemo_pipeline.cli.shell_text import command, corrected, making_commands, shown, typed_again
from eemo_pipeline.lake.data_root import DataRoot

if TYPE_CHECKING:
    import polars as pl

    from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item
    from eemo_pipeline.stages.evaluation.replay import Replay
    from eemo_pipeline.stages.evaluation.scores import Score
    from resources.child_models.sentence_similarity import SentenceSimilarity

# The scores, the costs, and the database that analysts read.
_SELECTION = 'key:"evaluation__predictions" or key:"costs__calls" or key:"warehouse__database"'
_STEP = "evaluation"
_COLUMNS = (
    *("section", "number", "aspect", "marking", "value", "lower", "upper", "items", "covered"),
    "published",
)


def ask_model(
    data: Path | None,
    names: Sequence[str],
    model: str | None,
    limit: int | None,
    budgets: Sequence[str],
    *,
    as_json: bool,
) -> Exit:
    """Ask a model the items of benchmarks about the images of the data root, and score it.

    Raises:
        Problem: the model or a benchmark cannot be used, or the data root has no tables.
    """
    from eemo_pipeline.cli.run import run_selection

    root, text = _require(data, names, model)
    _prepare_items(root, names)
    choose_judge()
    chosen = choose_models(text, budgets)
    settings: dict[str, Any] = {"models": [text], "benchmarks": list(names)}
    if limit is not None:
        settings["limit"] = limit
    return run_selection(
        root, _SELECTION, chosen, _next_commands, as_json=as_json, settings={_STEP: settings}
    )


def show_cost(
    data: Path | None,
    names: Sequence[str],
    model: str | None,
    limit: int | None,
    budgets: Sequence[str],
    *,
    as_json: bool,
) -> None:
    """Show one line per benchmark: the calls that asking the model would take, and their cost.

    Raises:
        Problem: the model or a benchmark cannot be used, or the data root has no tables.
    """
    from eemo_pipeline.lake.parquet import scan_table
    from eemo_pipeline.stages.evaluation.forecast import forecast_evaluation, forecast_judge
    from eemo_pipeline.stages.evaluation.model_runs import choose_items
    from eemo_pipeline.vlm.session import Session
    from eemo_pipeline.vlm.spending.budget import Budget
    from eemo_pipeline.vlm.spending.prices import read_prices
    from resources.roles.examinees import planned_examinee, planned_judge

    choose_judge()
    root, text = _require(data, names, model)
    choose_plan(text, budgets)

    lines: list[dict[str, Any]] = []
    prepared = _prepare_items(root, names)
    pictures = scan_table(root.tables, "ingest__images").collect()
    with open_ledger_of(root) as ledger:
        session = Session(ledger, Budget(), read_prices())
        examinee, judge = planned_examinee(text, session, root), planned_judge(session, root)
        for name in names:
            benchmark = choose_benchmark(name)
            items = choose_items(prepared[name], limit)
            line = forecast_evaluation(examinee, benchmark, items, pictures)
            lines.append({"benchmark": name, "items": len(items), **asdict(line)})
            judged = forecast_judge(judge, benchmark, items) if judge else None
            if judged and judged.pictures:
                lines.append({"benchmark": name, "items": judged.pictures, **asdict(judged)})
    if as_json:
        show_json({"model": examinee.name, "lines": lines})
        return
    columns = (
        "benchmark",
        "model",
        "items",
        "answered",
        "calls_low",
        "calls_high",
        "usd_low",
        "usd_high",
    )
    show_rows(columns, [[line[column] for column in columns] for line in lines])
    say(f"{examinee.name} would be asked; nothing was called")


def _require(data: Path | None, names: Sequence[str], model: str | None) -> tuple[DataRoot, str]:
    """Return the data root and the model, or say what is missing."""
    if not model:
        raise wrong_usage(
            "nothing says whose answers are scored",
            "--model",
            "neither a model nor a file of answers is named",
            typed_again(f"evaluate --benchmark {names[0]} --model local"),
            typed_again(f"evaluate --benchmark {names[0]} --replay responses.json"),
        )
    for name in names:
        if choose_benchmark(name).prepare is None:
            raise wrong_usage(
                "the benchmark asks no model",
                f"--benchmark {name}",
                "its items come in response files alone",
                typed_again(f"evaluate --benchmark {name} --replay responses.json"),
            )
    root = choose_data_root(data)
    if not (root.tables / "assess__items.parquet").is_file():
        raise Problem(
            "there is nothing to ask about",
            shown(root.tables),
            "the tables have not been built",
            *(making_commands(root) or (command("run", root),)),
        )
    return root, model


def _prepare_items(root: DataRoot, names: Sequence[str]) -> "Mapping[str, Sequence[Item]]":
    """Return benchmark -> its items about the images of the data root.

    Raises:
        Problem: a benchmark has none.
    """
    from eemo_pipeline.lake.parquet import scan_table

    def table(name: str) -> "pl.DataFrame":
        return scan_table(root.tables, name).collect()

    found: dict[str, Sequence[Item]] = {}
    for name in names:
        prepare = choose_benchmark(name).prepare
        found[name] = prepare(table) if prepare else []
        if not found[name]:
            raise Problem(
                "the benchmark has no items here",
                f"--benchmark {name}",
                "no image of the data root has the labels that it asks about",
                command("sources", root),
                typed_again(f"evaluate --benchmark {name} --replay responses.json"),
            )
    return found


def _next_commands(root: DataRoot) -> list[str]:
    return [command('sql "from leaderboard"', root), command("ui", root)]


def show_replay(
    names: Sequence[str], path: Path, model: str | None, similarity: Path | None, *, as_json: bool
) -> None:
    """Score a response file and show every number.

    Raises:
        Problem: there is no such benchmark, or the file or the model of texts cannot be used.
    """
    from contextlib import closing, nullcontext

    from eemo_pipeline.stages.evaluation.replay import replay
    from eemo_pipeline.stages.evaluation.response_formats import BadResponses
    from eemo_pipeline.stages.evaluation.text_measures import with_bertscore
    from resources.child_models.bertscore import open_bertscore
    from resources.child_models.child_process import ChildProblem
    from resources.child_models.model_folder import MissingModel
    from resources.child_models.sentence_similarity import SimilarityFailed

    if len(names) != 1:
        raise wrong_usage(
            "a file answers one benchmark",
            f"--benchmark {' --benchmark '.join(names)}",
            f"{len(names)} are named",
            corrected("--benchmark", names[0]),
        )
    benchmark = choose_benchmark(names[0])
    try:
        measure = _open_similarity(similarity)
        with closing(measure.child) if measure else nullcontext(), open_bertscore() as bertscore:
            done = replay(benchmark, path, model, measure, with_bertscore(bertscore))
    except BadResponses as error:
        raise wrong_usage(
            "the response file cannot be used",
            shown(path),
            clean(str(error)),
            "give a file with the answers of one model, or name it with --model",
        ) from error
    except SimilarityFailed as error:
        raise _no_similarity(similarity, error) from error
    except (MissingModel, ChildProblem) as error:
        raise no_bertscore(error) from error
    if as_json:
        show_json(_describe(done, path))
        return
    say(f"{done.benchmark.title} ({done.benchmark.citation}): {clean(done.file.model)}")
    show_rows(_COLUMNS, [_row(done, found) for found in done.scores])
    for line in _missing(done):
        say(f"missing: {line}")
    for reason, count in sorted(Counter(row.reason for row in done.file.refusals).items()):
        say(f"{counted(count, 'row')} refused: {reason}")


def _open_similarity(folder: Path | None) -> "SentenceSimilarity | None":
    if folder is None:
        return None
    from resources.child_models.clip_similarity import build_clip_similarity
    from resources.child_models.model_folder import MissingModel

    try:
        return build_clip_similarity(str(folder))
    except MissingModel as error:
        raise _no_similarity(folder, error) from error


def _no_similarity(folder: Path | None, error: Exception) -> Problem:
    return Problem(
        "the model that compares texts cannot be used",
        f"--similarity {shown(folder)}" if folder else "--similarity",
        clean(str(error)),
        "name a folder of CLIP ViT-B/32 as save_pretrained leaves it, or no --similarity",
        code=Exit.CREDENTIAL,
    )


def choose_benchmark(name: str) -> "Benchmark":
    """Return a benchmark by name.

    Raises:
        Problem: there is none.
    """
    from eemo_pipeline.stages.evaluation.replay import list_benchmarks

    known = list_benchmarks()
    if name not in known:
        raise wrong_usage(
            "there is no such benchmark",
            f"--benchmark {clean(name)}",
            f"the benchmarks are {', '.join(known)}",
            *(corrected("--benchmark", other) for other in known if other.startswith(name[:5])),
        )
    return known[name]


def _describe(done: "Replay", path: Path) -> dict[str, Any]:
    predictions = done.predictions
    marking = done.scores[0].marking if done.scores else None
    return {
        "benchmark": done.benchmark.name,
        "title": done.benchmark.title,
        "citation": done.benchmark.citation,
        "model": done.file.model,
        "file": str(path),
        "format": done.layout.name,
        "rows": len(done.file.responses) + len(done.file.refusals),
        "items": predictions.height,
        "excluded_items": predictions.filter(~predictions["is_scored"])["benchmark_item"].to_list(),
        "refusals": [vars(refusal) for refusal in done.file.refusals[:100]],
        "states": dict(sorted(predictions["status"].value_counts().rows())),
        # As the owners print them: by their own marks where the file has them.
        "numbers": _by_section(_best_marked(done.scores)),
        "marking": marking,
        "readings": {
            name: _by_section(found for found in done.scores if found.marking == name)
            for name in ("tolerant", "strict")
        },
        "scores": [_as_object(done, found) for found in done.scores],
        "missing": _missing(done),
        "notes": done.benchmark.notes,
    }


def _best_marked(scores: Sequence["Score"]) -> list["Score"]:
    """Return one score per number: by given marks, else as read tolerantly."""
    found: dict[tuple[str, str, str], Score] = {}
    for one in scores:
        if one.marking != "strict":
            found.setdefault((one.section, one.name, one.aspect), one)
    return list(found.values())


def _missing(done: "Replay") -> list[str]:
    """Return the numbers that cannot be measured here, and why."""
    from eemo_pipeline.stages.evaluation.similar_texts import MISSING

    compared = {
        one.item.section
        for one in done.file.responses
        if one.verdict is None and done.benchmark.compared(one.item, one.text or "")
    }
    names = [number.name for number in done.benchmark.numbers if number.section in compared]
    unmeasured = {one.name: one.signature for one in done.scores if one.value is None}
    return [f"{name}: {why}" for name, why in unmeasured.items()] + [
        f"{name}: {MISSING}" for name in names
    ]


def _by_section(found: Any) -> Mapping[str, Mapping[str, float | None]]:
    sections: dict[str, dict[str, float | None]] = {}
    for number in (one for one in found if not one.aspect):
        printed = None if number.printed is None else float(number.printed)
        sections.setdefault(number.section, {})[number.name] = printed
    return sections


def _as_object(done: "Replay", found: "Score") -> dict[str, Any]:
    from eemo_pipeline.stages.evaluation.published_numbers import published

    value = (
        None
        if found.aspect
        else published(done.benchmark.name, found.section, found.name, done.file.model)
    )
    printed = None if found.printed is None else float(found.printed)
    return {
        "section": found.section,
        "number": found.name,
        "aspect": found.aspect,
        "marking": found.marking,
        "protocol": found.protocol,
        "unit": found.unit,
        "value": printed,
        "unrounded": found.value,
        "lower": found.lower,
        "upper": found.upper,
        "items": found.counted,
        "covered": found.covered,
        "published": value,
    }


def _row(done: "Replay", found: "Score") -> Sequence[object]:
    entry = _as_object(done, found)
    rounded = {
        name: None if entry[name] is None else round(entry[name], 2)
        for name in ("lower", "upper", "covered")
    }
    entry = {**entry, **rounded, "value": found.printed}
    return [entry[name] for name in _COLUMNS]
