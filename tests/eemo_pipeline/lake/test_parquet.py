"""Storage: whole files or none, unchanged bytes untouched, what was never written has no rows."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from eemo_pipeline.lake.parquet import (
    DamagedTable,
    scan_table,
    table_path,
    write_bytes,
    write_table,
)
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import SchemaError

CLUSTERS = TABLES["dedup__clusters"]


def clusters(*ids: str) -> pl.DataFrame:
    rows = [
        {
            "image_id": image_id,
            "cluster_id": image_id,
            "is_kept": True,
            "reason": "kept",
            "kept_image_id": image_id,
            "distance_bits": 0,
        }
        for image_id in ids
    ]
    return pl.DataFrame(rows, schema=CLUSTERS.polars_schema)


def test_row_order_does_not_change_the_bytes(tmp_path):
    path = table_path(tmp_path, CLUSTERS)
    first = write_table(clusters("b", "a", "c"), CLUSTERS, path)
    before = path.stat()
    second = write_table(clusters("c", "b", "a"), CLUSTERS, path)
    assert first.is_changed
    assert not second.is_changed
    assert first.sha256 == second.sha256
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino


def test_a_frame_of_another_shape_is_refused_and_the_old_table_stays(tmp_path):
    path = table_path(tmp_path, CLUSTERS)
    write_table(clusters("a"), CLUSTERS, path)
    with pytest.raises(SchemaError, match="unknown \\['extra'\\]"):
        write_table(clusters("b").with_columns(extra=1), CLUSTERS, path)
    with pytest.raises(SchemaError, match="distance_bits is Int32, declared Int64"):
        write_table(
            clusters("b").with_columns(pl.col("distance_bits").cast(pl.Int32)), CLUSTERS, path
        )
    assert scan_table(tmp_path, CLUSTERS.name).collect()["image_id"].to_list() == ["a"]
    assert [file.name for file in tmp_path.iterdir()] == ["dedup__clusters.parquet"]


def test_an_open_reader_keeps_the_old_rows(tmp_path):
    path = table_path(tmp_path, CLUSTERS)
    write_table(clusters("a"), CLUSTERS, path)
    with path.open("rb") as reader:
        write_table(clusters("b"), CLUSTERS, path)
        assert pl.read_parquet(reader)["image_id"].to_list() == ["a"]
    assert pl.read_parquet(path)["image_id"].to_list() == ["b"]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_never_written_has_its_columns_and_no_rows(tmp_path, name):
    frame = scan_table(tmp_path, name).collect()
    assert frame.schema == TABLES[name].polars_schema
    assert frame.height == 0


def test_partitions_are_files_of_a_folder(tmp_path):
    table = TABLES["ingest__rejects"]
    for source in ("oasis", "folder"):
        frame = pl.DataFrame(
            [{"source": source, "path": "x", "reason": "truncated", "detail": "d"}],
            schema=table.polars_schema,
        )
        write_table(frame, table, table_path(tmp_path, table, source))
    assert scan_table(tmp_path, table.name).collect()["source"].to_list() == ["folder", "oasis"]
    one = scan_table(tmp_path, table.name, ["oasis", "absent"]).collect()
    assert one["source"].to_list() == ["oasis"]
    with pytest.raises(ValueError, match="partitioned by source"):
        table_path(tmp_path, table)


def test_a_leftover_of_a_killed_run_is_no_partition(tmp_path):
    table = TABLES["ingest__rejects"]
    path = table_path(tmp_path, table, "oasis")
    write_table(table.empty(), table, path)
    path.with_name(".oasis.parquet.dead-0.tmp").write_bytes(b"half a file")
    assert scan_table(tmp_path, table.name).collect().height == 0


def test_bytes_are_written_once(tmp_path):
    path = tmp_path / "exports" / "a.jsonl"
    assert write_bytes(b"{}\n{}\n", path).rows == 2
    assert not write_bytes(b"{}\n{}\n", path).is_changed
    assert write_bytes(b"{}\n", path).is_changed
    assert [file.name for file in path.parent.iterdir()] == ["a.jsonl"]


def test_a_folder_is_a_name_and_no_pattern(tmp_path):
    tables = tmp_path / "image_id=x" / "[a]*?"
    write_table(clusters("a"), CLUSTERS, table_path(tables, CLUSTERS))
    assert scan_table(tables, CLUSTERS.name).collect()["image_id"].to_list() == ["a"]


@pytest.mark.parametrize("content", [b"", b"PAR1 no table PAR1", None])
def test_a_file_altered_from_outside_is_named_with_the_way_out(tmp_path, content):
    path = table_path(tmp_path, CLUSTERS)
    if content is None:
        clusters("a").drop("reason").write_parquet(path)
    else:
        path.write_bytes(content)
    with pytest.raises(DamagedTable, match=r"does not hold the table dedup__clusters.*Delete"):
        scan_table(tmp_path, CLUSTERS.name)


VALUES: dict[str, Any] = {
    "String": "text",
    "Int64": 7,
    "Float32": 0.25,
    "Float64": 0.5,
    "Boolean": True,
}
KINDS = {"String": "str", "Int64": "int64", "Float64": "float64", "Boolean": "bool"}


def value_of(dtype: pl.DataType) -> Any:
    return [VALUES[str(dtype.inner)]] if isinstance(dtype, pl.List) else VALUES[str(dtype)]


@pytest.mark.parametrize("name", TABLES)
def test_pandas_reads_every_table_with_its_types(tmp_path: Path, name: str) -> None:
    import pandas

    table = TABLES[name]
    rows = [{key: value_of(dtype) for key, dtype in table.polars_schema.items()}]
    path = table_path(tmp_path / "[a]*", table, "oasis")
    write_table(pl.DataFrame(rows, schema=table.polars_schema), table, path)
    frame = pandas.read_parquet(path)
    assert {key: str(dtype) for key, dtype in frame.dtypes.items()} == {
        key: KINDS.get(str(dtype), "object") for key, dtype in table.polars_schema.items()
    }
    (found,) = frame.to_dict("records")
    lists = {key for key, dtype in table.polars_schema.items() if isinstance(dtype, pl.List)}
    assert {key: list(cell) if key in lists else cell for key, cell in found.items()} == rows[0]


def test_pandas_shows_a_missing_value_as_missing(tmp_path: Path) -> None:
    import pandas

    table = TABLES["annotation__replies"]
    row = {name: value_of(table.polars_schema[name]) for name in set(table.columns)}
    blank = row | dict.fromkeys(table.optional)
    write_table(
        pl.DataFrame([row, blank], schema=table.polars_schema), table, tmp_path / "t.parquet"
    )
    frame = pandas.read_parquet(tmp_path / "t.parquet")
    assert {name for name, count in frame.isna().sum().items() if count} == table.optional
