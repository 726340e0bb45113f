"""The demo lake: four datasets and a lexicon in their native layouts, with invented values.

The images are public-domain and CC0 photographs that ship with scikit-image (`photographs.py`) and
scenes painted by code. Copies, near-duplicates, broken files and bad rows are planted among them,
so that a run has something to find; `find_planted` lists them. Nothing here is data about real
people's feelings.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eemo_pipeline.demo.lake import Planted

DEFAULT_SEED = 7


def lay_out(sources_dir: Path, seed: int = DEFAULT_SEED) -> None:
    """Write the demo's datasets and lexicon below `sources_dir`; a second call writes nothing."""
    from eemo_pipeline.demo.lake import write_lake

    write_lake(sources_dir, seed)


def find_planted(seed: int = DEFAULT_SEED) -> "Planted":
    """Return the planted cases, as paths below `sources_dir`; paints nothing."""
    from eemo_pipeline.demo.lake import list_planted

    return list_planted(seed)
