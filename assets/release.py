"""Stage release: numbered folders that never change, and the tables of what is in which.

Building a release is an asset with a job of its own: `build_dataset` builds none. Where all assets
are materialised in the pages, no release is built, since no rows are chosen.
"""

from collections.abc import Callable, Iterator
from enum import Enum

import dagster as dg
import polars as pl
from pydantic import Field

from assets._results import count_releases, describe_release
from assets._tables import outs
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.stages.release.declaration import FILE, LICENCES
from eemo_pipeline.stages.release.manifest import Code
from eemo_pipeline.stages.release.released_tables import read_released
from eemo_pipeline.stages.release.request import NEEDED, ReleaseRequest, make_release

# The tables whose rows a release hands out, and what people said of them.
_HANDED_OUT = ("records__emoverse", "qa__items", "assess__items", "review__votes")
_PRIORITY = "1"  # before the tables of releases, which are read from the folder


class ReleasedRows(Enum):
    """The rows that a release is asked for."""

    nothing = "nothing"
    redistributable = "redistributable"
    every = "every"


class ReleaseConfig(dg.Config):
    """Settings of a release."""

    rows: ReleasedRows = Field(
        default=ReleasedRows.nothing,
        description="nothing: no release is built. redistributable: rows whose terms forbid "
        "redistribution are left out and counted. every: such rows refuse the release. The job "
        "build_release sets redistributable.",
    )
    licence: str | None = Field(
        default=None,
        min_length=1,
        description="Licence of what this dataset adds to its sources, in place of that in "
        f"{FILE} of the data root: {', '.join(LICENCES)}, or the name of another.",
    )
    title: str | None = Field(
        default=None,
        min_length=1,
        description=f"Title of the release, in place of that in {FILE}; else EEmoDB.",
    )
    permitted: list[str] = Field(
        default_factory=list,
        description="Sources whose owner has given permission beyond the terms.",
    )
    with_images: bool = Field(
        default=False, description="Put the image files in, and not their paths alone."
    )


def build_release_builds(describe_code: Callable[[], Code]) -> dg.AssetsDefinition:
    """Return the asset `release__builds`; `describe_code` states what made the rows.

    Without an edge to the tables of releases, because a run of the graph builds no release, and the
    pages would warn that it was never materialised. In the job that does, this step is the first.
    """

    @dg.asset(
        deps=sorted({*NEEDED, *_HANDED_OUT}),
        group_name="release",
        op_tags={"dagster/priority": _PRIORITY},
    )
    def release__builds(
        context: dg.AssetExecutionContext,
        config: ReleaseConfig,
        data_root: dg.ResourceParam[DataRoot],
    ) -> dg.MaterializeResult:
        """Writes the next release to `releases/NUMBER` of the data root, as `eemo release build`.

        A release is never changed. Where the rows are those of the latest one, none is made.
        """
        if config.rows is ReleasedRows.nothing:
            context.log.info("no release was asked for: the setting rows is nothing")
            return dg.MaterializeResult(metadata={"is_new": False})
        stated = {"licence": config.licence, "title": config.title}
        request = ReleaseRequest(
            tuple(config.permitted),
            config.rows is ReleasedRows.redistributable,
            config.with_images,
            {key: text for key, text in stated.items() if text is not None},
        )
        built = make_release(data_root, request, describe_code())
        context.log.info(built.summary())
        return dg.MaterializeResult(metadata=describe_release(built))

    return release__builds


@dg.multi_asset(
    outs=outs("release__versions", "release__files", "release__rows"), deps=list(_HANDED_OUT)
)
def released(data_root: dg.ResourceParam[DataRoot]) -> Iterator[dg.Output[pl.DataFrame]]:
    """Read which image and row is in which release."""
    found = read_released(data_root.releases)
    yield dg.Output(found.versions, "release__versions", metadata=count_releases(found))
    yield dg.Output(found.files, "release__files")
    yield dg.Output(found.rows, "release__rows")
