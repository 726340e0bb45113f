"""Near-duplicates: the search is exact, a chain is not a cluster of alikes, order is nothing."""

from collections.abc import Sequence
from itertools import combinations
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.imaging.second_look import Look, look_at
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform, key_violations
from eemo_pipeline.stages.dedup import NEAR_BITS, SPLIT_BITS, cluster_images, keep_images

TURNED = pl.List(pl.String)
BASES = [int(value) for value in np.random.default_rng(5).integers(0, 2**63, 6, dtype=np.uint64)]

# A hash is one of a few distant ones with some bits flipped, so that pairs lie on both sides of
# the radius.
hashes = st.lists(
    st.builds(
        lambda base, flips: BASES[base] ^ sum(1 << bit for bit in flips),
        st.integers(0, len(BASES) - 1),
        st.sets(st.integers(0, 63), max_size=7),
    ),
    max_size=40,
)


SCENE = look_at(np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8))
OTHER_SCENE = look_at(np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8))


def take_equal_looks(image_ids: Sequence[str]) -> dict[str, Look]:
    """The second look confirms every hash."""
    return dict.fromkeys(image_ids, SCENE)


def cluster(images: pl.DataFrame, alike: int = SPLIT_BITS) -> pl.DataFrame:
    return cluster_images(images.lazy(), take_equal_looks, alike=alike)


def make_images(
    values: list[int], colours: dict[int, str] | None = None, pixels: list[int] | None = None
) -> pl.DataFrame:
    """Pictures with these hashes; those with a colour are blank. The first is the largest."""
    count, blank = len(values), colours or {}
    columns = {
        "image_id": [f"{no:064x}" for no in range(count)],
        "source": ["folder"] * count,
        "sources": [["folder"]] * count,
        "phash": [f"{value:016x}" for value in values],
        "is_blank": [no in blank for no in range(count)],
        "dominant_colours": [[blank.get(no, "#123456")] for no in range(count)],
        "width_px": pixels or [1000 - no for no in range(count)],
        "height_px": [100] * count,
        "size_bytes": [5000] * count,
    }
    schema = TABLES["ingest__images"].polars_schema
    frame = pl.DataFrame(columns, schema={name: schema[name] for name in columns})
    return frame.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in schema.items() if name not in columns
    ).select(schema.names())


def partition(clusters: pl.DataFrame) -> set[frozenset[str]]:
    return {frozenset(ids) for ids in clusters.group_by("cluster_id").agg("image_id")["image_id"]}


def partition_by_force(values: list[int], radius: int) -> set[frozenset[str]]:
    """The same by comparing every pair and joining what touches."""
    groups = [{no} for no in range(len(values))]
    for low, high in combinations(range(len(values)), 2):
        if (values[low] ^ values[high]).bit_count() <= radius and groups[low] is not groups[high]:
            groups[low] |= groups[high]
            for member in groups[high]:
                groups[member] = groups[low]
    return {frozenset(f"{no:064x}" for no in group) for group in groups}


@settings(max_examples=30, deadline=None)
@given(hashes)
def test_clusters_are_those_of_comparing_every_pair(values: list[int]) -> None:
    clusters = cluster(make_images(values))
    assert partition(clusters) == partition_by_force(values, SPLIT_BITS)


@pytest.mark.parametrize("radius", range(12))
def test_the_search_is_exact_at_every_radius_it_takes(radius: int) -> None:
    generator = np.random.default_rng(radius)
    values = [int(value) for value in generator.integers(0, 2**63, 60, dtype=np.uint64)]
    for no in range(0, 60, 2):  # planted at the radius and just beyond it, in any bits
        flips = generator.choice(64, size=radius + no % 4 // 2, replace=False)
        values.append(values[no] ^ sum(1 << int(bit) for bit in flips))
    clusters = cluster(make_images(values), alike=radius)
    assert partition(clusters) == partition_by_force(values, radius)


@pytest.mark.parametrize("radius", [-1, 12])
def test_a_radius_beyond_the_exact_ones_is_refused(radius: int) -> None:
    with pytest.raises(ValueError, match="radius"):
        cluster(make_images(BASES), alike=radius)


@settings(max_examples=25, deadline=None)
@given(hashes)
def test_a_dropped_picture_resembles_the_kept_one_it_went_for(values: list[int]) -> None:
    clusters = cluster(make_images(values))
    hash_of = {f"{no:064x}": value for no, value in enumerate(values)}
    kept = set(clusters.filter("is_kept")["image_id"])
    cluster_of = dict(clusters.select("image_id", "cluster_id").rows())
    for row in clusters.to_dicts():
        leader = row["kept_image_id"]
        assert leader in kept
        assert cluster_of[leader] == row["cluster_id"]
        assert row["distance_bits"] == (hash_of[row["image_id"]] ^ hash_of[leader]).bit_count()
        assert row["distance_bits"] <= NEAR_BITS
        assert row["is_kept"] == (leader == row["image_id"]) == (row["reason"] == "kept")
    # No picture is kept beside one that it resembles.
    for low, high in combinations(sorted(kept), 2):
        assert (hash_of[low] ^ hash_of[high]).bit_count() > NEAR_BITS


@settings(max_examples=25, deadline=None)
@given(hashes, st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing(values: list[int], random: Random) -> None:
    images = make_images(values)
    order = list(range(len(values)))
    random.shuffle(order)
    first = cluster(images).sort("image_id")
    assert cluster(images[order]).sort("image_id").equals(first)


def step(count: int, bits: int) -> int:
    """A hash with `count` times `bits` of its bits set: neighbours lie `bits` apart."""
    return (1 << count * bits) - 1


def test_a_chain_keeps_as_many_as_it_takes() -> None:
    values = [step(count, NEAR_BITS) for count in range(10)]
    clusters = cluster(make_images(values)).sort("image_id")
    assert clusters["cluster_id"].n_unique() == 1
    # The largest stands for its neighbour, the next one that is left for its own, and so on.
    assert clusters["is_kept"].to_list() == [True, False] * 5


def test_the_middle_of_a_chain_stands_for_both_ends_where_it_is_the_largest() -> None:
    values = [step(0, NEAR_BITS), step(1, NEAR_BITS), step(2, NEAR_BITS)]
    clusters = cluster(make_images(values, pixels=[10, 30, 20])).sort("image_id")
    assert clusters["is_kept"].to_list() == [False, True, False]


def test_a_doubtful_pair_is_kept_and_shares_a_split() -> None:
    between = (NEAR_BITS + SPLIT_BITS) // 2
    assert NEAR_BITS < between < SPLIT_BITS
    clusters = cluster(make_images([0, step(1, between)]))
    assert clusters["cluster_id"].n_unique() == 1
    assert clusters["is_kept"].all()


def test_the_most_pixels_then_bytes_then_the_smallest_id_is_kept() -> None:
    images = make_images([7, 7, 7], pixels=[10, 10, 10])
    bytes_decide = images.with_columns(pl.Series("size_bytes", [1, 3, 2]))
    for frame, kept in ((images, 0), (bytes_decide, 1)):
        clusters = cluster(frame)
        assert set(clusters["kept_image_id"]) == {f"{kept:064x}"}


def test_thousands_of_equal_hashes_are_one_cluster() -> None:
    clusters = cluster(make_images([BASES[0]] * 2000 + [BASES[1]]))
    assert clusters["cluster_id"].n_unique() == 2
    assert clusters["is_kept"].sum() == 2


def test_blank_pictures_are_grouped_by_colour_and_by_nothing_else() -> None:
    colours = {0: "#ff0000", 1: "#fe0102", 2: "#0000ff", 3: "#ffffff"}
    clusters = cluster(make_images([0] * 6, colours)).sort("image_id")
    groups = {frozenset(int(i, 16) for i in ids) for ids in partition(clusters)}
    # 4 and 5 have structure and the same hash as the blanks, which says nothing about blanks.
    assert groups == {frozenset(g) for g in ((0, 1), (2,), (3,), (4, 5))}
    reasons = clusters["reason"].to_list()
    assert reasons == ["kept", "blank_of_same_colour", "kept", "kept", "kept", "near_duplicate"]


@pytest.mark.parametrize("looks", [{1: OTHER_SCENE}, {1: None}, {0: None}])
def test_equal_hashes_without_an_equal_look_are_both_kept_in_one_cluster(
    looks: dict[int, Look | None],
) -> None:
    def take_looks(image_ids: Sequence[str]) -> dict[str, Look]:
        found = {one: looks.get(int(one, 16), SCENE) for one in image_ids}
        return {one: look for one, look in found.items() if look is not None}

    for images in (make_images([7, 7]), make_images([7, 7], {0: "#000000", 1: "#000000"})):
        clusters = cluster_images(images.lazy(), take_looks)
        assert clusters["cluster_id"].n_unique() == 1
        assert clusters["is_kept"].all()


def test_a_different_image_between_two_copies_does_not_keep_them_apart() -> None:
    looks = {0: SCENE, 1: OTHER_SCENE, 2: SCENE}

    def take_looks(image_ids: Sequence[str]) -> dict[str, Look]:
        return {one: looks[int(one, 16)] for one in image_ids}

    clusters = cluster_images(make_images([7, 7, 7]).lazy(), take_looks).sort("image_id")
    assert clusters["is_kept"].to_list() == [True, True, False]
    assert clusters["kept_image_id"][2] == clusters["image_id"][0]


def test_only_images_that_share_a_cluster_are_looked_at() -> None:
    asked: list[str] = []

    def take_looks(image_ids: Sequence[str]) -> dict[str, Look]:
        asked.extend(image_ids)
        return {}

    cluster_images(make_images([BASES[0], BASES[1], BASES[1]]).lazy(), take_looks)
    assert asked == [f"{no:064x}" for no in (1, 2)]


def test_a_turned_copy_shares_the_cluster_and_is_kept() -> None:
    mirrored = [[f"{BASES[1] ^ 7:016x}"], [f"{BASES[0]:016x}"], ["0" * 16], [f"{BASES[3]:016x}"]]
    images = make_images([BASES[0], BASES[1], BASES[2], BASES[4]]).with_columns(
        pl.Series("turned_phashes", mirrored)
    )
    clusters = cluster(images)
    groups = {frozenset(int(i, 16) for i in ids) for ids in partition(clusters)}
    assert groups == {frozenset({0, 1}), frozenset({2}), frozenset({3})}
    assert clusters["is_kept"].all()


@settings(max_examples=30, deadline=None)
@given(hashes, st.data())
def test_turned_copies_are_those_of_comparing_every_pair(
    values: list[int], data: st.DataObject
) -> None:
    turned = data.draw(st.lists(hashes.map(lambda found: found[:2]), min_size=len(values)))
    turned = turned[: len(values)]
    images = make_images(values).with_columns(
        pl.Series("turned_phashes", [[f"{one:016x}" for one in own] for own in turned], TURNED)
    )
    linked = {frozenset({f"{no:064x}"}) for no in range(len(values))}
    for low, high in combinations(range(len(values)), 2):
        near = [(values[low] ^ values[high]).bit_count() <= SPLIT_BITS]
        near += [(one ^ values[high]).bit_count() <= NEAR_BITS for one in turned[low]]
        near += [(one ^ values[low]).bit_count() <= NEAR_BITS for one in turned[high]]
        near += [one == other for one in turned[low] for other in turned[high]]
        if any(near):
            ids = {f"{no:064x}" for no in (low, high)}
            touched = {group for group in linked if group & ids}
            linked = (linked - touched) | {frozenset().union(*touched)}
    assert partition(cluster(images)) == linked


def datasets(role: str = "training", *, allowed: bool = True) -> pl.LazyFrame:
    return pl.LazyFrame({"source": ["folder"], "role": [role], "is_redistributable": [allowed]})


@settings(max_examples=20, deadline=None)
@given(hashes)
def test_a_cluster_has_one_split_that_other_pictures_do_not_move(values: list[int]) -> None:
    images = make_images(values)
    clusters = cluster(images)
    kept = keep_images(images.lazy(), clusters.lazy(), datasets())
    assert set(kept["image_id"]) == set(clusters.filter("is_kept")["image_id"])
    assert kept.group_by("cluster_id").agg(pl.col("split").n_unique())["split"].max() in (1, None)
    more = make_images([*values, BASES[0] ^ (2**64 - 1)])
    grown = keep_images(more.lazy(), cluster(more).lazy(), datasets())
    splits = dict(grown.select("cluster_id", "split").rows())
    assert all(
        splits[cluster] == split for cluster, split in kept.select("cluster_id", "split").rows()
    )


def test_splits_have_their_shares_and_evaluation_pictures_are_tested_on() -> None:
    generator = np.random.default_rng(3)
    values = [int(value) for value in generator.integers(0, 2**63, 3000, dtype=np.uint64)]
    images = make_images(values)
    clusters = cluster(images).lazy()
    kept = keep_images(images.lazy(), clusters, datasets())
    shares = dict(kept["split"].value_counts(normalize=True).rows())
    assert shares["train"] == pytest.approx(0.8, abs=0.03)
    assert shares["validation"] == pytest.approx(0.1, abs=0.02)
    assert shares["test"] == pytest.approx(0.1, abs=0.02)
    judged = keep_images(images.lazy(), clusters, datasets("evaluation", allowed=False))
    assert set(judged["split"]) == {"test"}
    assert not judged["is_redistributable"].any()


@pytest.mark.parametrize("values", [[], BASES])
def test_the_tables_are_as_declared(values: list[int]) -> None:
    images = make_images(values)
    clusters = cluster(images)
    table = TABLES["dedup__clusters"]
    assert conform(clusters, table).height == len(values)
    assert key_violations(clusters.lazy(), table) == []
    kept = keep_images(images.lazy(), clusters.lazy(), datasets())
    assert conform(kept, TABLES["dedup__images"]).height == len(values)
