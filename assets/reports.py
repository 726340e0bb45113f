"""Stage reports: what the dataset looks like, as a page."""

import dagster as dg

from assets._priorities import AFTER_TABLES
from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.rendering.charts import embed_chart
from eemo_pipeline.rendering.plots import draw_small_bars
from eemo_pipeline.stages.reports.build import Built, build_report, list_report_tables

# A record of a run is kept for ever, so it holds the small charts alone, and no image.
_LONGEST = 20_000  # characters of a chart
_MOST = 120_000  # of all charts together


@dg.asset(deps=list_report_tables(), op_tags={"dagster/priority": AFTER_TABLES})
def reports__dataset(
    data_root: dg.ResourceParam[DataRoot], workers: dg.ResourceParam[Workers]
) -> dg.MaterializeResult:
    """One page about the dataset, with charts, their data, and a gallery; it needs no network."""
    built = build_report(data_root, workers)
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(str(built.path)),
            "filled_sections": len(built.filled),
            "empty_sections": ", ".join(built.empty) or "none",
            "thumbnails": built.thumbnails,
            "thumbnails_that_may_not_leave": built.closed,
            **{
                name: dg.MetadataValue.md(draw_small_bars(numbers, name))
                for name, numbers in built.small.items()
            },
            **_embed_charts(built),
        }
    )


def _embed_charts(built: Built) -> dict[str, dg.MarkdownMetadataValue]:
    """Return the charts of the page with their text, which Dagster shows in a dialog."""
    charts: dict[str, dg.MarkdownMetadataValue] = {}
    room = _MOST
    for name, svg in built.charts.items():
        markdown = embed_chart(svg, name)
        if len(markdown) <= min(_LONGEST, room):
            charts[f"{name}: chart"] = dg.MetadataValue.md(f"{built.summaries[name]}\n\n{markdown}")
            room -= len(markdown)
    return charts
