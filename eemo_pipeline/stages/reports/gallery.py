"""The gallery of the report: some images of each emotion, with boxes, masks, votes and warnings.

The images are drawn in `sql/reports/gallery.sql`. An image that may not leave the data root is
shown inside it alone.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.execution.process_pool import WorkerCrash, Workers
from eemo_pipeline.imaging.jpeg_views import encode_view
from eemo_pipeline.imaging.masks import decode, outline
from eemo_pipeline.lake.parquet import scan_table, write_bytes
from eemo_pipeline.stages.release.redistribution import (
    item_sources,
    join_terms,
    kept_picture_terms,
)
from eemo_pipeline.stages.reports.section import name_anchor

THUMBNAIL_PX = 256
_LEAST_POINTS, _MOST_POINTS = 3, 60  # of one outline
# Shown only on request: the emotions of images that may distress.
DISTRESSING = frozenset({"disgust", "fear"})
Ask = Callable[[str, dict[str, Any]], pl.DataFrame]


@dataclass(frozen=True)
class Tile:
    """One image of the gallery.

    Attributes:
        row: its row of `sql/reports/gallery.sql`.
        thumbnail: its file relative to the page, None where it is not shown.
        why_hidden: why it is not shown.
        boxes: x, y, width, height and phrase, in px.
        outlines: of the masks, as SVG path data in px.
        votes: who gives which emotion.
        warnings: what the critic found.
        anchor: its place on the page, empty where the image was shown before.
    """

    row: dict[str, Any]
    thumbnail: str | None
    why_hidden: str
    boxes: tuple[tuple[float, float, float, float, str], ...]
    outlines: tuple[str, ...]
    votes: tuple[str, ...]
    warnings: tuple[str, ...]
    anchor: str


def find_closed(
    drawn: pl.DataFrame, tables: Path, permitted: Collection[str] = ()
) -> dict[str, str]:
    """Return image_id -> licence of those images whose terms forbid that they leave the data root.

    Args:
        drawn: image_id.
        tables: the data root's tables.
        permitted: sources whose owner has given permission beyond the terms.
    """
    images = scan_table(tables, "dedup__images").select("image_id", "sources")
    shown = images.join(drawn.lazy(), on="image_id", how="semi").collect()
    items = shown.select(
        pl.col("image_id").alias("item_id"),
        pl.concat_list("image_id").alias("image_ids"),
        pl.lit([], pl.List(pl.String)).alias("label_sources"),
    )
    datasets = scan_table(tables, "sources__datasets").collect()
    terms = join_terms(item_sources(items, shown), datasets, kept_picture_terms(tables))
    closed = terms.filter(
        ~pl.col("is_redistributable") & ~pl.col("source").is_in(list(permitted))
    ).sort("item_id", "source")
    return dict(closed.select("item_id", "licence").iter_rows())


def write_thumbnails(
    drawn: pl.DataFrame, sources: Path, folder: Path, workers: Workers
) -> dict[str, str]:
    """Write a thumbnail per image as `<image_id>.jpg`; return image_id -> why there is none.

    A file that is there is kept: it holds the image of its name. Files of other images are removed.

    Args:
        drawn: image_id, source and path.
        sources: the folder with one folder per source.
        folder: where the thumbnails are.
        workers: decodes in processes with limits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {_name(image_id) for image_id in drawn["image_id"]}
    for path in folder.iterdir():
        if path.name not in wanted:
            path.unlink()
    items = [
        (sources / source / path, image_id, THUMBNAIL_PX)
        for image_id, source, path in drawn.select("image_id", "source", "path").iter_rows()
        if not (folder / _name(image_id)).exists()
    ]
    failed: dict[str, str] = {}
    for (_, image_id, _), view in workers.map(encode_view, items, chunk=4):
        if isinstance(view, bytes):
            write_bytes(view, folder / _name(image_id))
        else:
            failed[image_id] = view.reason if isinstance(view, WorkerCrash) else view
    return failed


def build_tiles(drawn: pl.DataFrame, hidden: dict[str, str], ask: Ask) -> list[Tile]:
    """Return the tiles in the order of their rows.

    Args:
        drawn: rows of `sql/reports/gallery.sql`.
        hidden: image_id -> why the image is not shown.
        ask: runs a statement of `sql/reports/` with parameters.
    """
    of_images = {"image_ids": drawn["image_id"].unique().sort().to_list()}
    regions = _group(ask("gallery/regions", of_images))
    votes = _group(ask("gallery/votes", of_images))
    warnings = _group(ask("gallery/warnings", of_images))
    tiles: list[Tile] = []
    seen: set[str] = set()
    for row in drawn.iter_rows(named=True):
        image_id = row["image_id"]
        found = regions.get(image_id, ())
        tiles.append(
            Tile(
                row,
                None if image_id in hidden else f"thumbs/{_name(image_id)}",
                hidden.get(image_id, ""),
                tuple(_box(region) for region in found),
                tuple(_trace(region, row) for region in found if region["mask_counts"]),
                tuple(
                    f"{vote['judge']}: {vote['emotion']}"
                    + (f" ({vote['votes']})" if vote["votes"] > 1 else "")
                    for vote in votes.get(image_id, ())
                ),
                tuple(
                    f"{warning['field']} {warning['verdict']}: {warning['finding']}"
                    for warning in warnings.get(image_id, ())
                ),
                "" if image_id in seen else name_anchor(image_id),
            )
        )
        seen.add(image_id)
    return tiles


def _name(image_id: str) -> str:
    return f"{image_id[:32]}.jpg"


def _group(rows: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows.iter_rows(named=True):
        groups.setdefault(row["image_id"], []).append(row)
    return groups


def _box(region: dict[str, Any]) -> tuple[float, float, float, float, str]:
    left, top, right, bottom = (
        round(region[name], 1) for name in ("x1_px", "y1_px", "x2_px", "y2_px")
    )
    return left, top, round(right - left, 1), round(bottom - top, 1), region["phrase"] or ""


def _trace(region: dict[str, Any], row: dict[str, Any]) -> str:
    """Return the outlines of a region's mask as path data in px of the image."""
    height, width = region["mask_size_px"]
    across, down = row["width_px"] / width, row["height_px"] / height
    parts: list[str] = []
    for polygon in outline(decode(region["mask_counts"], (height, width))):
        if len(polygon) < _LEAST_POINTS:
            continue
        step = -(-len(polygon) // _MOST_POINTS)
        points = [(round((x + 0.5) * across), round((y + 0.5) * down)) for x, y in polygon[::step]]
        parts.append("M" + "L".join(f"{x} {y}" for x, y in points) + "Z")
    return "".join(parts)
