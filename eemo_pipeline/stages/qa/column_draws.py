"""Seeded draws over whole columns, many per row from one hash.

Holds integer mixing, picks without replacement, and shares. The hash of the row itself is in
`stats/hash_draws.py`.

A frame's `base` column holds 64 bits from the SHA-256 of the row's identity. Each purpose mixes
them with 64 bits from the SHA-256 of seed and purpose by the finaliser of SplitMix64 (Steele, Lea
and Flood 2014, OOPSLA, figure 15), in wrapping integer arithmetic. The result is the same on every
machine and polars version, and needs no Python call per row.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from eemo_pipeline.stats.hash_draws import short_hash


def mix(base: pl.Expr, *purpose: str) -> pl.Expr:
    """Return a column of 64 random bits from `base`, independent for each purpose."""
    bits = base + _constant(int(short_hash(*purpose), 16))
    bits = (bits ^ _right(bits, 30)) * _constant(0xBF58476D1CE4E5B9)
    bits = (bits ^ _right(bits, 27)) * _constant(0x94D049BB133111EB)
    return bits ^ _right(bits, 31)


def unit(base: pl.Expr, *purpose: str) -> pl.Expr:
    """Return a column of numbers in [0, 1)."""
    return _right(mix(base, *purpose), 11).cast(pl.Float64) / 2.0**53


def below(limit: int, base: pl.Expr, *purpose: str) -> pl.Expr:
    """Return a column of integers 0 ... limit - 1."""
    return (_right(mix(base, *purpose), 11) % _constant(limit)).cast(pl.Int64)


def choose(options: Sequence[pl.Expr | str], base: pl.Expr, *purpose: str) -> pl.Expr:
    """Return a column with one of the options per row, each equally likely; text is literal."""
    position = below(len(options), base, *purpose)
    chosen = _expression(options[-1])
    for index, option in reversed(list(enumerate(options[:-1]))):
        chosen = pl.when(position == index).then(_expression(option)).otherwise(chosen)
    return chosen


def pick(
    frame: pl.DataFrame, eligible: Mapping[str, pl.Expr], count: int, *purpose: str
) -> pl.DataFrame:
    """Add `pick_1` ... `pick_<count>`: eligible names drawn without replacement, in random order.

    Args:
        frame: has a `base` column.
        eligible: name -> boolean column, whether the name may be drawn; at most 256 names.
        count: the number of draws; a pick is null where too few names are eligible.
        purpose: the purpose of the draw, including the seed.
    """
    # A name's key has random bits above and its number in the lowest 8. The smallest keys win.
    names = list(eligible)
    shift = _constant(256)
    keys = frame.select(
        pl.when(condition)
        .then(mix(pl.col("base"), *purpose, name) // shift * shift + _constant(number))
        .alias(name)
        for number, (name, condition) in enumerate(eligible.items())
    )
    smallest = pl.min_horizontal(names)
    for position in range(1, count + 1):
        key = keys.select(smallest.alias("key"))["key"]
        number = pl.col("key") % shift
        frame = frame.with_columns(
            pl.DataFrame({"key": key})
            .select(number.replace_strict(range(len(names)), names, return_dtype=pl.String))
            .to_series()
            .alias(f"pick_{position}")
        )
        keys = keys.select(pl.when(pl.col(names) != key).then(pl.col(names)))
    return frame


def allot(frame: pl.DataFrame, cell: Sequence[str], limit: int, *purpose: str) -> pl.DataFrame:
    """Return at most `limit` rows by a seeded draw, spread over the cells as evenly as possible.

    Every cell gives its first row, then every cell its second, and so on, so that large cells lose
    most. If the frame has `is_yes`, each cell gives as many yes rows as no rows, and the surplus is
    dropped. Splits share the limit in proportion to their size; each has its own cells.

    Args:
        frame: has `base`, `split`, and a boolean `is_yes` if yes and no are to be balanced.
        cell: columns within which yes and no are equally frequent.
        limit: maximum number of rows to keep.
        purpose: the purpose of the draw, including the seed.
    """
    cells = ["split", *cell]
    halves = [*cells, "is_yes"] if "is_yes" in frame.columns else cells
    # `base` repeats only if two rows share an identity, which no template produces.
    placed = frame.with_columns(_order=mix(pl.col("base"), *purpose)).with_columns(
        pl.col("_order").rank("ordinal").over(halves).alias("_place")
    )
    if "is_yes" in frame.columns:
        yes = pl.col("is_yes").sum().over(cells)
        placed = placed.filter(
            pl.col("_place") <= pl.min_horizontal(yes, pl.len().over(cells) - yes)
        )
    if placed.height > limit:
        # Progress is relative to the split: two rows of a split with half of all rows count as
        # much as one row of a split with a quarter.
        along = placed.select(pl.col("_place") / pl.len().over("split")).to_series()
        placed = placed.filter(along < along.sort()[limit])
    return placed.drop("_order", "_place")


def _expression(option: pl.Expr | str) -> pl.Expr:
    return pl.lit(option) if isinstance(option, str) else option


def _constant(value: int) -> pl.Expr:
    return pl.lit(value, dtype=pl.UInt64)


def _right(bits: pl.Expr, places: int) -> pl.Expr:
    return bits // _constant(2**places)
