"""NRC-VAD: valence, arousal and dominance of English words and phrases (Mohammad 2018, 2025).

Reads the copies that circulate, with or without a header, with tabs or commas. Version 1 rates on
0..1, version 2 on -1..1; no column gives the version, so it is inferred from the numbers, and from
the version in the file's name if there is one. If these disagree, no row is taken, because ratings
on the wrong scale would go unnoticed. `null` and `true` are words.
"""

import re
from collections.abc import Sequence

import polars as pl

from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.finding import find_documents
from eemo_pipeline.readers.lexicons import conclude_words
from eemo_pipeline.readers.row_checks import (
    Check,
    judge,
    number,
    number_checks,
    presence_checks,
    repetition_check,
    shape_checks,
)
from eemo_pipeline.readers.tables import (
    AnnotationFile,
    read_annotation_file,
    read_headless_file,
    stack_rows,
)
from eemo_pipeline.sources import SourceDataset

_SCALES = {1: (0.0, 1.0), 2: (-1.0, 1.0)}
_WIDEST = (-1.0, 1.0)
# On -1..1 most rows have a number below zero; if very few do, they are errors on 0..1.
_FEWEST_NEGATIVE = 0.1
_ENDINGS = (".txt", ".csv", ".tsv")
_RATINGS = ("valence", "arousal", "dominance")
_HEADER = ("word", *_RATINGS)
_NEEDED = {"word": ("word", "term", "english word"), **{name: (name,) for name in _RATINGS}}
_VERSION = re.compile(r"(?:^|[^a-z])v(?:ersion)?[-_. ]?([12])(?![0-9])", re.IGNORECASE)


def read(listing: Listing) -> SourceTables:
    """Return one word or phrase per row; of a repeated one, the first row."""
    documents = find_documents(listing)
    texts = (path for path in listing.paths if path.casefold().endswith(_ENDINGS))
    found = (_read_file(listing, path) for path in texts if path not in documents)
    files = [file for file in found if file is not None]
    tables = [file.path for file in files]
    rows = stack_rows(files, _NEEDED).with_columns(pl.col("word").str.strip_chars())
    low, high, dispute = _tell_scale(rows, tables)
    judged = judge(
        rows,
        [
            *shape_checks(),
            *presence_checks(*_HEADER),
            *(check for name in _RATINGS for check in number_checks(name, low, high)),
            Check("mixed_scale", pl.lit(dispute is not None), pl.lit(dispute)),
            repetition_check("word"),
        ],
    )
    return conclude_words(
        judged.with_columns(
            *(number(name).alias(f"native_{name}") for name in _RATINGS),
            pl.lit(low).alias("scale_min"),
            pl.lit(high).alias("scale_max"),
        ),
        (*tables, *documents),
    )


def _read_file(listing: Listing, path: str) -> AnnotationFile | None:
    """Return the file's cells; None if most lines lack a rating, as in files of one dimension."""
    headless = read_headless_file(listing, path, _HEADER, "\t,", unquoted="\t")
    has_last = headless.cells[str(len(_RATINGS))].is_not_null()
    if has_last.sum() * 2 < has_last.len():
        return None
    # The first cell is a word, which may be "valence"; a header also names the other columns.
    first = headless.cells.select(str(place) for place in range(1, len(_HEADER))).head(1)
    names = {str(cell).strip().casefold() for cell in first.rows()[0]} if first.height else set()
    if names.isdisjoint(_RATINGS):
        return headless
    return read_annotation_file(listing, path, "\t,", unquoted="\t")


def _tell_scale(rows: pl.DataFrame, tables: Sequence[str]) -> tuple[float, float, str | None]:
    """Return the ends of the scale, and the disagreement where the files do not share one scale."""
    within = [number(name).is_between(*_WIDEST) for name in _RATINGS]
    counts = (
        rows.filter(pl.all_horizontal(within))
        .group_by("table_path")
        .agg(
            pl.len().alias("rows"),
            pl.any_horizontal(number(name) < 0 for name in _RATINGS).sum().alias("negative"),
        )
        .sort("table_path")
        .rows()
    )
    evidence: list[tuple[int, str]] = []
    for path, count, negative in counts:
        if 0 < negative < _FEWEST_NEGATIVE * count:
            return *_WIDEST, f"{negative} of {count} rows of {path} hold a number below 0"
        version = 2 if negative else 1
        evidence.append((version, f"the numbers of {path} are those of version {version}"))
    for path in tables:
        named = _VERSION.search(path.rpartition("/")[2])
        if named:
            evidence.append((int(named[1]), f"the name of {path} says version {named[1]}"))
    versions = dict(reversed(evidence))
    if len(versions) > 1:
        return *_WIDEST, f"{versions[1]}, but {versions[2]}"
    return *_SCALES.get(next(iter(versions), 0), _WIDEST), None


SOURCE = SourceDataset(
    name="nrc_vad",
    title="NRC Valence, Arousal, and Dominance Lexicon",
    licence="free for research; no commercial use without consent; redistribution discouraged",
    is_redistributable=False,
    homepage="http://saifmohammad.com/WebPages/nrc-vad.html",
    citation="Mohammad 2018, ACL, 174-184; version 2: Mohammad 2025, arXiv:2511.19816",
    label_space="none",
    semantics="none",
    expected_files=0,
    obtain="Download one version from the homepage and keep its file, under any name",
    read=read,
    role="lexicon",
    needs=("*.txt|*.csv|*.tsv",),
)
