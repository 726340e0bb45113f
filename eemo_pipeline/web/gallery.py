"""The gallery: images with what people and machines said of them.

Nobody sees an image here on which they may still be asked: only those that they have judged
themselves, or that are closed. The page asks for the whole order first, which is a list of ids, and
for the images of the part that is on the screen.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import scan_table, table_path
from eemo_pipeline.schema.tables import TABLES as SCHEMA
from eemo_pipeline.web.database import DRAFTS, ITEMS, SLOTS, TASKS, ReviewDatabase
from eemo_pipeline.web.fields import BOX_FIELD
from eemo_pipeline.web.people import Session
from eemo_pipeline.web.slots import JUDGED, REPEATS

MOST = 50_000  # images in one order
MOST_SHOWN = 100  # images in one request
Word = Annotated[str, Field(max_length=80)]
STATES = ("open", "full", "adjudicated", "plural", "dropped", "skipped", "image_missing", "flagged")
GROUPS = ("emotion", "disagreement", "critic", "source")
# States in which nobody is asked any more.
_CLOSED = ("adjudicated", "plural", "dropped")
_SENSITIVE = ("disgust", "fear", "anger", "sadness")
_NOBODY = "no judgement"
_SPREADS = ("all agree", "most agree", "half or fewer agree", "one judgement", _NOBODY)


@dataclass(frozen=True)
class Shown:
    """One image of the gallery.

    Attributes:
        task_id: its task.
        image_id: the image.
        width_px: its width, upright.
        height_px: its height.
        state: of the task.
        votes: emotion and number of people, the most frequent first.
        machine_emotion: the machine's, None where it has none.
        boxes: drafted boxes in pixels.
        codes: what the critic found.
        is_sensitive: shown after a click only.
    """

    task_id: str
    image_id: str
    width_px: int
    height_px: int
    state: str
    votes: list[tuple[str, int]]
    machine_emotion: str | None
    boxes: list[dict[str, int]]
    codes: list[str]
    is_sensitive: bool


class Wanted(BaseModel):
    """What is looked for, as the page's address says it; empty words look for everything.

    Attributes:
        emotion: felt by a person.
        machine: the machine's emotion.
        state: of the task.
        source: the dataset.
        code: found by the critic.
        words: in any draft, in any letter case.
        group: one of `GROUPS`, or empty for one group.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)
    emotion: Word = ""
    machine: Word = ""
    state: Word = ""
    source: Word = ""
    code: Word = ""
    words: Word = ""
    group: Word = ""


@dataclass(frozen=True)
class Group:
    """A part of the order.

    Attributes:
        name: what its images have in common.
        tasks: ids of their tasks.
    """

    name: str
    tasks: list[str]


def list_groups(
    database: ReviewDatabase, root: DataRoot, session: Session, wanted: Wanted
) -> list[Group]:
    """Return the order of the images that fit, in groups; at most `MOST` of them."""
    codes = read_codes(root)
    with database.reading() as connection:
        rows = connection.execute(_find(session, wanted).limit(MOST)).all()
        votes = _votes(connection, _find(session, wanted).with_only_columns(TASKS.c.task_id))
    if wanted.code:
        rows = [row for row in rows if wanted.code in codes.get(row.image_id, ())]
    groups: dict[str, list[str]] = {}
    for row in rows:
        name = _name_group(wanted.group, row, votes.get(row.task_id, Counter()), codes)
        groups.setdefault(name, []).append(row.task_id)
    order = {name: place for place, name in enumerate(_SPREADS)}
    names = sorted(groups, key=lambda name: (order.get(name, 0), name == "", name))
    return [Group(name, groups[name]) for name in names]


def show_images(
    database: ReviewDatabase, root: DataRoot, session: Session, task_ids: Sequence[str]
) -> list[Shown]:
    """Return images by the ids of their tasks; those that the person may not see are left out."""
    codes = read_codes(root)
    asked = TASKS.c.task_id.in_(task_ids[:MOST_SHOWN])
    with database.reading() as connection:
        rows = connection.execute(_find(session, Wanted()).where(asked)).all()
        votes = _votes(connection, sa.select(TASKS.c.task_id).where(asked))
        boxes = _boxes(connection, [row.image_id for row in rows])
    return [_show(row, votes.get(row.task_id, Counter()), boxes, codes) for row in rows]


def find_images(
    database: ReviewDatabase, session: Session, task_ids: Sequence[str]
) -> dict[str, str]:
    """Return task -> image of those of some tasks that the person may see."""
    asked = TASKS.c.task_id.in_(task_ids[:MOST_SHOWN])
    with database.reading() as connection:
        rows = connection.execute(_find(session, Wanted()).where(asked)).all()
    return {row.task_id: row.image_id for row in rows}


def find_visible(database: ReviewDatabase, session: Session) -> dict[str, str]:
    """Return image -> task of the images that the person may see."""
    with database.reading() as connection:
        rows = connection.execute(_find(session, Wanted()).limit(MOST))
        return {row.image_id: row.task_id for row in rows}


def list_sources(database: ReviewDatabase) -> list[str]:
    """Return the datasets that the tasks come from."""
    with database.reading() as connection:
        query = sa.select(ITEMS.c.source).distinct().order_by(ITEMS.c.source)
        return list(connection.execute(query).scalars())


def read_codes(root: DataRoot) -> dict[str, list[str]]:
    """Return image -> the critic's codes, of the images that it queued."""
    if not table_path(root.tables, SCHEMA["critic__queue"]).exists():
        return {}
    queue = scan_table(root.tables, "critic__queue").select("image_id", "codes").collect()
    found: dict[str, set[str]] = {}
    for image_id, codes in queue.iter_rows():
        found.setdefault(image_id, set()).update(codes or ())
    return {image_id: sorted(codes) for image_id, codes in found.items()}


def _find(session: Session, wanted: Wanted) -> sa.Select[Any]:
    query = (
        sa.select(
            *(TASKS.c[name] for name in ("task_id", "image_id", "state", "machine_emotion")),
            *(ITEMS.c[name] for name in ("source", "width_px", "height_px")),
        )
        .join(ITEMS, ITEMS.c.image_id == TASKS.c.image_id)
        .where(_is_over_for(session), TASKS.c.queue != REPEATS)
        .order_by(TASKS.c.task_id)
    )
    for value, column in (
        (wanted.machine, TASKS.c.machine_emotion),
        (wanted.state, TASKS.c.state),
        (wanted.source, ITEMS.c.source),
    ):
        if value:
            query = query.where(column == value)
    if wanted.emotion:
        felt = sa.exists().where(SLOTS.c.task_id == TASKS.c.task_id, SLOTS.c.state.in_(JUDGED))
        query = query.where(felt.where(SLOTS.c.emotion == wanted.emotion))
    if wanted.words:
        drafted = sa.exists().where(DRAFTS.c.image_id == TASKS.c.image_id)
        query = query.where(drafted.where(DRAFTS.c.value.icontains(wanted.words, autoescape=True)))
    return query


def _is_over_for(session: Session) -> sa.ColumnElement[bool]:
    own = sa.exists().where(SLOTS.c.task_id == TASKS.c.task_id)
    own = own.where(SLOTS.c.rater_id == session.rater_id, SLOTS.c.state.in_(["done", "surplus"]))
    return TASKS.c.state.in_(_CLOSED) | own


def _name_group(
    group: str, row: Any, votes: Counter[str], codes: Mapping[str, Sequence[str]]
) -> str:
    if group == "emotion":
        return votes.most_common(1)[0][0].replace("_", " ") if votes else _NOBODY
    if group == "disagreement":
        return _name_spread(votes)
    if group == "critic":
        return ", ".join(codes.get(row.image_id, ())) or "nothing found"
    return row.source if group == "source" else ""


def _name_spread(votes: Counter[str]) -> str:
    total = votes.total()
    if total < 2:
        return "one judgement" if total else _NOBODY
    most = votes.most_common(1)[0][1]
    if most == total:
        return "all agree"
    return "most agree" if most > total / 2 else "half or fewer agree"


def _votes(connection: sa.Connection, tasks: sa.Select[Any]) -> dict[str, Counter[str]]:
    query = sa.select(SLOTS.c.task_id, SLOTS.c.emotion).where(
        SLOTS.c.task_id.in_(tasks.order_by(None)), SLOTS.c.state.in_(JUDGED)
    )
    found: dict[str, Counter[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.task_id, Counter())[row.emotion] += 1
    return found


def _boxes(connection: sa.Connection, image_ids: list[str]) -> dict[str, list[dict[str, int]]]:
    query = sa.select(DRAFTS.c.image_id, DRAFTS.c.value).where(
        DRAFTS.c.image_id.in_(image_ids), DRAFTS.c.field == BOX_FIELD
    )
    return {row.image_id: json.loads(row.value) for row in connection.execute(query)}


def _show(
    row: Any,
    votes: Counter[str],
    boxes: Mapping[str, list[dict[str, int]]],
    codes: Mapping[str, list[str]],
) -> Shown:
    words = {row.machine_emotion, *(emotion for emotion, _ in votes.most_common(1))}
    return Shown(
        row.task_id,
        row.image_id,
        row.width_px,
        row.height_px,
        row.state,
        votes.most_common(),
        row.machine_emotion,
        boxes.get(row.image_id, []),
        codes.get(row.image_id, []),
        bool(words & set(_SENSITIVE)),
    )
