"""Dagster results of what stages return, with row counts, work and cost as metadata.

The stages and `sql/` count; only the names of the metadata are defined here.
"""

from dataclasses import asdict
from typing import Any

import dagster as dg
import polars as pl

from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.store import Spent
from eemo_pipeline.ledger.usage import Work
from eemo_pipeline.rendering.plots import draw_small_bars, preview_rows
from eemo_pipeline.stages.release.build import Built
from eemo_pipeline.stages.release.facts import compute_facts, read_frames
from eemo_pipeline.stages.release.released_tables import Released
from eemo_pipeline.vlm.batch.collection import Collection
from eemo_pipeline.vlm.batch.submission import Submission

_MOST_FILES = 40  # of a release
_LONGEST = 160  # characters of a cell: whole hashes, and terms


def count_rows(frame: pl.DataFrame, rows_in: int) -> dg.MaterializeResult[pl.DataFrame]:
    """A table made of `rows_in` rows; rows whose status is a refusal are counted as refused."""
    return dg.MaterializeResult(value=frame, metadata=_counts(frame, rows_in))


def count_answers(answered: AnsweredTable, rows_in: int) -> dg.MaterializeResult[pl.DataFrame]:
    """A table of answers: how many were computed now, and how many the ledger held."""
    metadata = _counts(answered.frame, rows_in) | count_work(answered.work)
    return dg.MaterializeResult(value=answered.frame, metadata=metadata)


def count_work(done: Work) -> dict[str, int | float]:
    """Answers made now and found in the ledger, and their cost; calls where providers answer."""
    counts: dict[str, int | float] = {"computed": done.asked, "reused": done.reused}
    if done.hit_rate is not None:
        counts["cache_hit_rate"] = done.hit_rate
    if done.calls or done.cached:
        counts |= {"calls": done.calls, "cached": done.cached}
    return counts | {"usd": round(done.usd, 9)}


def count_costs(calls: pl.DataFrame) -> dg.MaterializeResult[pl.DataFrame]:
    """The table of costs, with its sums and a chart: what was asked and paid for in all.

    A run adds up the numbers `calls` and `usd` of its tables, so the sums have names of their own.
    """
    column = "usd" if calls["usd"].sum() else "call_count"
    stages = calls.group_by("stage").agg(pl.col(column).sum()).sort("stage")
    title = "USD per stage" if column == "usd" else "Calls per stage"
    metadata: dict[str, int | float | dg.MetadataValue] = {
        **_counts(calls, calls.height),
        "total_calls": int(calls["call_count"].sum()),
        "total_usd": round(float(calls["usd"].sum()), 9),
    }
    if stages.height:
        chart = draw_small_bars(dict(stages.iter_rows()), title)
        metadata[title.replace(" ", "_").lower()] = dg.MetadataValue.md(chart)
    return dg.MaterializeResult(value=calls, metadata=metadata)


def count_submitted(done: Submission) -> dict[str, int | float]:
    """What became of the questions, and what the batches that were sent may cost at most."""
    counts: dict[str, int | float] = asdict(done)
    return counts | {"bound_usd": Spent(0, int(counts.pop("bound_nano_usd"))).usd}


def count_collected(done: Collection, spent: Spent) -> dict[str, int | float]:
    """Batches, rows by what became of them, lines that were not used by reason, and the cost."""
    counts: dict[str, int | float] = {"batches": done.batches, "still_open": done.still_open}
    counts |= dict(done.rows) | {f"stray_{reason}": count for reason, count in done.strays.items()}
    return counts | {
        "computed": done.rows["answered"] + done.rows["declined"],
        "calls": spent.calls,
        "usd": round(spent.usd, 9),
    }


def describe_release(built: Built) -> dict[str, Any]:
    """Return counts, hashes and licences of a release that was built, or was there already."""
    manifest = built.manifest
    facts = compute_facts(read_frames(built.folder, manifest.files))
    files = [file.model_dump(include={"path", "rows", "sha256"}) for file in manifest.files]
    withheld = pl.DataFrame([row.model_dump() for row in manifest.withheld])
    counts = manifest.count_rows()
    return {
        "release": manifest.number,
        "is_new": built.is_new,
        "folder": dg.MetadataValue.path(str(built.folder)),
        "digest": manifest.digest,
        "licence": manifest.declaration.licence,
        "rows_released": sum(counts.values()) - counts.get("images", 0),
        "rows_withheld": sum(row.rows for row in manifest.withheld),
        "images": facts.image_count,
        "licences": _show_rows(pl.DataFrame(facts.licences)),
        "withheld": _show_rows(withheld),
        "files": _show_rows(pl.DataFrame(files)),
    }


def count_releases(found: Released) -> dict[str, Any]:
    """Return the number of releases, and what the latest that is whole holds."""
    whole = found.versions.filter(pl.col("release_state") == "whole")
    counts: dict[str, Any] = {
        "rows_in": found.versions.height,
        "rows_out": whole.height,
        "rows_damaged": found.versions.height - whole.height,
    }
    if whole.is_empty():
        return counts
    latest = whole.row(-1, named=True)
    is_latest = pl.col("release_no") == latest["release_no"]
    licences = (
        found.rows.filter(is_latest)
        .explode("licences")
        .group_by("config", "licences")
        .agg(pl.len().alias("rows"))
        .sort("config", "licences")
    )
    files = found.files.filter(is_latest).select("path", "row_count", "sha256")
    return counts | {
        "latest": latest["release_no"],
        "digest": latest["digest"],
        "licence": latest["licence"],
        "licences": _show_rows(licences),
        "files": _show_rows(files),
    }


def _counts(frame: pl.DataFrame, rows_in: int) -> dict[str, int | float]:
    """Rows in, and out; a row that says why it holds no answer is in the table, and refused."""
    if "status" not in frame.columns:
        return {"rows_in": rows_in, "rows_out": frame.height}
    refused = int((frame["status"] != "ok").sum())
    return {"rows_in": rows_in, "rows_out": frame.height - refused, "rows_refused": refused}


def _show_rows(frame: pl.DataFrame) -> dg.MetadataValue:
    if frame.is_empty():
        return dg.MetadataValue.text("none")
    return dg.MetadataValue.md(preview_rows(frame, _MOST_FILES, frame.width, _LONGEST))
