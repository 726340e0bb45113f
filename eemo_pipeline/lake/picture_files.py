"""Where the file of an image is, below the folder of the sources."""

from pathlib import Path

import polars as pl


def locate_files(images: pl.DataFrame, sources_dir: Path) -> list[tuple[str, Path]]:
    """Return (image_id, path) of every row, in the order of the rows.

    Args:
        images: with image_id, source, and path relative to the source's folder.
        sources_dir: the folder with one folder per source.
    """
    return [
        (image_id, sources_dir / source / path)
        for image_id, source, path in images.select("image_id", "source", "path").iter_rows()
    ]
