"""Choices that look random: fixed by what they are about, even, and free of order."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.stats.hash_draws import draw, short_hash, unit_interval

KEYS = [f"{number:064x}" for number in range(20_000)]


@given(st.lists(st.text(), max_size=4))
def test_a_number_depends_on_the_parts_alone_and_lies_below_one(parts: list[str]) -> None:
    value = unit_interval(*parts)
    assert 0 <= value < 1
    assert unit_interval(*parts) == value
    assert len(short_hash(*parts)) == 16


def test_the_values_are_those_of_every_machine() -> None:
    assert unit_interval("split", "a") == 0.3346069624705753
    assert short_hash("7", "oasis") == "902787f3f2a55c9d"


def test_parts_are_not_run_together() -> None:
    assert unit_interval("ab", "c") != unit_interval("a", "bc")
    assert short_hash("ab", "c") != short_hash("a", "bc")


def test_draws_are_even() -> None:
    counts = (
        pl.DataFrame({"key": KEYS})
        .select((draw(pl.col("key"), "seed") * 20).floor().cast(pl.Int64).alias("bin"))
        .group_by("bin")
        .len()["len"]
    )
    assert counts.len() == 20
    expected = len(KEYS) / 20
    chi_square = sum((count - expected) ** 2 / expected for count in counts)
    assert chi_square < 43.8  # 19 degrees of freedom, one in a thousand


def test_draws_with_two_seeds_have_nothing_to_do_with_each_other() -> None:
    frame = pl.DataFrame({"key": KEYS}).select(
        first=draw(pl.col("key"), "one"), second=draw(pl.col("key"), "two")
    )
    assert abs(frame.select(pl.corr("first", "second")).item()) < 0.03


@given(st.lists(st.text(max_size=8), unique=True, max_size=20))
def test_a_row_draws_the_same_wherever_it_stands(keys: list[str]) -> None:
    shuffled = sorted(keys, key=lambda key: short_hash("shuffle", key))
    frames = [
        pl.DataFrame({"key": order}, schema={"key": pl.String}).with_columns(
            drawn=draw(pl.col("key"), "seed")
        )
        for order in (keys, shuffled)
    ]
    assert frames[0].sort("key").equals(frames[1].sort("key"))
    assert frames[0]["drawn"].to_list() == [unit_interval("seed", key) for key in keys]
