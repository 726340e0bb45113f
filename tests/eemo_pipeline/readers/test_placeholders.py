"""Placeholders are found by content, names and structure, and contested images are none."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from eemo_pipeline.readers.placeholders import (
    KNOWN_PLACEHOLDERS,
    MANY_NAMES,
    find_placeholders,
)


def find(
    labels: Mapping[str, str | None], *, is_blank: bool = False, image_id: str = "a"
) -> set[str]:
    """The placeholders among paths with these labels, all with the same bytes."""
    records = pl.DataFrame(
        {"path": list(labels), "native_label": list(labels.values())},
        schema={"path": pl.String, "native_label": pl.String},
    )
    measured: dict[str, dict[str, Any]] = {
        path: {"status": "ok", "image_id": image_id, "is_blank": is_blank} for path in labels
    }
    measured["gone.jpg"] = {"status": "refused", "reason": "unreadable_file"}
    found = find_placeholders(records, measured)
    assert all(found.values())
    return set(found)


def test_copies_under_the_labels_of_raters_are_a_disagreement() -> None:
    raters = {f"rater {no}/001.jpg": ("awe", "fear")[no % 2] for no in range(3 * MANY_NAMES)}
    assert find(raters) == set()


def test_an_image_in_the_folder_of_each_of_eight_labels_is_none() -> None:
    assert find({f"label {no}/{no}.jpg": f"label {no}" for no in range(8)}) == set()


def test_one_content_under_many_names_and_labels_is_one() -> None:
    names = {f"{('awe', 'fear')[no % 2]}/{no}.jpg": ("awe", "fear")[no % 2] for no in range(20)}
    assert find(names) == set(names)
    assert find(dict.fromkeys(names, "awe")) == set()
    assert find(dict.fromkeys(names)) == set()


def test_an_image_without_structure_is_one_under_three_names() -> None:
    names = {"a/1.jpg": "awe", "a/2.jpg": "awe", "b/3.jpg": "fear"}
    assert find(names, is_blank=True) == set(names)
    assert find(names) == set()
    assert find({"a/1.jpg": "awe", "b/1.jpg": "fear", "c/1.jpg": "joy"}, is_blank=True) == set()


def test_a_known_content_is_one_wherever_it_stands() -> None:
    assert find({"a.jpg": None}, image_id=next(iter(KNOWN_PLACEHOLDERS))) == {"a.jpg"}
