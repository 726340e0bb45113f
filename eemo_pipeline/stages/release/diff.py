"""What two releases of one dataset differ in, and why: rows, columns, numbers and their causes.

A cause is looked for from the hand of a person upstream to the code: an edit, a judgement, the
source, a model's answer, the code, and at last what is known about other images.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.stages.release.contents import ABOUT, CONFIGS
from eemo_pipeline.stages.release.facts import compute_facts, read_frames
from eemo_pipeline.stages.release.manifest import Manifest, read_manifest
from eemo_pipeline.stages.release.origins import ORIGINS

_EXAMPLES = 5
_MOVES = 5
# Configuration -> parts of the library that its rows are computed in.
_PARTS = {
    "records": ("stages/records", "stages/verification", "stages/critic", "aggregation"),
    "regions": ("stages/records", "stages/grounding", "stages/critic"),
    "qa": ("stages/qa", "stages/labels", "stages/texts"),
    "assess": ("stages/assess", "stages/labels"),
    "images": ("stages/dedup", "stages/ingest"),
    "votes": ("stages/review", "web"),
}


@dataclass(frozen=True)
class ColumnChange:
    """A column: in how many rows it changed, and from what to what most often."""

    column: str
    rows: int
    moves: list[tuple[str, str, int]]


@dataclass(frozen=True)
class Cause:
    """Why rows differ: a kind, the details, the number of rows and the keys of some."""

    kind: str
    detail: str
    rows: int
    examples: list[str]


@dataclass(frozen=True)
class ConfigChange:
    """What became of the rows of a configuration."""

    config: str
    added: int
    removed: int
    changed: int
    columns: list[ColumnChange] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)


@dataclass(frozen=True)
class Difference:
    """Two releases: changed rows, numbers of the card (name, old, new), statements and terms."""

    old: int
    new: int
    changes: list[ConfigChange]
    numbers: list[tuple[str, Any, Any]]
    statements: list[tuple[str, Any, Any]]


def diff_releases(old_folder: Path, new_folder: Path) -> Difference:
    """Compare two releases.

    Raises:
        BadManifest: a manifest is missing, unreadable or altered.
    """
    manifests = read_manifest(old_folder), read_manifest(new_folder)
    folders = old_folder, new_folder
    sides = [
        {name: frame.collect() for name, frame in read_frames(folder, manifest.files).items()}
        for folder, manifest in zip(folders, manifests, strict=True)
    ]
    causes = _Causes(manifests, sides)
    changes = [
        change
        for config in CONFIGS
        if config not in ABOUT
        and (change := _compare(config, sides[0].get(config), sides[1].get(config), causes))
    ]
    facts = [
        _flatten(asdict(compute_facts({n: f.lazy() for n, f in side.items()}))) for side in sides
    ]
    stated = [
        _flatten({**m.declaration.model_dump(), "terms": [t.model_dump() for t in m.terms]})
        for m in manifests
    ]
    return Difference(
        manifests[0].number, manifests[1].number, changes, _moved(*facts), _moved(*stated)
    )


class _Causes:
    """Finds the cause of a changed row from its key and images."""

    def __init__(
        self, manifests: tuple[Manifest, Manifest], sides: list[dict[str, pl.DataFrame]]
    ) -> None:
        self._sources = [_map_sources(side) for side in sides]
        self._origins = _differing(sides, "origins", ["image_id"], ["origin_table", "rows_hash"])
        self._votes = _differing(
            sides, "votes", ["image_id"], ["rater_id", "phase", "reviewed_field", "said_json"]
        )
        self._edits = _edited(sides)
        parts = [manifest.code.parts for manifest in manifests]
        self._parts = {n for n in {*parts[0], *parts[1]} if parts[0].get(n) != parts[1].get(n)}
        hashes = [manifest.tables for manifest in manifests]
        self._tables = sorted(
            {
                name.split("/")[0].removesuffix(".parquet")
                for name in {*hashes[0], *hashes[1]}
                if hashes[0].get(name) != hashes[1].get(name)
            }
        )

    def find(self, config: str, key: tuple[Any, ...], images: list[str]) -> tuple[str, str]:
        """Return the kind of the cause and its details."""
        edits = sorted({e for name in (*images, str(key[0])) for e in self._edits.get(name, ())})
        if edits:
            return "edit", "; ".join(edits)
        voters = sorted({row[0] for name in images for row in self._votes.get(name, ())})
        if voters:
            return "judgement", f"judged by {', '.join(voters)}"
        for place, word in enumerate(("has left", "is new")):
            lone = [
                n for n in images if n in self._sources[place] and n not in self._sources[1 - place]
            ]
            if lone:
                return "image", f"an image of {self._sources[place][lone[0]]} {word}"
        tables = {row[0] for name in images for row in self._origins.get(name, ())}
        for table, words in ORIGINS.items():
            if table in tables:
                return "upstream", f"{words} ({table})"
        code = [part for part in _PARTS.get(config, ()) if part in self._parts]
        if code:
            return "code", f"the code of {', '.join(code)} changed"
        return "statistics", (
            f"nothing of its own changed; upstream tables that did: {', '.join(self._tables)}"
        )


def _map_sources(side: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    return dict(side["images"].select("image_id", "source").rows()) if "images" in side else {}


def _differing(
    sides: list[dict[str, pl.DataFrame]], config: str, by: list[str], values: list[str]
) -> dict[str, set[tuple[Any, ...]]]:
    """Return key -> the values that stand on one side only."""
    found = [
        set(side[config].select(*by, *values).rows()) if config in side else set() for side in sides
    ]
    differing: dict[str, set[tuple[Any, ...]]] = {}
    for row in found[0] ^ found[1]:
        differing.setdefault(str(row[0]), set()).add(row[1:])
    return differing


def _edited(sides: list[dict[str, pl.DataFrame]]) -> dict[str, set[str]]:
    """Return image_id or item_id -> what people changed by hand on one side only."""
    columns = ["edited_table", "edited_column", "old_json", "new_json", "edited_by"]
    changes: dict[str, set[str]] = {}
    for key, rows in _differing(sides, "edits", ["edited_key"], columns).items():
        named = json.loads(key)
        for name in ("image_id", "item_id"):
            for table, column, old, new, by in rows if name in named else ():
                said = f"{by} changed {column} of {table} from {old} to {new}"
                changes.setdefault(str(named[name]), set()).add(said)
    return changes


def _compare(
    config: str, old: pl.DataFrame | None, new: pl.DataFrame | None, causes: _Causes
) -> ConfigChange | None:
    """Return what became of the rows; None if nothing did."""
    shape = old if old is not None else new
    if shape is None:
        return None
    old, new = (shape.clear() if side is None else side for side in (old, new))
    key = list(CONFIGS[config][1])
    added, removed = new.join(old, on=key, how="anti"), old.join(new, on=key, how="anti")
    shared = [name for name in old.columns if name in new.columns and name not in key]
    both = old.join(new, on=key, how="inner", suffix="_new")
    names = [name for name in shared if f"{name}_new" in both.columns]
    differs = [pl.col(name).ne_missing(pl.col(f"{name}_new")).alias(f"_{name}") for name in names]
    marked = both.with_columns(differs)
    changed = marked.filter(pl.any_horizontal([f"_{name}" for name in names]))
    if added.is_empty() and removed.is_empty() and changed.is_empty():
        return None
    rows = [row for frame in (added, removed, changed) for row in frame.iter_rows(named=True)]
    return ConfigChange(
        config,
        added.height,
        removed.height,
        changed.height,
        [c for name in names if (c := _describe_column(changed, name)).rows],
        _explain(config, key, rows, causes),
    )


def _describe_column(changed: pl.DataFrame, name: str) -> ColumnChange:
    pairs = changed.filter(pl.col(f"_{name}")).select(name, f"{name}_new").rows()
    moves = Counter((_as_text(old), _as_text(new)) for old, new in pairs)
    ordered = sorted(moves.items(), key=lambda item: (-item[1], item[0]))[:_MOVES]
    return ColumnChange(name, len(pairs), [(*move, count) for move, count in ordered])


def _explain(
    config: str, key: list[str], rows: list[dict[str, Any]], causes: _Causes
) -> list[Cause]:
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        values = tuple(row[name] for name in key)
        images = row.get("image_ids") or [row["image_id"]]
        found.setdefault(causes.find(config, values, images), []).append(" ".join(map(str, values)))
    return [
        Cause(kind, detail, len(keys), sorted(keys)[:_EXAMPLES])
        for (kind, detail), keys in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def _as_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _flatten(value: Any, name: str = "") -> dict[str, Any]:
    """Return dotted name -> number or text; rows of a list are named by their texts."""
    if isinstance(value, dict):
        parts = [_flatten(part, f"{name}.{key}".strip(".")) for key, part in value.items()]
        return {key: leaf for part in parts for key, leaf in part.items()}
    if isinstance(value, list):
        named: dict[str, Any] = {}
        for row in value:
            texts = [part for part in row.values() if isinstance(part, str)]
            rest = {key: part for key, part in row.items() if not isinstance(part, str)}
            named |= _flatten(rest, f"{name}.{' '.join(texts)}")
        return named
    return {name: value}


def _moved(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    names = dict.fromkeys([*old, *new])
    return [(n, old.get(n), new.get(n)) for n in names if old.get(n) != new.get(n)]
