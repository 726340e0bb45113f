"""The cause of a felt emotion, according to the image's reasoning.

Selects the images whose reasoning names a cause. The elements come from the table
`texts__candidates`.
"""

import polars as pl

from eemo_pipeline.stages.qa.facts import Facts


def with_pictures(facts: Facts) -> pl.DataFrame:
    """Return first, base, split, emotion, element, distractor_1 and distractor_2."""
    pictures = facts.pictures.select("base", "split")[facts.candidates["row"]]
    return pl.concat([facts.candidates.rename({"row": "first"}), pictures], how="horizontal")
