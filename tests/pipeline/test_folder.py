"""A run on a folder of images: complete tables, no lost files or rows, and rejects with reasons."""

import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.orchestration.status import read_status
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform
from tests.support.commands import call_eemo
from tests.support.hashing import stamp_files
from tests.support.images import REFUSED_FILES, REFUSED_ROWS


@pytest.fixture(scope="module")
def answer(small_lake: Path) -> dict[str, Any]:
    return json.loads((small_lake / "answer.json").read_text())


@pytest.fixture
def database(small_lake: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(small_lake / "eemo.duckdb"), read_only=True) as connection:
        yield connection


def load(lake: Path, name: str) -> pl.DataFrame:
    return scan_table(lake / "tables", name).collect()


def test_every_table_is_written_as_declared(small_lake: Path, answer: dict[str, Any]) -> None:
    assert set(answer["tables"]) == set(TABLES)
    for name, table in TABLES.items():
        place = small_lake / "tables" / (name if table.is_partitioned else f"{name}.parquet")
        assert place.exists()
        frame = load(small_lake, name)
        assert conform(frame, table).columns == frame.columns
        assert frame.height == answer["tables"][name]
        assert frame.equals(frame.sort(table.key, nulls_last=True))


def test_every_table_of_a_labelled_folder_has_rows(answer: dict[str, Any]) -> None:
    empty = {name for name, rows in answer["tables"].items() if not rows}
    # An image folder has no lexicon, no expert answered, no batch was submitted, and no rule is
    # violated. No two images of it have a ranking, so none are compared in a text. Few have a
    # label, so no choice of the critic has a measured weight. The annotators' words do not conflict
    # and none is changed, so none is chosen and no region is looked for again. No record is
    # preserved, so nothing is expanded. No recipe was trained, no embedder of images was named, and
    # no person was asked yet. No labelled image of it is held out, so nothing is evaluated. Nothing
    # was released, and no provider was called.
    assert empty == {
        "_critic__regions",
        "costs__days",
        "critic__weights",
        "critic__word_choices",
        "_dedup__embeddings",
        "evaluation__comparisons",
        "evaluation__predictions",
        "evaluation__scores",
        "expansion__children",
        "expansion__collected_rows",
        "expansion__images",
        "expansion__intent_matches",
        "expansion__prompts",
        "expansion__queries",
        "ingest__words",
        "labels__lexicon_trials",
        "labels__reviews",
        "labels__validation_answers",
        "labels__validation_items",
        "batches__jobs",
        "gate__edits",
        "release__files",
        "release__rows",
        "release__versions",
        "records__aigiemo",
        "review__raters",
        "review__records",
        "review__votes",
        "review__waiting",
        "_review__probes",
        "texts__comparisons",
        "training__embeddings",
        "training__refusals",
        "_exports__violations",
    }


def test_no_check_fails_and_every_table_was_checked(
    small_lake: Path, answer: dict[str, Any]
) -> None:
    assert answer["is_success"]
    assert answer["failed_checks"] == answer["failed_steps"] == []
    for status in read_status(small_lake):
        assert status.checks_failed == 0
        assert status.checks_passed >= 2, status.table  # at least schema and key


def test_files_in_the_folder_are_occurrences_or_rejects(
    pictures: Path, database: duckdb.DuckDBPyConnection
) -> None:
    found = [
        Path(folder) / name
        for folder, folders, files in os.walk(pictures)
        for name in (*files, *(f for f in folders if (Path(folder) / f).is_symlink()))
        if Path(folder) / name != pictures / "labels.csv"
    ]
    (occurrences,) = ask(database, "select sum(occurrence_count) from ingest__images")
    (records,) = ask(database, "select count(*) from ingest__records")
    (refused,) = ask(database, 'select count(*) from ingest__rejects where "row" is null')
    assert len(found) == occurrences + refused
    assert occurrences == records == 11


def ask(database: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    row = database.execute(sql).fetchone()
    assert row is not None
    return row


def test_refused_files_have_their_reason(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute('select path, reason from ingest__rejects where "row" is null')
    assert dict(rows.fetchall()) == REFUSED_FILES


def test_refused_rows_have_their_reason(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute('select "row", reason from ingest__rejects where "row" is not null')
    assert dict(rows.fetchall()) == REFUSED_ROWS


def test_awkward_pictures_are_read_as_people_see_them(
    database: duckdb.DuckDBPyConnection,
) -> None:
    rows = database.execute(
        "select path, format, colour_mode, width_px, frame_count, has_alpha from ingest__images"
    )
    seen = {path: rest for path, *rest in rows.fetchall()}
    assert seen["ink.jpg"] == ["JPEG", "CMYK", 160, 1, False]
    assert seen["rotated.jpg"] == ["JPEG", "RGB", 120, 1, False]
    assert seen["ghost.png"] == ["PNG", "RGBA", 160, 1, True]
    assert seen["waves.gif"][0::3] == ["GIF", 2]
    assert seen["nested/Ünïcode ☃.webp"][0] == "WEBP"


def test_copies_and_near_duplicates_are_found(database: duckdb.DuckDBPyConnection) -> None:
    (copies,) = ask(database, "select occurrence_count from ingest__images where path = 'alps.jpg'")
    assert copies == 2
    dropped = database.execute(
        "select a.path, b.path from dedup__clusters c join ingest__images a using (image_id) "
        "join ingest__images b on b.image_id = c.kept_image_id where not is_kept"
    ).fetchall()
    assert dropped == [("alps small.jpg", "alps.jpg")]


def test_hostile_captions_stay_text(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute("select comment from ingest__annotations where comment is not null")
    assert {comment for (comment,) in rows.fetchall()} == {
        "Snow, and quiet",
        "<script>alert(1)</script>",
        "'); drop table ingest__images; --",
        "{image_id} %s $1 {{",
    }


def test_the_query_that_the_run_suggests_answers(answer: dict[str, Any]) -> None:
    (suggested,) = [shlex.split(words) for words in answer["next"] if " sql " in words]
    assert call_eemo(*suggested[1:], "--json").returncode == 0


def test_a_picture_tells_its_history(small_lake: Path) -> None:
    told = call_eemo("explain", "beach photo.jpg", "--data", small_lake, "--json")
    assert told.returncode == 0, told.stderr
    tables = {part["table"] for part in json.loads(told.stdout)}
    assert {"ingest__records", "labels__emotions", "annotation__replies", "qa__items"} <= tables


def test_nothing_is_written_into_the_folder(pictures: Path, small_lake: Path) -> None:
    assert (small_lake / "sources" / "folder").readlink() == pictures
    before = json.loads((pictures.parent / "stamps.json").read_text())
    assert stamp_files(pictures) == before


def test_the_database_says_what_a_table_is_made_from(database: duckdb.DuckDBPyConnection) -> None:
    asked = "select made_from from meta.lineage where table_name = 'ingest__images'"
    assert database.sql(asked).fetchall() == [("_ingest__measurements",)]
    (tables,) = database.sql("select count(distinct table_name) from meta.lineage").fetchall()[0]
    assert tables > len(TABLES) / 2
