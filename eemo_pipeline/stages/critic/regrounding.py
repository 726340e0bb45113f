"""The regions of the images in each round: found again where a revision changed the words.

The grounder of the run is behind `GroundAgain`, which the asset builds; the critic knows none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.usage import NO_WORK, Work
from eemo_pipeline.schema.tables import TABLES

METHOD = "regions are found again, in the same round, for words that a revision changed"
_REGIONS, _GROUNDED = TABLES["_critic__regions"], TABLES["grounding__regions"]
_NO_WORDS = pl.DataFrame(schema=dict.fromkeys(("image_id", "subject", "attribute"), pl.String))

# images, their words as grounded and their words now -> rows of `grounding__regions` for the images
# whose words put another question
GroundAgain = Callable[[pl.DataFrame, pl.DataFrame, pl.DataFrame], AnsweredTable]


def keep_regions(images: pl.DataFrame, before: pl.DataFrame, now: pl.DataFrame) -> AnsweredTable:
    """Find nothing again; a `GroundAgain` for grounders that ignore the words."""
    del images, before, now
    return AnsweredTable(_GROUNDED.empty())


@dataclass
class Regions:
    """The latest regions of all images, and the words for which they were found.

    Attributes:
        latest: rows of `grounding__regions`.
        ground_again: finds regions for other words.
        found: rows of `_critic__regions`.
        work: what finding them took.
    """

    latest: pl.DataFrame
    ground_again: GroundAgain = keep_regions
    found: pl.DataFrame = field(default_factory=_REGIONS.empty)
    work: Work = NO_WORK
    _words: pl.DataFrame = field(default_factory=_NO_WORDS.clear)

    def follow(
        self, images: pl.DataFrame, decisions: pl.DataFrame, rounds: Mapping[str, int]
    ) -> pl.DataFrame:
        """Return the regions of the images for their words now.

        The regions of the words that are seen first were found before the critic.

        Args:
            images: rows of `dedup__images`.
            decisions: rows of `verification__decisions` on the answers so far.
            rounds: image_id -> its round.
        """
        now = decisions.select(_NO_WORDS.columns).join(images, on="image_id", how="semi")
        known = images.join(self._words, on="image_id", how="semi")
        again = self.ground_again(known, self._words, now)
        self.work += again.work
        self._words = _replace(self._words, now, ["image_id"])
        if again.frame.height:
            round_no = pl.col("image_id").replace_strict(rounds, return_dtype=pl.Int64)
            rows = again.frame.with_columns(round=round_no).select(_REGIONS.columns)
            self.found = _replace(self.found, rows, ["image_id", "round"])
            self.latest = _replace(self.latest, again.frame, ["image_id"])
        return self.latest.join(images, on="image_id", how="semi")


def _replace(rows: pl.DataFrame, new: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Return the rows with those of the same key replaced."""
    return pl.concat([rows.join(new, on=key, how="anti"), new.select(rows.columns)])
