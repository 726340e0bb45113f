"""Groups near-duplicate images, keeps one of each, and assigns every group to one split.

Compares perceptual hashes, builds clusters, chooses the kept image and the split. The hashes are
computed in `imaging/pixel_measures.py`.

Two distances are used, since the two kinds of error have different costs. A cluster is a connected
component of images within SPLIT_BITS of one another, and is never divided between splits: a
doubtful pair within one split does no harm, but across two it leaks. An image is dropped only for a
kept image within NEAR_BITS of itself, so a doubtful pair stays. A chain (A resembles B, B resembles
C, A does not resemble C) therefore keeps as many images as necessary.
"""

from itertools import combinations

import duckdb
import numpy as np
import polars as pl

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.hash_draws import draw

# Recompressed, resized and slightly cropped copies differ by up to 6 bits, copies cropped by a
# twentieth mostly by up to 10, unrelated photographs by 14 and more.
NEAR_BITS = 6
SPLIT_BITS = 10
TRAIN_SHARE, VALIDATION_SHARE = 0.8, 0.1

# Multi-index hashing (Norouzi et al. 2012). By the pigeonhole principle, two hashes within r bits
# differ in some band by at most the number of flips tried there, if those flips plus one per band
# sum to more than r. (shift, width) of each band: few wide bands have few candidates per probe, but
# their number of probes grows with the width to the power of the flips.
_THREE_BANDS = ((0, 22), (22, 20), (42, 22))
_FOUR_BANDS = ((0, 16), (16, 16), (32, 16), (48, 16))
_LARGEST_RADIUS = 11
_BUCKETS = """
create or replace temp table buckets as
select no, hash, (hash >> {shift}) & {band}::ubigint as bucket from hashes
"""
# The join is on equality of the bucket; the cheap comparisons run on its few candidates. Each pair
# of buckets is probed from the lower one only.
_PAIRS = """
select a.no as low, b.no as high
from (
    select no, hash, bucket, xor(bucket, mask) as probe
    from buckets, masks
    where xor(bucket, mask) >= bucket
) a
join buckets b on a.probe = b.bucket
where (a.probe > a.bucket or a.no < b.no) and bit_count(xor(a.hash, b.hash)) <= {radius}
"""


def cluster_images(
    images: pl.LazyFrame, near: int = NEAR_BITS, alike: int = SPLIT_BITS
) -> pl.DataFrame:
    """Return `dedup__clusters`: one row per image.

    Images without structure have no meaningful hash. They are compared by colour instead, with 16
    steps per channel, so that they do not all share one bucket. Within a cluster, the image
    with the most pixels is kept, then the one with the most bytes, then the smallest image_id.
    """
    ordered = (
        images.select(
            "image_id",
            "is_blank",
            pl.col("phash").str.to_integer(base=16, dtype=pl.UInt64).alias("hash"),
            pl.col("dominant_colours").list.first().alias("colour"),
            (pl.col("width_px") * pl.col("height_px")).alias("pixels"),
            "size_bytes",
        )
        .sort(["pixels", "size_bytes", "image_id"], descending=[True, True, False])
        .collect()
    )  # from here on, the position of an image is its rank of preference
    hashes = ordered["hash"].to_numpy()
    is_blank = ordered["is_blank"].to_numpy()
    component = _connect(ordered.height, *_near_pairs(hashes, is_blank, alike))
    component = _connect_blanks(component, ordered)
    kept = _keep(component, hashes, is_blank, near)
    is_kept = kept == np.arange(len(kept))
    distance = np.bitwise_count(hashes ^ hashes[kept]).astype(np.int64)
    reason = np.where(is_kept, "kept", np.where(is_blank, "blank_of_same_colour", "near_duplicate"))
    clusters = pl.DataFrame(
        {
            "image_id": ordered["image_id"],
            "component": component,
            "is_kept": is_kept,
            "reason": reason.astype(str),
            "kept_image_id": ordered["image_id"].gather(kept),
            "distance_bits": distance,
        },
        schema_overrides={"reason": pl.String},
    )
    return clusters.with_columns(
        pl.col("image_id").min().over("component").alias("cluster_id")
    ).select(TABLES["dedup__clusters"].columns)


def keep_images(
    images: pl.LazyFrame, clusters: pl.LazyFrame, datasets: pl.LazyFrame, seed: str = "split"
) -> pl.DataFrame:
    """Return `dedup__images`: the kept images, with a split that depends only on the cluster.

    A cluster with an image of an evaluation dataset belongs to the test split as a whole. An image
    is redistributable only if every source that holds its bytes allows it.

    Args:
        images: `ingest__images`.
        clusters: `dedup__clusters`.
        datasets: `sources__datasets`, for roles and terms.
        seed: the seed of the draw.
    """
    roles = datasets.select("source", "role", allowed="is_redistributable")
    terms = (
        images.select("image_id", source="sources")
        .explode("source")
        .join(roles, on="source", how="left")
        .group_by("image_id")
        .agg(
            (pl.col("role") == "evaluation").any().alias("evaluates"),
            pl.col("allowed").fill_null(value=False).all().alias("is_redistributable"),
        )
    )
    members = clusters.select("image_id", "cluster_id", "is_kept").join(terms, on="image_id")
    kept = (
        members.with_columns(pl.col("evaluates").any().over("cluster_id").alias("is_evaluation"))
        .filter("is_kept")
        .select("image_id", "cluster_id", "is_evaluation", "is_redistributable")
        .join(images, on="image_id")
        .collect()
    )
    place = draw(pl.col("cluster_id"), seed)
    return kept.with_columns(
        pl.when("is_evaluation")
        .then(pl.lit("test"))
        .when(place < TRAIN_SHARE)
        .then(pl.lit("train"))
        .when(place < TRAIN_SHARE + VALIDATION_SHARE)
        .then(pl.lit("validation"))
        .otherwise(pl.lit("test"))
        .alias("split")
    ).select(TABLES["dedup__images"].columns)


def _near_pairs(
    hashes: np.ndarray, is_blank: np.ndarray, radius: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return links between positions that connect all pairs within `radius` bits, at most 11."""
    if not 0 <= radius <= _LARGEST_RADIUS:
        raise ValueError(f"radius {radius} is not within 0 and {_LARGEST_RADIUS}")
    structured = np.flatnonzero(~is_blank)
    # Identical hashes are linked in a row and searched once: a bucket of a thousand equal
    # hashes costs a thousand links, not half a million pairs.
    distinct, first, inverse = np.unique(hashes[structured], return_index=True, return_inverse=True)
    lows, highs = [structured[first[inverse]]], [structured]
    with duckdb.connect() as connection:
        connection.register("hashes", {"no": np.arange(len(distinct)), "hash": distinct})
        for shift, width, flips in _probes(radius):
            connection.register("masks", {"mask": _masks(width, flips)})
            connection.execute(_BUCKETS.format(shift=shift, band=2**width - 1))
            found = connection.execute(_PAIRS.format(radius=radius)).fetchnumpy()
            lows.append(structured[first[found["low"]]])
            highs.append(structured[first[found["high"]]])
    return np.concatenate(lows), np.concatenate(highs)


def _probes(radius: int) -> list[tuple[int, int, int]]:
    """Return shift, width and flips of each band; flips plus one per band sum to `radius` + 1.

    The middle of three bands gets the most flips, so it is the narrowest.
    """
    if radius <= 8:
        spread = ((radius + 1) // 3 - 1, (radius + 3) // 3 - 1, (radius + 2) // 3 - 1)
        bands = _THREE_BANDS
    else:
        spread = tuple((radius + 1 + extra) // 4 - 1 for extra in range(4))
        bands = _FOUR_BANDS
    return [(shift, width, flips) for (shift, width), flips in zip(bands, spread, strict=True)]


def _masks(width: int, flips: int) -> np.ndarray:
    """Return all patterns of at most `flips` bits in a band; none if the band is not probed."""
    bits = [1 << bit for bit in range(width)]
    masks = [sum(chosen) for count in range(flips + 1) for chosen in combinations(bits, count)]
    return np.array(masks, dtype=np.uint64)


def _connect(size: int, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the number of the connected component of every position."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if size == 0:
        return np.empty(0, dtype=np.int64)
    graph = coo_array((np.ones(len(low), dtype=bool), (low, high)), shape=(size, size))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _connect_blanks(component: np.ndarray, ordered: pl.DataFrame) -> np.ndarray:
    """Give blank images of the same coarse colour the component of the first of them."""
    merged = component.copy()
    first: dict[str, int] = {}
    for position in np.flatnonzero(ordered["is_blank"].to_numpy()):
        colour = ordered["colour"][int(position)]
        coarse = colour[1] + colour[3] + colour[5]
        merged[position] = first.setdefault(coarse, int(component[position]))
    return merged


def _keep(
    component: np.ndarray, hashes: np.ndarray, is_blank: np.ndarray, radius: int
) -> np.ndarray:
    """Return, per position, the position of the kept image it resembles, by preference."""
    kept = np.arange(len(component))
    shared = np.flatnonzero(np.bincount(component)[component] > 1)  # most images are alone
    order = shared[np.argsort(component[shared], kind="stable")]
    borders = np.flatnonzero(np.diff(component[order])) + 1
    for members in np.split(order, borders):
        open_members = members
        while len(open_members):
            leader = open_members[0]
            if is_blank[leader]:
                kept[open_members] = leader
                break
            near = np.bitwise_count(hashes[open_members] ^ hashes[leader]) <= radius
            kept[open_members[near]] = leader
            open_members = open_members[~near]
    return kept
