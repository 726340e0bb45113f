"""What people felt in the review tool, as labels: `labels__reviews`.

They measure models and never train them: the verifier that is fitted on labels does not see these,
so that it can be judged by them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.schema.tables import TABLES

_TABLE = TABLES["labels__reviews"]
# Outcomes of `review__records` that say what people feel.
_LABELLED = ("decided", "plural", "adjudicated", "kept_plural", "imported")


def build_review_labels(people: pl.DataFrame, images: pl.DataFrame) -> pl.DataFrame:
    """Return `labels__reviews`: one row per kept image that enough people judged, and emotion.

    The mass of an emotion is its share among those who named one of the eight, times their share
    among all; the rest, `neutral` and `cannot_tell`, is lost. Where an adjudicator chose, the
    emotion has all mass. Images at which most feel nothing have no rows.

    Args:
        people: rows of `review__records`.
        images: rows of `dedup__images`.
    """
    labelled = people.filter(pl.col("outcome").is_in(_LABELLED)).join(
        images.select("image_id"), on="image_id", how="semi"
    )
    rows = [row for image in labelled.iter_rows(named=True) for row in _label(image)]
    return pl.DataFrame(rows, schema=_TABLE.polars_schema).sort(_TABLE.key)


def _label(image: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    shares = image["distribution"]
    is_plural = image["outcome"] in ("plural", "kept_plural")
    if image["outcome"] == "adjudicated":
        shares = [float(name == image["emotion"]) for name in MIKELS_8]
    if not shares or (image["emotion"] is None and not is_plural):
        return
    named = 1.0 if image["outcome"] == "adjudicated" else image["named_share"]
    for emotion, share in zip(MIKELS_8, shares, strict=True):
        if share > 0:
            yield {
                "image_id": image["image_id"],
                "emotion": emotion,
                "mass": round(share * named, 6),
                "lost_mass": round(1 - named, 6),
                "label_state": "human",
                "outcome": image["outcome"],
                "rater_count": image["judgement_count"],
                **{
                    name: image[name] for name in ("valence", "valence_sd", "arousal", "arousal_sd")
                },
            }
