"""Finds pairs of near hashes, exactly: multi-index hashing in DuckDB.

Images without structure have no meaningful hash and take no part.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import duckdb
import numpy as np
import polars as pl

# Numbers of images, each linked with the one at the same place of the other array.
Pairs = tuple[np.ndarray, np.ndarray]

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


def near_pairs(hashes: np.ndarray, is_blank: np.ndarray, radius: int) -> Pairs:
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
    return join_pairs([(owners[inverse], structured), *found])


def turned_pairs(ordered: pl.DataFrame, radius: int) -> Pairs:
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
    return join_pairs([links, *_search(tables, _TURNED_PAIRS, radius)])


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


def join_pairs(parts: Sequence[Pairs]) -> Pairs:
    """Return all pairs of the parts, one part after the other."""
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
