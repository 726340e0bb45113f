"""Generated images: judged, and placed in `sources/aigc` with a row in its manifest.

Nothing that came back is thrown away: refused files stay where the generator keeps them. An image
that is placed stays placed, too, when a later run has other prompts or another generator, because
it was paid for. The next run reads the folder like any other source.
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.execution.process_pool import Workers, perform_on_pictures
from eemo_pipeline.imaging.hash_distances import SPLIT_BITS, hash_distance
from eemo_pipeline.imaging.opening import measure_file, measure_method
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.answering import Inquiry, answer_all
from eemo_pipeline.ledger.store import Answer, Ask, Ledger
from eemo_pipeline.roles.generator import STAGE, Generator
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.expansion.verified_triplets import GENERATED, PARTS
from eemo_pipeline.stats.hash_draws import short_hash

FOLDER, MANIFEST = "expansion", "manifest.jsonl"
_TABLE = TABLES["expansion__images"]
_ENDINGS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
Row = dict[str, Any]


def generate_images(
    prompts: pl.DataFrame,
    measured: pl.DataFrame,
    generator: Generator | None,
    ledger: Ledger,
    workers: Workers,
    sources_dir: Path,
) -> AnsweredTable:
    """Return `expansion__images`, with the accepted images placed below `sources_dir`.

    Without a generator there are no rows: the prompts are in their table, and images made from
    them elsewhere are read like any others of the source `aigc`.

    Args:
        prompts: `expansion__prompts`.
        measured: `ingest__images`, for the hashes of the parents.
        generator: makes the images, None for none.
        ledger: where answers are stored.
        workers: the processes that decode what came back.
        sources_dir: the folder of the sources.
    """
    if generator is None:
        return AnsweredTable(_TABLE.empty())
    generated = generator.generate(prompts)
    rows = prompts.to_dicts()
    came = generated.frame.to_dicts()
    looks = _measure(
        {row["image_id"] for row in came if row["image_id"]}, generator, ledger, workers
    )
    parents = {
        image_id: None if is_blank else phash
        for image_id, phash, is_blank in measured.select(
            "image_id", "phash", "is_blank"
        ).iter_rows()
    }
    name = f"{generator.provider} {generator.model}"
    seen: set[str] = set()
    made: list[Row] = []
    accepted: list[Row] = []
    for prompt, answer in zip(rows, came, strict=True):
        look = looks.get(answer["image_id"] or "", {})
        judged = _judge(prompt, answer, look, parents, generator.size)
        if judged["reason"] is None and answer["image_id"] in seen:
            judged |= {"reason": "repeated_image", "detail": "another prompt brought the same file"}
        row = {name: prompt[name] for name in ("prompt_id", "parent_image_id")} | judged
        row |= {"generator": name, "image_id": answer["image_id"], "path": None}
        row["status"] = answer["status"] if row["reason"] else "ok"
        if row["reason"] and row["status"] == "ok":
            row["status"] = "refused"
        if row["reason"] is None:
            seen.add(answer["image_id"])
            row["path"] = f"{FOLDER}/{_file_name(row, look)}"
            accepted.append(prompt | row)
        made.append(row)
    _place(accepted, generator, sources_dir / GENERATED)
    frame = pl.DataFrame(made, schema=_TABLE.polars_schema).sort(_TABLE.key)
    return AnsweredTable(frame, generated.work)


def _measure(
    image_ids: set[str], generator: Generator, ledger: Ledger, workers: Workers
) -> dict[str, Answer]:
    """Return image_id -> measurements or refusal of what came back; a missing file has none."""
    places = {image_id: generator.place(image_id) for image_id in sorted(image_ids)}
    asks = [Ask(image_id, place) for image_id, place in places.items() if place.is_file()]
    perform = perform_on_pictures(workers, measure_file, "generated images")
    answers = answer_all(
        ledger, Inquiry("generated_image", measure_method(), asks, perform, stage=STAGE)
    )
    return {ask.image_id: answer for ask, answer in zip(asks, answers.values, strict=True)}


def _judge(
    prompt: Row,
    answer: Row,
    look: Mapping[str, Any],
    parents: Mapping[str, str | None],
    size: tuple[int, int],
) -> Row:
    """Return reason and detail, both null for an image that is accepted, and its measures."""
    judged: Row = {name: look.get(name) for name in ("width_px", "height_px")}
    judged |= {"reason": answer["reason"], "detail": None, "distance_bits": None}
    if answer["status"] != "ok":
        return judged
    if not look:
        kept = "delete its answers with `eemo ledger prune`, or put the file back"
        return judged | {"reason": "file_missing", "detail": f"what came back is gone: {kept}"}
    if look["status"] != "ok":
        return judged | {"reason": look["reason"], "detail": look.get("detail")}
    if answer["image_id"] == prompt["parent_image_id"]:
        return judged | {"reason": "is_parent", "detail": "the file of the parent came back"}
    found = (look["width_px"], look["height_px"])
    if found != size:
        detail = f"{found[0]} x {found[1]} px instead of {size[0]} x {size[1]}"
        return judged | {"reason": "other_size", "detail": detail}
    if look["is_blank"]:
        return judged | {"reason": "blank_image", "detail": "it has no structure"}
    parent = parents.get(prompt["parent_image_id"])
    if parent is not None:
        distance = hash_distance(parent, look["phash"])
        judged["distance_bits"] = distance
        if distance <= SPLIT_BITS:
            detail = f"{distance} bits from the parent; an image of its own has {SPLIT_BITS + 1}"
            return judged | {"reason": "too_close_to_parent", "detail": detail}
    return judged


def _file_name(row: Row, look: Mapping[str, Any]) -> str:
    """Return a name that says nothing of the prompt: by prompt and generator, so both may stay."""
    stem = short_hash(row["prompt_id"], row["generator"])
    return f"{stem}.{_ENDINGS.get(look['format'], 'img')}"


def _place(accepted: list[Row], generator: Generator, source: Path) -> None:
    """Link the files into the source's folder and add their rows to its manifest."""
    if not accepted:
        return
    folder = source / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for row in accepted:
        _link(generator.place(row["image_id"]), source / row["path"])
    manifest = folder / MANIFEST
    lines = _read_lines(manifest) | {row["path"]: _describe(row) for row in accepted}
    text = "".join(f"{lines[path]}\n" for path in sorted(lines))
    if not manifest.is_file() or manifest.read_text("utf-8") != text:
        beside = manifest.with_name(f".{MANIFEST}.{os.getpid()}.new")
        beside.write_text(text, "utf-8")
        beside.replace(manifest)


def _link(kept: Path, placed: Path) -> None:
    """Give the file a second name; copy it where the file system cannot."""
    if placed.exists():
        return
    beside = placed.with_name(f".{placed.name}.{os.getpid()}.new")
    try:
        os.link(kept, beside)
    except OSError:
        shutil.copyfile(kept, beside)
    beside.replace(placed)


def _describe(row: Row) -> str:
    """Return the manifest's row of an accepted image."""
    told = {
        "path": row["path"],
        "sha256": row["image_id"],
        "licence": f"made by {row['generator']}; the terms of its provider apply",
        "generator": row["generator"],
        "prompt_id": row["prompt_id"],
        "parent_image_id": row["parent_image_id"],
        **{name: row[name] for name in ("replaced", "prompt", "seed", "intended_emotion", *PARTS)},
    }
    return json.dumps(told, ensure_ascii=False)


def _read_lines(manifest: Path) -> dict[str, str]:
    """Return path -> line of a manifest that was written here; what a person added stays."""
    if not manifest.is_file():
        return {}
    lines: dict[str, str] = {}
    for number, line in enumerate(manifest.read_text("utf-8").splitlines()):
        try:
            path = json.loads(line)["path"]
        except (ValueError, TypeError, KeyError):
            path = f"~{number}"
        if line.strip():
            lines[str(path)] = line
    return lines
