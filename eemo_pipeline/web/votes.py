"""The answers that stand, made from the log of events: one per person, image, phase and field.

Undone answers are left out, and of several the last one stands. Answers to drafts that were wrong
on purpose come apart: they tell how carefully people looked, and are never data. What a person said
before they withdrew is left out, but not what they decided as an adjudicator about others. Labels
that were given elsewhere and imported are a phase of their own, so that they replace no vote given
here; so are judgements that a person was asked for a second time.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from eemo_pipeline.web import event_log
from eemo_pipeline.web.database import SLOTS, TASKS
from eemo_pipeline.web.progress import count_waiting
from eemo_pipeline.web.slots import JUDGED, REPEATS

IMPORT = "import"  # kind of the event of an imported label
IMPORTED_FILE = "import_file"  # kind of the event of a whole file: what became of its labels
WITHDRAWN = "withdraw"  # kind of the event by which a person takes back what they said
HERE = "review"  # origin of votes that were given in this tool
RATED_FIELDS = ("valence", "arousal")
_SPOKEN = ("blind_commit", "reconcile", "adjudicate")
_VOTES = {
    "field_accept": "confirmed",
    "field_edit": "corrected",
    "field_reject": "refused",
    "field_absent": "absent",
    "field_unknown": "unknown",
    "keep": "kept",
    "change": "changed",
    "both": "both",
}


@dataclass(frozen=True)
class Votes:
    """What people said.

    Attributes:
        rows: rows of `review__votes`.
        probes: rows of the same form, of drafts that were wrong on purpose.
        waiting: rows of `review__waiting`.
        last_event: number of the last event read.
        last_hash: its hash.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    probes: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    last_event: int = 0
    last_hash: str = event_log.GENESIS


def read_votes(connection: sa.Connection) -> Votes:
    """Return the answers that stand, by image, person, phase and field."""
    tasks = {row.task_id: row for row in connection.execute(sa.select(TASKS))}
    states = {
        (row.task_id, row.rater_id): row.state for row in connection.execute(sa.select(SLOTS))
    }
    standing: dict[tuple[str, str, str, str], dict[str, Any]] = {}
    last_event, last_hash = event_log.find_end(connection)
    for event in _read_spoken(connection):
        task = tasks.get(event["task_id"])
        if task is None and event["kind"] != IMPORT:
            continue
        for said_in, name, values in _answers(event):
            is_repeat = said_in == "blind" and task is not None and task.queue == REPEATS
            phase = "repeated" if is_repeat else said_in
            key = (event["image_id"], event["rater_id"], phase, name)
            standing[key] = event | values
    rows: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    for (image_id, rater_id, phase, name), event in sorted(standing.items()):
        task = tasks.get(event["task_id"])
        is_probe = phase == "drafts" and task is not None and name == task.probe_field
        rows[is_probe].append(
            {
                "image_id": image_id,
                "rater_id": rater_id,
                "phase": phase,
                "reviewed_field": name,
                "task_id": event["task_id"] or "",
                "queue": task.queue if task is not None else "imported",
                "asked_share": task.asked_share if task is not None else None,
                "vote": event["vote"],
                "said_json": event["said"],
                "rating": event["rating"],
                "unknown_objects": event.get("unknown_objects"),
                "emotion_place": event.get("emotion_place"),
                "rating_input": event.get("rating_input"),
                "draft_json": event["base_value"],
                "vote_origin": event["origin"],
                "is_counted": phase in ("adjudicated", "imported")
                or states.get((event["task_id"], rater_id)) in JUDGED,
                "duration_s": _seconds(event["duration_ms"]),
                "guide_version": json.loads(event["versions"]).get("guide") or None,
                "event_no": event["seq"],
                "voted_at": _moment(event["recorded_ms"]),
            }
        )
    return Votes(rows[False], rows[True], count_waiting(connection), last_event, last_hash)


def _read_spoken(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """Yield the events that say something and still stand, in order."""
    undone: set[str] = set()
    withdrawn: dict[str, int] = {}
    spoken: list[dict[str, Any]] = []
    for event in event_log.read_events(connection):
        if event["kind"] == "undo":
            undone.add(json.loads(event["value"]))
        elif event["kind"] == WITHDRAWN:
            withdrawn[event["rater_id"]] = event["seq"]
        elif event["kind"].startswith("field_") or event["kind"] in (*_SPOKEN, IMPORT):
            spoken.append(event)
    for event in spoken:
        is_withdrawn = event["seq"] < withdrawn.get(event["rater_id"], 0)
        if event["event_id"] in undone or (is_withdrawn and event["kind"] != "adjudicate"):
            continue
        yield event


def _answers(event: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield phase, field and values of what an event says."""
    value = json.loads(event["value"] or "null")
    if event["kind"] == "blind_commit":
        said = {
            "emotion": value["emotion"],
            "valence": value["valence"],
            "arousal": value["arousal"],
            "also_felt": value["also"] or None,
            "sureness": value["sureness"],
        }
        for name, part in said.items():
            if part is not None:
                rating = float(part) if name in RATED_FIELDS else None
                yield "blind", name, _said("felt", part, rating) | _circumstances(name, value)
    elif event["kind"] == IMPORT:
        name, part = event["field"], value["value"]
        rating = float(part) if name in RATED_FIELDS else None
        is_felt = name in (*RATED_FIELDS, "emotion", "also_felt")
        said = _said("felt" if is_felt else "corrected", part, rating)
        yield "imported", name, said | {"origin": value["origin"]}
    elif event["kind"] == "adjudicate":
        yield "adjudicated", "emotion", _said("decided", value, None)
    elif event["kind"] == "reconcile":
        yield "reconciled", "emotion", _said(_VOTES[value], value, None)
    elif isinstance(value, dict):  # objects, each answered by itself
        said = _said(_VOTES[event["kind"]], value["present"], None)
        yield "drafts", event["field"], said | {"unknown_objects": value.get("unknown", [])}
    else:
        yield "drafts", event["field"], _said(_VOTES[event["kind"]], value, None)


def _circumstances(name: str, value: dict[str, Any]) -> dict[str, Any]:
    """Return what may have biased a field of a blind judgement; unknown in earlier events."""
    order = value.get("emotion_order") or []
    if name == "emotion" and value["emotion"] in order:
        return {"emotion_place": order.index(value["emotion"]) + 1}
    return {"rating_input": value.get("rating_input")} if name in RATED_FIELDS else {}


def _said(vote: str, value: object, rating: float | None) -> dict[str, Any]:
    said = event_log.canonical(value)
    return {"vote": vote, "said": said, "rating": rating, "origin": HERE}


def _seconds(duration_ms: int | None) -> float | None:
    return None if duration_ms is None else round(duration_ms / 1000, 3)


def _moment(recorded_ms: int) -> str:
    return datetime.fromtimestamp(recorded_ms / 1000, UTC).isoformat(timespec="milliseconds")
