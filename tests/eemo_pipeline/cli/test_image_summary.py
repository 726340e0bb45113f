"""What `eemo explain` says of the people who judged an image."""

import json
from typing import Any

from eemo_pipeline.cli.image_summary import summarise_image
from eemo_pipeline.lake.warehouse import Explained


def said(rater: str, phase: str, field: str, vote: str, value: Any) -> dict[str, Any]:
    return {
        **{"rater_id": rater, "phase": phase, "reviewed_field": field, "vote": vote},
        "said_json": json.dumps(value),
    }


def test_each_phase_of_a_persons_answers_is_told_in_words():
    votes = [
        said("ann", "blind", "emotion", "felt", "awe"),
        said("ann", "blind", "valence", "felt", 3),
        said("ann", "blind", "also_felt", "felt", {"fear": 2}),
        said("ann", "drafts", "box", "refused", "loose"),
        said("ann", "reconciled", "emotion", "kept", "keep"),
        said("ben", "reconciled", "emotion", "both", "both"),
        said("cid", "adjudicated", "emotion", "decided", {"choice": "awe", "cause": "slip"}),
        said(
            "dee", "adjudicated", "emotion", "decided", {"choice": "plural", "cause": "edge_case"}
        ),
    ]
    told = summarise_image([Explained("review", "review__votes", tuple(votes))])
    assert told["file"].startswith("in no source any more")
    assert told["people said"].split("; ") == [
        "ann felt awe, valence 3, besides fear 2",
        "ann refused box",
        "ann kept their own when shown the machine's",
        "ben found the machine's plausible too",
        "cid chose awe for all (slip)",
        "dee kept all judgements for all (edge_case)",
    ]
