"""WEBEmo in its native layout: lists of links, names of classes as a Python literal."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eemo_pipeline.emotion.taxonomies import WEBEMO_25
from tests.support.sources import read_damaged, read_files, reasons

NAMES = (
    "# Three levels, a = b.\nlabels=["
    + ", \n\t".join(f"('{name}', 'group', '+')" for name in WEBEMO_25)
    + "]"
)
HOST = "https://as2.ftcdn.net/jpg/00/42"
FILES: dict[str, bytes | str] = {
    "category.txt": NAMES,
    "test25.txt": (
        f"{HOST}/220_F_1_a.jpg 0\n"
        f"{HOST}/220_F_2_b.jpg 11\n"
        f"{HOST}/220_F_1_a.jpg 11\n"  # a dead link: class 0 has a file of this name, 11 has not
        f"{HOST}/220_F_1_a.jpg 0\n"
        f"{HOST}/220_F_1_a.jpg 25\n"
        f"{HOST}/220_F_1_a.jpg x\n"
        f"{HOST}/220_F_1_a.jpg 0.5\n"
        f"{HOST}/220_F_1_a.jpg\n"
        f"{HOST}/ 0\n"
        f"{HOST}/.. 0\n"
        f"{HOST}/220_F_1_a.jpg 0 1"
    ),
    "train25.txt": f"{HOST}/220_F_3_c.jpg?x=1 24\n",
    "images/test25/0/220_F_1_a.jpg": "pixels",
    "images/test25/11/220_F_2_b.jpg": "pixels",
    "images/train25/24/220_F_3_c.jpg": "pixels",
    "images/test25/3/unlisted.jpg": "pixels",
    "images/test25/30/elsewhere.jpg": "pixels",
    "images/train25/0/220_F_1_a.jpg": "pixels",
}


def test_class_numbers_become_the_authors_names() -> None:
    tables = read_files("webemo", FILES)
    assert tables.row_count == 12
    rows = {row["record_id"]: row for row in tables.annotations.to_dicts()}
    labels = {path: (row["native_labels"], row["annotator_id"]) for path, row in rows.items()}
    assert labels == {
        "images/test25/0/220_F_1_a.jpg": (["affection"], "list"),
        "images/test25/11/220_F_2_b.jpg": (["irritabilty"], "list"),
        "images/train25/24/220_F_3_c.jpg": (["zest"], "list"),
        "images/test25/3/unlisted.jpg": (["contentment"], "folder"),
        "images/train25/0/220_F_1_a.jpg": (["affection"], "folder"),
    }
    listed = rows["images/test25/11/220_F_2_b.jpg"]
    assert (listed["table_path"], listed["row"]) == ("test25.txt", 2)
    assert json.loads(listed["attributes"]) == {"class": "11", "url": f"{HOST}/220_F_2_b.jpg"}
    assert rows["images/test25/3/unlisted.jpg"]["row"] is None
    splits = dict(tables.records.select("path", "source_split").rows())
    assert splits["images/train25/24/220_F_3_c.jpg"] == "train"
    assert splits["images/test25/3/unlisted.jpg"] == "test"
    assert "images/test25/30/elsewhere.jpg" not in splits
    assert reasons(tables, "test25.txt") == {
        3: "picture_missing",
        4: "duplicate_row",
        5: "out_of_range",
        6: "bad_number",
        7: "bad_number",
        8: "missing_value",
        9: "missing_value",
        10: "unsafe_path",
        11: "surplus_cells",
    }


def test_names_come_from_the_file_and_numbers_from_the_list() -> None:
    swapped = NAMES.replace("'affection'", "'?'").replace("'zest'", "'affection'")
    swapped = swapped.replace("'?'", "'zest'")
    rows = read_files("webemo", {**FILES, "category.txt": swapped}).annotations.to_dicts()
    first = next(row for row in rows if row["record_id"] == "images/test25/0/220_F_1_a.jpg")
    assert first["native_labels"] == ["zest"]
    strange = NAMES.replace("'zest'", "'zestfulness'")
    tables = read_files("webemo", {**FILES, "category.txt": strange})
    assert reasons(tables, "train25.txt") == {1: "unknown_label"}


@pytest.mark.parametrize(
    "content",
    [
        "labels=[open('ran', 'w')]",
        "import os",
        "labels=" + "[" * 5000,
        NAMES.replace("('zest', 'group', '+')", "1"),
        NAMES.replace(", \n\t('zest', 'group', '+')", ""),  # one line lost must not shift names
        b"\xff\xfe\x00\xd8",
    ],
)
def test_a_literal_is_never_run_and_a_broken_one_counts_as_none(
    content: bytes | str, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = read_files("webemo", FILES)
    tables = read_files("webemo", {**FILES, "category.txt": content})
    assert tables.annotations.equals(whole.annotations)
    assert not (tmp_path / "ran").exists()


def test_pictures_alone_and_nothing_at_all() -> None:
    tables = read_files("webemo", {"test/24/a.jpg": "p", "train/2/b.jpg": "p", "logo.png": "p"})
    assert dict(tables.records.select("path", "native_label").rows()) == {
        "test/24/a.jpg": "zest",
        "train/2/b.jpg": "confusion",
    }
    assert read_files("webemo", {}).records.is_empty()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_damage_never_raises_and_loses_no_row(seed: int) -> None:
    read_damaged("webemo", FILES, seed)
