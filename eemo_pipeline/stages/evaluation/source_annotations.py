"""What the owners of an evaluation set annotated, from the ingested tables, as items need it."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import polars as pl

from eemo_pipeline.emotion.taxonomies import canonical
from eemo_pipeline.stages.evaluation.benchmarks import Item
from eemo_pipeline.stages.evaluation.image_units import units_of

Read = Callable[[str], pl.DataFrame]
Row = dict[str, Any]


def annotations_of(table: Read, source: str) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Yield the annotations of a source in order, each with its attributes as an object."""
    rows = table("ingest__annotations").filter(pl.col("source") == source)
    for row in rows.sort("record_id", "annotation_no").iter_rows(named=True):
        yield row, _read_attributes(row["attributes"])


def unit_function(table: Read) -> Callable[..., str]:
    """Return a function from images to the names of their near-duplicate clusters."""
    return units_of(table("dedup__clusters"))


def label_items(
    table: Read, source: str, labels: Mapping[str, str], *, votes: bool = False
) -> list[Item]:
    """Return one item per image: its dominant emotion among all labels of the source.

    An image whose two most frequent labels are equally frequent has no item.

    Args:
        table: returns a table by name.
        source: the source.
        labels: canonical label -> as shown.
        votes: whether several people labelled an image, so that their votes are counted.
    """
    counted: dict[str, Counter[str]] = {}
    for row, _ in annotations_of(table, source):
        found = counted.setdefault(row["image_id"], Counter())
        found.update(label for label in map(canonical, row["native_labels"] or ()))
    unit = unit_function(table)
    question = (
        f"Which one of these emotions does this image evoke most strongly: "
        f"{', '.join(labels.values())}?"
    )
    items: list[Item] = []
    for image_id, found in sorted(counted.items()):
        ordered = found.most_common(2)
        is_tied = len(ordered) > 1 and (ordered[0][1] == ordered[1][1] or not votes)
        if ordered and not is_tied and ordered[0][0] in labels:
            items.append(
                Item(
                    item_id=image_id,
                    section="dominant_emotion",
                    subset="dominant_emotion",
                    question=question,
                    gold=ordered[0][0],
                    images=(image_id,),
                    options=dict(labels),
                    unit=unit(image_id),
                )
            )
    return items


def letters(options: Any) -> dict[str, str]:
    """Return letter -> text of options given as an object or a list."""
    if isinstance(options, list):
        options = dict(zip("ABCDEFGH", options, strict=False))
    if not isinstance(options, dict):
        return {}
    return {
        str(letter).strip(): text
        for letter, text in options.items()
        if isinstance(text, str) and len(str(letter).strip()) == 1
    }


def _read_attributes(text: str | None) -> dict[str, Any]:
    value = json.loads(text) if text else {}
    return value if isinstance(value, dict) else {}
