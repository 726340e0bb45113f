"""Where people do not agree: one person looks at all judgements, and decides or keeps them plural.

Judgements are shown without names and in an order drawn by hash; the machine's comes last. Nobody
adjudicates an image that they judged themselves, or may still judge.
"""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from eemo_pipeline.stats.hash_draws import unit_interval
from eemo_pipeline.web import event_log
from eemo_pipeline.web.database import EVENTS, ITEMS, SLOTS, TASKS, ReviewDatabase
from eemo_pipeline.web.fields import DROP, PLURAL, Adjudication
from eemo_pipeline.web.people import Session
from eemo_pipeline.web.problems import Refused
from eemo_pipeline.web.slots import JUDGED
from eemo_pipeline.web.task_events import store

_FEWEST = 3  # judgements
_AGREED = 0.5  # more than this share needs no adjudicator
_SHOWN = 200

# Whoever has an image on the screen may judge it, even after the lease has ended.
_OWN = sa.select(SLOTS.c.task_id).where(
    SLOTS.c.rater_id == sa.bindparam("of_rater"), SLOTS.c.state.not_in(["skipped", "released"])
)


@dataclass(frozen=True)
class Disputed:
    """An image on which people do not agree.

    Attributes:
        task_id: its task.
        image_id: the image.
        top_share: share of the most frequent emotion.
        judgements: emotion, valence, arousal and other emotions of each person, and the letters
            that stand for their name.
        machine_emotion: the machine's emotion, None where it has none.
        width_px: width of the image, upright.
        height_px: its height.
    """

    task_id: str
    image_id: str
    top_share: float
    judgements: list[dict[str, Any]]
    machine_emotion: str | None
    width_px: int
    height_px: int


def list_disputed(database: ReviewDatabase, session: Session) -> list[Disputed]:
    """Return the images to adjudicate, the least agreed first; not those of the person's own."""
    judged = sa.select(SLOTS.c.task_id, SLOTS.c.emotion).where(SLOTS.c.state.in_(JUDGED))
    with database.reading() as connection:
        felt: dict[str, list[str]] = {}
        for row in connection.execute(judged):
            felt.setdefault(row.task_id, []).append(row.emotion)
        own = set(connection.execute(_OWN, {"of_rater": session.rater_id}).scalars())
        shares = {
            task_id: max(Counter(emotions).values()) / len(emotions)
            for task_id, emotions in felt.items()
            if len(emotions) >= _FEWEST and task_id not in own
        }
        least = sorted((share, task_id) for task_id, share in shares.items() if share <= _AGREED)
        found = (_describe(connection, task_id, share) for share, task_id in least)
        return [one for one in found if one is not None][:_SHOWN]


def adjudicate(
    database: ReviewDatabase,
    session: Session,
    task_id: str,
    event_id: str,
    decided: Adjudication,
) -> int:
    """Store what was decided; the image leaves the queues. Return the event's number.

    Raises:
        Refused: the person was given the image, too few others judged it, or a note is missing.
    """
    with database.writing() as connection:
        stored = event_log.find_stored(connection, [event_id])
        if stored:
            return stored[event_id]
        query = sa.select(SLOTS.c.emotion).where(
            SLOTS.c.task_id == task_id, SLOTS.c.state.in_(JUDGED)
        )
        judged = connection.execute(query).all()
        if len(judged) < _FEWEST:
            raise Refused(
                409, "too_few", f"{len(judged)} people have judged this image", "wait for others"
            )
        own = _OWN.where(SLOTS.c.task_id == task_id)
        if connection.execute(own, {"of_rater": session.rater_id}).first() is not None:
            raise Refused(
                403, "own_image", "you were given this image yourself", "leave it to another person"
            )
        is_nobodys = decided.choice not in {row.emotion for row in judged}
        if is_nobodys and decided.choice not in (PLURAL, DROP) and not decided.note.strip():
            raise Refused(
                422, "note_missing", "nobody chose this emotion", "say in a note why it is right"
            )
        image = sa.select(TASKS.c.image_id).where(TASKS.c.task_id == task_id)
        return store(
            connection,
            session,
            "adjudicate",
            task_id,
            connection.execute(image).scalar_one(),
            event_id,
            value=event_log.canonical(decided.model_dump()),
        )


def _describe(connection: sa.Connection, task_id: str, share: float) -> Disputed | None:
    query = (
        sa.select(TASKS, ITEMS.c.width_px, ITEMS.c.height_px)
        .join(ITEMS, ITEMS.c.image_id == TASKS.c.image_id)
        .where(TASKS.c.task_id == task_id, TASKS.c.state.in_(["open", "full"]))
    )
    task = connection.execute(query).first()
    if task is None:
        return None
    its_slot = (SLOTS.c.task_id == EVENTS.c.task_id) & (SLOTS.c.rater_id == EVENTS.c.rater_id)
    commits = (
        sa.select(EVENTS.c.value, EVENTS.c.rater_id)
        .join(SLOTS, its_slot)
        .where(
            EVENTS.c.task_id == task_id,
            EVENTS.c.kind == "blind_commit",
            SLOTS.c.state != "withdrawn",
        )
    )
    judgements = [
        (unit_interval("column", task_id, row.rater_id), json.loads(row.value))
        for row in connection.execute(commits)
    ]
    judgements.sort(key=lambda judgement: judgement[0])
    return Disputed(
        task_id,
        task.image_id,
        share,
        [
            judgement | {"person": name_column(place)}
            for place, (_, judgement) in enumerate(judgements)
        ],
        task.machine_emotion,
        task.width_px,
        task.height_px,
    )


def name_column(place: int) -> str:
    """Return the letters of a column, as spreadsheets name them: 0 is A, 25 is Z, 26 is AA."""
    letters = ""
    while place >= 0:
        place, letter = divmod(place, 26)
        letters = chr(ord("A") + letter) + letters
        place -= 1
    return letters
