"""Publishes the items in every export format, and checks the written files.

The formats are in `formats/`, the rules that their files must satisfy in `consumer_rules.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from eemo_pipeline.discovery import discover
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.exports import formats
from eemo_pipeline.stages.exports.consumer_rules import broken_rules
from eemo_pipeline.stages.exports.formats import Exporter, Tables


@dataclass(frozen=True)
class Published:
    """`exports__files`, and `_exports__violations`: the rules that these files break."""

    files: pl.DataFrame
    violations: pl.DataFrame


def publish(tables: Tables, exports: Path, root: Path, names: Sequence[str] = ()) -> Published:
    """Write every format, or the named ones, below `exports`, and read the files back.

    Args:
        tables: frames without the image paths, which are added here.
        exports: a folder named exports; `exports__files` has paths relative to its parent.
        root: the data root; the paths of images are relative to it.
        names: names of formats; empty means all.

    Raises:
        ValueError: there is no format of such a name.
    """
    exporters = discover(formats, "EXPORTER", Exporter)
    unknown = sorted(set(names) - exporters.keys())
    if unknown:
        raise ValueError(f"no export format {unknown[0]!r}; there are {', '.join(exporters)}")
    ready = _with_paths(tables)
    rows, violations = [], [TABLES["_exports__violations"].empty()]
    for exporter in (exporters[name] for name in names or exporters):
        for file in exporter.write(ready, exports / exporter.name):
            path = file.written.path.relative_to(exports.parent).as_posix()
            rows.append(
                {
                    "path": path,
                    "format": exporter.name,
                    "dataset": file.dataset,
                    "split": file.split,
                    "row_count": file.row_count,
                    "size_bytes": file.written.size_bytes,
                    "sha256": file.written.sha256,
                }
            )
            seen = exporter.read(file.written.path)
            broken = broken_rules(seen, file.row_count, ready.images, root)
            violations.append(
                broken.select(pl.lit(path).alias("path"), "item_id", "rule", "detail")
            )
    files = pl.DataFrame(rows, schema=TABLES["exports__files"].polars_schema)
    return Published(files.sort("path"), pl.concat(violations).sort("path", "item_id", "rule"))


def _with_paths(tables: Tables) -> Tables:
    images = tables.images.with_columns(
        pl.concat_str(pl.lit("sources"), "source", "path", separator="/").alias("image")
    ).sort("image_id")
    paths = images.select("image_id", "image")
    positions = (
        tables.qa.select("item_id", "image_ids")
        .explode("image_ids")
        .join(paths, left_on="image_ids", right_on="image_id", how="left", maintain_order="left")
        .group_by("item_id", maintain_order=True)
        .agg(pl.col("image").alias("images"))
    )
    qa = tables.qa.join(positions, on="item_id", how="left", maintain_order="left")
    records = tables.records.filter(pl.col("state") == "preserved")
    assess = tables.assess.join(paths, on="image_id", how="left", maintain_order="left")
    return Tables(
        qa.sort("item_id"),
        assess.with_columns(
            pl.concat_list("image").alias("images"),
            pl.lit([], dtype=pl.List(pl.String)).alias("options"),
        )
        .drop("image")
        .sort("item_id"),
        images,
        *(
            frame.join(images, on="image_id", how="semi").sort(TABLES[name].key)
            for name, frame in (
                ("labels__emotions", tables.emotions),
                ("labels__vad", tables.vad),
                ("texts__descriptions", tables.descriptions),
                ("texts__reasonings", tables.reasonings),
                ("labels__rankings", tables.rankings),
                ("records__emoverse", records),
                ("records__regions", tables.regions.join(records, on="image_id", how="semi")),
            )
        ),
    )
