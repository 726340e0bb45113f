"""Objects of an image that people checked, each settled by itself.

Whole lists are seldom the same twice: of two people who both remove one object from the draft, one
may add another. So each object has its own majority.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FIELD = "objects"


@dataclass(frozen=True)
class SettledObjects:
    """What more than half of those who checked the objects say of each.

    Attributes:
        present: objects that are there, in the order in which they were first named; None where
            half of the people or more left no list, or nothing has a majority.
        state: confirmed where these are the drafted objects, else corrected.
        absent: drafted objects that are not there.
        unknown: objects of which it cannot be told.
    """

    present: list[str] | None
    state: str
    absent: list[str]
    unknown: list[str]


def settle_objects(votes: Sequence[Mapping[str, Any]]) -> SettledObjects:
    """Return what stands of the objects of an image, by majority of those who checked the field.

    Args:
        votes: rows of `review__votes` about the objects of one image, one per person.
    """
    drafted: list[str] = next(
        (json.loads(vote["draft_json"]) or [] for vote in votes if vote["draft_json"]), []
    )
    present, absent, unknown = Counter[str](), Counter[str](), Counter[str]()
    lists = 0
    for vote in votes:
        if vote["vote"] not in ("confirmed", "corrected"):
            continue
        lists += 1
        said = drafted if vote["vote"] == "confirmed" else json.loads(vote["said_json"])
        open_ones = vote["unknown_objects"] or []
        present.update(dict.fromkeys(said, 1))
        unknown.update(dict.fromkeys(open_ones, 1))
        absent.update(name for name in set(drafted) if name not in {*said, *open_ones})
    order = list(dict.fromkeys([*drafted, *present, *unknown]))

    def of_majority(counts: Counter[str]) -> list[str]:
        return [name for name in order if counts[name] * 2 > len(votes)]

    standing = of_majority(present)
    is_settled = lists * 2 > len(votes) and bool(standing)
    return SettledObjects(
        standing if is_settled else None,
        "confirmed" if standing == drafted else "corrected",
        of_majority(absent),
        of_majority(unknown),
    )
