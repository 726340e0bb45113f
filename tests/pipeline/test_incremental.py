"""Unchanged data is not computed again, and readers never wait."""

import json
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.orchestration.run_outcome import RunOutcome
from eemo_pipeline.orchestration.runs import run_assets
from eemo_pipeline.schema.tables import TABLES
from resources.instance.dagster_home import open_instance
from tests.support.commands import call_eemo
from tests.support.hashing import hash_files, stamp_files
from tests.support.images import fill_folder, paint_jpeg
from tests.support.lakes import copy_lake

# The tables that show the cost of five more images. The run after a removal rebuilds all others.
MEASURED = (
    '+key:"_verification__features" or +key:"grounding__regions" or key:"warehouse__database"'
)
# Prints the query result whenever it changes, and at the end the number of queries.
READER = """
import sys, duckdb, pathlib, time
database, stop, how = sys.argv[1:]
asked = "select (select fingerprint from meta.build), (select count(*) from ingest__images), " \\
    "(select count(*) from dedup__clusters), (select count(*) from images)"
connection, seen, times = duckdb.connect(database, read_only=True), None, 0
is_over = False
while not is_over:
    is_over = pathlib.Path(stop).exists()  # asked before the query: the last one sees the end
    if how == "reopening":
        connection.close()
        connection = duckdb.connect(database, read_only=True)
    answer, times = connection.execute(asked).fetchone(), times + 1
    if answer != seen:
        print(*answer, flush=True)
    seen = answer
    time.sleep(0.1)
print(times)
"""


def answers(lake: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(f"{(lake / 'ledger.sqlite').as_uri()}?mode=ro", uri=True) as connection:
        return connection.execute("select key, answer from answers order by key").fetchall()


def computed(lake: Path, asset: str) -> tuple[int, int]:
    """Return `computed` and `reused` of the asset in its latest run, over all partitions."""
    with open_instance(lake) as instance:
        records = instance.fetch_materializations(dg.AssetKey(asset), limit=100).records
    latest = [record for record in records if record.run_id == records[0].run_id]
    found = [record.asset_materialization for record in latest]
    metadata = [event.metadata for event in found if event is not None]

    def total(name: str) -> int:
        values = (entries[name].value for entries in metadata)
        return sum(value for value in values if isinstance(value, int))

    return total("computed"), total("reused")


def test_a_second_run_computes_nothing_and_changes_no_file(
    small_lake: Path,
    tmp_path: Path,
) -> None:
    lake = copy_lake(small_lake, tmp_path / "lake")
    parts = ("tables", "exports", "training")
    before = hash_files(lake), [stamp_files(lake / part) for part in parts]
    published = (lake / "eemo.duckdb").stat()
    again = call_eemo("run", "--data", lake, "--json")
    assert again.returncode == 0, again.stderr
    first, second = json.loads((small_lake / "answer.json").read_text()), json.loads(again.stdout)
    assert second["tables"] == first["tables"]
    assert second["computed"] == 0
    assert second["reused"] == first["computed"] + first["reused"]
    assert (hash_files(lake), [stamp_files(lake / part) for part in parts]) == before
    after = (lake / "eemo.duckdb").stat()
    assert (after.st_ino, after.st_mtime_ns) == (published.st_ino, published.st_mtime_ns)
    assert answers(lake) == answers(small_lake)


@dataclass(frozen=True)
class History:
    """A data root over time: initially, after five images were added, after one was removed."""

    lake: Path
    gone: str
    outcomes: tuple[RunOutcome, RunOutcome]
    computed: dict[str, tuple[int, int]]
    reopened: list[str]
    held: list[str]


@pytest.fixture(scope="module")
def history(
    tmp_path_factory: pytest.TempPathFactory,
    small_lake: Path,
) -> History:
    home = tmp_path_factory.mktemp("history")
    folder, lake = home / "another folder", copy_lake(small_lake, home / "lake")
    fill_folder(folder)
    (lake / "sources" / "folder").unlink()
    (lake / "sources" / "folder").symlink_to(folder)
    run_assets(lake, 'key:"ingest__records"')  # read the files at their new location
    with reading(lake, "reopening") as reader, reading(lake, "holding") as holder:
        for seed in range(101, 106):
            (folder / "nested" / f"new {seed}.jpg").write_bytes(paint_jpeg(seed))
        grown = run_assets(lake, MEASURED)
        counted = {
            name: computed(lake, name)
            for name in ("ingest__records", "_verification__features", "grounding__regions")
        }
        gone = find_image(lake, "beach photo.jpg")
        (folder / "beach photo.jpg").unlink()
        shrunk = run_assets(lake)
        counted["after one went"] = computed(lake, "ingest__records")
        seen = [finish(process, lake) for process in (reader, holder)]
    return History(lake, gone, (grown, shrunk), counted, *seen)


def reading(lake: Path, how: str) -> subprocess.Popen[str]:
    """Start a process that queries the database in a loop."""
    return subprocess.Popen(
        [sys.executable, "-c", READER, lake / "eemo.duckdb", lake / "stop", how],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], lake: Path) -> list[str]:
    (lake / "stop").touch()
    answered, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (0, "")
    return answered.splitlines()


def find_image(lake: Path, path: str) -> str:
    records = scan_table(lake / "tables", "ingest__records")
    return records.filter(pl.col("path") == path).select("image_id").collect().item()


def test_five_more_pictures_cost_five(history: History, small_lake: Path) -> None:
    kept = scan_table(small_lake / "tables", "dedup__images").collect().height
    assert history.computed["ingest__records"] == (5, 16)  # eleven images, five broken files
    assert history.computed["_verification__features"] == (5, kept)
    assert history.computed["grounding__regions"] == (5, kept)


def test_a_removed_picture_leaves_every_table(history: History) -> None:
    assert history.computed["after one went"] == (0, 20)
    grown, shrunk = history.outcomes
    assert grown.is_success
    assert shrunk.is_success
    assert grown.tables["ingest__images"] - shrunk.tables["ingest__images"] == 1
    left = [name for name in TABLES if mentions(history.lake, name, history.gone)]
    assert left == []
    rejects = scan_table(history.lake / "tables", "ingest__rejects").collect()
    missing = rejects.filter(pl.col("reason") == "picture_missing")
    # The removed image's row in labels.csv, and the row of a file that never existed.
    assert missing["row"].to_list() == [2, 9]


def mentions(lake: Path, name: str, image_id: str) -> bool:
    columns = {"image_id", "kept_image_id", "cluster_id", "image_ids"} & set(TABLES[name].columns)
    frame = scan_table(lake / "tables", name).select(sorted(columns)).collect()
    return any(image_id in column.explode() for column in frame)


def test_a_reader_in_a_loop_sees_the_old_then_the_new(history: History) -> None:
    *versions, times = [line.split() for line in history.reopened]
    sizes = [sizes for _, *sizes in versions]
    assert sizes == [["10", "10", "9"], ["15", "15", "14"], ["14", "14", "13"]]
    assert len({fingerprint for fingerprint, *_ in versions}) == 3
    assert int(times[0]) > 50


def test_a_reader_that_holds_the_file_open_keeps_what_it_opened(history: History) -> None:
    seen, times = history.held
    assert seen == history.reopened[0]
    assert int(times) > 50
