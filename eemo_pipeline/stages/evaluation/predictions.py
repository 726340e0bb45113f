"""Table predictions: one row per item and model, with the reply, both readings and their marks."""

from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from eemo_pipeline.stages.evaluation.answer_parsing import TEXT
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark
from eemo_pipeline.stages.evaluation.responses import Response

# A reply is kept to this length: models are told to be short, and texts are hostile.
_LONGEST_REPLY = 4000

OK, UNPARSABLE, UNANSWERED, UNJUDGED = "ok", "unparsable", "unanswered", "unjudged"
SCHEMA: dict[str, Any] = {
    "benchmark": pl.String,
    "evaluated_model": pl.String,
    "benchmark_item": pl.String,
    "section": pl.String,
    "subset": pl.String,
    "item_group": pl.String,
    "resampling_unit": pl.String,
    "is_scored": pl.Boolean,
    "gold_answer": pl.String,
    "protocol": pl.String,
    "reply": pl.String,
    "parsed_answer": pl.String,
    "strict_answer": pl.String,
    "answer_probability": pl.Float64,
    "tolerant_mark": pl.Float64,
    "strict_mark": pl.Float64,
    "given_mark": pl.Float64,
    "status": pl.String,
    "reason": pl.String,
}


def tabulate(benchmark: Benchmark, model: str, responses: Iterable[Response]) -> pl.DataFrame:
    """Return the predictions, sorted by item.

    An answer that cannot be read has the mark 0, since a reader of it would learn nothing.

    Args:
        benchmark: reads and marks the replies.
        model: what answered.
        responses: at most one per item.
    """
    rows = list(_rows(benchmark, model, responses))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("benchmark_item")


def _rows(
    benchmark: Benchmark, model: str, responses: Iterable[Response]
) -> Iterator[tuple[Any, ...]]:
    for response in responses:
        item = response.item
        parsed = None if response.text is None else benchmark.parse(item, response.text)
        tolerant = parsed.tolerant if parsed else None
        strict = parsed.strict if parsed else None
        has_no_mark = benchmark.mark(item, item.gold) is None
        needs_judge = has_no_mark and bool(benchmark.rubric)
        status, reason = _state(response, tolerant, needs_judge=needs_judge)
        yield (
            benchmark.name,
            model,
            item.item_id,
            item.section,
            item.subset,
            item.aspect,
            item.unit or item.item_id,
            item.is_valid,
            item.gold,
            response.protocol or (parsed.protocol if parsed else TEXT),
            None if response.text is None else response.text[:_LONGEST_REPLY],
            tolerant,
            strict,
            response.probability,
            None if has_no_mark else _mark(benchmark, response, tolerant),
            None if has_no_mark else _mark(benchmark, response, strict),
            response.verdict,
            status,
            reason,
        )


def _mark(benchmark: Benchmark, response: Response, answer: str | None) -> float:
    return 0.0 if answer is None else (benchmark.mark(response.item, answer) or 0.0)


def _state(response: Response, answer: str | None, *, needs_judge: bool) -> tuple[str, str | None]:
    if response.text is None:
        return UNANSWERED, response.reason or "no_reply"
    if needs_judge:
        return (OK, None) if response.verdict is not None else (UNJUDGED, "no_verdict")
    return (OK, None) if answer is not None else (UNPARSABLE, "no_answer_found")
