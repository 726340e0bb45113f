"""The known source datasets, and what of them is on disk.

Belongs here: the table `sources__datasets`. Does not belong here: what a dataset is (one file
each under `sources/`) or reading one (`ingest.py`).
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from eemo_pipeline import sources
from eemo_pipeline.discovery import discover
from eemo_pipeline.listing import list_files
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.sources import SourceDataset

_PICTURE_ENDINGS = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


def known_sources() -> dict[str, SourceDataset]:
    """Every declared source by name, sorted."""
    return discover(sources, "SOURCE", SourceDataset)


def describe_sources(known: Mapping[str, SourceDataset], sources_dir: Path) -> pl.DataFrame:
    """One row of `sources__datasets` per known source; an absent one is a normal state."""
    rows = [_describe(source, sources_dir) for source in known.values()]
    return pl.DataFrame(rows, schema=TABLES["sources__datasets"].polars_schema)


def _describe(source: SourceDataset, sources_dir: Path) -> dict[str, object]:
    listing = list_files(sources_dir / source.name)
    pictures = sum(Path(path).suffix.lower() in _PICTURE_ENDINGS for path in listing.paths)
    expected = source.expected_files
    place = f"sources/{source.name}/"
    if not listing.paths and not listing.refused:
        state, missing = "absent", f"everything: {source.obtain}; put it under {place}"
    elif expected is None:
        state, missing = "present", None
    elif pictures < expected:
        state, missing = "partial", f"{expected - pictures} of {expected} pictures"
    else:
        state, missing = "complete", None
    return {
        "source": source.name,
        "title": source.title,
        "role": source.role,
        "licence": source.licence,
        "is_redistributable": source.is_redistributable,
        "homepage": source.homepage,
        "citation": source.citation,
        "label_space": source.label_space,
        "semantics": source.semantics,
        "obtain": source.obtain,
        "place": place,
        "expected_files": expected,
        "found_files": pictures,
        "state": state,
        "missing": missing,
    }
