"""The guidelines that people judge by: one Markdown file, whose version every answer names.

The file of the data root, else the one of this package. A version is what the file says of itself
with a hash of its text, so that no edit goes unseen. The log holds the text of every version that
people were shown.
"""

import re
from dataclasses import dataclass
from importlib.resources import files

import sqlalchemy as sa
from markdown_it import MarkdownIt

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.stats.hash_draws import short_hash
from eemo_pipeline.web import event_log
from eemo_pipeline.web.database import EVENTS, ReviewDatabase
from eemo_pipeline.web.people import now_ms

_MAX_BYTES = 256 * 1024
_SAYS = re.compile(r"^Version: ([0-9A-Za-z.]{1,20})$", re.MULTILINE)
_SHOWN = "guidelines"  # kind of the event that holds a version's text


class GuidelinesProblem(Exception):
    """The file of guidelines cannot be used; the message says why."""


@dataclass(frozen=True)
class Guidelines:
    """One version of the guidelines.

    Attributes:
        version: what the file says of itself, and a hash of its text.
        text: Markdown.
        html: the same as HTML; HTML in the text is shown, not used.
    """

    version: str
    text: str
    html: str


def find_guidelines_stamp(root: DataRoot) -> int:
    """Return what changes when the guidelines of the data root are written; 0 without a file."""
    return root.guidelines.stat().st_mtime_ns if root.guidelines.is_file() else 0


def read_guidelines(root: DataRoot) -> Guidelines:
    """Return the guidelines of a data root, else those of this package.

    Raises:
        GuidelinesProblem: the file is too large, unreadable, or no UTF-8.
    """
    path = root.guidelines
    if not path.is_file():
        return _build((files("eemo_pipeline.web") / "guidelines.md").read_text("utf-8"))
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise GuidelinesProblem(f"{path}: larger than {_MAX_BYTES} bytes")
        return _build(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise GuidelinesProblem(f"{path}: {error}") from None


def record_guidelines(database: ReviewDatabase, shown: Guidelines) -> None:
    """Put a version's text into the log, once."""
    name = f"{_SHOWN}-{shown.version}"
    with database.writing() as connection:
        if event_log.find_stored(connection, [name]):
            return
        event = {
            "event_id": name,
            "recorded_ms": now_ms(),
            "session": "",
            "rater_id": "",
            "kind": _SHOWN,
            "value": event_log.canonical(shown.text),
            "versions": event_log.canonical({"guide": shown.version}),
        }
        event_log.append(connection, event)


def list_versions(connection: sa.Connection) -> list[tuple[str, int]]:
    """Return version and first moment (milliseconds since 1970) of the guidelines shown so far."""
    query = (
        sa.select(EVENTS.c.event_id, EVENTS.c.recorded_ms)
        .where(EVENTS.c.kind == _SHOWN)
        .order_by(EVENTS.c.seq)
    )
    found = connection.execute(query)
    return [(row.event_id.removeprefix(f"{_SHOWN}-"), row.recorded_ms) for row in found]


def _build(text: str) -> Guidelines:
    said = _SAYS.search(text)
    version = f"{said[1] if said else 'unnumbered'}-{short_hash(text)[:8]}"
    return Guidelines(version, text, MarkdownIt("commonmark", {"html": False}).render(text))
