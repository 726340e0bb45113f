"""Which tier links which images: the edges of clusters, and generated images with their parents."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.dedup.embedding_pairs import Alike
from eemo_pipeline.stages.dedup.hash_pairs import Pairs

_TABLE = TABLES["dedup__edges"]
_GENERATED = "aigc"


def read_parents(source_records: pl.DataFrame) -> dict[str, str]:
    """Return image_id of each generated image -> image_id of its parent, as its manifest says.

    Args:
        source_records: `ingest__records`.
    """
    told = (
        source_records.filter(pl.col("source") == _GENERATED)
        .with_columns(
            pl.col("attributes")
            .str.json_path_match("$.parent_image_id")
            .str.strip_chars()
            .str.to_lowercase()
            .alias("parent")
        )
        .filter(pl.col("parent").str.contains("^[0-9a-f]{64}$"))
        .filter(pl.col("parent") != pl.col("image_id"))
        .sort("image_id", "record_id")
        .unique("image_id", keep="first", maintain_order=True)
    )
    return dict(told.select("image_id", "parent").iter_rows())


def parent_pairs(places: Mapping[str, int], parents: Mapping[str, str]) -> Pairs:
    """Return the positions of generated images and of their parents, where both are known."""
    known = [
        sorted((places[child], places[parent]))
        for child, parent in sorted(parents.items())
        if child in places and parent in places
    ]
    pairs = np.array(known, np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def list_edges(
    links: Sequence[tuple[str, Pairs]],
    clusters: pl.DataFrame,
    hashes: np.ndarray,
    alike: Alike,
    model: str,
) -> pl.DataFrame:
    """Return `dedup__edges`: the links by which images came into one cluster.

    They connect every cluster; of images with equal hashes, each is linked with the first.

    Args:
        links: tier and pairs of positions.
        clusters: image_id and cluster_id by position.
        hashes: the perceptual hash by position.
        alike: the pairs of the tier `embedding`.
        model: the embedding model.
    """
    image_ids, cluster_ids = clusters["image_id"].to_list(), clusters["cluster_id"].to_list()
    cosines = alike.cosine_of()
    rows: dict[tuple[str, str, str], dict[str, object]] = {}
    for tier, (lows, highs) in links:
        for pair in zip(lows.tolist(), highs.tolist(), strict=True):
            low, high = sorted(pair)
            if low == high:
                continue
            one, other = sorted((image_ids[low], image_ids[high]))
            if tier == "turned_hash" and (one, other, "hash") in rows:
                continue  # a copy of a symmetric image; it needs no turning
            is_hash, is_embedding = tier == "hash", tier == "embedding"
            rows[one, other, tier] = {
                "image_id": one,
                "other_image_id": other,
                "tier": tier,
                "cluster_id": cluster_ids[low],
                "distance_bits": (int(hashes[low]) ^ int(hashes[high])).bit_count()
                if is_hash
                else None,
                "cosine": cosines[low, high] if is_embedding else None,
                "model": model if is_embedding else None,
            }
    return pl.DataFrame(list(rows.values()), schema=_TABLE.polars_schema).sort(_TABLE.key)
