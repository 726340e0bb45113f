"""Reads sources into the common tables. Every file and every row ends as data or as a reject.

Matches records with images, measures each image once, and counts files and rows. Dataset
layouts are in `sources/`, the measurements of a file in `imaging/opening.py`.
"""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.execution.process_pool import TookTooLong, WorkerCrash, Workers
from eemo_pipeline.execution.progress import track
from eemo_pipeline.imaging.opening import measure_file, measure_method
from eemo_pipeline.ledger.store import Ask, FileStamp, Ledger
from eemo_pipeline.ledger.usage import Work
from eemo_pipeline.readers.contract import WORKER, Listing, SourceTables
from eemo_pipeline.readers.listing import fingerprint, list_files, stamp_files
from eemo_pipeline.readers.person_boxes import ShownImage, place_boxes
from eemo_pipeline.readers.placeholders import find_placeholders
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.sources import SourceDataset
from eemo_pipeline.stats.hash_draws import short_hash

# Metadata of `ingest__records`: the fingerprint of the files that were read.
FILES_STAMP = "files_stamp"
_ROLE = "measurer"
_BATCH = 256  # images per transaction; a killed run loses at most this many measurements
_MEASURED = [
    name
    for name in TABLES["_ingest__measurements"].columns
    if name not in {"source", "image_id", "path", "occurrence_count"}
]


@dataclass(frozen=True)
class Ingested:
    """The ingest tables of some sources, and the numbers of images measured and reused.

    Attributes:
        records, annotations, words, rejects, measurements, counts: the tables.
        measured: images measured in this run.
        reused: images whose measurements were read from the ledger.
        stamp: fingerprint of the files of the source; empty for several sources.
    """

    records: pl.DataFrame
    annotations: pl.DataFrame
    words: pl.DataFrame
    rejects: pl.DataFrame
    measurements: pl.DataFrame
    counts: pl.DataFrame
    measured: int
    reused: int
    stamp: str = ""

    def describe(self) -> dict[str, int | float | str]:
        """Return the counts of files and measured images, and the stamp, as metadata."""
        files = self.counts.filter(pl.col("unit") == "file")
        hit_rate = Work(self.measured, self.reused).hit_rate
        return {
            "rows_in": int(files["found"].sum()),
            "rows_out": int(files["kept"].sum()),
            "rows_refused": int(files["refused"].sum()),
            "computed": self.measured,
            "reused": self.reused,
            FILES_STAMP: self.stamp,
            **({} if hit_rate is None else {"cache_hit_rate": hit_rate}),
            "usd": 0.0,  # pixels are measured here
        }


def ingest_each(
    sources: Iterable[SourceDataset], sources_dir: Path, ledger: Ledger, workers: Workers
) -> dict[str, Ingested]:
    """Read the sources one after the other, by name. A source without a folder has no rows."""
    return {source.name: _ingest(source, sources_dir, ledger, workers) for source in sources}


def join_sources(parts: Collection[Ingested]) -> Ingested:
    """Return the tables of several sources as one."""

    def join(name: str, table: str) -> pl.DataFrame:
        return pl.concat([TABLES[table].empty(), *(getattr(part, name) for part in parts)])

    return Ingested(
        records=join("records", "ingest__records"),
        annotations=join("annotations", "ingest__annotations"),
        words=join("words", "ingest__words"),
        rejects=join("rejects", "ingest__rejects"),
        measurements=join("measurements", "_ingest__measurements"),
        counts=join("counts", "_ingest__counts"),
        measured=sum(part.measured for part in parts),
        reused=sum(part.reused for part in parts),
    )


def worker_salt() -> str:
    """Return the project's salt: EEMO_SALT, or a public default.

    A private salt prevents matching a project's annotators with those of another project.
    """
    return os.environ.get("EEMO_SALT", "eemo_pipeline")


def hide_workers(annotations: pl.DataFrame, source: str, salt: str) -> pl.DataFrame:
    """Replace the identifiers of people by hashes of salt, source and identifier."""
    names = annotations["annotator_id"].unique().sort()
    people = names.filter(names.str.starts_with(WORKER)).to_list()
    hashes = [short_hash(salt, source, person) for person in people]
    return annotations.with_columns(pl.col("annotator_id").replace(people, hashes))


def collect_images(measurements: pl.LazyFrame) -> pl.DataFrame:
    """Return `ingest__images`: one row per distinct content, from the measurements of all sources.

    `source` and `path` name one location of the image: the first in order of source and path.
    """
    ordered = measurements.sort("source", "path")
    return (
        ordered.group_by("image_id")
        .agg(
            pl.col("source").first(),
            pl.col("path").first(),
            pl.col("source").unique().sort().alias("sources"),
            pl.col("occurrence_count").sum(),
            *(pl.col(name).first() for name in _MEASURED),
        )
        .select(TABLES["ingest__images"].columns)
        .collect()
    )


def _ingest(source: SourceDataset, sources_dir: Path, ledger: Ledger, workers: Workers) -> Ingested:
    listing = list_files(sources_dir / source.name)
    stamp = fingerprint(listing)  # before reading: a file that changes meanwhile is a later change
    read = source.read(listing)
    pictures = sorted(set(read.records["path"]))
    measured, new = _measure(listing, pictures, ledger, workers)
    for path, detail in find_placeholders(read.records, measured).items():
        refusal = {"status": "refused", "reason": "placeholder", "detail": detail}
        measured[path] = measured[path] | refusal
    good = {path: answer for path, answer in measured.items() if answer["status"] == "ok"}
    image_ids = pl.DataFrame(
        {"path": list(good), "image_id": [answer["image_id"] for answer in good.values()]},
        schema={"path": pl.String, "image_id": pl.String},
    )
    records = read.records.join(image_ids, on="path", how="inner")
    annotations, orphans = _split_annotations(read, records)
    annotations, bad_boxes = place_boxes(annotations, _shown_images(good))
    annotations = hide_workers(annotations, source.name, worker_salt())
    records = records.join(
        annotations.group_by("record_id").agg(pl.len().cast(pl.Int64).alias("annotation_count")),
        on="record_id",
        how="left",
    ).with_columns(pl.col("annotation_count").fill_null(0))
    file_rejects = _reject_files(listing, read, measured)
    rejects = pl.concat([file_rejects, read.rejects, orphans, _reject_boxes(bad_boxes)])
    counts = _count(listing, read, records, annotations, rejects)
    return Ingested(
        records=_finish(records, source.name, "ingest__records"),
        annotations=_finish(annotations, source.name, "ingest__annotations"),
        words=_finish(read.words, source.name, "ingest__words"),
        rejects=_finish(rejects, source.name, "ingest__rejects"),
        measurements=_finish(_measurements(records, good), source.name, "_ingest__measurements"),
        counts=_finish(counts, source.name, "_ingest__counts"),
        measured=new,
        reused=len(pictures) - new,
        stamp=stamp,
    )


def _finish(frame: pl.DataFrame, source: str, table: str) -> pl.DataFrame:
    return frame.with_columns(pl.lit(source).alias("source")).select(TABLES[table].columns)


def _measure(
    listing: Listing, pictures: Sequence[str], ledger: Ledger, workers: Workers
) -> tuple[dict[str, dict[str, Any]], int]:
    """Return path -> the result of `measure_file`, and the number of images opened for it."""
    model = measure_method()
    stamps = {stamp.path: stamp for stamp in stamp_files(listing)}
    known = ledger.known_images(listing.root, [stamps[path] for path in pictures])
    keys = {path: Ask(image_id).key(_ROLE, model) for path, image_id in known.items()}
    stored = ledger.find(sorted(set(keys.values())))
    measured = {path: stored[key] for path, key in keys.items() if key in stored}
    unknown = [listing.root / path for path in pictures if path not in measured]
    results = track(workers.map(measure_file, unknown), len(unknown), "measuring images")
    while batch := list(islice(results, _BATCH)):
        answers = [
            (path.relative_to(listing.root).as_posix(), _as_answer(path, result))
            for path, result in batch
        ]
        _remember(ledger, listing.root, stamps, answers)
        measured.update(answers)
    return measured, len(unknown)


def _as_answer(path: Path, result: dict[str, Any] | WorkerCrash) -> dict[str, Any]:
    if not isinstance(result, WorkerCrash):
        return result
    answer = {"status": "refused", "reason": result.reason, "detail": str(result)}
    if not isinstance(result, TookTooLong):
        return answer
    # The content needs no second try, so the refusal is stored under its hash.
    with path.open("rb") as file:
        return answer | {"image_id": hashlib.file_digest(file, "sha256").hexdigest()}


def _remember(
    ledger: Ledger,
    root: Path,
    stamps: dict[str, FileStamp],
    answers: list[tuple[str, dict[str, Any]]],
) -> None:
    # A result without an image_id means an unreadable file or a crashed worker. A later run may
    # succeed, so it is not stored and the file is measured again.
    identified = [(path, answer) for path, answer in answers if answer.get("image_id")]
    ledger.store(
        _ROLE,
        measure_method(),
        ((Ask(answer["image_id"]), answer) for _, answer in identified),
        stage="ingest",
    )
    ledger.remember_images(
        root, ((stamps[path], answer["image_id"]) for path, answer in identified)
    )


def _split_annotations(
    read: SourceTables, records: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the annotations of records with a readable image, and rejects for all other rows.

    An annotation without a row in any file (a label that is a folder's name) yields no reject of
    its own; its image has one.
    """
    image_ids = records.select("record_id", "image_id")
    kept = read.annotations.join(image_ids, on="record_id", how="inner")
    orphans = read.annotations.join(image_ids, on="record_id", how="anti")
    rejects = orphans.drop_nulls("row").select(
        pl.col("table_path").alias("path"),
        "row",
        "line",
        pl.lit("picture_refused").alias("reason"),
        pl.concat_str(pl.lit("the image of record "), "record_id", pl.lit(" was refused")).alias(
            "detail"
        ),
    )
    return kept, rejects.unique(["path", "row"], keep="first", maintain_order=True)


def _shown_images(good: Mapping[str, Mapping[str, Any]]) -> dict[str, ShownImage]:
    return {
        answer["image_id"]: ShownImage(
            answer["width_px"], answer["height_px"], answer["orientation"]
        )
        for answer in good.values()
    }


def _reject_boxes(refused: pl.DataFrame) -> pl.DataFrame:
    """Return one reject per row of an annotation file whose box is refused."""
    rejects = refused.select(pl.col("table_path").alias("path"), "row", "line", "reason", "detail")
    return rejects.drop_nulls("row").unique(["path", "row"], keep="first", maintain_order=True)


def _reject_files(
    listing: Listing, read: SourceTables, measured: dict[str, dict[str, Any]]
) -> pl.DataFrame:
    def rows() -> Iterator[tuple[str, None, None, str, str]]:
        for path, (reason, detail) in listing.refused.items():
            yield path, None, None, reason, detail
        for path in listing.paths:
            if path in read.table_paths:
                continue
            answer = measured.get(path)
            if path in read.refused_files:
                yield path, None, None, *read.refused_files[path]
            elif answer is None:
                yield path, None, None, "unreferenced", "no annotation file names this file"
            elif answer["status"] != "ok":
                yield path, None, None, answer["reason"], answer.get("detail") or answer["reason"]

    return pl.DataFrame(list(rows()), schema=read.rejects.schema, orient="row")


def _measurements(records: pl.DataFrame, good: dict[str, dict[str, Any]]) -> pl.DataFrame:
    distinct = (
        records.sort("path")
        .group_by("image_id")
        .agg(pl.col("path").first(), pl.len().cast(pl.Int64).alias("occurrence_count"))
    )
    schema = TABLES["_ingest__measurements"].polars_schema
    rows = [{name: good[path][name] for name in _MEASURED} for path in distinct["path"]]
    return pl.concat(
        [distinct, pl.DataFrame(rows, schema={name: schema[name] for name in _MEASURED})],
        how="horizontal",
    )


def _count(
    listing: Listing,
    read: SourceTables,
    records: pl.DataFrame,
    annotations: pl.DataFrame,
    rejects: pl.DataFrame,
) -> pl.DataFrame:
    is_file = rejects["row"].is_null()
    files = sum(path not in read.table_paths for path in listing.paths) + len(listing.refused)
    kept = [frame.select("table_path", "row") for frame in (annotations, read.words)]
    rows = pl.concat(kept).drop_nulls("row").n_unique()
    return pl.DataFrame(
        {
            "unit": ["file", "row"],
            "found": [files, read.row_count],
            "kept": [records["path"].n_unique(), rows],
            "refused": [int(is_file.sum()), int((~is_file).sum())],
        }
    )
