"""Rows of dropped near-duplicates follow to the kept image."""

import polars as pl

from eemo_pipeline.aggregation.kept_images import move_to_kept


def test_rows_of_a_dropped_image_move_and_others_stay_in_order() -> None:
    rows = pl.DataFrame({"image_id": ["c", "a", "b", "c"], "no": [0, 1, 2, 3]})
    clusters = pl.DataFrame(
        {"image_id": ["a", "b", "c"], "kept_image_id": ["a", "a", "c"], "is_kept": [1, 0, 1]}
    ).cast({"is_kept": pl.Boolean})
    moved = move_to_kept(rows, clusters)
    assert moved.columns == rows.columns
    assert moved.rows() == [("c", 0), ("a", 1), ("a", 2), ("c", 3)]
