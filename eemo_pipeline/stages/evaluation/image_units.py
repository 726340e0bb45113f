"""What the bootstrap resamples as one: the near-duplicate clusters of an item's images."""

from collections.abc import Callable

import polars as pl


def units_of(clusters_of: pl.DataFrame) -> Callable[..., str]:
    """Return a function from the images of an item to the name of their clusters.

    Args:
        clusters_of: rows of `dedup__clusters`. An image without a row is its own cluster.
    """
    clusters = dict(clusters_of.select("image_id", "cluster_id").iter_rows())

    def unit(*image_ids: str) -> str:
        return " ".join(sorted({clusters.get(image, image) for image in image_ids}))

    return unit
