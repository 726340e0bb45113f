"""Builds `release__versions`, `release__files` and `release__rows` from the folder of the releases.

A release never changes, so its tables follow from its folder alone: also from a release that an
older version made, or that somebody copied there.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.release.build import list_numbers
from eemo_pipeline.stages.release.contents import CONFIGS, UNSPLIT
from eemo_pipeline.stages.release.manifest import BadManifest, Manifest, read_manifest

_VERSIONS, _FILES, _ROWS = (TABLES[f"release__{name}"] for name in ("versions", "files", "rows"))
_LISTED = ("records", "qa", "assess", "images")  # configurations whose rows are about images
_LONGEST = 300


@dataclass(frozen=True)
class Released:
    """Rows of the three tables."""

    versions: pl.DataFrame
    files: pl.DataFrame
    rows: pl.DataFrame


def list_versions(releases: Path) -> pl.DataFrame:
    """Return one row per release; one whose manifest cannot be read is damaged, with the reason.

    Args:
        releases: the folder of the releases.
    """
    rows = [_describe(releases, number) for number in list_numbers(releases)]
    return pl.DataFrame(rows, schema=_VERSIONS.polars_schema).sort(_VERSIONS.key)


def read_released(releases: Path) -> Released:
    """Return what is in which release.

    A release whose rows cannot be read is damaged, and its files and rows are left out.

    Args:
        releases: the folder of the releases.
    """
    versions = list_versions(releases)
    files: list[dict[str, Any]] = []
    rows: list[pl.DataFrame] = [_ROWS.empty()]
    damaged: dict[int, str] = {}
    for number in versions.filter(pl.col("release_state") == "whole")["release_no"]:
        manifest = read_manifest(releases / str(number))
        try:
            found = [_read_rows(releases, manifest, config) for config in _LISTED]
        except (pl.exceptions.PolarsError, OSError) as error:
            damaged[number] = str(error).splitlines()[0][:_LONGEST]
            continue
        rows += [frame for frame in found if frame is not None]
        files += _list_files(manifest)
    return Released(
        _mark_damaged(versions, damaged),
        pl.DataFrame(files, schema=_FILES.polars_schema).sort(_FILES.key, nulls_last=True),
        pl.concat(rows).sort(_ROWS.key),
    )


def _describe(releases: Path, number: int) -> dict[str, Any]:
    empty = dict.fromkeys(_VERSIONS.columns)
    try:
        manifest = read_manifest(releases / str(number))
    except BadManifest as error:
        damage = {"release_state": "damaged", "detail": str(error)[:_LONGEST]}
        return empty | {"release_no": number} | damage
    counts = manifest.count_rows()
    return empty | {
        "release_no": number,
        "release_state": "whole",
        "title": manifest.declaration.title,
        "licence": manifest.declaration.licence,
        "released_count": sum(rows for name, rows in counts.items() if name != "images"),
        "image_count": counts.get("images", 0),
        "has_image_files": manifest.has_image_files(),
        "withheld_count": sum(row.rows for row in manifest.withheld),
        "package_version": manifest.code.package,
        "digest": manifest.digest,
        "previous_digest": manifest.previous,
    }


def _read_rows(releases: Path, manifest: Manifest, config: str) -> pl.DataFrame | None:
    """Return the rows of a configuration, None where the release has none of it."""
    folder = releases / str(manifest.number)
    paths = [folder / file.path for file in manifest.data_files() if file.config == config]
    if not paths:
        return None
    key = CONFIGS[config][1][0]
    images = pl.col("image_ids") if config == "qa" else pl.concat_list("image_id")
    return (
        pl.scan_parquet(paths, glob=False, hive_partitioning=False)
        .select(
            pl.lit(manifest.number, pl.Int64).alias("release_no"),
            pl.lit(config).alias("config"),
            pl.col(key).alias("row_id"),
            images.alias("image_ids"),
            "split",
            "licences",
        )
        .collect()
    )


def _list_files(manifest: Manifest) -> list[dict[str, Any]]:
    return [
        {
            "release_no": manifest.number,
            "path": f"releases/{manifest.number}/{file.path}",
            "config": file.config,
            "split": None if file.split == UNSPLIT else file.split,
            "row_count": file.rows,
            "size_bytes": file.size_bytes,
            "sha256": file.sha256,
        }
        for file in manifest.files
    ]


def _mark_damaged(versions: pl.DataFrame, damaged: dict[int, str]) -> pl.DataFrame:
    number = pl.col("release_no")
    is_damaged = number.is_in(list(damaged))
    why = number.replace_strict(damaged, default=None, return_dtype=pl.String)
    return versions.with_columns(
        pl.when(is_damaged)
        .then(pl.lit("damaged"))
        .otherwise("release_state")
        .alias("release_state"),
        pl.coalesce(why, "detail").alias("detail"),
    )
