"""Which images look alike, by the embeddings that the stage of near-duplicates keeps.

The table exists where a model of images was chosen. It is read in parts, so that memory stays small
whatever its size.
"""

from collections.abc import Mapping
from heapq import nlargest
from pathlib import Path

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import table_path
from eemo_pipeline.schema.tables import TABLES

_TABLE = "_dedup__embeddings"
_ROWS_AT_ONCE = 4_096


def has_embeddings(root: DataRoot) -> bool:
    """Whether images of this data root can be compared."""
    return _path(root).exists()


def find_similar(
    root: DataRoot, image_id: str, visible: Mapping[str, str], most: int = 24
) -> list[str]:
    """Return the tasks of the images most like one, the most alike first.

    Args:
        root: the data root.
        image_id: the image that others are compared with.
        visible: image -> task, of the images that may be returned.
        most: how many.
    """
    import numpy as np
    import pyarrow.parquet as pq

    if not has_embeddings(root):
        return []
    table = pq.ParquetFile(_path(root))
    columns = ["image_id", "image_embedding"]
    own = pq.read_table(_path(root), columns=columns, filters=[("image_id", "=", image_id)])
    if not own.num_rows or own["image_embedding"][0].as_py() is None:
        return []
    probe = np.asarray(own["image_embedding"][0].as_py(), dtype=np.float32)
    found: list[tuple[float, str]] = []
    for batch in table.iter_batches(_ROWS_AT_ONCE, columns=columns):
        known = batch.filter(batch["image_embedding"].is_valid())
        if not known.num_rows:
            continue
        vectors = known["image_embedding"].flatten().to_numpy(zero_copy_only=False)
        cosines = vectors.reshape(known.num_rows, -1).astype(np.float32) @ probe
        rows = zip(cosines.tolist(), known["image_id"].to_pylist(), strict=True)
        others = (row for row in rows if row[1] in visible and row[1] != image_id)
        found = nlargest(most, [*found, *others])
    return [visible[name] for _, name in found]


def _path(root: DataRoot) -> Path:
    return table_path(root.tables, TABLES[_TABLE])
