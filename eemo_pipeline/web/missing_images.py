"""The image files of tasks: where they are, and what happens when one is gone."""

import re
from pathlib import Path

import sqlalchemy as sa

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.web import event_log
from eemo_pipeline.web.database import ITEMS, TASKS, ReviewDatabase
from eemo_pipeline.web.people import Session
from eemo_pipeline.web.task_events import store

_IMAGE_ID = re.compile(r"[0-9a-f]{64}")


def find_image(database: ReviewDatabase, root: DataRoot, image_id: str) -> Path | None:
    """Return the file of an image that is part of a task; looked up by its hash alone."""
    if not _IMAGE_ID.fullmatch(image_id):
        return None
    query = sa.select(ITEMS.c.source, ITEMS.c.path).where(ITEMS.c.image_id == image_id)
    with database.reading() as connection:
        row = connection.execute(query).first()
    return root.sources / row.source / row.path if row else None


def close_missing(database: ReviewDatabase, session: Session, image_id: str, reason: str) -> None:
    """Take an image that cannot be shown from all queues, once, with the reason in the log."""
    name = f"image_missing-{image_id}"
    with database.writing() as connection:
        if event_log.find_stored(connection, [name]):
            return
        query = sa.select(TASKS.c.task_id).where(TASKS.c.image_id == image_id)
        task_id = connection.execute(query).scalar()
        if task_id is None:
            return
        store(
            connection,
            session,
            "image_missing",
            task_id,
            image_id,
            name,
            value=event_log.canonical(reason),
        )
