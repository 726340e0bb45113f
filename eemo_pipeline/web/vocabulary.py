"""The words that drafts of short fields and objects use: what a person who corrects is offered.

Only words of two images or more, so that none tells what a machine said of one image.
"""

import json
from collections import Counter

import sqlalchemy as sa

from eemo_pipeline.web.database import DRAFTS, ReviewDatabase
from eemo_pipeline.web.fields import LIST_FIELDS

SHORT_FIELDS = ("style", "scene", "facial_expression", "human_action")
_MOST = 100
_OBJECTS = sa.select(DRAFTS.c.value).where(DRAFTS.c.field.in_(LIST_FIELDS))
_WORDS = (
    sa.select(DRAFTS.c.field, DRAFTS.c.value, sa.func.count().label("images"))
    .where(DRAFTS.c.field.in_(SHORT_FIELDS))
    .group_by(DRAFTS.c.field, DRAFTS.c.value)
    .having(sa.func.count() > 1)
)


def find_words(database: ReviewDatabase) -> dict[str, list[str]]:
    """Return field -> the words used for two images or more, the most frequent 100 by name."""
    found: dict[str, Counter[str]] = {name: Counter() for name in (*SHORT_FIELDS, *LIST_FIELDS)}
    with database.reading() as connection:
        for row in connection.execute(_WORDS):
            word = json.loads(row.value)
            if isinstance(word, str):
                found[row.field][word] += row.images
        for (value,) in connection.execute(_OBJECTS):
            found["objects"].update(set(json.loads(value)))
    found["objects"] = Counter(
        {word: images for word, images in found["objects"].items() if images > 1}
    )
    return {name: sorted(word for word, _ in of.most_common(_MOST)) for name, of in found.items()}
