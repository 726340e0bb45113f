"""What a training run was made with: hashes of tables, code, environment and base model."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.parquet import file_sha256, table_path
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.hash_draws import short_hash

_ENVIRONMENTS = files("eemo_pipeline.stages.training").joinpath("environments")


@dataclass(frozen=True)
class BaseModel:
    """What a job starts from.

    Attributes:
        name: the folder or name that the recipe states, or the recipe whose result it is.
        run_id: the run whose result it is, else None.
        files: name below the folder `base` -> file and its SHA-256; empty for a model that is not
            ours.
    """

    name: str
    run_id: str | None
    files: dict[str, tuple[Path, str]]

    @property
    def identity(self) -> str:
        """Return a hash of the model: of its files where they are known, else of its name."""
        return short_hash(
            self.name, *(f"{name} {h}" for name, (_, h) in sorted(self.files.items()))
        )


def hash_tables(tables: Path, names: Iterable[str]) -> dict[str, str]:
    """Return table -> hash of its Parquet files, first 16 digits; "absent" without a file."""
    versions = {}
    for name in names:
        table = TABLES[name]
        if table.is_partitioned:
            paths = sorted((tables / name).glob("[!.]*.parquet"))
        else:
            paths = [table_path(tables, table)]
        hashes = [file_sha256(path) for path in paths if path.is_file()]
        versions[name] = short_hash(*hashes) if hashes else "absent"
    return versions


def hash_code(job: str) -> str:
    """Return the hash of a job's source and of the modules that jobs share, first 16 digits."""
    jobs = files("eemo_pipeline.stages.training").joinpath("jobs")
    shared = jobs.joinpath("vision_language")
    sources = [jobs.joinpath(f"{job}.py"), *shared.iterdir()]
    digest = sha256()
    for source in sorted(sources, key=lambda item: item.name):
        if source.name.endswith(".py"):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def read_environment(name: str) -> bytes:
    """Return the lock file of an environment."""
    return _ENVIRONMENTS.joinpath(f"{name}.txt").read_bytes()


def count_rows(path: Path) -> int:
    """Return the rows of a published file: Parquet, or one JSON object per line."""
    if path.suffix == ".parquet":
        return pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
    with path.open("rb") as lines:
        return sum(1 for _ in lines)
