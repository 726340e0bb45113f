"""Stage release: what was released, read from the folder of the releases."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets._tables import outs
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.stages.release.released_tables import read_released

# The tables whose rows a release hands out, and what people said of them.
_HANDED_OUT = ("records__emoverse", "qa__items", "assess__items", "review__votes")


@dg.multi_asset(
    outs=outs("release__versions", "release__files", "release__rows"), deps=list(_HANDED_OUT)
)
def released(data_root: dg.ResourceParam[DataRoot]) -> Iterator[dg.Output[pl.DataFrame]]:
    """Read which image and row is in which release."""
    found = read_released(data_root.releases)
    yield dg.Output(found.versions, "release__versions")
    yield dg.Output(found.files, "release__files")
    yield dg.Output(found.rows, "release__rows")
