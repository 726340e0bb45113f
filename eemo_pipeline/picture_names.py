"""Finds the picture that a table names among the files that were listed.

Belongs here: names and paths as text. Does not belong here: opening any file.
"""

import re
from collections.abc import Iterable, Sequence

import polars as pl

_PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff")
_NESTING_DEPTH = 2
_FOUND_SCHEMA = pl.Schema(
    {"name": pl.String, "path": pl.String, "resolved_by": pl.String, "refusal": pl.String}
)

# Path, the way it was found, and the reason where it was not.
Found = tuple[str | None, str | None, str | None]


class PictureIndex:
    """Finds pictures by name; built once from the listing.

    A name is tried as it is, then with blanks removed, with another extension, in another case,
    and last with one or two folders in front of it. Where two pictures fit a name equally well,
    neither is taken.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        """Index the picture files among `paths`."""
        self._known = frozenset(paths)
        self._loose: dict[str, list[str]] = {}
        self._tails: dict[str, list[str]] = {}

    def resolve(self, frame: pl.DataFrame, folders: Sequence[str] = ("",)) -> pl.DataFrame:
        """Add `path`, `resolved_by` and `refusal` to a frame with the column `name`.

        `folders` are the prefixes, such as "images/", under which the layout keeps pictures. A
        name that is null stays without all three. `refusal` is picture_missing,
        ambiguous_picture or unsafe_path.
        """
        known = pl.Series(list(self._known), dtype=pl.String).implode()
        paths = [pl.concat_str(pl.lit(folder), "name") for folder in folders]
        # `find` begins with the exact names too; they are most of them, and polars is faster.
        named = frame.select(pl.col("name").drop_nulls().unique()).with_columns(
            pl.coalesce(None, *(pl.when(path.is_in(known)).then(path) for path in paths))
            .cast(pl.String)
            .alias("path")
        )
        exact = named.drop_nulls().with_columns(
            pl.lit("exact").alias("resolved_by"), pl.lit(None, dtype=pl.String).alias("refusal")
        )
        others = named.filter(pl.col("path").is_null())["name"].to_list()
        found = pl.DataFrame(
            [(name, *self.find(name, folders)) for name in others],
            schema=_FOUND_SCHEMA,
            orient="row",
        )
        return frame.join(pl.concat([exact, found]), on="name", how="left", maintain_order="left")

    def resolve_folded(
        self, resolved: pl.DataFrame, folders: Sequence[str] = ("",)
    ) -> pl.DataFrame:
        """After `resolve`: find what is still missing by its name without all but plain letters.

        Accents that two programs damaged in two ways, and apostrophes that one of them dropped,
        do not count. A picture is taken only where one name and one file fold alike and no other
        name has found that file; else the name is an ambiguous_picture.
        """
        missing = resolved.filter(pl.col("refusal") == "picture_missing")["name"].unique().sort()
        if missing.is_empty():
            return resolved
        files: dict[str, list[str]] = {}
        for path in sorted(self._known):
            files.setdefault(_fold(path), []).append(path)
        wanted: dict[str, list[str]] = {}
        for name in missing.to_list():
            plain = _plain_name(name) or ""
            folds = [fold for folder in folders if (fold := _fold(folder + plain)) in files]
            if folds and _is_foldable(plain):
                wanted.setdefault(folds[0], []).append(name)
        taken = set(resolved["path"].drop_nulls())
        found: list[tuple[str, *Found]] = []
        for fold, names in wanted.items():
            is_clear = len(names) == len(files[fold]) == 1 and files[fold][0] not in taken
            path, way, refusal = (
                (files[fold][0], "folded", None) if is_clear else (None, None, "ambiguous_picture")
            )
            found += [(name, path, way, refusal) for name in names]
        return resolved.update(
            pl.DataFrame(found, schema=_FOUND_SCHEMA, orient="row"),
            on="name",
        ).with_columns(pl.when(pl.col("path").is_null()).then("refusal").alias("refusal"))

    def find(self, name: str, folders: Sequence[str] = ("",)) -> Found:
        """Path, the way it was found, and the reason where it was not."""
        for folder in folders:
            if folder + name in self._known:
                return folder + name, "exact", None
        plain = _plain_name(name)
        if plain is None:
            return None, None, "unsafe_path"
        for folder in folders:
            if folder + plain in self._known:
                return folder + plain, "stripped" if name != name.strip() else "exact", None
        self._index()
        for candidates, is_nested in ((self._loose, False), (self._tails, True)):
            for folder in folders:
                paths = candidates.get(_loosen(folder + plain), [])
                if paths:
                    path, way = _choose(paths, folder + plain)
                    if path is None:
                        return None, None, "ambiguous_picture"
                    return path, "nested" if is_nested else way, None
        return None, None, "picture_missing"

    def _index(self) -> None:
        """Fill the tables of loose names; a dataset whose names are all exact never needs them."""
        if self._loose:
            return
        for path in sorted(self._known):
            tail = _loosen(path)
            self._loose.setdefault(tail, []).append(path)
            for _ in range(min(_NESTING_DEPTH, tail.count("/"))):
                tail = tail.partition("/")[2]
                self._tails.setdefault(tail, []).append(path)


def _plain_name(name: str) -> str | None:
    """The name with forward slashes and without `.`; None where it could leave the folder."""
    forward = name.strip().replace("\\", "/")
    parts = [part for part in forward.split("/") if part not in {"", "."}]
    is_unsafe = forward.startswith("/") or re.match("[A-Za-z]:", forward) or "\0" in forward
    if is_unsafe or any(part.strip() == ".." for part in parts):
        return None
    return "/".join(parts)


def _choose(paths: Sequence[str], wanted: str) -> tuple[str | None, str]:
    """The one path that differs least from the wanted one, and how; None where two do."""
    tidy = f"/{_tidy(wanted)}"
    stem = _without_suffix(tidy)
    ranked: dict[str, list[str]] = {"stripped": [], "extension": [], "case": []}
    for path in paths:
        candidate = f"/{_tidy(path)}"
        if candidate.endswith(tidy):
            ranked["stripped"].append(path)
        elif _without_suffix(candidate).endswith(stem):
            ranked["extension"].append(path)
        else:
            ranked["case"].append(path)
    way = next(way for way, fitting in ranked.items() if fitting)
    return (ranked[way][0], way) if len(ranked[way]) == 1 else (None, way)


def _tidy(path: str) -> str:
    """The path without blanks around its parts and before its extension."""
    *folders, last = path.split("/")
    stem = _without_suffix(last)
    return "/".join([*(part.strip() for part in folders), stem.strip() + last[len(stem) :].strip()])


def _without_suffix(path: str) -> str:
    plain = path.rstrip()
    dot = plain.rfind(".")
    return path[:dot] if dot > 0 and plain[dot:].lower() in _PICTURE_SUFFIXES else path


def _loosen(path: str) -> str:
    return _without_suffix(_tidy(path)).casefold()


def _fold(path: str) -> str:
    return re.sub(r"[^a-z0-9_/.-]", "", _loosen(path))


def _is_foldable(name: str) -> bool:
    """Whether at least half of the name is left: what folds to next to nothing fits anything."""
    last = _loosen(name).rpartition("/")[2]
    return len(_fold(last)) * 2 >= len(last) > 0
