"""The bootstrap over clusters: items that belong together are drawn together.

Resampling single items of near-duplicate images would count one image several times, and its
intervals would be too narrow (Davison and Hinkley 1997, section 3.8).
"""

import math
from collections.abc import Iterator

import numpy as np

from eemo_pipeline.stats.hash_draws import uniforms

P_METHOD = "two-sided bootstrap p, normal beyond its resamples, not below the sign test"
# Numbers held at once: 32 MB of draws.
_AT_ONCE = 4_000_000


def draw_clusters(clusters: int, seed: str, resamples: int) -> Iterator[np.ndarray]:
    """Yield how often each resample draws each cluster, some resamples at a time.

    Args:
        clusters: the number of clusters.
        seed: names the draws; the same seed gives the same ones.
        resamples: the number of resamples.

    Yields:
        resamples x clusters, whole numbers as floats.
    """
    if clusters < 1:
        return
    rows_at_once = max(1, _AT_ONCE // clusters)
    for start in range(0, resamples, rows_at_once):
        rows = min(rows_at_once, resamples - start)
        drawn = (uniforms(rows * clusters, seed, str(start)) * clusters).astype(np.int64)
        places = drawn.reshape(rows, clusters) + clusters * np.arange(rows)[:, None]
        counts = np.bincount(places.ravel(), minlength=rows * clusters)
        yield counts.reshape(rows, clusters).astype(float)


def bounds_95(values: np.ndarray) -> tuple[float | None, float | None]:
    """Return the 95 % percentile interval of resampled values; None where fewer than half exist."""
    known = values[~np.isnan(values)]
    if len(known) == 0 or 2 * len(known) < len(values):
        return None, None
    lower, upper = np.quantile(known, (0.025, 0.975))
    return float(lower), float(upper)


def two_sided_p(differences: np.ndarray, clusters: int) -> float:
    """Return the two-sided p of resampled differences: twice the smaller tail, never 0.

    A thousand resamples resolve 0.002, which no correction for thirty comparisons would leave
    below 0.05. Where no resample crosses 0, p is that of the normal distribution with their mean
    and deviation (Efron and Tibshirani 1993, section 12.3). It is never below that of the sign test
    on clusters that all agree, the least that so many of them can show.

    Args:
        differences: resampled differences; NaN where a resample has none.
        clusters: the clusters that were drawn from.
    """
    known = differences[~np.isnan(differences)]
    tail = int(min((known <= 0).sum(), (known >= 0).sum()))
    p = 2 * (tail + 1) / (len(known) + 1)
    if tail == 0 and len(known) and (spread := float(known.std())) > 0:
        p = min(p, math.erfc(abs(float(known.mean())) / spread / math.sqrt(2)))
    return min(1.0, max(p, 2.0 ** (1 - clusters)))
