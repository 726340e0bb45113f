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

# The heaviest name of a draw counts this many times the lightest.
MOST_WEIGHT = 1_000
# A drawn option may be right more often than chance by this much, when it is offered.
SLACK = 0.05
_ROUNDS = 20
# Prefix of the columns that hold the answer of each name while one is drawn.
_TOLD = "_told_"


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
    frame: pl.DataFrame,
    eligible: Mapping[str, pl.Expr],
    count: int,
    *purpose: str,
    weights: Mapping[str, pl.Expr | int] | None = None,
) -> pl.DataFrame:
    """Add `pick_1` ... `pick_<count>`: eligible names drawn without replacement, in random order.

    Args:
        frame: has a `base` column.
        eligible: name -> boolean column, whether the name may be drawn; at most 256 names.
        count: the number of draws; a pick is null where too few names are eligible.
        purpose: the purpose of the draw, including the seed.
        weights: name -> weight from 1 to MOST_WEIGHT. Of two names, the heavier one comes first
            with probability 1 - w / (2 W), where W is its weight and w the other's.
    """
    # A name's key has random bits above and its number in the lowest 8. The smallest keys win. A
    # weight divides the random bits: integer arithmetic is the same on every machine.
    names = list(eligible)
    shift = _constant(256)
    given = weights or {}
    keys = frame.select(
        pl.when(condition)
        .then(
            _right(mix(pl.col("base"), *purpose, name), 8) // _weight(given.get(name, 1)) * shift
            + _constant(number)
        )
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


def ask_evenly(frame: pl.DataFrame, answers: Mapping[str, pl.Expr], *purpose: str) -> pl.DataFrame:
    """Add `asked`, one name per row, and `answered`, its answer; rows without a name are dropped.

    Names and rows are drawn so that, for every name, each answer comes up about equally often: a
    draw's weight is the number of rows with the name's rarest answer over that with this answer.
    Otherwise most questions about a name would have one answer, and balance would cost most rows.

    Args:
        frame: has a `base` column.
        answers: name -> its answer per row; null where the name cannot be asked.
        purpose: the purpose of the draw, including the seed.
    """
    told = frame.select(answer.alias(f"{_TOLD}{name}") for name, answer in answers.items())
    weights, eligible, given = {}, {}, []
    for name in answers:
        column = pl.col(f"{_TOLD}{name}")
        counts = dict(told[f"{_TOLD}{name}"].drop_nulls().value_counts().iter_rows())
        rarest = min(counts.values(), default=1)
        weight: pl.Expr = pl.lit(1)
        for answer, count in counts.items():
            share = max(1, round(MOST_WEIGHT * rarest / count))
            weight = pl.when(column == answer).then(share).otherwise(weight)
        weights[name] = weight
        eligible[name] = column.is_not_null()
        given.append(pl.when(pl.col("asked") == name).then(column))
    wide = frame.hstack(told)
    drawn = pick(wide, eligible, 1, *purpose, "evenly", weights=weights)
    return (
        drawn.rename({"pick_1": "asked"})
        .drop_nulls("asked")
        .with_columns(pl.coalesce(given).alias("answered"))
        .drop(told.columns)
    )


def allot(
    frame: pl.DataFrame, cell: Sequence[str], limit: int, answers: int, *purpose: str
) -> pl.DataFrame:
    """Return at most `limit` rows by a seeded draw, spread over the cells as evenly as possible.

    Every cell gives its first row, then every cell its second, and so on, so that large cells lose
    most. If the same answers are possible in all rows of a cell, each cell gives as many rows of
    every answer, and the surplus is dropped. Splits share the limit in proportion to their size;
    each has its own cells.

    Args:
        frame: has `base`, `split`, and `is_yes` or `correct` if answers are to be balanced.
        cell: columns within which answers are equally frequent.
        limit: maximum number of rows to keep.
        answers: the number of possible answers in a cell, or 0 if they need no balance.
        purpose: the purpose of the draw, including the seed.
    """
    cells = ["split", *cell]
    answer = "is_yes" if "is_yes" in frame.columns else "correct"
    parts = [*cells, answer] if answers else cells
    # `base` repeats only if two rows share an identity, which no template produces.
    placed = frame.with_columns(_order=mix(pl.col("base"), *purpose)).with_columns(
        pl.col("_order").rank("ordinal").over(parts).alias("_place")
    )
    if answers:
        sizes = placed.group_by(parts).len().group_by(cells).agg(pl.col("len"))
        is_whole = pl.col("len").list.len() == answers
        least = pl.when(is_whole).then(pl.col("len").list.min()).otherwise(0)
        placed = placed.join(
            sizes.select(*cells, least.alias("_least")), on=cells, nulls_equal=True
        ).filter(pl.col("_place") <= pl.col("_least"))
    if placed.height > limit:
        # Progress is relative to the split: two rows of a split with half of all rows count as
        # much as one row of a split with a quarter.
        along = placed.select(pl.col("_place") / pl.len().over("split")).to_series()
        placed = placed.filter(along < along.sort()[limit])
    return placed.drop("_order", "_place", "_least", strict=False)


def thin(frame: pl.DataFrame, cell: Sequence[str], *purpose: str) -> pl.DataFrame:
    """Drop rows until no option of a cell is right much more often than chance when it is offered.

    Among k options, a share of 1 / k + SLACK is allowed. Rows are dropped in a seeded order.

    Args:
        frame: has `base`, `correct` and `wrong_1` ...
        cell: columns that a reader of the question sees.
        purpose: the purpose of the draw, including the seed.
    """
    options = ["correct", *(name for name in frame.columns if name.startswith("wrong_"))]
    share = 1 / len(options) + SLACK
    order = mix(pl.col("base"), *purpose, "thin")
    for _ in range(_ROUNDS):
        offered = (
            frame.select(*cell, *options)
            .unpivot(options, index=list(cell), value_name="option", variable_name="as")
            .group_by(*cell, "option")
            .agg((pl.col("as") != "correct").sum().alias("wrong"))
        )
        allowed = (pl.col("wrong") * (share / (1 - share))).floor().clip(1)
        kept = frame.join(
            offered.select(*cell, pl.col("option").alias("correct"), allowed.alias("_allowed")),
            on=[*cell, "correct"],
            nulls_equal=True,
            maintain_order="left",
        ).filter(order.rank("ordinal").over(*cell, "correct") <= pl.col("_allowed"))
        if kept.height == frame.height:
            break
        frame = kept.drop("_allowed")
    return frame


def _expression(option: pl.Expr | str) -> pl.Expr:
    return pl.lit(option) if isinstance(option, str) else option


def _constant(value: int) -> pl.Expr:
    return pl.lit(value, dtype=pl.UInt64)


def _weight(weight: pl.Expr | int) -> pl.Expr:
    return pl.lit(weight, dtype=pl.UInt64) if isinstance(weight, int) else weight.cast(pl.UInt64)


def _right(bits: pl.Expr, places: int) -> pl.Expr:
    return bits // _constant(2**places)
