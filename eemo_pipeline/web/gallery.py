"""The gallery: images with what people and machines said of them.

Nobody sees an image here on which they may still be asked: only those that they have judged
themselves, or that are closed.
"""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from eemo_pipeline.web.database import DRAFTS, ITEMS, SLOTS, TASKS, ReviewDatabase
from eemo_pipeline.web.fields import BOX_FIELD
from eemo_pipeline.web.people import Session
from eemo_pipeline.web.slots import JUDGED, REPEATS

PAGE = 48
STATES = ("open", "full", "adjudicated", "plural", "dropped", "skipped", "image_missing", "flagged")
# States in which nobody is asked any more.
_CLOSED = ("adjudicated", "plural", "dropped")
_SENSITIVE = ("disgust", "fear", "anger", "sadness")


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
    is_sensitive: bool


@dataclass(frozen=True)
class Wanted:
    """What is looked for; empty words look for everything.

    Attributes:
        emotion: felt by a person.
        machine: the machine's emotion.
        state: of the task.
        source: the dataset.
        after: the last task of the page before.
    """

    emotion: str = ""
    machine: str = ""
    state: str = ""
    source: str = ""
    after: str = ""


def list_images(
    database: ReviewDatabase, session: Session, wanted: Wanted
) -> tuple[list[Shown], str | None]:
    """Return a page of images, and where the next one begins; None on the last."""
    query = (
        sa.select(TASKS, ITEMS.c.width_px, ITEMS.c.height_px)
        .join(ITEMS, ITEMS.c.image_id == TASKS.c.image_id)
        .where(_is_over_for(session), TASKS.c.queue != REPEATS, TASKS.c.task_id > wanted.after)
        .order_by(TASKS.c.task_id)
        .limit(PAGE + 1)
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
    with database.reading() as connection:
        rows = list(connection.execute(query))
        page = rows[:PAGE]
        votes = _votes(connection, [row.task_id for row in page])
        boxes = _boxes(connection, [row.image_id for row in page])
    shown = [_show(row, votes.get(row.task_id, Counter()), boxes) for row in page]
    return shown, page[-1].task_id if len(rows) > PAGE else None


def list_sources(database: ReviewDatabase) -> list[str]:
    """Return the datasets that the tasks come from."""
    with database.reading() as connection:
        query = sa.select(ITEMS.c.source).distinct().order_by(ITEMS.c.source)
        return list(connection.execute(query).scalars())


def _is_over_for(session: Session) -> sa.ColumnElement[bool]:
    own = sa.exists().where(SLOTS.c.task_id == TASKS.c.task_id)
    own = own.where(SLOTS.c.rater_id == session.rater_id, SLOTS.c.state.in_(["done", "surplus"]))
    return TASKS.c.state.in_(_CLOSED) | own


def _votes(connection: sa.Connection, task_ids: list[str]) -> dict[str, Counter[str]]:
    query = sa.select(SLOTS.c.task_id, SLOTS.c.emotion).where(
        SLOTS.c.task_id.in_(task_ids), SLOTS.c.state.in_(JUDGED)
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


def _show(row: Any, votes: Counter[str], boxes: dict[str, list[dict[str, int]]]) -> Shown:
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
        bool(words & set(_SENSITIVE)),
    )
