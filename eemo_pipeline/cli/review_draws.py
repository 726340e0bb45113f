"""The draws of images that people inspect, judged by what they said until now."""

from collections.abc import Sequence
from typing import Any

from eemo_pipeline.cli.problems import Problem
from eemo_pipeline.cli.shell_text import command, quoted, shown
from eemo_pipeline.lake.data_root import DataRoot

Shown = tuple[tuple[str, ...], list[tuple[Any, ...]]]
_INSPECTIONS = (
    *("inspection", "judged_field", "drawn_count", "judged_count", "right_share"),
    *("right_lower", "right_upper", "target_share", "acceptance"),
)
_STUDY = (
    *("study_group", "study_question", "participant_count", "studied_count", "yes_share"),
    *("yes_lower", "yes_upper"),
)
_TABLES = ("review__inspection_draws", "review__queue", "records__emoverse")


def judge_draws(root: DataRoot, votes: Sequence[dict[str, Any]]) -> tuple[Shown, Shown]:
    """Return columns and rows of the inspections and of the user study.

    The draws and records are those of the last run, the votes are live. Without a run there are no
    rows.

    Args:
        root: the data root.
        votes: rows of `review__votes`.

    Raises:
        Problem: a table is damaged, or of another version.
    """
    import polars as pl

    from eemo_pipeline.lake.parquet import DamagedTable, scan_table, table_path
    from eemo_pipeline.schema.tables import TABLES
    from eemo_pipeline.stages.review.inspections import judge_inspections
    from eemo_pipeline.stages.review.records import build_review_records
    from eemo_pipeline.stages.review.study import build_study

    if not all(table_path(root.tables, TABLES[name]).exists() for name in _TABLES):
        return (_INSPECTIONS, []), (_STUDY, [])
    try:
        draws, queue, records = (scan_table(root.tables, name).collect() for name in _TABLES)
    except DamagedTable as error:
        raise Problem(
            "a table cannot be read",
            shown(error.path),
            error.why,
            f"rm -r {quoted(error.path)} && {command('run', root)}",
        ) from error
    said = pl.DataFrame(votes, schema=TABLES["review__votes"].polars_schema)
    inspections = judge_inspections(draws, build_review_records(said), records)
    study = build_study(draws, said, queue).filter(pl.col("studied_count") > 0)
    return (
        (_INSPECTIONS, inspections.select(_INSPECTIONS).rows()),
        (_STUDY, study.select(_STUDY).rows()),
    )
