import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.stages.qa.column_draws import (
    SLACK,
    allot,
    ask_evenly,
    below,
    mix,
    pick,
    thin,
)
from eemo_pipeline.stats.hash_draws import short_hash


def bases(count: int) -> pl.DataFrame:
    hashes = [int(short_hash(str(number)), 16) for number in range(count)]
    return pl.DataFrame({"key": range(count), "base": pl.Series(hashes, dtype=pl.UInt64)})


def test_mixing_is_splitmix64() -> None:
    # first outputs of the published generator for seed 0 (state += 0x9E3779B97F4A7C15)
    mask = 2**64 - 1
    start = (0x9E3779B97F4A7C15 - int(short_hash("p"), 16)) & mask
    mixed = pl.DataFrame({"base": [start]}, schema={"base": pl.UInt64}).select(
        mix(pl.col("base"), "p")
    )
    assert mixed.item() == 0xE220A8397B1DCDAF


def test_draws_are_uniform_and_independent_of_each_other() -> None:
    drawn = bases(6000).select(
        below(3, pl.col("base"), "one").alias("one"), below(2, pl.col("base"), "two").alias("two")
    )
    counts = drawn.group_by("one", "two").len()
    assert counts.height == 6
    assert counts["len"].to_list() == pytest.approx([1000] * 6, abs=120)


def test_picks_are_eligible_distinct_and_null_where_there_are_too_few() -> None:
    rows = bases(900).with_columns(small=pl.int_range(pl.len()) % 3 == 0)
    eligible = {"a": ~pl.col("small"), "b": pl.lit(value=True), "c": ~pl.col("small")}
    picked = pick(rows, eligible, 2, "test")
    small = picked.filter("small")
    assert set(small["pick_1"]) == {"b"}
    assert small["pick_2"].null_count() == small.height
    large = picked.filter(~pl.col("small"))
    assert large.filter(pl.col("pick_1") == pl.col("pick_2")).is_empty()
    orders = large.group_by("pick_1", "pick_2").len()["len"]
    assert orders.to_list() == pytest.approx([100] * 6, abs=40)


def test_yes_and_no_are_balanced_and_the_smaller_side_is_kept_whole() -> None:
    rows = bases(100).with_columns(
        cell=pl.int_range(pl.len()) % 2, is_yes=pl.int_range(pl.len()) < 30, split=pl.lit("train")
    )
    kept = allot(rows, ["cell"], 1000, 2, "test")
    assert kept.group_by("cell").agg(pl.col("is_yes").mean())["is_yes"].to_list() == [0.5, 0.5]
    assert kept["is_yes"].sum() == 30


def test_a_limit_takes_from_the_large_cells_and_from_each_split_by_its_size() -> None:
    number = pl.int_range(pl.len())
    rows = bases(1000).with_columns(
        cell=pl.when(number < 40).then(pl.lit("small")).otherwise(pl.lit("large")),
        split=pl.when(number % 4 == 0).then(pl.lit("test")).otherwise(pl.lit("train")),
    )
    kept = allot(rows, ["cell"], 200, 0, "test")
    assert 190 <= kept.height <= 200
    assert kept.filter(cell="small").height == 40
    assert kept.filter(cell="large", split="test").height == pytest.approx(40, abs=3)
    assert allot(rows, ["cell"], 1000, 0, "test").height == 1000
    assert allot(rows.reverse(), ["cell"], 200, 0, "test").sort("key").equals(kept.sort("key"))


def test_a_heavier_name_is_drawn_more_often() -> None:
    eligible = {"heavy": pl.lit(value=True), "light": pl.lit(value=True)}
    picked = pick(bases(4000), eligible, 1, "test", weights={"heavy": 300, "light": 100})
    share = picked.filter(pick_1="light").height / picked.height
    assert share == pytest.approx(100 / (2 * 300), abs=0.03)


def test_names_are_asked_so_that_balance_costs_fewer_rows() -> None:
    rows = bases(6000).with_columns(kind=pl.int_range(pl.len()) % 10, split=pl.lit("train"))
    answers = {
        "common": pl.col("kind") < 8,  # eight in ten say yes
        "rare": pl.col("kind") == 9,  # one in ten does
        "never": pl.lit(None, dtype=pl.Boolean),
    }
    asked = ask_evenly(rows, answers, "test")
    assert asked.columns == ["key", "base", "kind", "split", "asked", "answered"]
    assert set(asked["asked"]) == {"common", "rare"}
    either = {name: pl.lit(value=True) for name in ("common", "rare")}
    at_random = pick(rows, either, 1, "test").rename({"pick_1": "asked"})
    is_yes = pl.when(pl.col("asked") == "common").then(answers["common"]).otherwise(answers["rare"])
    evenly, randomly = (
        allot(drawn, ["asked"], 9999, 2, "test").height
        for drawn in (
            asked.rename({"answered": "is_yes"}),
            at_random.with_columns(is_yes=is_yes),
        )
    )
    assert evenly > 1.2 * randomly


def test_an_answer_that_a_cell_lacks_leaves_the_cell_out() -> None:
    rows = bases(90).with_columns(
        split=pl.lit("train"),
        cell=pl.int_range(pl.len()) % 3,
        correct=pl.when(pl.int_range(pl.len()) % 3 == 0)
        .then(pl.lit("a"))
        .otherwise(
            pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("a")).otherwise(pl.lit("b"))
        ),
    )
    kept = allot(rows, ["cell"], 1000, 2, "test")
    assert set(kept["cell"]) == {1, 2}
    assert kept["correct"].value_counts()["count"].n_unique() == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.permutations("abcde"), min_size=1, max_size=60))
def test_no_option_is_right_much_more_often_than_chance_where_it_is_offered(
    orders: list[list[str]],
) -> None:
    rows = bases(len(orders)).with_columns(
        pl.Series(name, [order[place] for order in orders])
        for place, name in enumerate(("correct", "wrong_1", "wrong_2"))
    )
    kept = thin(rows, (), "test")
    assert 0 < kept.height <= rows.height
    for option in "abcde":
        right = kept.filter(correct=option).height
        wrong = kept.filter((pl.col("wrong_1") == option) | (pl.col("wrong_2") == option)).height
        assert right <= max(1, (1 / 3 + SLACK) * (right + wrong) + 1e-9)
