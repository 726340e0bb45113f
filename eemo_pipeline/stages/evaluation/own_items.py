"""What embedded, trained and asked models answer to items, beside the baselines.

Beside the answers to our own held-out items stand the majority of the training items and chance;
beside those to other benchmarks, chance.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.stages.evaluation import baselines
from eemo_pipeline.stages.evaluation.benchmarks import (
    Benchmark,
    held_out_assess,
    held_out_qa,
)
from eemo_pipeline.stages.evaluation.embedded_answers import (
    annotator_replies,
    answer_assess,
    answer_qa,
    verifier_replies,
)
from eemo_pipeline.stages.evaluation.image_units import units_of
from eemo_pipeline.stages.evaluation.model_runs import has_kept, read_kept
from eemo_pipeline.stages.evaluation.probe_answers import answer_by_probes
from eemo_pipeline.stages.evaluation.replay import list_benchmarks
from eemo_pipeline.stages.evaluation.responses import Response
from eemo_pipeline.stages.evaluation.trained_classifiers import answer_labels, classifiers_of
from eemo_pipeline.stages.evaluation.vote_answers import answer_by_votes

Read = Callable[[str], pl.DataFrame]
Answered = tuple[Benchmark, str, list[Response]]


def list_answers(table: Read, root: Path) -> Iterator[Answered]:
    """Yield benchmark, model and responses of every model that has answered items.

    Args:
        table: returns a table by name.
        root: the data root, below which kept answers and the artefacts of trained models lie.
    """
    yield from _assess(table, root)
    yield from _qa(table)
    yield from answer_by_probes(table)
    yield from answer_by_votes(table)
    yield from _asked(table, root)


def _assess(table: Read, root: Path) -> Iterator[Answered]:
    benchmark = held_out_assess.BENCHMARK
    rows = held_out_assess.held_out(table)
    items = [held_out_assess.item_of(row, unit) for row, unit in rows]
    training = table("assess__items").filter(pl.col("split") == "train").sort("item_id")
    yield benchmark, baselines.MAJORITY, list(baselines.majority_of_assess(items, training))
    yield benchmark, baselines.CHANCE, list(baselines.answer_by_chance(benchmark, items))
    for name, replies in annotator_replies(table("annotation__replies")).items():
        yield benchmark, name, list(answer_assess(rows, replies))
    for name, replies in verifier_replies(table("verification__replies")).items():
        yield benchmark, name, list(answer_assess(rows, replies))
    features = table("_verification__features")
    for recipe, artefact in classifiers_of(table("training__runs"), root).items():
        yield benchmark, recipe, list(answer_labels(rows, artefact, features))


def _qa(table: Read) -> Iterator[Answered]:
    benchmark = held_out_qa.BENCHMARK
    items = held_out_qa.prepare(table)
    training = table("qa__items").filter(pl.col("split") == "train")
    yield benchmark, baselines.MAJORITY, list(baselines.majority_of_qa(items, training))
    yield benchmark, baselines.CHANCE, list(baselines.answer_by_chance(benchmark, items))
    rows = _qa_rows(table)
    for name, replies in annotator_replies(table("annotation__replies")).items():
        yield benchmark, name, list(answer_qa(rows, replies))


def _asked(table: Read, root: Path) -> Iterator[Answered]:
    """Yield the models that were asked before; their items are prepared where there are any."""
    own = held_out_assess.BENCHMARK.name, held_out_qa.BENCHMARK.name
    for name, benchmark in list_benchmarks().items():
        if benchmark.prepare and has_kept(root, name):
            items = {item.item_id: item for item in benchmark.prepare(table)}
            if name not in own:
                chance = list(baselines.answer_by_chance(benchmark, list(items.values())))
                yield benchmark, baselines.CHANCE, chance
            for model, responses in read_kept(root, name, items):
                yield benchmark, model, responses


def _qa_rows(table: Read) -> Sequence[tuple[dict[str, Any], str]]:
    unit = units_of(table("dedup__clusters"))
    rows = table("qa__items").filter(
        (pl.col("split") == "test") & (pl.col("question_type") != "open")
    )
    return [(row, unit(*row["image_ids"])) for row in rows.sort("item_id").iter_rows(named=True)]
