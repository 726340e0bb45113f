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

Where an embedding model is chosen, images within a cosine of 0.90 share a cluster, too, and one
within 0.95 of a kept image is dropped. A generated image shares its parent's cluster, whatever it
looks like, and never names it: the parent's split does not depend on its children.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.execution.process_pool import Workers, perform_on_pictures
from eemo_pipeline.imaging.hash_distances import NEAR_BITS, SPLIT_BITS
from eemo_pipeline.imaging.second_look import (
    LOOK_METHOD,
    Look,
    are_alike,
    decode_look,
    extract_look,
)
from eemo_pipeline.lake.picture_files import locate_files
from eemo_pipeline.ledger.answering import Inquiry, answer_all
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.ledger.usage import NO_WORK, Work
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.dedup.embedding_pairs import (
    NEAR_COSINE,
    find_alike,
)
from eemo_pipeline.stages.dedup.embeddings import read_embeddings
from eemo_pipeline.stages.dedup.hash_pairs import Pairs, join_pairs, near_pairs, turned_pairs
from eemo_pipeline.stages.dedup.links import list_edges, parent_pairs, read_parents
from eemo_pipeline.stats.hash_draws import draw

# Given image_ids, returns the look of each image that could be opened.
TakeLooks = Callable[[Sequence[str]], Mapping[str, Look]]
# What links images to one another: (low, high) positions, and which tier found them.
Links = Sequence[tuple[str, Pairs]]

TRAIN_SHARE, VALIDATION_SHARE = 0.8, 0.1


@dataclass(frozen=True)
class Relations:
    """What is known of images beside their hashes.

    Attributes:
        parents: image_id of a generated image -> image_id of its parent.
        embeddings: image_id -> embedding of length 1; empty without a model.
        model: the embedding model; empty without one.
    """

    parents: Mapping[str, str] = field(default_factory=dict)
    embeddings: Mapping[str, np.ndarray] = field(default_factory=dict)
    model: str = ""


@dataclass(frozen=True)
class Grouped:
    """Clusters of images, and what links their members.

    Attributes:
        clusters: `dedup__clusters`.
        edges: `dedup__edges`.
        work: the second looks.
    """

    clusters: pl.DataFrame
    edges: pl.DataFrame
    work: Work = NO_WORK


def relate_images(source_records: pl.DataFrame, embeddings: pl.DataFrame) -> Relations:
    """Return parents and embeddings of images.

    Args:
        source_records: `ingest__records`.
        embeddings: `_dedup__embeddings`.
    """
    model = ", ".join(embeddings["model"].unique())  # one, or none
    return Relations(read_parents(source_records), read_embeddings(embeddings), model)


def find_near_duplicates(
    images: pl.DataFrame,
    relations: Relations,
    sources_dir: Path,
    ledger: Ledger,
    workers: Workers,
) -> Grouped:
    """Return clusters and edges, with the second looks taken through the ledger."""
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

    grouped = group_images(images.lazy(), take_looks, relations)
    return replace(grouped, work=work)


def _answer_look(payload: tuple[Path, str]) -> dict[str, Any]:
    """Return the look of the image (path, image_id); runs in a worker process."""
    return extract_look(*payload)


def cluster_images(
    images: pl.LazyFrame, take_looks: TakeLooks, near: int = NEAR_BITS, alike: int = SPLIT_BITS
) -> pl.DataFrame:
    """Return `dedup__clusters` by hashes alone; see `group_images`."""
    return group_images(images, take_looks, Relations(), near, alike).clusters


def group_images(
    images: pl.LazyFrame,
    take_looks: TakeLooks,
    relations: Relations,
    near: int = NEAR_BITS,
    alike: int = SPLIT_BITS,
) -> Grouped:
    """Return `dedup__clusters`, one row per image, and `dedup__edges`.

    Images without structure have no meaningful hash. They are grouped by colour instead, with 16
    steps per channel, so that they do not all share one bucket. Within a cluster, the image with
    the most pixels is kept, then the one with the most bytes, then the smallest image_id.

    Args:
        images: `ingest__images`.
        take_looks: called once, with all images that share a cluster; an image without a look is
            neither dropped nor stands for another, but for an embedding.
        relations: parents and embeddings.
        near: distance in bits within which an image may be dropped, 0-11.
        alike: distance in bits within which images share a cluster, 0-11.
    """
    ordered = _order(images)
    hashes = ordered["hash"].to_numpy()
    is_blank = ordered["is_blank"].to_numpy()
    places = {image_id: place for place, image_id in enumerate(ordered["image_id"])}
    twins = find_alike(places, relations.embeddings)
    links: Links = (
        ("hash", near_pairs(hashes, is_blank, alike)),
        ("turned_hash", turned_pairs(ordered, near)),
        ("embedding", twins.pairs),
        ("parent", parent_pairs(places, relations.parents)),
        ("blank_colour", _blank_pairs(ordered)),
    )
    component = _connect(ordered.height, join_pairs([pairs for _, pairs in links]))
    image_ids = ordered["image_id"].to_list()
    shared = np.flatnonzero(np.bincount(component)[component] > 1)  # most images are alone
    looks = take_looks([image_ids[position] for position in shared]) if len(shared) else {}
    seen = {position: looks.get(image_ids[position]) for position in shared.tolist()}
    kept, by_embedding = _keep(component, hashes, is_blank, near, seen, twins.matches(NEAR_COSINE))
    is_kept = kept == np.arange(len(kept))
    distance = np.bitwise_count(hashes ^ hashes[kept]).astype(np.int64)
    reason = np.where(is_kept, "kept", np.where(is_blank, "blank_of_same_colour", "near_duplicate"))
    reason = np.where(by_embedding, "near_in_embedding", reason)
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
    clusters = _name_clusters(clusters, relations.parents)
    edges = list_edges(links, clusters, hashes, twins, relations.model)
    return Grouped(clusters.select(TABLES["dedup__clusters"].columns), edges)


def _name_clusters(clusters: pl.DataFrame, parents: Mapping[str, str]) -> pl.DataFrame:
    """Add cluster_id: the smallest image_id of the component.

    A generated image may have the smallest one, and its parent's cluster must not change its name,
    and with it the split, for a child.
    """
    is_child = pl.col("image_id").is_in(list(parents))
    smallest = pl.col("image_id").min().over("component")
    named = pl.col("image_id").filter(~is_child).min().over("component")
    return clusters.with_columns(pl.coalesce(named, smallest).alias("cluster_id"))


def _order(images: pl.LazyFrame) -> pl.DataFrame:
    """Return what grouping needs; the position of an image is its rank of preference."""
    return (
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
    )


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


def _connect(size: int, pairs: Pairs) -> np.ndarray:
    """Return the number of the connected component of every position."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if size == 0:
        return np.empty(0, dtype=np.int64)
    graph = coo_array((np.ones(len(pairs[0]), dtype=bool), pairs), shape=(size, size))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _blank_pairs(ordered: pl.DataFrame) -> Pairs:
    """Return each image without structure and the first one of the same coarse colour."""
    first: dict[str, int] = {}
    pairs: list[tuple[int, int]] = []
    for position in np.flatnonzero(ordered["is_blank"].to_numpy()).tolist():
        colour = ordered["colour"][position]
        coarse = colour[1] + colour[3] + colour[5]
        pairs.append((first.setdefault(coarse, position), position))
    found = np.array(pairs, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _keep(
    component: np.ndarray,
    hashes: np.ndarray,
    is_blank: np.ndarray,
    radius: int,
    looks: Mapping[int, Look | None],
    twins: Mapping[int, set[int]],
) -> tuple[np.ndarray, np.ndarray]:
    """Return, per position, the position of the kept image it resembles, by preference.

    And whether embeddings alone say so.
    """
    kept = np.arange(len(component))
    by_embedding = np.zeros(len(component), bool)
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
            alike = np.array([int(no) in twins.get(leader, ()) for no in others], bool)
            further = np.setdiff1d(others[alike], copies, assume_unique=True)
            by_embedding[further] = True
            kept[copies] = kept[further] = leader
            open_members = np.setdiff1d(others, [*copies, *further], assume_unique=True)
    return kept, by_embedding


def _is_copy(one: Look | None, other: Look | None) -> bool:
    return one is not None and other is not None and are_alike(one, other)
