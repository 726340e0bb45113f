import hashlib
import shutil
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import pytest

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.lake.data_dictionary import UndescribedColumn, describe_view
from eemo_pipeline.lake.parquet import table_path, write_table
from eemo_pipeline.lake.sql_checks import list_checks, read_check, run_check
from eemo_pipeline.lake.sql_files import ENUMS, ColumnNote, Statement, list_macros, list_views
from eemo_pipeline.lake.warehouse import WarehouseError, explain, open_tables, publish, query
from eemo_pipeline.schema.columns import COLUMNS
from eemo_pipeline.schema.tables import TABLES

HOSTILE = '\'); drop table "ingest__records"; --'
FIRST, SECOND = "aa" * 32, "ab" * 32


def write(tables, name, rows, partition=None):
    table = TABLES[name]
    frame = pl.DataFrame(rows, schema=table.polars_schema)
    write_table(frame, table, table_path(tables, table, partition))


def count_row(source, found=1, kept=1):
    return {
        "source": source,
        "unit": "file",
        "found": found,
        "kept": kept,
        "refused": found - kept,
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Two sources, one image each, a refused file, a question about both; the rest unwritten.

    Published once for this module; each test has a copy.
    """
    tables = tmp_path_factory.mktemp("built") / "tables"
    for source, image_id in (("folder", FIRST), ("oasis", SECOND)):
        record = {
            "source": source,
            "record_id": HOSTILE,
            "image_id": image_id,
            "path": f"{source}.jpg",
            "resolved_by": "listing",
            "label_space": "none",
            "semantics": "none",
            "annotation_count": 0,
        }
        write(tables, "ingest__records", [record], source)
        write(tables, "_ingest__counts", [count_row(source)], source)
    reject = {"source": "folder", "path": "bad.jpg", "reason": "undecodable", "detail": HOSTILE}
    write(tables, "ingest__rejects", [reject], "folder")
    write(
        tables,
        "dedup__clusters",
        [
            {"image_id": FIRST, "cluster_id": FIRST, "is_kept": True, "kept_image_id": FIRST},
            {"image_id": SECOND, "cluster_id": FIRST, "is_kept": False, "kept_image_id": FIRST},
        ],
    )
    write(
        tables,
        "_verification__features",
        [{"image_id": FIRST, "method": "m", "status": "ok", "features": [0.5] * 3}],
    )
    write(
        tables,
        "qa__items",
        [{"item_id": "q", "image_ids": [SECOND, FIRST], "question": HOSTILE, "answer": "Yes"}],
    )
    publish(tables, tables.parent / "eemo.duckdb")
    return tables.parent


@pytest.fixture
def tables(built, tmp_path):
    home = tmp_path / "it's a folder" / "source=[a]*"
    home.mkdir(parents=True)
    return Path(shutil.copytree(built / "tables", home / "tables"))


@pytest.fixture
def database(built, tables):
    return Path(shutil.copy(built / "eemo.duckdb", tables.parent))


def test_every_table_is_there_with_its_rows_and_types(tables, database):
    _, columns = query(
        database,
        "select table_name, list(column_name order by column_index) from duckdb_columns() "
        "where schema_name = 'main' and table_name in (select table_name from duckdb_tables()) "
        "group by table_name",
    )
    assert dict(columns) == {name: list(table.columns) for name, table in TABLES.items()}
    published = publish(tables, database)
    assert {name: rows for name, rows in published.rows.items() if rows} == {
        "ingest__records": 2,
        "_ingest__counts": 2,
        "ingest__rejects": 1,
        "dedup__clusters": 2,
        "_verification__features": 1,
        "qa__items": 1,
    }
    assert set(published.rows) == set(TABLES)
    types = query(database, "select typeof(image_ids), typeof(facts) from qa__items")[1]
    assert types == [("VARCHAR[]", "VARCHAR")]


def test_emotions_and_splits_are_enums_that_compare_with_any_text(database: Path) -> None:
    kinds = "select data_type from duckdb_columns() where table_name = 'dedup__images' "
    assert query(database, kinds + "and column_name = 'split'")[1] == [
        ("ENUM('train', 'validation', 'test')",)
    ]
    told = "select type from meta.dictionary where table_name = $name and column_name = 'split'"
    for name in ("dedup__images", "images"):
        assert query(database, told, {"name": name})[1] == [("split",)]
    asked = (
        "select count(*), count(*) filter (split = 'x' or split in ('x')), "
        "count(*) filter (coalesce(split, 'none') || '!' <> 'x!') from qa__items"
    )
    assert query(database, asked)[1] == [(1, 0, 1)]
    values = query(database, "select unnest(enum_range(null::mikels8))")[1]
    assert tuple(value for (value,) in values) == MIKELS_8


def test_the_published_file_needs_no_other_file(tables, database):
    for path in sorted(tables.rglob("*.parquet")):
        path.unlink()
    moved = database.rename(database.with_name("moved.duckdb"))
    for view in list_views():
        query(moved, f"from {view.name}")
    assert query(moved, "select count(*) from files")[1] == [(3,)]


def test_the_file_has_the_format_of_the_oldest_duckdb_that_it_promises(database: Path) -> None:
    magic, format_number = struct.unpack("<8x4sQ", database.read_bytes()[:20])
    assert (magic, format_number) == (b"DUCK", 65)  # 65 was new in DuckDB 1.2
    _, rows = query(
        database, "select tags['storage_version'] from duckdb_databases() where not internal"
    )
    assert rows == [("v1.2.0+",)]
    assert query(database, "select readable_by from meta.build")[1] == [("DuckDB 1.2 and later",)]


OLD_READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
for table, in connection.execute("show tables").fetchall():
    connection.execute(f'from "{table}"').fetchall()
for sql, in connection.execute("select sql from meta.examples").fetchall():
    connection.execute(sql).fetchall()
text = "emotion = 'joi' or emotion || '!' = 'awe!' or coalesce(emotion, 'none') like 'a%'"
kinds = connection.execute("select type_name from duckdb_types() where not internal")
for kind, in kinds.fetchall():
    connection.execute(f"select unnest(enum_range(null::{kind}))").fetchall()
connection.execute(f"from records__emoverse where {text} or split in ('train', 'x')").fetchall()
ask = "select count(*) from duckdb_columns() where not internal and comment is null"
print(duckdb.__version__, *connection.execute(ask).fetchone())
"""


@pytest.mark.parametrize("version", ["1.2.0", pytest.param("1.4.4", marks=pytest.mark.network)])
def test_an_older_duckdb_reads_every_table_view_and_example(
    database: Path, tmp_path: Path, version: str
) -> None:
    old = str(tmp_path / "old")
    options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--retries", "0", "--target", old]
    install = [sys.executable, "-m", "pip", "install", *options, f"duckdb=={version}"]
    if subprocess.run(install, check=False, capture_output=True).returncode:
        pytest.skip(f"DuckDB {version} cannot be installed here: no network")
    answer = subprocess.run(
        [sys.executable, "-c", OLD_READER, str(database)],
        env={"PYTHONPATH": old},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == f"{version} 0\n"


def test_comments_and_dictionary_come_from_the_schema(database):
    _, rows = query(database, "select table_name, comment from duckdb_tables() where not internal")
    assert dict(rows)["qa__items"] == f"One row per {TABLES['qa__items'].grain}"
    _, rows = query(
        database, "select comment from duckdb_columns() where column_name = 'width_px' limit 1"
    )
    assert rows == [("Width after the EXIF orientation is applied [px]",)]
    _, rows = query(database, "select view_name, comment from duckdb_views() where not internal")
    assert {view.name: view.description for view in list_views()}.items() <= dict(rows).items()
    asked = "select count(*) from meta.dictionary where kind = 'table' and column_name is not null"
    _, rows = query(database, asked)
    assert rows == [(sum(len(table.columns) for table in TABLES.values()),)]


def test_every_table_view_column_and_macro_has_a_comment_and_a_row_in_the_dictionary(database):
    whole = "select coalesce(schema_name || '.', '') || {}, comment from {} where not internal"
    for names, catalogue in (
        ("table_name", "duckdb_tables()"),
        ("view_name", "duckdb_views()"),
        ("function_name", "duckdb_functions()"),
        ("table_name || '.' || column_name", "duckdb_columns()"),
    ):
        _, comments = query(database, whole.format(names, catalogue))
        assert comments, catalogue
        assert [name for name, comment in comments if not comment] == []
    _, missing = query(
        database,
        "select replace(schema_name || '.', 'main.', '') || table_name as place, column_name "
        "from duckdb_columns() where not internal "
        "except select table_name, column_name from meta.dictionary",
    )
    assert missing == []
    _, described = query(
        database, "select kind, count(*) from meta.dictionary where column_name is null group by 1"
    )
    assert dict(described) == {
        "type": len(ENUMS),
        "table": len(TABLES),
        "view": len(list_views()),
        "macro": len(list_macros()),
        "meta": 4,
    }


def test_the_lineage_of_tables_is_as_told_and_that_of_views_as_read(tables, database):
    told = {"labels__vad": ["dedup__images", "ingest__annotations"]}
    assert publish(tables, database, told).is_changed
    asked = "select made_from from meta.lineage where table_name = '{}' order by 1"
    for name, read in (*told.items(), ("costs", ["costs__calls"])):
        assert query(database, asked.format(name))[1] == [(one,) for one in read]
    assert not publish(tables, database, told).is_changed


def test_a_view_says_what_the_schema_cannot_know(database):
    sql = (
        "select type, unit, meaning from meta.dictionary where table_name = $t and column_name = $c"
    )
    [(kind, unit, meaning)] = query(database, sql, {"t": "boxes", "c": "x1_share"})[1]
    assert (kind, unit) == ("DOUBLE", "share")
    assert meaning == "Left edge of the box, as a share of the image's width"
    [(kind, unit, meaning)] = query(database, sql, {"t": "boxes", "c": "x1_px"})[1]
    assert (unit, meaning) == ("px", COLUMNS["x1_px"].meaning)
    [(signature, _, _)] = query(
        database, "select type, unit, meaning from meta.dictionary where table_name = 'top'"
    )[1]
    assert signature == "(emotion, n := 10, taxonomy := 'mikels8')"
    # The longest meaning is continued on a second line.
    sql = "select meaning from meta.dictionary where column_name = 'specific_agreement'"
    assert query(database, sql)[1][0][0].endswith(
        "positive agreement (Cicchetti and Feinstein 1990)"
    )


def test_a_column_that_is_described_nowhere_stops_the_build(tmp_path):
    view = Statement("odd", "One row per nothing.", "error", "select 1 as undescribed", {})
    with duckdb.connect() as connection:
        connection.execute("create view odd as select 1 as undescribed")
        with pytest.raises(UndescribedColumn, match=r"odd\.sql differ: undescribed"):
            list(describe_view(connection, view))
        view = replace(
            view, columns={"undescribed": ColumnNote("a", ""), "gone": ColumnNote("b", "")}
        )
        with pytest.raises(UndescribedColumn, match=r"odd\.sql differ: gone"):
            list(describe_view(connection, view))


def test_hostile_text_stays_text(database):
    _, rows = query(database, "select distinct record_id from ingest__records")
    assert rows == [(HOSTILE,)]


def digest(path):
    return path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_unchanged_input_leaves_the_file_alone(tables, database):
    before = digest(database)
    again = publish(tables, database)
    assert not again.is_changed
    assert digest(database) == before


def test_a_changed_table_a_new_partition_and_a_lost_one_are_noticed(tables, database):
    first = publish(tables, database).fingerprint
    write(tables, "_ingest__counts", [count_row("folder", found=2)], "folder")
    changed = publish(tables, database)
    assert changed.is_changed
    assert query(database, "select sum(refused) from _ingest__counts")[1] == [(1,)]
    write(tables, "_ingest__counts", [count_row("emotic", found=3, kept=3)], "emotic")
    added = publish(tables, database)
    assert added.is_changed
    assert added.rows["_ingest__counts"] == 3
    table_path(tables, TABLES["_ingest__counts"], "emotic").unlink()
    write(tables, "_ingest__counts", [count_row("folder")], "folder")
    back = publish(tables, database)
    assert back.is_changed
    assert back.fingerprint == first


@pytest.mark.parametrize("content", [b"not a database", b""])
def test_a_damaged_or_foreign_file_is_built_anew(tables, database, content):
    database.write_bytes(content)
    assert publish(tables, database).is_changed
    assert query(database, "select count(*) from ingest__records")[1] == [(2,)]
    database.unlink()
    with duckdb.connect(str(database)) as foreign:
        foreign.execute("create table mine (x int)")
    assert publish(tables, database).is_changed


READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
ask = "select sum(found)::int from _ingest__counts"
print(connection.execute(ask).fetchall(), flush=True)
sys.stdin.readline()
print(connection.execute(ask).fetchall(), flush=True)
"""


def test_a_reader_in_another_process_is_neither_locked_nor_broken(tables, database):
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdin is not None
    assert reader.stdout is not None
    held = reader.stdout.readline()
    assert held == "[(2,)]\n"
    write(tables, "_ingest__counts", [count_row("folder", found=9, kept=9)], "folder")
    assert publish(tables, database).is_changed
    assert query(database, "select sum(found)::int from _ingest__counts")[1] == [(10,)]
    out, _ = reader.communicate("\n", timeout=120)
    assert out == held
    assert reader.returncode == 0


def test_a_failed_build_leaves_the_old_file_and_no_litter(tables, database):
    before = digest(database)
    pl.DataFrame({"other": [1]}).write_parquet(tables / "qa__items.parquet")
    with pytest.raises(WarehouseError, match=r"not hold the table qa__items.*Delete the file"):
        publish(tables, database)
    assert digest(database) == before
    assert sorted(path.name for path in database.parent.iterdir()) == ["eemo.duckdb", "tables"]
    with open_tables(tables) as connection:
        assert connection.execute("from ingest__rejects").fetchall()
        with pytest.raises(duckdb.Error, match=r"not hold the table qa__items.*Delete the file"):
            connection.execute("from qa__items").fetchall()


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_csv('{secret}')",
        "select * from read_text('{secret}')",
        "select * from '{secret}'",
        "attach '{secret}.db'",
        "copy ingest__records to '{secret}.csv'",
        "set enable_external_access = true",
        "drop table ingest__records",
        "insert into meta.build values ('x', 'y')",
        "load httpfs",
    ],
)
def test_a_question_can_neither_change_the_file_nor_reach_another(database, tmp_path, statement):
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    before = digest(database)
    with pytest.raises(WarehouseError, match="query failed"):
        query(database, statement.format(secret=secret))
    assert digest(database) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["it's a folder", "secret.csv"]


def test_parameters_are_bound(database):
    columns, rows = query(
        database, "select source as s from ingest__records where record_id = $id", {"id": HOSTILE}
    )
    assert columns == ["s"]
    assert sorted(rows) == [("folder",), ("oasis",)]


def test_a_missing_file_says_where_and_what_to_do(tmp_path):
    with pytest.raises(WarehouseError, match=r"no warehouse at .*none\.duckdb.*eemo run"):
        query(tmp_path / "none.duckdb", "select 1")
    (tmp_path / "text.duckdb").write_text("no database")
    with pytest.raises(WarehouseError, match="cannot be opened"):
        query(tmp_path / "text.duckdb", "select 1")


def test_tables_are_open_before_anything_is_published(tables):
    with open_tables(tables) as connection:
        for table in TABLES.values():
            found = connection.execute(f'from "{table.name}"')
            assert [column[0] for column in found.description] == list(table.columns)
        assert connection.execute("select count(*) from files").fetchone() == (3,)


def test_a_check_counts_all_bad_rows_and_shows_five(tables):
    images = [
        {"image_id": f"{n:064}", "cluster_id": f"{n % 2}", "split": "train"} for n in range(8)
    ]
    write(tables, "dedup__images", images)
    with open_tables(tables) as connection:
        outcome = run_check(connection, "dedup__images", "pictures_are_conserved")
        sound = run_check(connection, "dedup__images", "clusters_do_not_cross_splits")
    assert outcome.severity == "error"
    assert outcome.description.startswith("Distinct images = kept images")
    assert outcome.bad_rows == 9  # eight that no cluster knows, and one that is not here
    assert len(outcome.examples) == 5
    assert outcome.examples[0] == {
        "image_id": f"{0:064}",
        "expected_rows": "0",
        "found_rows": "1",
    }
    assert (sound.bad_rows, sound.examples) == (0, ())


def test_checks_are_found_by_folder():
    assert "pictures_are_conserved" in list_checks("dedup__images")
    assert list_checks("labels__centroids") == []
    assert read_check("sources__datasets", "sources_are_complete").severity == "warn"
    with pytest.raises(WarehouseError, match="has no check 'nothing'"):
        read_check("dedup__images", "nothing")


def test_explaining_a_picture_lists_every_table_in_stage_order(database):
    explained = explain(database, FIRST)
    assert [(part.stage, part.table, len(part.rows)) for part in explained] == [
        ("ingest", "ingest__records", 1),
        ("dedup", "dedup__clusters", 2),
        ("verification", "_verification__features", 1),
        ("qa", "qa__items", 1),
    ]
    assert "features" not in explained[2].rows[0]
    assert explained[3].rows[0]["image_ids"] == [SECOND, FIRST]


def test_a_refused_file_is_explained_by_its_path(database):
    explained = explain(database, "bad.jpg")
    assert [part.table for part in explained] == ["ingest__rejects"]
    assert explained[0].rows[0]["reason"] == "undecodable"
    by_path = explain(database, "oasis.jpg")
    assert by_path[0].rows[0]["image_id"] == SECOND


def test_a_prefix_must_be_unique(tables, database):
    rows = [{"image_id": image_id, "source": "folder"} for image_id in (FIRST, SECOND)]
    write(tables, "ingest__images", rows)
    write(tables, "review__records", [{"image_id": "c" * 64, "outcome": "decided"}])
    publish(tables, database)
    (judged,) = explain(database, "cc")
    assert judged.table == "review__records", "it has left its source since people judged it"
    assert explain(database, "aa")[0].rows[0]["image_id"] == FIRST
    with pytest.raises(WarehouseError, match="more than one image"):
        explain(database, "a")
    with pytest.raises(WarehouseError, match="more than one image"):
        explain(database, "")  # the prefix of all
    with pytest.raises(WarehouseError, match="No image_id begins with"):
        explain(database, HOSTILE)
    with pytest.raises(WarehouseError, match="No image_id begins with"):
        explain(database, "a%")


@pytest.mark.parametrize("statement", ["", " ; ;", "-- nothing", "select 'caf\udce9'"])
def test_a_query_that_is_none_is_told_as_such(tables, database, statement):
    with pytest.raises(WarehouseError, match=r"[Qq]uery"):
        query(database, statement)
