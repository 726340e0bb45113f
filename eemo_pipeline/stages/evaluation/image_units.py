"""What the bootstrap resamples as one: the near-duplicate clusters of an item's images."""

from collections.abc import Callable

import polars as pl


def units_of(images: pl.DataFrame) -> Callable[..., str]:
    """Return a function from the images of an item to the name of their clusters.

    Args:
        images: rows of `dedup__images`. An image without a row is its own cluster.
    """
    clusters = dict(images.select("image_id", "cluster_id").iter_rows())

    def unit(*image_ids: str) -> str:
        return " ".join(sorted({clusters.get(image, image) for image in image_ids}))

    return unit
