"""The first lines of `eemo explain`: what became of an image, in a dozen lines."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eemo_pipeline.cli.output import clean, counted, size_in_words
from eemo_pipeline.cli.refusals import name_place

if TYPE_CHECKING:
    from eemo_pipeline.lake.warehouse import Explained

Rows = Sequence[Mapping[str, Any]]

_SPOKEN = {"absent": "found no", "unknown": "could not tell"}
_GONE = "in no source any more; what people said of it is kept, and part of no record"
_MOST_NAMED = 6  # of one kind, in one line


def summarise_image(explained: "Sequence[Explained]") -> dict[str, str]:
    """Return subject -> one sentence, in stage order; subjects without rows are absent."""
    tables: dict[str, Rows] = {part.table: part.rows for part in explained}
    tables["review__votes"] = _by_person(tables.get("review__votes", ()))
    tables["release__rows"] = _by_release(tables.get("release__rows", ()))
    if tables["review__votes"] and not tables.get("ingest__images"):
        return {"file": _GONE} | _tell(tables)
    return _tell(tables)


def _tell(tables: Mapping[str, Rows]) -> dict[str, str]:
    told = {
        subject: _listed([tell(row) for row in tables.get(table, ())])
        for subject, table, tell in _SUBJECTS
    }
    found = [row for row in tables.get("grounding__regions", ()) if row["status"] == "ok"]
    made = (("region", found), ("question", tables.get("qa__items", ())))
    told["made of it"] = ", ".join(counted(len(rows), noun) for noun, rows in made if rows)
    for last in ("released", "cost"):
        told[last] = told.pop(last)
    return {subject: text for subject, text in told.items() if text}


def _listed(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_NAMED
    some = [clean(text) for text in texts[:_MOST_NAMED]]
    return "; ".join([*some, f"and {more:,} more"] if more > 0 else some)


_PLACE = ("source", "path", "row", "line")


def _refused(row: Mapping[str, Any]) -> str:
    is_row = row["row"] is not None
    place = name_place(*(row[name] for name in _PLACE)) if is_row else row["source"]
    return f"{place}: {row['reason']}, {row['detail']}"


def _file(row: Mapping[str, Any]) -> str:
    place = f"{row['source']}: {row['path']}" if row["source"] else str(row["path"])
    if row["size_bytes"] is None:
        return place
    size = f"{row['width_px']} x {row['height_px']} px, {size_in_words(row['size_bytes'])}"
    return f"{place} ({row['format']}, {size})"


def _cluster(row: Mapping[str, Any]) -> str:
    if row["is_kept"]:
        return "kept"
    return f"{row['reason']}; kept instead: {str(row['kept_image_id'])[:16]}"


def _label(row: Mapping[str, Any]) -> str:
    return f"{row['emotion']} {row['mass']:.2f} ({row['taxonomy']})"


def _rating(row: Mapping[str, Any]) -> str:
    values = (("valence", row["valence"]), ("arousal", row["arousal"]))
    given = ", ".join(f"{name} {value:.2f}" for name, value in values if value is not None)
    return f"{given} ({row['origin']})"


def _reply(row: Mapping[str, Any]) -> str:
    again = f" in round {row['round']}" if row["round"] > 1 else ""
    return f"{row['annotator']}{again}: {row['emotion'] or row['status']}"


def _verification(row: Mapping[str, Any]) -> str:
    if row["probability"] is None:
        return f"{row['verifier']}: {row['emotion'] or row['status']}"
    return f"{row['verifier']}: {row['emotion']} {row['probability']:.2f}"


def _decision(row: Mapping[str, Any]) -> str:
    contested = ", contested" if row["is_contested"] else ""
    return f"{row['emotion'] or 'none'}, by pattern {row['pattern']}{contested}"


def _open_question(row: Mapping[str, Any]) -> str:
    return f"{row['field']}: {row['reason']}"


def _by_person(votes: Rows) -> Rows:
    """Return one row per person and phase, with what they said of each field."""
    people: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for vote in votes:
        said = people.setdefault((vote["rater_id"], vote["phase"]), {})
        said[vote["reviewed_field"]] = vote
    return [{"person": who, "phase": phase, "said": said} for (who, phase), said in people.items()]


# A phase in which people say what they feel -> how that is told.
_FELT = {"blind": "felt", "imported": "elsewhere felt", "repeated": "asked again felt"}


_RECONCILED = {
    "kept": "kept their own when shown the machine's",
    "changed": "changed to the machine's when shown it",
    "both": "found the machine's plausible too",
}


def _reconciled(vote: Mapping[str, Any]) -> str:
    return _RECONCILED[vote["vote"]]


def _adjudicated(vote: Mapping[str, Any]) -> str:
    decided = json.loads(vote["said_json"])
    choice = {"plural": "kept all judgements", "drop": "dropped the image"}.get(decided["choice"])
    return f"{choice or 'chose ' + decided['choice']} for all ({decided['cause']})"


# A phase of one answer, about the emotion -> how that is told.
_DECIDED: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "reconciled": _reconciled,
    "adjudicated": _adjudicated,
}


def _vote(row: Mapping[str, Any]) -> str:
    said: Mapping[str, Mapping[str, Any]] = row["said"]
    if row["phase"] in _FELT:
        felt = [
            ("" if name == "emotion" else f"{name} ") + str(said[name]["said_json"]).strip('"')
            for name in ("emotion", "valence", "arousal")
            if name in said
        ]
        if "also_felt" in said:
            besides = json.loads(said["also_felt"]["said_json"])
            felt.append("besides " + ", ".join(f"{name} {besides[name]}" for name in besides))
        return f"{row['person']} {_FELT[row['phase']]} {', '.join(felt) or 'nothing of it'}"
    if row["phase"] in _DECIDED:
        vote = said["emotion"]
        return f"{row['person']} {_DECIDED[row['phase']](vote)}"
    acts: dict[str, list[str]] = {}
    for name, vote in said.items():
        act = str(vote["vote"])
        acts.setdefault(_SPOKEN.get(act, act), []).append(name)
    return f"{row['person']} " + ", ".join(
        f"{act} {' and '.join(names)}" for act, names in acts.items()
    )


_KINDS = {"records": "record", "qa": "question", "assess": "item", "images": "image"}


def _by_release(rows: Rows) -> Rows:
    """Return one row per release, with the number of rows of each kind."""
    counted: dict[int, dict[str, int]] = {}
    for row in rows:
        kinds = counted.setdefault(row["release_no"], dict.fromkeys(_KINDS, 0))
        kinds[row["config"]] += 1
    return [{"release": number, "kinds": kinds} for number, kinds in counted.items()]


def _release(row: Mapping[str, Any]) -> str:
    counts = [
        counted(count, _KINDS[kind])
        for kind, count in row["kinds"].items()
        if count and kind != "images"
    ]
    return f"release {row['release']}: {', '.join(counts) or 'image'}"


def _terms(row: Mapping[str, Any]) -> str:
    may = "may" if row["is_redistributable"] else "may not"
    return f"{row['source']}: {row['licence']}; {may} be handed on"


def _cost(row: Mapping[str, Any]) -> str:
    calls = counted(row["calls"], "call")
    return f"{row['stage']} {row['provider']}/{row['model']}: {calls}, {row['usd']:.6f} USD"


def _judgement(row: Mapping[str, Any]) -> str:
    emotion = f", {row['emotion']}" if row["emotion"] else ""
    return f"{row['outcome']} after {row['judgement_count']} judgements{emotion}"


def _record(row: Mapping[str, Any]) -> str:
    reason = f" ({row['reason']})" if row["reason"] else ""
    people = ", ".join(row["decided_by_people"] or ())
    if people and row["machine_emotion"] != row["emotion"]:
        people += f"; machines found {row['machine_emotion'] or 'no emotion'}"
    return f"{row['emotion'] or 'no emotion'}, state {row['state']}{reason}" + (
        f"; people decided {people}" if people else ""
    )


# The subject of a line, its table, and what one row of it says.
_SUBJECTS: tuple[tuple[str, str, Callable[[Mapping[str, Any]], str]], ...] = (
    ("refused", "ingest__rejects", _refused),
    ("file", "ingest__images", _file),
    ("terms", "sources__datasets", _terms),
    ("duplicates", "dedup__clusters", _cluster),
    ("split", "dedup__images", lambda row: str(row["split"])),
    ("labels", "labels__emotions", _label),
    ("ratings", "labels__vad", _rating),
    ("annotators", "annotation__replies", _reply),
    ("verifier", "verification__replies", _verification),
    ("decision", "verification__decisions", _decision),
    ("open", "critic__queue", _open_question),
    ("people said", "review__votes", _vote),
    ("people found", "review__records", _judgement),
    ("record", "records__emoverse", _record),
    ("released", "release__rows", _release),
    ("cost", "ledger", _cost),
)
