"""Images alike, by their embeddings."""

from pathlib import Path

import polars as pl

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import table_path, write_table
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.web.similar_images import find_similar, has_embeddings

EMBEDDINGS = {"a": [1.0, 0.0], "b": [0.6, 0.8], "c": [0.8, 0.6], "d": [-1.0, 0.0], "e": None}


def test_the_most_alike_that_one_may_see_come_first(tmp_path: Path):
    root = DataRoot(tmp_path)
    visible = {name: f"task {name}" for name in "abce"}
    assert not has_embeddings(root)
    assert find_similar(root, "a", visible) == []
    table = TABLES["_dedup__embeddings"]
    rows = [
        {"image_id": name, "model": "m", "status": "ok", "image_embedding": embedding}
        for name, embedding in EMBEDDINGS.items()
    ]
    write_table(
        pl.DataFrame(rows, schema=table.polars_schema), table, table_path(root.tables, table)
    )
    assert has_embeddings(root)
    assert find_similar(root, "a", visible) == ["task c", "task b"]
    assert find_similar(root, "a", visible, most=1) == ["task c"]
    assert find_similar(root, "e", visible) == []
    assert find_similar(root, "not here", visible) == []
