"""The answers of people as judgements, for the files of other tools.

A value is what a person felt, corrected or confirmed. A draft that they refused, found absent or
could not judge leaves no value; `review__votes` tells these apart.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.web.label_files import SPELLINGS, Judgement

_PHASES = ("blind", "drafts", "imported")


def list_judgements(root: DataRoot, votes: Iterable[Mapping[str, Any]]) -> list[Judgement]:
    """Return one judgement per kept image and person, sorted.

    Args:
        root: the data root, whose images the votes are about.
        votes: rows of `review__votes`; those that are not counted are left out.
    """
    columns = ("image_id", "source", "path", "width_px", "height_px")
    images = {
        image_id: (f"sources/{source}/{path}", width, height)
        for image_id, source, path, width, height in scan_table(root.tables, "dedup__images")
        .select(columns)
        .collect()
        .iter_rows()
    }
    said: dict[tuple[str, str], dict[str, Any]] = {}
    for vote in votes:
        field = vote["reviewed_field"]
        if vote["phase"] not in _PHASES or not vote["is_counted"] or field not in SPELLINGS:
            continue
        text = vote["draft_json"] if vote["vote"] == "confirmed" else vote["said_json"]
        if vote["vote"] in ("felt", "corrected", "confirmed") and vote["image_id"] in images:
            said.setdefault((vote["image_id"], vote["rater_id"]), {})[field] = json.loads(text)
    return [
        Judgement(
            image_id,
            *images[image_id],
            rater,
            {name: values[name] for name in SPELLINGS if name in values},
        )
        for (image_id, rater), values in sorted(said.items())
    ]
