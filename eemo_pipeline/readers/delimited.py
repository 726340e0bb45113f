"""Splits delimited text into cells.

The input is UTF-8 with line feeds, the output columns of text with rows and lines. Encodings and
headers are handled in `tables.py`.
"""

from collections.abc import Collection, Iterable

import numpy as np
import polars as pl

from eemo_pipeline.readers.quoting import Record, split_records

# What spreadsheets, databases and pandas write for an empty cell, in lower case.
PLACEHOLDERS = ("na", "n/a", "#n/a", "nan", "null", "none", "-")


def parse_cells(
    data: bytes,
    delimiter: str,
    width: int,
    start: int = 0,
    names: Collection[str] = frozenset(),
) -> pl.DataFrame:
    """Return cells in columns "0" ..., "surplus", "fault" and "line", from the byte `start` on.

    `start` is the begin of a line, which is line 1; a row has the line that it begins in. Cells
    missing from a line are null; `fault` is unclosed_quote where a quote opens a cell and is never
    closed, else null. `names` are names of images: a line that holds one is never part of a cell of
    another line, see `quoting.split_records`.

    Polars reads ten times faster than Python, but documents misplaced quotes as undefined
    behaviour, so it reads text whose quotes are closed in their own line.
    """
    if _is_quoting_regular(data, delimiter, start):
        cells = _parse_fast(data, delimiter, width, start, '"')
        if cells is not None:
            return cells
    records = split_records(data[start:].decode(), delimiter, width, names)
    return _fill_rows(records, width)


def split_cells(data: bytes, delimiter: str, width: int, start: int = 0) -> pl.DataFrame:
    """Return cells as `parse_cells` does, for formats in which a quote is a sign like any other."""
    cells = _parse_fast(data, delimiter, width, start, None)
    if cells is not None:
        return cells
    lines = data[start:].decode().removesuffix("\n").split("\n")
    records = (Record(place, line.split(delimiter)) for place, line in enumerate(lines, 1))
    return _fill_rows(records, width)


def _parse_fast(
    data: bytes, delimiter: str, width: int, start: int, quote: str | None
) -> pl.DataFrame | None:
    """Return the cells as polars reads them; None where it does not read one row per line."""
    if start >= len(data):
        return _fill_rows([], width)
    names = [*(str(place) for place in range(width)), "surplus"]
    try:
        cells = pl.read_csv(
            data,
            separator=delimiter,
            has_header=False,
            quote_char=quote,
            skip_lines=data.count(b"\n", 0, start),
            schema=dict.fromkeys(names, pl.String),
            missing_columns="insert",
            extra_columns="ignore",
            truncate_ragged_lines=True,
        )
    except pl.exceptions.PolarsError:
        return None
    line_count = data.count(b"\n", start) + (not data.endswith(b"\n"))
    if cells.height != line_count:
        return None
    lines = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("line")
    return cells.with_columns(pl.lit(None, dtype=pl.String).alias("fault"), lines)


def _fill_rows(records: Iterable[Record], width: int) -> pl.DataFrame:
    """Return a row per record, cut or padded to the width and one surplus cell."""
    padding = [None] * (width + 1)
    rows = [
        (
            *[*record.cells, *padding][: width + 1],
            "unclosed_quote" if record.is_unclosed else None,
            record.line,
        )
        for record in records
    ]
    names = [*(str(place) for place in range(width)), "surplus", "fault"]
    schema = {**dict.fromkeys(names, pl.String), "line": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _is_quoting_regular(data: bytes, delimiter: str, start: int) -> bool:
    """Return whether the quotes from the byte `start` on are those of cells without line ends.

    By RFC 4180, section 2, even quotes open a cell and odd ones close it, counted from 0; a doubled
    quote does both. So an even quote is preceded, and an odd one followed, by a delimiter, a line
    end, a quote, or the end of the text.
    """
    text = np.frombuffer(data, dtype=np.uint8)[start:]
    quotes = np.flatnonzero(text == ord('"'))
    if not quotes.size:
        return True
    outside = np.zeros(256, dtype=bool)
    outside[[ord("\n"), ord('"'), ord(delimiter)]] = True
    # At the ends of the text, a quote counts as its own neighbour.
    before = np.maximum(quotes[::2] - 1, 0)
    after = np.minimum(quotes[1::2] + 1, text.size - 1)
    if quotes.size % 2 or not (outside[text[before]].all() and outside[text[after]].all()):
        return False
    line_ends = np.flatnonzero(text == ord("\n"))
    return not (np.searchsorted(quotes, line_ends) % 2).any()


def number_rows(cells: pl.DataFrame, lines_before: int = 0) -> pl.DataFrame:
    """Drop lines that hold only blanks, and number the others in `row`, from 1.

    `lines_before` are the lines of the file before the first of the cells; with them, `line` is the
    line as an editor counts it.
    """
    holds = cells.select(is_given("0" if "0" in cells.columns else "surplus")).to_series()
    if not holds.all():  # rare; a line whose first cell has text is not blank
        texts = [name for name in cells.columns if name != "line"]
        cells = cells.filter(pl.any_horizontal(*map(is_given, texts)))
    return cells.with_row_index("row", offset=1).with_columns(
        pl.col("row").cast(pl.Int64),
        pl.col("line") + lines_before,
        pl.when(is_given("surplus")).then("surplus").alias("surplus"),
    )


def count_within(groups: pl.Series) -> pl.Series:
    """Return how many rows of its own group precede each row.

    A window over groups makes a list of each, which is slow for many small groups. One sort of
    group and position, packed into one number, brings every group together and in order.
    """
    order = np.arange(len(groups), dtype=np.int64)
    bits = order.size.bit_length()
    numbers = groups.cast(pl.Int64).fill_null(-1).to_numpy()
    packed = pl.Series((numbers << bits) | order).sort().to_numpy()  # on all cores
    is_first = np.diff(packed >> bits, prepend=np.iinfo(np.int64).min) != 0
    counted = np.empty_like(order)
    counted[packed & ((1 << bits) - 1)] = order - np.maximum.accumulate(order * is_first)
    return pl.Series(counted)


def smallest_within(groups: pl.Series, values: pl.Series, firsts: pl.Series) -> pl.Series:
    """Return the smallest value of each group 0, 1, ..., whose first values are `firsts`.

    Few values differ from the first of their group: only those are compared.
    """
    differ = values.ne_missing(firsts.gather(groups)) & groups.is_not_null()
    others = pl.DataFrame([groups, values]).filter(differ)
    candidates = pl.DataFrame([firsts]).with_row_index(groups.name)
    return (
        pl.concat([candidates, others])
        .group_by(groups.name)
        .agg(pl.col(values.name).min())
        .sort(groups.name)[values.name]
    )


def is_given(name: str) -> pl.Expr:
    """Return whether the cell holds more than blanks."""
    return pl.col(name).map_batches(_hold_text, return_dtype=pl.Boolean, is_elementwise=True)


def empty_placeholders(*names: str) -> list[pl.Expr]:
    """Return the columns with null for cells that hold a placeholder for nothing, such as NaN.

    Only for optional cells: in a lexicon, "null" is a word.
    """
    return [
        pl.when(~pl.col(name).str.strip_chars().str.to_lowercase().is_in(PLACEHOLDERS))
        .then(name)
        .alias(name)
        for name in names
    ]


def _hold_text(cells: pl.Series) -> pl.Series:
    # Texts between "!" and "~" begin with a plain character. Often a column has no others, and a
    # comparison is several times faster than stripping.
    is_plain = (cells >= "!") & (cells <= "~")
    if is_plain.all(ignore_nulls=False):
        return is_plain
    return (cells.str.strip_chars() != "").fill_null(value=False)
