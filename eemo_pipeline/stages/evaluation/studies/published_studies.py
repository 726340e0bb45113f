"""Numbers that others have published of such studies, beside which ours stand.

The notes say why numbers of this data root may differ.
"""

import csv
from functools import cache
from importlib.resources import files
from typing import Any

_FILE, _HERE = "published_studies.csv", "eemo_pipeline.stages.evaluation.studies"


@cache
def _published() -> dict[tuple[str, str, str, str], dict[str, Any]]:
    text = files(_HERE).joinpath(_FILE).read_text("utf-8")
    return {
        (row["study"], row["arm"], row["tested_on"], row["number"]): {
            "published_value": float(row["value"]),
            "published_source": row["source"],
            "score_note": row["note"],
        }
        for row in csv.DictReader(text.splitlines())
    }


def published_of(study: str, arm: str, tested_on: str, number: str) -> dict[str, Any]:
    """Return what has been published of an arm, with its source and a note; nothing if unknown."""
    return _published().get((study, arm, tested_on, number), {})


def published_arms(study: str) -> list[str]:
    """Return the arms of a study of which something has been published."""
    return list(dict.fromkeys(arm for name, arm, _, _ in _published() if name == study))
