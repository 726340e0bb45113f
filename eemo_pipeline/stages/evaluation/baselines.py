"""Answers without an image: the majority of the training items, and chance."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, held_out_assess
from eemo_pipeline.stages.evaluation.responses import Response
from eemo_pipeline.stats.hash_draws import unit_interval

MAJORITY, CHANCE = "majority_baseline", "random_baseline"
_POINTS = (25, 15, 10)  # of the places of a ranking, as EEmo-Bench weighs them


def answer_by_chance(benchmark: Benchmark, items: Sequence[Item]) -> Iterator[Response]:
    """Yield what chance answers; the draw is a hash of the item."""
    for item in items:
        draw = unit_interval("chance", benchmark.name, item.item_id)
        yield Response(item, benchmark.guess(item, draw) or None)


def majority_of_assess(items: Sequence[Item], training: pl.DataFrame) -> Iterator[Response]:
    """Yield the most frequent answer of the training items of the same task and candidates.

    A ranking names the emotions by their points over all rankings, and a value is the mean.

    Args:
        items: held-out items.
        training: rows of `assess__items` of the split train.
    """
    counted: dict[tuple[Any, ...], Counter[str]] = {}
    values: dict[str, list[float]] = {}
    for row in training.iter_rows(named=True):
        item = held_out_assess.item_of(row)
        if row["task"] == "vad":
            values.setdefault(item.section, []).append(row["target"])
            continue
        points = _POINTS if row["task"] == "ranking" else (1,)
        places = counted.setdefault((item.section, frozenset(item.options)), Counter())
        for label, point in zip(item.gold.split(", "), points, strict=False):
            places[label] += point
    for item in items:
        text = _majority_text(item, counted, values)
        yield Response(item, text, reason=None if text else "no_training_items")


def majority_of_qa(items: Sequence[Item], training: pl.DataFrame) -> Iterator[Response]:
    """Yield the offered option that is right most often among training items of the template.

    Args:
        items: held-out items.
        training: rows of `qa__items` of the split train.
    """
    rights = {
        (template, answer): count
        for template, answer, count in training.group_by("template", "answer").len().iter_rows()
    }
    for item in items:
        letter = max(
            item.options,
            key=lambda one: (rights.get((item.aspect, item.options[one]), 0), -ord(one)),
            default=None,
        )
        text = None if letter is None else f"{letter}: {item.options[letter]}"
        yield Response(item, text, reason=None if text else "no_options")


def _majority_text(
    item: Item,
    counted: Mapping[tuple[Any, ...], Counter[str]],
    values: Mapping[str, Sequence[float]],
) -> str | None:
    if item.section in values:
        known = values[item.section]
        return f"{item.section.capitalize()}: {sum(known) / len(known):.4f}"
    places = counted.get((item.section, frozenset(item.options)))
    if not places:
        return None
    ordered = sorted(places, key=lambda label: (-places[label], label))
    if item.section == "ranking":
        return f"Emotion ranking: {', '.join(ordered[:3])}"
    return f"Dominant emotion: {ordered[0]}"
