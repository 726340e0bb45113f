"""Evaluations of models that a person asked for: their answers, kept beside the tables.

A file per model and benchmark is written below the folder `evaluation` of the data root when a
model has been asked, so that later runs score its answers again without asking.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.parquet import write_bytes
from eemo_pipeline.ledger.usage import NO_WORK, Work
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item
from eemo_pipeline.stages.evaluation.examinee import Examinee
from eemo_pipeline.stages.evaluation.judge import Judge
from eemo_pipeline.stages.evaluation.replay import list_benchmarks
from eemo_pipeline.stages.evaluation.responses import Response
from eemo_pipeline.stages.evaluation.rubrics import rubric_of
from eemo_pipeline.stats.hash_draws import short_hash, unit_interval

FOLDER = "evaluation"
_SCHEMA = pl.Schema(
    {
        "benchmark": pl.String,
        "evaluated_model": pl.String,
        "benchmark_item": pl.String,
        "reply": pl.String,
        "reason": pl.String,
        "given_mark": pl.Float64,
        "protocol": pl.String,
    }
)


@dataclass(frozen=True)
class Asked:
    """What asking models took.

    Attributes:
        work: calls and cost.
        agreements: model and benchmark -> the share of texts whose five votes are equal.
    """

    work: Work
    agreements: Mapping[str, float]


def choose_items(items: Sequence[Item], limit: int | None) -> Sequence[Item]:
    """Return at most so many items, drawn by the hash of their ids, in their order."""
    if limit is None or limit >= len(items):
        return items
    drawn = sorted(items, key=lambda item: unit_interval("limit", item.item_id))[:limit]
    chosen = {item.item_id for item in drawn}
    return [item for item in items if item.item_id in chosen]


def run_models(
    examinees: Sequence[Examinee],
    benchmarks: Sequence[str],
    table: Callable[[str], pl.DataFrame],
    root: Path,
    limit: int | None,
    judge: Judge | None = None,
) -> Asked:
    """Ask models the items of benchmarks, and keep their answers below the data root.

    Args:
        examinees: the models.
        benchmarks: names of those whose items they are asked.
        table: returns a table by name.
        root: the data root.
        limit: the most items of a benchmark.
        judge: marks the texts that need one; without a judge they have no mark.
    """
    work = NO_WORK
    agreements: dict[str, float] = {}
    known = list_benchmarks()
    for examinee in examinees:
        for name in benchmarks:
            prepare = known[name].prepare
            items = choose_items(prepare(table) if prepare else [], limit)
            responses, done = examinee.answer(known[name], items, table("ingest__images"))
            work += done
            rubric = rubric_of(known[name])
            if judge and rubric:
                judged = judge.mark(_texts_of(known[name], responses), rubric)
                marked = {one.item.item_id: one for one in judged.responses}
                responses = [marked.get(one.item.item_id, one) for one in responses]
                work += judged.work
                if judged.agreement is not None:
                    agreements[f"{examinee.name} {name}"] = judged.agreement
            _keep(root, name, examinee.name, responses)
    return Asked(work, agreements)


def _texts_of(benchmark: Benchmark, responses: Sequence[Response]) -> list[Response]:
    """Return the responses whose replies alone do not tell what they are worth."""
    return [one for one in responses if benchmark.mark(one.item, one.item.gold) is None]


def has_kept(root: Path, benchmark: str) -> bool:
    """Return whether a model was asked the items of a benchmark."""
    return any((root / FOLDER).glob(f"{benchmark}-*.parquet"))


def read_kept(
    root: Path, benchmark: str, items: Mapping[str, Item]
) -> Iterator[tuple[str, list[Response]]]:
    """Yield model and responses of every kept evaluation of a benchmark.

    Args:
        root: the data root.
        benchmark: the benchmark's name.
        items: its items by id; answers to others are left out.
    """
    for path in sorted((root / FOLDER).glob(f"{benchmark}-*.parquet")):
        rows = pl.read_parquet(path, glob=False, hive_partitioning=False)
        if "protocol" not in rows.columns:  # a file from before there were two
            rows = rows.with_columns(protocol=pl.lit(None, pl.String))
        if rows.schema != _SCHEMA:
            continue
        responses = [
            Response(
                items[row["benchmark_item"]],
                row["reply"],
                row["given_mark"],
                reason=row["reason"],
                protocol=row["protocol"],
            )
            for row in rows.iter_rows(named=True)
            if row["benchmark_item"] in items
        ]
        if responses:
            yield str(rows["evaluated_model"][0]), responses


def _keep(root: Path, benchmark: str, model: str, responses: Sequence[Response]) -> None:
    if not responses:
        return
    frame = pl.DataFrame(
        [
            (
                benchmark,
                model,
                response.item.item_id,
                response.text,
                response.reason,
                response.verdict,
                response.protocol,
            )
            for response in responses
        ],
        schema=_SCHEMA,
        orient="row",
    )
    # The name of a model may hold any sign; its hash may be part of a path.
    path = root / FOLDER / f"{benchmark}-{short_hash(model)}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(_as_parquet(frame), path)


def _as_parquet(frame: pl.DataFrame) -> bytes:
    import io

    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()
