"""The known source datasets and their files on disk.

Builds the table `sources__datasets`. Each dataset is declared in a file of the package's
`sources/` and read by `ingest.py`.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl

from eemo_pipeline import sources
from eemo_pipeline.discovery import discover
from eemo_pipeline.readers.contract import Listing
from eemo_pipeline.readers.finding import find_documents
from eemo_pipeline.readers.listing import list_files
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.sources import SourceDataset

_PICTURE_ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_MOST_NAMED = 5
_COST_OF_OPENING = 10_000  # bytes that could be read in the time needed to open a file


def known_sources() -> dict[str, SourceDataset]:
    """Return every declared source by name, sorted."""
    return discover(sources, "SOURCE", SourceDataset)


def describe_sources(
    known: Mapping[str, SourceDataset], sources_dir: Path, budget_bytes: float = float("inf")
) -> pl.DataFrame:
    """Return one row of `sources__datasets` per known source; an absent source is a normal state.

    Naming the missing images requires reading annotation files. If a source's files exceed the rest
    of `budget_bytes`, its missing images are counted but not named.
    """
    rows = []
    for source in known.values():
        listing = list_files(sources_dir / source.name)
        cost = _reading_cost(listing)
        unnamed: Sequence[str] = ()
        if cost <= budget_bytes:
            budget_bytes -= cost
            unnamed = _name_missing_pictures(source, listing)
        rows.append(_describe(source, listing, unnamed))
    return pl.DataFrame(rows, schema=TABLES["sources__datasets"].polars_schema)


def _reading_cost(listing: Listing) -> int:
    """Return the bytes of all files except images, with a surcharge per file."""
    return sum(
        (listing.root / path).stat().st_size + _COST_OF_OPENING
        for path in listing.paths
        if not path.lower().endswith(_PICTURE_ENDINGS)
    )


def _name_missing_pictures(source: SourceDataset, listing: Listing) -> list[str]:
    """Return the images that annotation files name but that are not on disk, sorted."""
    rejects = source.read(listing).rejects.filter(pl.col("reason") == "picture_missing")
    names = rejects["detail"].str.replace(r"^\w+ = ", "").str.strip_chars()
    return names.unique().sort().to_list()


def _describe(
    source: SourceDataset, listing: Listing, missing_pictures: Sequence[str]
) -> dict[str, object]:
    pictures = sum(path.lower().endswith(_PICTURE_ENDINGS) for path in listing.paths)
    expected = source.expected_files
    place = f"sources/{source.name}/"
    parts = [*_name_missing_files(source, listing), *_in_words(missing_pictures)]
    if expected is not None and pictures < expected:
        parts.append(f"{expected - pictures:,} of {expected:,} images")
    if not listing.paths and not listing.refused:
        state, parts = "absent", [f"everything: {source.obtain}; put it under {place}"]
    elif parts:
        state = "partial"
    else:
        state = "present" if expected is None else "complete"
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
        "embeds": list(source.embeds),
        "obtain": source.obtain,
        "place": place,
        "expected_files": expected,
        "expected_records": source.expected_records,
        "found_files": pictures,
        "state": state,
        "missing": "; ".join(parts) or None,
    }


def _name_missing_files(source: SourceDataset, listing: Listing) -> list[str]:
    """Return the needed files, in the source's wording, with no alternative on disk."""
    tables = [path for path in listing.paths if not path.lower().endswith(_PICTURE_ENDINGS)]
    documents = set(find_documents(Listing(listing.root, tuple(tables))))
    paths = [f"/{path.casefold()}" for path in tables if path not in documents]
    return [
        f"the file {need.replace('|', ' or ')}"
        for need in source.needs
        if not any(
            fnmatchcase(path, f"*/{name.strip()}")
            for name in need.casefold().split("|")
            for path in paths
        )
    ]


def _in_words(pictures: Sequence[str]) -> list[str]:
    """Return the number of missing images and the first names, as a list of at most one text."""
    if not pictures:
        return []
    more = len(pictures) - _MOST_NAMED
    named = ", ".join(pictures[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
    noun = "image" if len(pictures) == 1 else "images"
    return [f"{len(pictures):,} {noun} that its tables name: {named}"]
