"""Finds the annotation files of a dataset below its folder."""

import re
from collections.abc import Sequence

import polars as pl

from eemo_pipeline.readers.contract import Listing

_NESTING_DEPTH = 2


_DOCUMENT = re.compile(r"(readme|licen[sc]e|terms_of_use)[^/]*", re.IGNORECASE)


_JUNK_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


# Matches all documents and junk with names in ASCII, and few images.
_PERHAPS_A_DOCUMENT = (
    r"__MACOSX|(?:^|/)(?i:readme|licen|terms_of_use|\._|\.ds_store|thumbs|desktop)[^/]*$"
)


def find_tables(listing: Listing, *names: str) -> list[str]:
    """Return the paths that equal a name or end with it up to two folders deeper, sorted.

    Names are compared ignoring case; junk of file managers and archivers is left out.
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
    """Return the number of folders in front of the longest of the wanted ends."""
    ends = (end for end in wanted if f"/{path}".casefold().endswith(end))
    return f"/{path}".count("/") - max(end.count("/") for end in ends)


def is_junk(path: str) -> bool:
    """Return whether a file manager or archiver left the file: `__MACOSX`, `._x`, `Thumbs.db`."""
    *folders, name = path.split("/")
    return "__MACOSX" in folders or name.startswith("._") or name.casefold() in _JUNK_NAMES


def find_documents(listing: Listing) -> list[str]:
    """Return junk, and files called readme, licence or terms of use: known, and not images."""
    return [
        path
        for path in _filter_paths(listing, _PERHAPS_A_DOCUMENT)
        if is_junk(path) or _DOCUMENT.fullmatch(path.rpartition("/")[2])
    ]


def _filter_paths(listing: Listing, pattern: str) -> list[str]:
    """Return the paths that match the pattern, and those with characters beyond ASCII.

    polars quickly reduces many paths to a few, which Python then examines one by one. The two do
    not always agree on case beyond ASCII, so all such paths are left to Python.
    """
    paths = pl.Series(listing.paths, dtype=pl.String)
    return paths.filter(paths.str.contains(rf"[^\x00-\x7f]|{pattern}")).to_list()
