"""Reads datasets whose files are given as text or bytes, and checks the contract of all readers."""

import random
import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import polars as pl

from eemo_pipeline.emotion.taxonomies import LABEL_SPACES
from eemo_pipeline.readers import contract
from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.sources import SourceDataset

Files = Mapping[str, bytes | str]
_DAMAGED_ENDINGS = (".csv", ".json", ".jsonl", ".txt", ".tsv", ".ann", ".token")


def read_files(name: str, files: Files) -> SourceTables:
    """Write the files of a dataset into an empty folder, read them, and check the contract."""
    with tempfile.TemporaryDirectory(prefix="eemo-source-") as folder:
        listing = lay(Path(folder), files)
        tables = find_source(name).read(listing)
    assert_sound(tables, listing)
    return tables


def read_damaged(name: str, files: Files, seed: int) -> SourceTables:
    """Damage the files with annotation endings at random positions, by the seed; then read."""
    chance = random.Random(seed)  # noqa: S311 (not used for security)
    damaged: dict[str, bytes | str] = {}
    for path, content in sorted(files.items()):
        data = content if isinstance(content, bytes) else content.encode()
        if path.endswith(_DAMAGED_ENDINGS) and "__MACOSX" not in path:
            for _ in range(chance.randrange(1, 7)):
                data = damage(data, chance)
        damaged[path] = data
    return read_files(name, damaged)


def reasons(tables: SourceTables, path: str | None = None) -> dict[int, str]:
    """Return row -> reason of the rejects, only of the file `path` if given."""
    rejects = tables.rejects
    if path is not None:
        rejects = rejects.filter(pl.col("path") == path)
    return dict(rejects.select("row", "reason").rows())


def lay(root: Path, files: Files) -> Listing:
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    paths = sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())
    return Listing(root, tuple(paths))


def find_source(name: str) -> SourceDataset:
    source = import_module(f"eemo_pipeline.sources.{name}").SOURCE
    assert source.name == name
    assert source.label_space in LABEL_SPACES
    assert source.semantics in {"evoked", "apparent", "none"}
    assert source.role in {"training", "evaluation", "lexicon"}
    return source


def assert_sound(tables: SourceTables, listing: Listing) -> None:
    """Assert the contract: schemas, conservation of rows, keys, and only listed images."""
    assert tables.records.schema == contract.RECORD_SCHEMA
    assert tables.annotations.schema == contract.ANNOTATION_SCHEMA
    assert tables.rejects.schema == contract.REJECT_SCHEMA
    is_in_lines = ~pl.col("path").str.to_lowercase().str.contains(r"\.(json|mat)$")
    assert tables.rejects.filter(is_in_lines)["line"].null_count() == 0
    assert (tables.rejects["line"].drop_nulls() >= 1).all()
    kept = set(tables.annotations.select("table_path", "row").drop_nulls("row").rows())
    kept |= set(tables.words.select("table_path", "row").rows())
    refused = tables.rejects.select("path", "row").rows()
    assert len(refused) == len(set(refused))
    assert not kept & set(refused)
    assert len(kept) + len(refused) == tables.row_count
    for column in ("path", "record_id"):
        assert tables.records[column].is_unique().all()
    assert set(tables.records["path"]) <= listing.known - tables.table_paths
    assert set(tables.annotations["record_id"]) <= set(tables.records["record_id"])
    assert tables.annotations.select("record_id", "annotation_no").is_unique().all()
    for frame in (tables.records, tables.annotations):
        needed = ["record_id", "label_space", "semantics"]
        needed += [name for name in ("path", "resolved_by", "annotator_id") if name in frame]
        assert frame.select(needed).null_count().sum_horizontal().sum() == 0
    for name, dtype in tables.annotations.schema.items():
        if dtype == pl.Float64:
            assert tables.annotations[name].drop_nulls().is_finite().all()


def damage(data: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    kind = chance.randrange(6)
    if kind == 0:  # flip a byte
        return data[:start] + bytes([chance.randrange(256)]) + data[start + 1 :]
    if kind == 1:  # delete a piece
        return data[:start] + data[min(end, start + 40) :]
    if kind == 2:  # repeat a piece
        return data[:end] + data[start:end]
    if kind == 3:  # insert characters that are special to parsers
        tripping = [b'"', b"\0", b",", b"\r", b"\n\n", b"[", b"{", b"\\ud800", b"\\", b"../"]
        return data[:start] + chance.choice(tripping) + data[start:]
    if kind == 4:  # replace a digit, or a character if there is none, by another value
        values = [b"null", b"true", b"[]", b"{}", b"1e999", b"NaN", b"-1", b'""', b"9" * 400]
        digits = [place for place, byte in enumerate(data) if 48 <= byte <= 57] or [start]
        place = chance.choice(digits)
        return data[:place] + chance.choice(values) + data[place + 1 :]
    lines = data.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines)
