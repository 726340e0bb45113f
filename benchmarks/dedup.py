"""Time of finding near-duplicates, compared with comparing every hash with every other.

Uses a random population of 64-bit hashes, of which 1 % are copies of others with 1 to 10 bits
flipped:

- `cluster_images`: the whole clustering, exact within SPLIT_BITS by multi-index hashing, and of
  turned copies, without second looks;
- brute force in numpy: a sample of the hashes against all of them. Its time for all pairs is
  extrapolated from the sample (half of sample time x count / sample, each pair once).

Recall is the share of planted pairs that end in one cluster, and must be 1.0. No time is asserted.

    python benchmarks/dedup.py            # 100,000 hashes
    python benchmarks/dedup.py --full     # and 1,000,000
"""

import argparse
import os
import time

import numpy as np
import polars as pl

from eemo_pipeline.stages.dedup import SPLIT_BITS, cluster_images

_SAMPLE = 200


def plant(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return `count` hashes, and the positions of originals and of their altered copies."""
    random = np.random.default_rng(count)
    hashes = random.integers(0, 2**64, count, dtype=np.uint64)
    chosen = random.permutation(count)[: count // 50]
    originals, copies = chosen[: count // 100], chosen[count // 100 :]
    copied = hashes[originals]
    for number, flips in enumerate(random.integers(1, SPLIT_BITS + 1, len(copies))):
        bits = random.permutation(64)[:flips].astype(np.uint64)
        copied[number] ^= np.bitwise_or.reduce(np.uint64(1) << bits)
    hashes[copies] = copied
    return hashes, originals, copies


def as_images(hashes: np.ndarray) -> pl.LazyFrame:
    """Return the columns of `ingest__images` that clustering reads."""
    count = len(hashes)
    return pl.LazyFrame(
        {
            "image_id": [f"{number:064x}" for number in range(count)],
            "is_blank": pl.repeat(value=False, n=count, eager=True),
            "phash": [f"{value:016x}" for value in hashes.tolist()],
            # As many further hashes as an image has, which resemble nothing.
            "turned_phashes": [
                [f"{value * odd % 2**64:016x}" for odd in range(3, 17, 2)]
                for value in hashes.tolist()
            ],
            "dominant_colours": pl.repeat("#808080", count, eager=True).reshape((count, 1)),
            "width_px": pl.repeat(800, count, eager=True),
            "height_px": pl.repeat(600, count, eager=True),
            "size_bytes": pl.repeat(100_000, count, eager=True),
        },
        schema_overrides={"dominant_colours": pl.List(pl.String)},
    )


def count_by_force(hashes: np.ndarray) -> int:
    """Count the near pairs of the first `_SAMPLE` hashes with all others."""
    return sum(
        int(np.count_nonzero(np.bitwise_count(hashes ^ one) <= SPLIT_BITS)) - 1
        for one in hashes[:_SAMPLE]
    )


def compare(count: int) -> None:
    """Print one line for a population of `count`."""
    hashes, originals, copies = plant(count)
    images = as_images(hashes).collect().lazy()
    started = time.perf_counter()
    clusters = cluster_images(images, lambda _: {})
    ours = time.perf_counter() - started
    cluster = (
        images.select("image_id")
        .collect()
        .join(clusters.select("image_id", "cluster_id"), on="image_id", maintain_order="left")
    )["cluster_id"].to_numpy()
    recall = float(np.mean(cluster[originals] == cluster[copies]))
    started = time.perf_counter()
    count_by_force(hashes)
    brute = (time.perf_counter() - started) * count / _SAMPLE / 2
    print(f"{count:>10,}{ours:>16.1f}{brute:>22,.0f}{brute / ours:>8.0f}{recall:>8.3f}")


def main() -> None:
    """Compare at one size, or at two."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="also a million hashes")
    options = parser.parse_args()
    print(f"hashes with 1 % planted copies within {SPLIT_BITS} bits; load {os.getloadavg()[0]:.1f}")
    print(
        f"{'hashes':>10}{'cluster_images':>16}{'brute, extrapolated':>22}{'ratio':>8}{'recall':>8}"
    )
    for count in (100_000, 1_000_000) if options.full else (100_000,):
        compare(count)


if __name__ == "__main__":
    main()
