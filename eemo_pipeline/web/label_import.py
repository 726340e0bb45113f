"""Takes labels that people gave elsewhere into the log, as events of their own kind.

They replace nothing that was said here, and count only where nobody judged the same here: nobody
knows what was shown to those who gave them. A file that is imported again adds nothing, not even
under another name. A changed file of the same name replaces what the same people said in it before.
What is not taken has a row and a reason.
"""

import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import polars as pl
import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from eemo_pipeline.emotion.taxonomies import canonical
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.readers.json_rows import clean_text
from eemo_pipeline.stats.hash_draws import short_hash
from eemo_pipeline.web import event_log
from eemo_pipeline.web.database import EVENTS, ReviewDatabase
from eemo_pipeline.web.fields import Dominant, Emotion, Event, Rating, Strength, explain_error
from eemo_pipeline.web.label_files import Label, LabelFormat, Refusal
from eemo_pipeline.web.people import now_ms
from eemo_pipeline.web.votes import IMPORT, IMPORTED_FILE

MAX_BYTES = 256 * 1024 * 1024
_BATCH = 1_000  # events of one transaction, so that a running server waits for a moment only
_LONGEST_NAME = 100
_MOST_FOLDERS = 20  # of a path in a file
_FELT: dict[str, TypeAdapter[Any]] = {
    "emotion": TypeAdapter(Dominant),
    "also_felt": TypeAdapter(dict[Emotion, Strength]),
    "valence": TypeAdapter(Rating),
    "arousal": TypeAdapter(Rating),
}
# Image, person and field of a standing label.
_Key = tuple[str, str, str]


@dataclass(frozen=True)
class Taken:
    """What became of the labels of a file.

    Attributes:
        stored: labels that are new.
        replaced: of these, labels in place of another by the same person in an earlier import.
        repeated: labels that are in the log already, or twice in the file.
        refusals: what is not taken.
    """

    stored: int
    replaced: int
    repeated: int
    refusals: list[Refusal]


def import_labels(
    database: ReviewDatabase, root: DataRoot, name: str, data: bytes, form: LabelFormat
) -> Taken:
    """Store the labels of a file.

    Args:
        database: the review database.
        root: the data root, whose images the labels are about.
        name: name of the file; it is kept with each label.
        data: its content.
        form: its format.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    with database.reading() as connection:
        name = _find_former_name(connection, sha256) or clean_text(name)[:_LONGEST_NAME]
    judged: dict[_Key, tuple[int, str]] = {}
    refusals: list[Refusal] = []
    repeated = 0
    for found in _judge(form.read(data.decode("utf-8-sig", "replace")), root, name):
        if isinstance(found, Refusal):
            refusals.append(found)
            continue
        key, row, value = found
        if key not in judged:
            judged[key] = (row, value)
        elif judged[key][1] == value:
            repeated += 1
        else:
            why = f"row {judged[key][0]} says something else of the same image by the same person"
            refusals.append(Refusal(row, "contradiction", why, key[0], field=key[2]))
    with database.reading() as connection:
        standing = _find_standing(connection)
    new = [(key, value) for key, (_, value) in judged.items() if standing.get(key) != value]
    for start in range(0, len(new), _BATCH):
        with database.writing() as connection:
            for (image_id, rater_id, field), value in new[start : start + _BATCH]:
                said = f'{{"origin":{event_log.canonical(name)},"value":{value}}}'
                _append(connection, IMPORT, said, rater_id, image_id=image_id, field=field)
    replaced = sum(key in standing for key, _ in new)
    taken = Taken(len(new), replaced, repeated + len(judged) - len(new), refusals)
    counts = {"stored": taken.stored, "replaced": replaced, "repeated": taken.repeated}
    told = {"origin": name, "sha256": sha256, **counts, "refused": len(refusals)}
    with database.writing() as connection:
        _append(connection, IMPORTED_FILE, event_log.canonical(told), "")
    return taken


def _judge(
    found: Iterable[Label | Refusal], root: DataRoot, name: str
) -> Iterator[tuple[_Key, int, str] | Refusal]:
    """Yield key, row and the value as JSON of every label, or its refusal."""
    images = _Images(root)
    anonymous: dict[str, list[int]] = defaultdict(list)
    for label in found:
        if isinstance(label, Refusal):
            yield label
            continue
        try:
            image = images.find(label.image)
            value = _check(label, image)
        except _NotTaken as why:
            reason, detail = why.args
            yield Refusal(label.row, reason, detail, label.image, label.rater, label.field)
            continue
        rater = label.rater or _number(anonymous[image.image_id], label.row)
        rater_id = f"i{short_hash('import', name, rater)[:12]}"
        yield (image.image_id, rater_id, label.field), label.row, event_log.canonical(value)


def _number(rows: list[int], row: int) -> str:
    """Return a name for a person without one: the place of the row among those of the image."""
    if row not in rows:
        rows.append(row)
    return f" {rows.index(row) + 1}"


def _check(label: Label, image: "_Image") -> Any:
    """Return the value as it is stored.

    Raises:
        _NotTaken: it is no value of the field, or not of this image.
    """
    value = label.value
    if label.field == "emotion" and isinstance(value, str):
        value = canonical(value)
    elif label.field in ("valence", "arousal") and isinstance(value, float):
        value = int(value) if value.is_integer() else value
    elif isinstance(value, str):
        value = clean_text(value).strip()
    try:
        if label.field in _FELT:
            checked = _FELT[label.field].validate_python(value)
            if checked == {}:
                raise _NotTaken("no_label", "nothing else was felt")
            return checked
        Event(event_id="0" * 16, kind="field_edit", field=label.field, value=value)
    except ValidationError as error:
        raise _NotTaken("bad_value", explain_error(error)[:500]) from None
    if label.field == "box":
        _require_fit(label, value, image)
    return value


def _require_fit(label: Label, boxes: Any, image: "_Image") -> None:
    """Require the boxes to be of an image of this size and to lie in it.

    Raises:
        _NotTaken: they are not.
    """
    width, height = image.size_px
    if not image.is_kept:
        raise _NotTaken("box_of_a_duplicate", "the image is dropped; the kept one is another file")
    if label.size_px is not None and label.size_px != image.size_px:
        theirs = " x ".join(f"{side:g}" for side in label.size_px)
        raise _NotTaken(
            "other_size", f"the box is of an image of {theirs} px, ours has {width} x {height} px"
        )
    if any(box["x2_px"] > width or box["y2_px"] > height for box in boxes):
        raise _NotTaken("outside_image", f"a box leaves the image of {width} x {height} px")


class _NotTaken(Exception):
    """A label is not taken; the arguments are reason and detail."""


@dataclass(frozen=True)
class _Image:
    image_id: str
    size_px: tuple[int, int]
    is_kept: bool  # whether the file named this image itself, not one that it stands for


class _Images:
    """Finds images by what files call them."""

    def __init__(self, root: DataRoot) -> None:
        """Read the images of a data root, those of dropped near-duplicates included."""
        sized = ("image_id", "source", "path", "width_px", "height_px")
        self._sizes: dict[str, tuple[int, int]] = {}
        self._by_name: dict[str, set[str]] = defaultdict(set)
        for image_id, source, path, width, height in _read(root, "dedup__images", sized):
            self._sizes[image_id] = (width, height)
            self._add(f"sources/{source}/{path}", image_id)
        self._kept_instead = dict(_read(root, "dedup__clusters", ("image_id", "kept_image_id")))
        for image_id, source, path in _read(
            root, "ingest__records", ("image_id", "source", "path")
        ):
            self._add(f"sources/{source}/{path}", image_id)

    def _add(self, path: str, image_id: str) -> None:
        parts = path.split("/")
        for start in range(len(parts)):
            self._by_name["/".join(parts[start:])].add(image_id)

    def find(self, name: str) -> _Image:
        """Return the image of an id, a path or an address.

        Of a path, the longest end that names an image counts: of /data/local-files/?d=a/b.jpg,
        a/b.jpg.

        Raises:
            _NotTaken: no image has the name, or several have it.
        """
        if not name:
            raise _NotTaken("missing_value", "the row names no image")
        if image := self._keep({name}):
            return image
        plain = unquote(name.split("?d=")[-1]).replace("\\", "/").split("?")[0]
        parts = plain.split("/")[-_MOST_FOLDERS:]
        for start in range(len(parts)):
            if image := self._keep(self._by_name.get("/".join(parts[start:]), set())):
                return image
        raise _NotTaken("unknown_image", "no image that was kept has this id or path")

    def _keep(self, image_ids: set[str]) -> _Image | None:
        kept = {self._kept_instead.get(one, one) for one in image_ids} & self._sizes.keys()
        if len(kept) > 1:
            raise _NotTaken(
                "ambiguous_image", f"{len(kept)} images have this name; give the image_id"
            )
        for image_id in kept:
            return _Image(image_id, self._sizes[image_id], image_id in image_ids)
        return None


def _read(root: DataRoot, name: str, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Return rows of a table; none where the data root does not have it."""
    try:
        return scan_table(root.tables, name).select(columns).collect().rows()
    except (FileNotFoundError, pl.exceptions.ComputeError):
        return []


def _find_former_name(connection: sa.Connection, sha256: str) -> str | None:
    """Return the name under which a file of the same content was imported first."""
    query = sa.select(EVENTS.c.value).where(EVENTS.c.kind == IMPORTED_FILE).order_by(EVENTS.c.seq)
    files = (json.loads(value) for value in connection.execute(query).scalars())
    return next((one["origin"] for one in files if one["sha256"] == sha256), None)


def _find_standing(connection: sa.Connection) -> dict[_Key, str]:
    """Return the value, as JSON, of every imported label that stands."""
    query = (
        sa.select(EVENTS.c.image_id, EVENTS.c.rater_id, EVENTS.c.field, EVENTS.c.value)
        .where(EVENTS.c.kind == IMPORT)
        .order_by(EVENTS.c.seq)
    )
    return {
        (image_id, rater_id, field): event_log.canonical(json.loads(value)["value"])
        for image_id, rater_id, field, value in connection.execute(query)
    }


def _append(
    connection: sa.Connection, kind: str, value: str, rater_id: str, **details: str
) -> None:
    event_log.append(
        connection,
        {
            "event_id": str(uuid.uuid4()),
            "recorded_ms": now_ms(),
            "session": "",
            "rater_id": rater_id,
            "kind": kind,
            "value": value,
            "versions": "{}",
            **details,
        },
    )
