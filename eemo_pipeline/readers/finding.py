"""Finds the annotation files of a dataset below its folder."""

import re
from collections.abc import Sequence

import polars as pl

from eemo_pipeline.readers.contract import Listing

_NESTING_DEPTH = 2


_DOCUMENT = re.compile(r"(readme|licen[sc]e|terms_of_use)[^/]*", re.IGNORECASE)


_JUNK_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


# True of all documents and junk with names in ASCII, and of few pictures.
_PERHAPS_A_DOCUMENT = (
    r"__MACOSX|(?:^|/)(?i:readme|licen|terms_of_use|\._|\.ds_store|thumbs|desktop)[^/]*$"
)


def find_tables(listing: Listing, *names: str) -> list[str]:
    """The paths that are one of the names, or end with it up to two folders deeper, sorted.

    Names are compared without case; junk of file managers and archivers is left out.
    """
    wanted = tuple(f"/{name.casefold()}" for name in names)
    ends = "|".join(pl.escape_regex(end[1:]) for end in wanted)
    return [
        path
        for path in _filter_paths(listing, f"(?i:{ends})$")
        if f"/{path}".casefold().endswith(wanted)
        and not is_junk(path)
        and _depth_below(path, wanted) <= _NESTING_DEPTH
    ]


def _depth_below(path: str, wanted: Sequence[str]) -> int:
    """Folders in front of the longest of the wanted ends."""
    ends = (end for end in wanted if f"/{path}".casefold().endswith(end))
    return f"/{path}".count("/") - max(end.count("/") for end in ends)


def is_junk(path: str) -> bool:
    """Whether a file manager or an archiver left the file: `__MACOSX/`, `._x`, `Thumbs.db`."""
    *folders, name = path.split("/")
    return "__MACOSX" in folders or name.startswith("._") or name.casefold() in _JUNK_NAMES


def find_documents(listing: Listing) -> list[str]:
    """Junk, and files called readme, licence or terms of use: known, and not pictures."""
    return [
        path
        for path in _filter_paths(listing, _PERHAPS_A_DOCUMENT)
        if is_junk(path) or _DOCUMENT.fullmatch(path.rpartition("/")[2])
    ]


def _filter_paths(listing: Listing, pattern: str) -> list[str]:
    """The paths that fit the pattern, and those beyond ASCII.

    Few of many pictures, at the speed of polars, for Python to look at one by one. On case beyond
    ASCII the two do not always agree, so such paths are all left to Python.
    """
    paths = pl.Series(listing.paths, dtype=pl.String)
    return paths.filter(paths.str.contains(rf"[^\x00-\x7f]|{pattern}")).to_list()
