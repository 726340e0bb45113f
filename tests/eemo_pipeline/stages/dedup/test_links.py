"""Edges of clusters: embeddings beside hashes, and generated images with their parents."""

import json

import numpy as np
import polars as pl
import pytest

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.dedup import Grouped, Relations, group_images, keep_images
from eemo_pipeline.stages.dedup.embedding_pairs import find_alike
from eemo_pipeline.stages.dedup.links import read_parents

IDS = [f"{number:064x}" for number in range(6)]
# Hashes that are far from one another.
HASHES = [f"{(0x9E3779B97F4A7C15 * (number + 1)) % 2**64:016x}" for number in range(6)]


def images(*sources: str) -> pl.LazyFrame:
    rows = [
        {
            **{"image_id": image_id, "phash": phash, "turned_phashes": [], "is_blank": False},
            **{"width_px": 100 - number, "height_px": 100, "size_bytes": 10, "sources": ["folder"]},
            **{"dominant_colours": ["#808080"], "source": "folder", "path": f"{number}.jpg"},
        }
        for number, (image_id, phash) in enumerate(zip(IDS, HASHES, strict=True))
    ]
    for row, source in zip(rows, sources, strict=False):
        row["sources"] = [source]
    table = TABLES["ingest__images"].polars_schema
    return pl.DataFrame(rows, schema=table, strict=False).lazy()


def no_looks(_: object) -> dict:
    return {}


def group(relations: Relations) -> Grouped:
    return group_images(images(), no_looks, relations)


def at_angle(cosine: float) -> np.ndarray:
    return np.array([cosine, np.sqrt(1 - cosine**2), 0.0])


def test_an_embedding_drops_within_95_and_shares_a_split_within_90() -> None:
    base = np.array([1.0, 0.0, 0.0])
    vectors = {IDS[0]: base, IDS[1]: at_angle(0.96), IDS[2]: at_angle(-0.2)}
    vectors[IDS[3]] = np.array([0.92, 0.0, np.sqrt(1 - 0.92**2)])
    grouped = group(Relations(embeddings=vectors, model="m"))
    rows = {row["image_id"]: row for row in grouped.clusters.to_dicts()}
    assert (rows[IDS[1]]["reason"], rows[IDS[1]]["kept_image_id"]) == ("near_in_embedding", IDS[0])
    assert rows[IDS[3]]["is_kept"]
    assert {rows[IDS[n]]["cluster_id"] for n in (0, 1, 3)} == {IDS[0]}
    assert rows[IDS[2]]["cluster_id"] == IDS[2]
    edges = grouped.edges.select("image_id", "other_image_id", "tier", "cosine", "model").rows()
    assert edges == [
        (IDS[0], IDS[1], "embedding", pytest.approx(0.96, abs=1e-6), "m"),
        (IDS[0], IDS[3], "embedding", pytest.approx(0.92, abs=1e-6), "m"),
    ]


def test_without_embeddings_and_parents_nothing_changes() -> None:
    grouped = group(Relations())
    assert grouped.edges.is_empty()
    assert grouped.clusters["is_kept"].all()


def test_all_pairs_are_found_whatever_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    vectors = random.normal(size=(60, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = [f"{number:064x}" for number in range(60)]
    places = {name: place for place, name in enumerate(names)}
    embeddings = dict(zip(names, vectors.astype(np.float32), strict=True))
    whole = find_alike(places, embeddings).cosine_of()
    monkeypatch.setattr("eemo_pipeline.stages.dedup.embedding_pairs._BLOCK", 7)
    assert find_alike(places, embeddings).cosine_of() == whole
    expected = {
        (low, high)
        for low in range(60)
        for high in range(low + 1, 60)
        if float(vectors[low] @ vectors[high]) >= 0.9000001
    }
    assert expected <= set(whole)
    assert len(whole) <= len(expected) + 1


def test_a_child_joins_its_parents_cluster_and_never_names_it() -> None:
    # The child's image_id is the smallest one.
    grouped = group(Relations(parents={IDS[0]: IDS[4], IDS[1]: "ff" * 32}))
    clusters = dict(grouped.clusters.select("image_id", "cluster_id").iter_rows())
    assert clusters[IDS[0]] == clusters[IDS[4]] == IDS[4]
    assert clusters[IDS[1]] == IDS[1], "its parent is unknown"
    assert grouped.clusters["is_kept"].all()
    assert grouped.edges["tier"].to_list() == ["parent"]


def test_a_child_of_a_test_image_is_a_test_image() -> None:
    schema = TABLES["sources__datasets"].polars_schema
    datasets = pl.DataFrame(
        [{"source": "bench", "role": "evaluation"}, {"source": "folder", "role": "training"}],
        schema=schema,
    ).with_columns(is_redistributable=False)
    found = images("folder", "folder", "folder", "folder", "bench")
    grouped = group_images(found, no_looks, Relations(parents={IDS[0]: IDS[4], IDS[5]: IDS[0]}))
    kept = keep_images(found, grouped.clusters.lazy(), datasets.lazy())
    splits = dict(kept.select("image_id", "split").iter_rows())
    assert {splits[IDS[n]] for n in (0, 4, 5)} == {"test"}
    # Without its children, the cluster of a training image has the same split.
    alone = group_images(found, no_looks, Relations())
    before = keep_images(found, alone.clusters.lazy(), datasets.lazy())
    assert splits[IDS[2]] == dict(before.select("image_id", "split").iter_rows())[IDS[2]]


def test_parents_are_read_from_the_manifest_and_from_nothing_else() -> None:
    def told(source: str, number: int, parent: object) -> dict:
        attributes = json.dumps({"parent_image_id": parent})
        known = {"source": source, "record_id": f"{number}", "image_id": IDS[number]}
        return {**known, "attributes": attributes}

    records = pl.DataFrame(
        [
            told("aigc", 0, IDS[3].upper()),
            told("aigc", 1, "not a hash"),
            told("aigc", 2, IDS[2]),
            told("web", 4, IDS[3]),
            {"source": "aigc", "record_id": "5", "image_id": IDS[5], "attributes": None},
        ],
        schema=TABLES["ingest__records"].polars_schema,
    )
    assert read_parents(records) == {IDS[0]: IDS[3]}
