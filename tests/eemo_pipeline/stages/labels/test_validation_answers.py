"""Experts' sheets are read back: every row counts or has a reason, and nothing given is lost."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import (
    conform,
    key_violations,
    null_violations,
    range_violations,
    vocabulary_violations,
)
from eemo_pipeline.stages.labels.validation import build_validation_items, write_blind_sheet
from eemo_pipeline.stages.labels.validation_answers import (
    ALL,
    build_agreement,
    keep_answers,
    read_answers,
)

IDS = [f"{number:02x}" * 32 for number in range(30)]
LEVELS = ("low", "medium", "high")


def frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


VAD = frame(
    "labels__vad",
    [
        {"image_id": image_id, "origin": "lexicon:x", "source": "x", "valence": number / 30}
        | {"arousal": 1 - number / 30, "lexicon_word_count": 3}
        for number, image_id in enumerate(IDS)
    ],
)
IMAGES = frame(
    "dedup__images",
    [{"image_id": key, "source": "x", "path": f"{no}.jpg"} for no, key in enumerate(IDS)],
)


def assert_sound(name: str, rows: pl.DataFrame) -> None:
    table, lazy = TABLES[name], conform(rows, TABLES[name]).lazy()
    for violations in (key_violations, null_violations, vocabulary_violations, range_violations):
        assert not violations(lazy, table)


def read(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    answers = read_answers(folder, VAD, IMAGES)
    agreement = build_agreement(answers)
    assert_sound("labels__validation_answers", answers)
    assert_sound("labels__validation_agreement", agreement)
    return answers, agreement


def fill_in(folder: Path, name: str, wrong: int = 0) -> None:
    """Answer the blind sheet as the scores say, except for the first `wrong` rows of valence."""
    items = build_validation_items(VAD, "seed", 5)
    truth = {(row["image_id"], row["dimension"]): row["tertile"] for row in items.to_dicts()}
    header, *lines = write_blind_sheet(items, IMAGES).decode().splitlines()
    filled = []
    for line in lines:
        number, picture, rate, _, image_id = line.split(",")
        level = truth[image_id, rate]
        if rate == "valence" and wrong:
            wrong -= 1
            level = LEVELS[(LEVELS.index(level) + 1) % 3]
        filled.append(f"{number},{picture},{rate}, {level.upper()} ,{image_id}")
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join([header, *filled]) + "\n")


def test_answers_are_compared_per_dimension_and_expert(tmp_path: Path) -> None:
    fill_in(tmp_path, "one.csv")
    fill_in(tmp_path, "two.csv", wrong=6)
    answers, agreement = read(tmp_path)
    assert set(answers["status"]) == {"ok"}
    assert answers.height == 60
    rows = {(row["dimension"], row["expert"]): row for row in agreement.to_dicts()}
    one, two = rows["valence", "one"], rows["valence", "two"]
    assert (one["agreed_share"], one["weighted_kappa"], one["alpha"]) == (1.0, 1.0, None)
    assert (two["image_count"], two["agreed_count"], two["agreed_share"]) == (15, 9, 0.6)
    assert two["lower_bound"] < 0.6 < two["upper_bound"]
    assert 0 < two["weighted_kappa"] < 1
    both = rows["valence", ALL]
    assert (both["answer_count"], both["image_count"]) == (30, 15)
    assert 0 < both["alpha"] < 1
    assert rows["arousal", ALL]["alpha"] == 1.0


def test_without_sheets_the_table_says_so(tmp_path: Path) -> None:
    answers, agreement = read(tmp_path / "nothing")
    assert answers.is_empty()
    assert agreement["expert"].to_list() == [ALL] * 3
    assert set(agreement["image_count"]) == {0}
    assert agreement["agreed_share"].null_count() == 3


def test_every_row_of_a_sheet_counts_or_has_a_reason(tmp_path: Path) -> None:
    lines = [
        "sheet_no;picture;rate;answer;image_id",
        f"1;sources/x/0.jpg;valence;low;{IDS[0]}",
        f"2;sources/x/0.jpg;valence;high;{IDS[0]}",
        f"3;sources/x/1.jpg;valence;;{IDS[1]}",
        f"4;sources/x/2.jpg;valence;rather low;{IDS[2]}",
        f"5;sources/x/3.jpg;dominance;low;{IDS[3]}",
        f"6;sources/x/4.jpg;mood;low;{IDS[4]}",
        "7;sources/x/gone.jpg;valence;low;",
        "8;sources/x/5.jpg;Arousal;HIGH;",
        "9;sources/x/6.jpg;;low;",
        "10;sources/x/7.jpg;valence;low;x;y;z",
    ]
    (tmp_path / "one.csv").write_text("\n".join(lines))
    (tmp_path / "two.xlsx").write_bytes(b"PK")
    answers, _ = read(tmp_path)
    reasons = {row["row"]: row["reason"] for row in answers.to_dicts()}
    assert reasons == {
        1: None,
        2: "duplicate_row",
        3: "no_answer",
        4: "unknown_answer",
        5: "not_scored",
        6: "unknown_dimension",
        7: "not_scored",
        8: None,
        9: "missing_value",
        10: "surplus_cells",
        None: "not_a_table",
    }
    by_picture = answers.row(by_predicate=pl.col("row") == 8, named=True)
    assert (by_picture["image_id"], by_picture["expert_level"]) == (IDS[5], "high")
    assert by_picture["table_path"] == "validation/one.csv"


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"\n\n", b"answer\nlow\n", b'rate,answer\n"']
)
def test_a_sheet_without_sense_never_raises(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.csv").write_bytes(content)
    answers, _ = read(tmp_path)
    assert "ok" not in answers["status"]


def test_a_sheet_filled_in_where_it_lies_is_kept_before_a_new_one_is_written(
    tmp_path: Path,
) -> None:
    fill_in(tmp_path / "reports", "validation_sheet.csv")
    sheet, folder = tmp_path / "reports" / "validation_sheet.csv", tmp_path / "validation"
    copy = keep_answers(sheet, folder)
    assert copy is not None
    assert copy.read_bytes() == sheet.read_bytes()
    assert keep_answers(sheet, folder) == copy  # once, however often
    assert read(folder)[0].height == 30
    sheet.write_bytes(write_blind_sheet(build_validation_items(VAD, "seed", 5), IMAGES))
    assert keep_answers(sheet, folder) is None
    assert keep_answers(tmp_path / "gone.csv", folder) is None
    assert len(list(folder.iterdir())) == 1
