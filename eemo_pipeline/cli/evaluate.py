"""Scores answers of models by the published protocols (`eemo evaluate`)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eemo_pipeline.cli.output import clean, say, show_json, show_rows
from eemo_pipeline.cli.problems import wrong_usage
from eemo_pipeline.cli.shell_text import corrected, shown

if TYPE_CHECKING:
    from eemo_pipeline.stages.evaluation.benchmarks import Benchmark
    from eemo_pipeline.stages.evaluation.replay import Replay
    from eemo_pipeline.stages.evaluation.scores import Score

_COLUMNS = (
    *("section", "number", "aspect", "marking", "value", "lower", "upper", "items", "covered"),
    "published",
)


def show_replay(name: str, path: Path, model: str | None, *, as_json: bool) -> None:
    """Score a response file and show every number.

    Raises:
        Problem: there is no such benchmark, or the file cannot be used.
    """
    from eemo_pipeline.stages.evaluation.replay import replay
    from eemo_pipeline.stages.evaluation.response_formats import BadResponses

    benchmark = choose_benchmark(name)
    try:
        done = replay(benchmark, path, model)
    except BadResponses as error:
        raise wrong_usage(
            "the response file cannot be used",
            shown(path),
            clean(str(error)),
            "give a file with the answers of one model, or name it with --model",
        ) from error
    if as_json:
        show_json(_describe(done, path))
        return
    say(f"{done.benchmark.title} ({done.benchmark.citation}): {clean(done.file.model)}")
    show_rows(_COLUMNS, [_row(done, found) for found in done.scores])
    for reason, count in sorted(Counter(row.reason for row in done.file.refusals).items()):
        say(f"{count:,} rows refused: {reason}")


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
        "numbers": _by_section(found for found in done.scores if found.marking == marking),
        "marking": marking,
        "readings": {
            name: _by_section(found for found in done.scores if found.marking == name)
            for name in ("tolerant", "strict")
        },
        "scores": [_as_object(done, found) for found in done.scores],
        "notes": done.benchmark.notes,
    }


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
