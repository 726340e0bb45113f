"""Mappings between label sets: the reviewed entries of `mappings.csv`.

The label sets are in `taxonomies.py`; labels are weighted in `stages/labels/`.

Each row of the file is one label of a label space. It names the taxonomy, the emotion that the
label maps to (or that it is dropped, with no counterpart, or ambiguous, with several), the basis of
the entry, and a note. A space maps into a taxonomy with all its labels or not at all. Emotion6 is
`ekman7`, and Abstract-8 has the emotions of `mikels8` in a spelling of its own
(`taxonomies.ALIASES`). EMOTIC labels what a
depicted person seems to feel and maps into Ekman's set alone.
"""

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Entry(NamedTuple):
    """One row of `mappings.csv`; `emotion` is None unless the fate is mapped."""

    label_space: str
    taxonomy: str
    label: str
    emotion: str | None
    fate: str
    basis: str
    note: str


@cache
def list_entries() -> tuple[Entry, ...]:
    """Return all entries, sorted by label space, taxonomy and label."""
    text = files("eemo_pipeline.emotion").joinpath("mappings.csv").read_text("utf-8")
    _header, *rows = csv.reader(text.splitlines())
    return tuple(
        Entry(space, taxonomy, label, emotion or None, fate, basis, note)
        for space, taxonomy, label, emotion, fate, basis, note in rows
    )


@cache
def list_mappings() -> tuple[tuple[str, str], ...]:
    """Return the label space and taxonomy of every mapping, sorted."""
    return tuple(sorted({(entry.label_space, entry.taxonomy) for entry in list_entries()}))


@cache
def read_mapping(label_space: str, taxonomy: str) -> dict[str, str]:
    """Return label -> emotion of the mapped labels; empty where the space does not map."""
    return {
        entry.label: entry.emotion
        for entry in list_entries()
        if (entry.label_space, entry.taxonomy) == (label_space, taxonomy) and entry.emotion
    }
