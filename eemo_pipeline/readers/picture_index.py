"""Finds the images that a table names among the listed files.

Compares names and paths as text, and the bytes of files where a table gives their hash.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

import polars as pl

_PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff")
_NESTING_DEPTH = 2
_HASHES = {32: "md5", 40: "sha1", 64: "sha256"}  # by the number of hexadecimal digits
_FOUND_SCHEMA = pl.Schema(
    {"name": pl.String, "path": pl.String, "resolved_by": pl.String, "refusal": pl.String}
)

# Path, the way it was found, and the reason where it was not.
_FIRST_ACCENT = 200  # classes of marks from here on are attached above, below or beside a letter
Found = tuple[str | None, str | None, str | None]
NameFound = tuple[str, str | None, str | None, str | None]
Fold = Callable[[str], str]


def fold_accents(name: str) -> str:
    """Return the name in compatibility form (Unicode Annex 15, NFKD) without accents.

    An accent is a mark above, below or through a Latin or Greek letter. Other marks make another
    letter: a dakuten, a nukta, the breve of a Cyrillic letter.
    """
    if name.isascii():  # as most names are
        return name.casefold()
    kept: list[str] = []
    is_accented = False  # whether marks on the letter before are accents
    for sign in unicodedata.normalize("NFKD", name):
        mark = unicodedata.combining(sign)
        if not mark:
            is_accented = unicodedata.name(sign, "").startswith(("LATIN ", "GREEK "))
        if mark < _FIRST_ACCENT or not is_accented:
            kept.append(sign)
    return "".join(kept).casefold()


def fold_to_plain_letters(name: str) -> str:
    """Return the name reduced to plain letters, digits and `_/.-`.

    Ignores accents that two programs damaged differently, and apostrophes that one of them dropped.
    """
    return re.sub(r"[^a-z0-9_/.-]", "", name)


class PictureIndex:
    """Finds images by name; built once from the listing.

    A name is tried unchanged, then with blanks removed, with another extension, in another case,
    with one or two folders in front of it, and last folded: without its accents, and then by
    further folds that a dataset needs. If two images match a name equally well, neither is taken.
    Canonically equivalent names (Unicode Annex 15) are one name; the bytes decide between two
    files.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        """Index the image files among `paths`."""
        self._known = frozenset(paths)
        self._canonical: dict[str, list[str]] = {}
        self._loose: dict[str, list[str]] = {}
        self._tails: dict[str, list[str]] = {}
        self._folded: dict[Fold, dict[str, list[str]]] = {}

    def resolve(
        self,
        frame: pl.DataFrame,
        folders: Sequence[str] = ("",),
        folds: Sequence[Fold] = (fold_accents,),
    ) -> pl.DataFrame:
        """Add `path`, `resolved_by` and `refusal` to a frame with the column `name`.

        `folders` are the prefixes, such as "images/", under which the layout keeps images. A null
        name gets null in all three. `refusal` is picture_missing, ambiguous_picture or unsafe_path.

        A fold maps many names to one, so it accepts an image only if a single missing name and a
        single file fold alike, and no other name has found that file; otherwise the name is an
        ambiguous_picture. `withdraw_inexact` keeps an inexact match from images that others name.
        """
        known = pl.Series(list(self._known), dtype=pl.String).implode()

        def place(folder: str) -> pl.Expr:
            path = pl.concat_str(pl.lit(folder), "name") if folder else pl.col("name")
            return pl.when(path.is_in(known)).then(path)

        # Most names match exactly in one folder; polars finds those fastest, row by row.
        first = frame.with_columns(place(folders[0]).alias("path"))
        missing = first.filter(pl.col("path").is_null()).select(pl.col("name").drop_nulls())
        exact = pl.when(pl.col("path").is_not_null()).then(pl.lit("exact"))
        if missing.is_empty():
            nothing = pl.lit(None, dtype=pl.String).alias("refusal")
            return first.with_columns(exact.alias("resolved_by"), nothing)
        others = (
            missing.unique()
            .with_columns(pl.coalesce(*map(place, folders)).alias("path"))
            .sort("name")
        )
        found = [
            (name, path, "exact", None) if path else (name, *self.find(name, folders))
            for name, path in others.rows()
        ]
        taken = {path for _, path, *_ in found if path}
        if any(refusal == "picture_missing" for *_, refusal in found):
            taken |= set(first["path"].drop_nulls().unique())
        for fold in folds:
            found = self._find_folded(found, taken, folders, fold)
        searched = pl.DataFrame(found, schema=_FOUND_SCHEMA, orient="row")
        joined = first.select("name").join(searched, on="name", how="left", maintain_order="left")
        return withdraw_inexact(
            first.with_columns(
                pl.coalesce("path", joined["path"]).alias("path"),
                pl.coalesce(exact, joined["resolved_by"]).alias("resolved_by"),
                joined["refusal"],
            )
        )

    def resolve_names(
        self, names: Iterable[str], folders: Sequence[str] = ("",)
    ) -> dict[str, Found]:
        """Return name -> what `resolve` finds without any fold."""
        frame = pl.DataFrame({"name": sorted(set(names))}, schema={"name": pl.String})
        resolved = self.resolve(frame, folders, folds=())
        rows = resolved.select(_FOUND_SCHEMA.names()).rows()
        return {name: (path, way, refusal) for name, path, way, refusal in rows}

    def resolve_content(self, resolved: pl.DataFrame, root: Path) -> pl.DataFrame:
        """After `resolve`, find the missing images by the hash in the column `content_hash`.

        MD5, SHA-1 and SHA-256 in hexadecimal are distinguished by their length. Files already found
        by name are not read; files of equal bytes are one image, so any of them serves.
        """
        asked = pl.col("content_hash").str.strip_chars().str.to_lowercase()
        is_asked = (pl.col("refusal") == "picture_missing") & asked.str.contains("^[0-9a-f]+$")
        wanted = set(resolved.filter(is_asked).select(asked).to_series())
        kinds = {name for size, name in _HASHES.items() if any(len(one) == size for one in wanted)}
        if not kinds:
            return resolved
        found: dict[str, str] = {}
        for path in sorted(self._known.difference(resolved["path"].drop_nulls())):
            for digest in _hash_file(root / path, kinds):
                found.setdefault(digest, path)
        places = {digest: found[digest] for digest in sorted(wanted & found.keys())}
        path = pl.when(is_asked).then(
            asked.replace_strict(list(places), list(places.values()), default=None)
        )
        is_found = path.is_not_null()
        return resolved.with_columns(
            pl.coalesce("path", path).cast(pl.String).alias("path"),
            pl.when(is_found).then(pl.lit("content")).otherwise("resolved_by").alias("resolved_by"),
            pl.when(~is_found).then("refusal").alias("refusal"),
        )

    def _find_folded(
        self, found: list[NameFound], taken: set[str], folders: Sequence[str], fold: Fold
    ) -> list[NameFound]:
        """Return `found`, with the missing names searched by a fold."""
        missing = [name for name, _, _, refusal in found if refusal == "picture_missing"]
        if not missing:
            return found
        files = self._fold_files(fold)
        wanted: dict[str, list[str]] = {}
        for name in missing:
            plain = _loosen(_plain_name(name) or "")
            places = [
                alike for folder in folders if (alike := fold(_loosen(folder) + plain)) in files
            ]
            if places and _is_foldable(plain, fold):
                wanted.setdefault(places[0], []).append(name)
        ways: dict[str, Found] = {}
        for alike, names in wanted.items():
            path = files[alike][0]
            is_clear = len(names) == len(files[alike]) == 1 and path not in taken
            way = (path, "folded", None) if is_clear else (None, None, "ambiguous_picture")
            ways |= dict.fromkeys(names, way)
            taken |= {path} if is_clear else set()
        return [(one[0], *ways.get(one[0], one[1:])) for one in found]

    def _fold_files(self, fold: Fold) -> dict[str, list[str]]:
        if fold not in self._folded:
            self._index()
            files = self._folded.setdefault(fold, {})
            for loose, paths in self._loose.items():
                files.setdefault(fold(loose), []).extend(paths)
        return self._folded[fold]

    def find(self, name: str, folders: Sequence[str] = ("",)) -> Found:
        """Return the path, the way it was found, and the reason where it was not."""
        for folder in folders:
            if folder + name in self._known:
                return folder + name, "exact", None
        plain = _plain_name(name)
        if plain is None:
            return None, None, "unsafe_path"
        places = [folder + plain for folder in folders]
        way = "stripped" if name != name.strip() else "exact"
        for place in places:
            if place in self._known:
                return place, way, None
        self._index()
        for place in places:
            if paths := self._canonical.get(_canonical(place)):
                is_one = len(paths) == 1
                return (paths[0], way, None) if is_one else (None, None, "ambiguous_picture")
        return self._find_loose(places)

    def _find_loose(self, places: Sequence[str]) -> Found:
        for candidates, is_nested in ((self._loose, False), (self._tails, True)):
            for place in places:
                paths = candidates.get(_loosen(place), [])
                if paths:
                    path, way = _choose(paths, place)
                    if path is None:
                        return None, None, "ambiguous_picture"
                    return path, "nested" if is_nested else way, None
        return None, None, "picture_missing"

    def _index(self) -> None:
        """Fill the tables of loose names; a dataset with only exact names never needs them."""
        if self._loose:
            return
        for path in sorted(self._known):
            self._canonical.setdefault(_canonical(path), []).append(path)
            tail = _loosen(path)
            self._loose.setdefault(tail, []).append(path)
            for _ in range(min(_NESTING_DEPTH, tail.count("/"))):
                tail = tail.partition("/")[2]
                self._tails.setdefault(tail, []).append(path)


def withdraw_inexact(resolved: pl.DataFrame) -> pl.DataFrame:
    """Take images from rows that name them inexactly, where other rows name the same image.

    After `PictureIndex.resolve`, over all rows of a dataset. An image that a row names exactly
    belongs to that name, and other names are picture_missing; one that several names match
    inexactly belongs to none, and they are ambiguous_picture. So no image has the labels of two.
    """
    keys = ("name", "path", "resolved_by")
    ways = resolved.select(keys).drop_nulls().unique(maintain_order=True)
    taken = set(ways.filter(pl.col("resolved_by") == "exact")["path"])
    inexact = []
    for name, path, way in ways.filter(~pl.col("resolved_by").is_in(("exact", "content"))).rows():
        plain = _canonical(_plain_name(name) or name)
        if way == "stripped" and f"/{_canonical(path)}".endswith(f"/{plain}"):
            taken.add(path)  # blanks around a cell are no part of the name
        else:
            inexact.append((name, path, way, plain))
    names: dict[str, set[str]] = {}
    for _, path, _, plain in inexact:
        names.setdefault(path, set()).add(plain)
    lost = [
        (name, path, way, "picture_missing" if path in taken else "ambiguous_picture")
        for name, path, way, _ in inexact
        if path in taken or len(names[path]) > 1
    ]
    if not lost:
        return resolved
    refused = pl.DataFrame(lost, schema=dict.fromkeys((*keys, "lost"), pl.String), orient="row")
    why = resolved.select(keys).join(refused, on=keys, how="left", maintain_order="left")["lost"]
    return resolved.with_columns(
        pl.when(why.is_null()).then("path").alias("path"),
        pl.when(why.is_null()).then("resolved_by").alias("resolved_by"),
        pl.coalesce(why, "refusal").alias("refusal"),
    )


def _canonical(path: str) -> str:
    return unicodedata.normalize("NFC", path)


def _hash_file(path: Path, kinds: Collection[str]) -> list[str]:
    """Return the file's hashes; none where it cannot be read."""
    hashes = []
    for kind in sorted(kinds):
        try:
            with path.open("rb") as file:
                hashes.append(hashlib.file_digest(file, kind).hexdigest())
        except OSError:
            return []
    return hashes


def _plain_name(name: str) -> str | None:
    """Return the name with forward slashes and without `.`; None if it could leave the folder."""
    forward = name.strip().replace("\\", "/")
    parts = [part for part in forward.split("/") if part not in {"", "."}]
    is_unsafe = forward.startswith("/") or re.match("[A-Za-z]:", forward) or "\0" in forward
    if is_unsafe or any(part.strip() == ".." for part in parts):
        return None
    return "/".join(parts)


def _choose(paths: Sequence[str], wanted: str) -> tuple[str | None, str]:
    """Return the path that differs least from the wanted one, and how; None where two do."""
    tidy = f"/{_tidy(_canonical(wanted))}"
    stem = _without_suffix(tidy)
    ranked: dict[str, list[str]] = {"stripped": [], "extension": [], "case": []}
    for path in paths:
        candidate = f"/{_tidy(_canonical(path))}"
        if candidate.endswith(tidy):
            ranked["stripped"].append(path)
        elif _without_suffix(candidate).endswith(stem):
            ranked["extension"].append(path)
        else:
            ranked["case"].append(path)
    way = next(way for way, fitting in ranked.items() if fitting)
    return (ranked[way][0], way) if len(ranked[way]) == 1 else (None, way)


def _tidy(path: str) -> str:
    """Return the path without blanks around its parts and before its extension."""
    if path.split(None, 1) == [path]:  # no blank anywhere
        return path
    *folders, last = path.split("/")
    stem = _without_suffix(last)
    return "/".join([*(part.strip() for part in folders), stem.strip() + last[len(stem) :].strip()])


def _without_suffix(path: str) -> str:
    plain = path.rstrip()
    dot = plain.rfind(".")
    return path[:dot] if dot > 0 and plain[dot:].lower() in _PICTURE_SUFFIXES else path


def _loosen(path: str) -> str:
    return _without_suffix(_tidy(_canonical(path))).casefold()


def _is_foldable(loose: str, fold: Fold) -> bool:
    """Return whether at least half of the name remains: an almost empty one fits any name."""
    last = loose.rpartition("/")[2]
    return len(fold(last)) * 2 >= len(last) > 0
