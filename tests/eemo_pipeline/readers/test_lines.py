"""Refused rows of tables are named by their line, as an editor counts it."""

import csv
import io
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.sources import read_files

LINE_END = re.compile(r"\r\n|\r|\n")
BLANKS = st.lists(st.sampled_from(["", "  ", ",,", "\t"]), max_size=3)
CAPTIONS = st.text('ab ",;\n\r', max_size=10)
UNKNOWN = "hunger"  # no emotion, so that every row is refused


def write_row(*cells: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n")


def refused_lines(content: bytes, count: int) -> dict[str, int]:
    """Return image -> line of its refused row; every row is refused."""
    pictures = {f"{place}.jpg": "pixels" for place in range(count)}
    tables = read_files("folder", {**pictures, "labels.csv": content})
    assert tables.row_count == tables.rejects.height == count
    assert tables.rejects["line"].to_list() == sorted(tables.rejects["line"])
    return dict(tables.rejects.select("row", "line").rows())


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(BLANKS, CAPTIONS), min_size=1, max_size=5),
    empty_before=st.integers(0, 3),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    coding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    is_declared=st.booleans(),
    is_ended=st.booleans(),
)
@example(
    rows=[([], "")],
    empty_before=2,
    end="\r\n",
    coding="utf-8-sig",
    is_declared=False,
    is_ended=True,
)
@example(
    rows=[([""], "a\nb"), ([], "c")],
    empty_before=0,
    end="\r\n",
    coding="utf-8",
    is_declared=False,
    is_ended=True,
)
def test_a_refused_row_has_the_line_that_it_begins_in(
    rows: list[tuple[list[str], str]],
    empty_before: int,
    end: str,
    coding: str,
    *,
    is_declared: bool,
    is_ended: bool,
):
    text = end * empty_before + ("sep=," + end) * is_declared + "file,emotion,caption" + end
    expected = {}
    for place, (blanks, caption) in enumerate(rows):
        text += "".join(blank + end for blank in blanks)
        expected[place + 1] = len(LINE_END.split(text))
        text += write_row(f"{place}.jpg", UNKNOWN, caption) + end
    content = (text if is_ended else text.removesuffix(end)).encode(coding)
    assert refused_lines(content, len(rows)) == expected


def test_a_quote_that_is_never_closed_moves_no_line():
    text = f'file,emotion,caption\n0.jpg,{UNKNOWN},"6 inch\n\n1.jpg,{UNKNOWN},"a\nb"\n'
    text += f"2.jpg,{UNKNOWN},\n"
    assert refused_lines(text.encode(), 3) == {1: 2, 2: 4, 3: 6}
