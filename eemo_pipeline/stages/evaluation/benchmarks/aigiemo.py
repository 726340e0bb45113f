"""AIGIEmo: the emotion of generated images, their valence and arousal, a caption and a reason.

Captions and reasons are measured beside those of the data set, and by their words; a signature says
which variant, since the published ones are not stated. F1 is the macro average. Ratings of -4 to 4
are compared on 0-1, as (x + 4) / 8; the authors' scale is not published.
"""

from collections.abc import Callable

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.stages.evaluation import assess_answers, choices
from eemo_pipeline.stages.evaluation.answer_parsing import Parsed
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item, Number, Prompt
from eemo_pipeline.stages.evaluation.source_annotations import (
    annotations_of,
    label_items,
    unit_function,
)

_DIMENSIONS = ("valence", "arousal")
_QUESTIONS = {
    "caption": "Which objects and events does this image show? Describe it in one sentence.",
    "reason": "Which visible cues evoke the emotion that this image evokes most, and why?",
}
_MEASURES = (
    ("BLEU-4", "bleu_4", 2),
    ("CIDEr-D", "cider_d", 3),
    ("BERTScore F1", "bertscore_f1", 4),
    ("SPICE", "spice", 4),
    ("MTLD", "mtld", 2),
    ("Entropy", "entropy", 2),
    ("Words", "words", 2),
)


def prepare(table: Callable[[str], pl.DataFrame]) -> list[Item]:
    """Return an item per image for its emotion, and one for each rated dimension and text."""
    labels = {label: label for label in MIKELS_8}
    emotions = label_items(table, "aigiemo", labels, votes=True)
    return [*emotions, *_ratings(table), *_texts(table)]


def _ratings(table: Callable[[str], pl.DataFrame]) -> list[Item]:
    values: dict[tuple[str, str], list[float]] = {}
    for row, _ in annotations_of(table, "aigiemo"):
        for name in _DIMENSIONS:
            rating, low, high = row[f"native_{name}"], row["scale_min"], row["scale_max"]
            if rating is not None and low is not None and high is not None and high > low:
                rated = (rating - low) / (high - low)
                values.setdefault((row["image_id"], name), []).append(rated)
    unit = unit_function(table)
    return [
        Item(
            item_id=f"{image_id} {name}",
            section=name,
            subset=name,
            question=f"How high is the {name} that this image evokes, on a scale from 0 to 1?",
            gold=f"{sum(rated) / len(rated):.6g}",
            images=(image_id,),
            unit=unit(image_id),
        )
        for (image_id, name), rated in sorted(values.items())
    ]


def _texts(table: Callable[[str], pl.DataFrame]) -> list[Item]:
    found: dict[tuple[str, str], str] = {}
    for row, given in annotations_of(table, "aigiemo"):
        for name in _QUESTIONS:
            text = given.get(name)
            if isinstance(text, str) and text.strip():
                found.setdefault((row["image_id"], name), text.strip())
    unit = unit_function(table)
    return [
        Item(
            item_id=f"{image_id} {name}",
            section=name,
            subset=name,
            question=_QUESTIONS[name],
            gold=text,
            images=(image_id,),
            unit=unit(image_id),
        )
        for (image_id, name), text in sorted(found.items())
    ]


def _ask(item: Item) -> Prompt:
    return (choices if item.section in _QUESTIONS else assess_answers).ask(item)


def _read(item: Item, reply: str) -> Parsed:
    return (choices if item.section in _QUESTIONS else assess_answers).read(item, reply)


def _mark(item: Item, answer: str) -> float | None:
    return None if item.section in _QUESTIONS else assess_answers.mark(item, answer)


def _guess(item: Item, draw: float) -> str:
    return "" if item.section in _QUESTIONS else assess_answers.guess(item, draw)


BENCHMARK = Benchmark(
    name="aigiemo",
    title="AIGIEmo: emotion, valence, arousal, caption and reason of generated images",
    citation="She et al., AIGIEmo",
    numbers=(
        Number("dominant_emotion", "Accuracy"),
        Number("dominant_emotion", "Macro F1", "macro_f1"),
        *(
            Number(dimension, name, measure, digits=3)
            for dimension in _DIMENSIONS
            for name, measure in (
                ("MAE", "mean_absolute_error"),
                ("PLCC", "pearson"),
                ("CCC", "concordance"),
            )
        ),
        *(
            Number(section, name, measure, digits=digits)
            for section in _QUESTIONS
            for name, measure, digits in _MEASURES
        ),
    ),
    prompt=_ask,
    parse=_read,
    mark=_mark,
    guess=_guess,
    prepare=prepare,
    notes="The published models were trained on AIGIEmo; its split and scale are not published.",
    rubric="",
)
