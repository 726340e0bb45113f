"""Groups near-duplicate images, keeps one of each, and assigns every group to one split.

Compares perceptual hashes, builds clusters, chooses the kept image and the split. The hashes are
computed in `imaging/pixel_measures.py`, the second look in `imaging/second_look.py`.

Two distances are used, since the two kinds of error have different costs. A cluster is a connected
component of images within SPLIT_BITS of one another, or within NEAR_BITS once one of them is
mirrored or quarter-turned, and is never divided between splits: a doubtful pair within one split
does no harm, but across two it leaks. An image is dropped only for a kept image within NEAR_BITS of
itself that a second look finds alike in colour and finer structure, so a doubtful pair stays. A
chain (A resembles B, B resembles C, A does not resemble C) therefore keeps as many images as
necessary. A mirrored or turned copy is another stimulus and is kept.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from eemo_pipeline.execution.process_pool import Workers, perform_on_pictures
from eemo_pipeline.imaging.second_look import (
    LOOK_METHOD,
    Look,
    are_alike,
    decode_look,
    extract_look,
)
from eemo_pipeline.lake.picture_files import locate_files
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.answering import Inquiry, answer_all
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.ledger.usage import NO_WORK
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stats.hash_draws import draw

# Given image_ids, returns the look of each image that could be opened.
TakeLooks = Callable[[Sequence[str]], Mapping[str, Look]]
# Numbers of images, each linked with the one at the same place of the other array.
Pairs = tuple[np.ndarray, np.ndarray]

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
create or replace temp table {name}_buckets as
select no, hash, (hash >> {shift}) & {band}::ubigint as bucket from {name}
"""
# The join is on equality of the bucket; the cheap comparisons run on its few candidates. Each pair
# of buckets is probed from the lower one only.
_PAIRS = """
select a.no as low, b.no as high
from (
    select no, hash, bucket, xor(bucket, mask) as probe
    from stored_buckets, masks
    where xor(bucket, mask) >= bucket
) a
join stored_buckets b on a.probe = b.bucket
where (a.probe > a.bucket or a.no < b.no) and bit_count(xor(a.hash, b.hash)) <= {radius}
"""
_TURNED_PAIRS = """
select a.no as low, b.no as high
from (select no, hash, xor(bucket, mask) as probe from turned_buckets, masks) a
join stored_buckets b on a.probe = b.bucket
where a.no <> b.no and bit_count(xor(a.hash, b.hash)) <= {radius}
"""


def find_near_duplicates(
    images: pl.DataFrame, sources_dir: Path, ledger: Ledger, workers: Workers
) -> AnsweredTable:
    """Return `dedup__clusters`, with the second looks taken through the ledger."""
    places = dict(locate_files(images, sources_dir))
    work = NO_WORK

    def take_looks(image_ids: Sequence[str]) -> dict[str, Look]:
        nonlocal work
        asks = [Ask(image_id, (places[image_id], image_id)) for image_id in image_ids]
        perform = perform_on_pictures(workers, _answer_look, "second looks")
        answers = answer_all(ledger, Inquiry("look", LOOK_METHOD, asks, perform, stage="dedup"))
        work += answers.work
        looks = zip(image_ids, map(decode_look, answers.values), strict=True)
        return {image_id: look for image_id, look in looks if look is not None}

    return AnsweredTable(cluster_images(images.lazy(), take_looks), work)


def _answer_look(payload: tuple[Path, str]) -> dict[str, Any]:
    """Return the look of the image (path, image_id); runs in a worker process."""
    return extract_look(*payload)


def cluster_images(
    images: pl.LazyFrame, take_looks: TakeLooks, near: int = NEAR_BITS, alike: int = SPLIT_BITS
) -> pl.DataFrame:
    """Return `dedup__clusters`: one row per image.

    Images without structure have no meaningful hash. They are grouped by colour instead, with 16
    steps per channel, so that they do not all share one bucket. Within a cluster, the image with
    the most pixels is kept, then the one with the most bytes, then the smallest image_id.

    Args:
        images: `ingest__images`.
        take_looks: called once, with all images that share a cluster; an image without a look is
            neither dropped nor stands for another.
        near: distance in bits within which an image may be dropped, 0-11.
        alike: distance in bits within which images share a cluster, 0-11.
    """
    ordered = (
        images.select(
            "image_id",
            "is_blank",
            pl.col("phash").str.to_integer(base=16, dtype=pl.UInt64).alias("hash"),
            "turned_phashes",
            pl.col("dominant_colours").list.first().alias("colour"),
            (pl.col("width_px") * pl.col("height_px")).alias("pixels"),
            "size_bytes",
        )
        .sort(["pixels", "size_bytes", "image_id"], descending=[True, True, False])
        .collect()
    )  # from here on, the position of an image is its rank of preference
    hashes = ordered["hash"].to_numpy()
    is_blank = ordered["is_blank"].to_numpy()
    pairs = _join_pairs([_near_pairs(hashes, is_blank, alike), _turned_pairs(ordered, near)])
    component = _connect_blanks(_connect(ordered.height, pairs), ordered)
    image_ids = ordered["image_id"].to_list()
    shared = np.flatnonzero(np.bincount(component)[component] > 1)  # most images are alone
    looks = take_looks([image_ids[position] for position in shared]) if len(shared) else {}
    seen = {position: looks.get(image_ids[position]) for position in shared.tolist()}
    kept = _keep(component, hashes, is_blank, near, seen)
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


def _near_pairs(hashes: np.ndarray, is_blank: np.ndarray, radius: int) -> Pairs:
    """Return links between positions that connect all pairs within `radius` bits, at most 11."""
    if not 0 <= radius <= _LARGEST_RADIUS:
        raise ValueError(f"radius {radius} is not within 0 and {_LARGEST_RADIUS}")
    structured = np.flatnonzero(~is_blank)
    # Identical hashes are linked in a row and searched once: a bucket of a thousand equal
    # hashes costs a thousand links, not half a million pairs.
    distinct, first, inverse = np.unique(hashes[structured], return_index=True, return_inverse=True)
    owners = structured[first]
    tables = {"stored": {"no": np.arange(len(distinct)), "hash": distinct}}
    found = [(owners[low], owners[high]) for low, high in _search(tables, _PAIRS, radius)]
    return _join_pairs([(owners[inverse], structured), *found])


def _turned_pairs(ordered: pl.DataFrame, radius: int) -> Pairs:
    """Return links that connect the images of which a turned copy is within `radius` bits.

    The radius is the smaller one, since seven further hashes per image resemble eight times as
    many others by chance.
    """
    structured = ordered.with_row_index("no").filter(~pl.col("is_blank"))
    turned = (
        structured.select("no", hash="turned_phashes")
        .explode("hash", empty_as_null=True)
        .drop_nulls()
        .with_columns(pl.col("hash").str.to_integer(base=16, dtype=pl.UInt64))
        # Images with equal turned hashes are linked, and the hash is searched once.
        .with_columns(pl.col("no").first().over("hash").alias("owner"))
    )
    distinct = structured.unique("hash", keep="first", maintain_order=True)
    searched = turned.unique("hash", keep="first", maintain_order=True)
    tables = {
        name: {"no": frame["no"].to_numpy(), "hash": frame["hash"].to_numpy()}
        for name, frame in (("stored", distinct), ("turned", searched))
    }
    links = (turned["owner"].to_numpy(), turned["no"].to_numpy())
    return _join_pairs([links, *_search(tables, _TURNED_PAIRS, radius)])


def _search(
    tables: Mapping[str, Mapping[str, np.ndarray]], query: str, radius: int
) -> Iterator[Pairs]:
    """Yield per band the numbers of two hashes within `radius` bits, as `query` pairs them."""
    with duckdb.connect() as connection:
        for name, columns in tables.items():
            connection.register(name, dict(columns))
        for shift, width, flips in _probes(radius):
            connection.register("masks", {"mask": _masks(width, flips)})
            for name in tables:
                connection.execute(_BUCKETS.format(name=name, shift=shift, band=2**width - 1))
            found = connection.execute(query.format(radius=radius)).fetchnumpy()
            yield np.asarray(found["low"]), np.asarray(found["high"])


def _join_pairs(parts: Sequence[Pairs]) -> Pairs:
    lows, highs = zip(*parts, strict=True)
    return np.concatenate(lows).astype(np.int64), np.concatenate(highs).astype(np.int64)


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


def _connect(size: int, pairs: Pairs) -> np.ndarray:
    """Return the number of the connected component of every position."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if size == 0:
        return np.empty(0, dtype=np.int64)
    graph = coo_array((np.ones(len(pairs[0]), dtype=bool), pairs), shape=(size, size))
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
    component: np.ndarray,
    hashes: np.ndarray,
    is_blank: np.ndarray,
    radius: int,
    looks: Mapping[int, Look | None],
) -> np.ndarray:
    """Return, per position, the position of the kept image it resembles, by preference."""
    kept = np.arange(len(component))
    shared = np.flatnonzero(np.bincount(component)[component] > 1)  # most images are alone
    order = shared[np.argsort(component[shared], kind="stable")]
    borders = np.flatnonzero(np.diff(component[order])) + 1
    for members in np.split(order, borders):
        open_members = members
        while len(open_members):
            leader, others = int(open_members[0]), open_members[1:]
            near = np.bitwise_count(hashes[others] ^ hashes[leader]) <= radius
            near = is_blank[others] if is_blank[leader] else near & ~is_blank[others]
            same = np.array([_is_copy(looks[leader], looks[int(no)]) for no in others[near]], bool)
            copies = others[near][same]
            kept[copies] = leader
            open_members = np.setdiff1d(others, copies, assume_unique=True)
    return kept


def _is_copy(one: Look | None, other: Look | None) -> bool:
    return one is not None and other is not None and are_alike(one, other)
