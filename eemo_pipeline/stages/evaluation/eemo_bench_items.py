"""The items of EEmo-Bench from the ingested annotations: 6,733 of them where all files are there.

The file of single images has a Yes-or-No and a What/How question per image, the ranking and the
ratings; the file of pairs likewise two questions per pair, and an open one for some.
"""

from collections.abc import Iterator
from typing import Any

from eemo_pipeline.emotion.taxonomies import EKMAN_7, canonical
from eemo_pipeline.stages.evaluation.benchmarks import Item
from eemo_pipeline.stages.evaluation.source_annotations import (
    Read,
    Row,
    annotations_of,
    letters,
    unit_function,
)

SOURCE = "eemo_bench"
_KINDS = {"judge": "Yes-or-No", "choose": "What/How"}
_RANKED = 3
_RANKING = (
    "Which three emotions does this image evoke most, from the strongest to the weakest? Choose "
    f"from {', '.join(EKMAN_7[:-1])} and {EKMAN_7[-1]}."
)
_SCORES = ("valence", "arousal", "dominance")
_DESCRIPTION = "description"


def perception_items(table: Read, *, pairs: bool) -> list[Item]:
    """Return the questions with options, on single images or on pairs."""
    return [item for item in _questions(table) if item.options and (len(item.images) > 1) == pairs]


def description_items(table: Read, *, pairs: bool) -> list[Item]:
    """Return the open questions, on single images or on pairs."""
    return [
        item
        for item in _questions(table)
        if item.section == _DESCRIPTION and (len(item.images) > 1) == pairs
    ]


def ranking_items(table: Read) -> list[Item]:
    """Return one item per image: its three strongest emotions in their order."""
    unit = unit_function(table)
    items: list[Item] = []
    for row, _ in annotations_of(table, SOURCE):
        votes = dict(zip(row["native_labels"] or (), row["native_weights"] or (), strict=False))
        ranked = sorted(votes, key=lambda label: -votes[label])[:_RANKED]
        gold = [canonical(label) for label in ranked]
        if row["annotator_id"] != "aggregate" or len(set(gold)) < _RANKED:
            continue
        items.append(
            Item(
                item_id=row["record_id"],
                section="ranking",
                subset="ranking",
                question=_RANKING,
                gold=", ".join(gold),
                images=(row["image_id"],),
                options={label: label for label in EKMAN_7},
                unit=unit(row["image_id"]),
            )
        )
    return items


def score_items(table: Read) -> list[Item]:
    """Return three items per image: the mean of nine points of each dimension, divided by ten."""
    unit = unit_function(table)
    return [
        Item(
            item_id=f"{row['record_id']} {name}",
            section=name,
            subset=name,
            question=(
                f"How high is the {name} that this image evokes in its viewers, on a scale from 0 "
                "to 1?"
            ),
            gold=f"{row[f'native_{name}'] / 10:.6g}",
            images=(row["image_id"],),
            unit=unit(row["image_id"]),
        )
        for row, _ in annotations_of(table, SOURCE)
        if row["annotator_id"] == "aggregate"
        for name in _SCORES
        if row[f"native_{name}"] is not None
    ]


def _questions(table: Read) -> Iterator[Item]:
    unit = unit_function(table)
    records = table("ingest__records")
    known = dict(
        records.filter(records["source"] == SOURCE).select("record_id", "image_id").iter_rows()
    )
    by_name = {str(path).rpartition("/")[2]: image_id for path, image_id in known.items()}
    seen: set[str] = set()
    for row, given in annotations_of(table, SOURCE):
        images = _images(row, given, by_name)
        if images is None:
            continue
        place = " ".join((str(row["record_id"]), str(given.get("image2_url") or ""))).strip()
        for item in _items_of(place, given, images, unit(*images)):
            if item.item_id not in seen:
                seen.add(item.item_id)
                yield item


def _images(row: Row, given: dict[str, Any], by_name: dict[str, str]) -> tuple[str, ...] | None:
    """Return the images of a question; None where the second of a pair is not on disk."""
    if row["image_id"] is None:
        return None
    second = given.get("image2_url") or given.get("image2")
    if not second:
        return (row["image_id"],)
    other = by_name.get(str(second).replace("\\", "/").rpartition("/")[2])
    return None if other is None else (row["image_id"], other)


def _items_of(
    place: str, given: dict[str, Any], images: tuple[str, ...], unit: str
) -> Iterator[Item]:
    for kind, subset in _KINDS.items():
        question = given.get(f"{kind}_question") or given.get(f"{kind}_Q")
        options = letters(given.get(f"{kind}_options") or given.get(f"{kind}_A"))
        answer = str(given.get(f"{kind}_answer") or "").strip()
        if question and answer in options:
            yield Item(
                f"{place} {kind}",
                "perception",
                subset,
                str(question),
                answer,
                images,
                options,
                unit=unit,
            )
    kind = given.get("question_type")
    options, answer = letters(given.get("options")), str(given.get("correct_answer") or "").strip()
    if kind in _KINDS.values() and answer in options:
        yield Item(
            f"{place} {kind} {given.get('id')}",
            "perception",
            str(kind),
            str(given.get("question") or ""),
            answer,
            images,
            options,
            str(given.get("perceptual_dimension") or ""),
            unit,
        )
    asked = given.get("open_ended_question") or given.get("open_ended_Q")
    if kind == "Open_ended":
        asked = asked or given.get("question")
    if asked:
        dimension = str(given.get("describing_dimension") or "other")
        yield Item(f"{place} open", _DESCRIPTION, dimension, str(asked), answer, images, unit=unit)
