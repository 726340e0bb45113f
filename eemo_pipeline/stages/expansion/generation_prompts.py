"""Prompts for generated images: a verified triplet with one or two parts of another.

EmoVerse (arXiv 2511.12554) replaces one or two of the three parts of a verified triplet. The new
parts are those of a donor whose record has the intended emotion, so they are words that were seen
to go with it. A parent with another emotion gives its subject and takes the donor's attribute; one
with the intended emotion keeps its attribute and takes another subject or background. No part may
have the polarity opposite to the emotion's.

Parents and donors are training images. So no generated image is a child of an evaluation image, and
what a model is measured on does not rest on generated images.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.expansion.limits import EXPANSION_LIMITS, ExpansionLimits
from eemo_pipeline.stages.expansion.phrases import fits_polarity, phrase
from eemo_pipeline.stages.expansion.verified_triplets import (
    PARTS,
    count_deficits,
    select_triplets,
)
from eemo_pipeline.stats.hash_draws import short_hash, unit_interval
from eemo_pipeline.vlm.prompts import read_prompt

PROMPT = "generate-1"
_TABLE = TABLES["expansion__prompts"]
_SEEDS = 2**31
# Parts taken from the donor, where the parent has the intended emotion and where it has another.
_WITHIN = (("subject",), ("background",), ("background", "subject"))
_ACROSS = (("attribute",), ("background", "attribute"))
# What is tried per emotion is drawn by hash, so that it hardly changes when images are added, and
# takes no longer in a large dataset.
_PARENTS_TRIED, _DONORS_KNOWN, _DONORS_TRIED = 500, 64, 8

Row = Mapping[str, Any]
Element = tuple[str, str]  # part, words in lower case


@dataclass(frozen=True)
class _Candidate:
    """A possible prompt."""

    parent: Row
    donor: Row
    replaced: tuple[str, ...]
    chance: float

    @property
    def triplet(self) -> dict[str, str]:
        """The new triplet, by part."""
        return {
            part: (self.donor if part in self.replaced else self.parent)[part] for part in PARTS
        }

    def weigh(self, seen: Mapping[Element, int]) -> tuple[int, float]:
        """Return the rank: how often the new parts were seen or asked for, then the draw."""
        return sum(seen[_element(part, self.donor)] for part in self.replaced), self.chance


def build_prompts(
    records: pl.DataFrame, images: pl.DataFrame, limits: ExpansionLimits = EXPANSION_LIMITS
) -> pl.DataFrame:
    """Return `expansion__prompts`: for each emotion at most as many as it lacks.

    The rarest new parts come first, and what has been asked for counts as seen. An emotion without
    a verified triplet has no donor, and so no prompt.

    Args:
        records: `records__emoverse`.
        images: `dedup__images`; is_evaluation counts.
        limits: the caps.
    """
    is_training = (pl.col("split") == "train") & ~pl.col("is_evaluation")
    evaluates = images.select("image_id", "is_evaluation")
    rows = select_triplets(records).join(evaluates, on="image_id").filter(is_training).to_dicts()
    seen = Counter(_element(part, row) for row in rows for part in PARTS)
    taken = {_key(row) for row in rows}
    uses: Counter[str] = Counter()
    made: list[dict[str, Any]] = []
    for emotion, deficit in count_deficits(records).items():
        candidates = list(_candidates(rows, emotion))
        for _ in range(min(deficit, limits.prompts_per_emotion)):
            candidates = [
                candidate
                for candidate in candidates
                if _key(candidate.triplet) not in taken
                and uses[candidate.parent["image_id"]] < limits.children_per_parent
            ]
            if not candidates:
                break
            chosen = min(candidates, key=lambda candidate: candidate.weigh(seen))
            made.append(_write(chosen, emotion, deficit / max(1, chosen.weigh(seen)[0])))
            taken.add(_key(chosen.triplet))
            uses[chosen.parent["image_id"]] += 1
            seen.update(_element(part, chosen.donor) for part in chosen.replaced)
    return pl.DataFrame(made, schema=_TABLE.polars_schema).sort(_TABLE.key)


def _candidates(rows: Sequence[Row], emotion: str) -> Iterator[_Candidate]:
    """Yield what may be asked for: every changed part differs, and no part has the wrong tone."""
    parents = _draw(rows, emotion, "parent")[:_PARENTS_TRIED]
    donors = [row for row in rows if row["emotion"] == emotion]
    known = _draw(donors, emotion, "donor")[:_DONORS_KNOWN]
    for parent in parents:
        changes = _WITHIN if parent["emotion"] == emotion else _ACROSS
        for donor in _draw(known, emotion, parent["image_id"])[:_DONORS_TRIED]:
            for replaced in changes:
                ids = (parent["image_id"], donor["image_id"])
                chance = unit_interval("prompt", emotion, *ids, *replaced)
                candidate = _Candidate(parent, donor, replaced, chance)
                is_new = all(_element(part, donor) != _element(part, parent) for part in replaced)
                fits = (fits_polarity(text, emotion) for text in candidate.triplet.values())
                if is_new and all(fits):
                    yield candidate


def _write(candidate: _Candidate, emotion: str, need: float) -> dict[str, Any]:
    new = candidate.triplet
    said = phrase(**new)
    prompt = read_prompt(__name__, PROMPT)
    for name, text in (("{phrase}", said[:1].upper() + said[1:]), ("{emotion}", emotion)):
        prompt = prompt.replace(name, text)
    parent = candidate.parent["image_id"]
    prompt_id = short_hash(parent, ",".join(candidate.replaced), prompt)
    return {
        "prompt_id": prompt_id,
        "parent_image_id": parent,
        "donor_image_id": candidate.donor["image_id"],
        "split": candidate.parent["split"],
        "replaced": list(candidate.replaced),
        **new,
        "intended_emotion": emotion,
        "need": round(need, 6),
        "prompt": prompt,
        "seed": int(_SEEDS * unit_interval("seed", prompt_id)),
    }


def _element(part: str, row: Row) -> Element:
    return part, row[part].strip().lower()


def _key(triplet: Row) -> tuple[Element, ...]:
    return tuple(_element(part, triplet) for part in PARTS)


def _draw(rows: Sequence[Row], emotion: str, purpose: str) -> list[Row]:
    """Return the rows in an order that depends on their images, the emotion and the purpose."""
    return sorted(rows, key=lambda row: unit_interval(purpose, emotion, row["image_id"]))
