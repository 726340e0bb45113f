"""What a felt emotion comes from, as the reasoning of the picture says.

Belongs here: the pictures whose reasoning names a cause. Does not belong here: how an element
becomes a candidate (the table `texts__candidates`).
"""

import polars as pl

from eemo_pipeline.stages.qa.facts import Facts


def with_pictures(facts: Facts) -> pl.DataFrame:
    """first, base, split, emotion, element, distractor_1 and distractor_2."""
    pictures = facts.pictures.select("base", "split")[facts.candidates["row"]]
    return pl.concat([facts.candidates.rename({"row": "first"}), pictures], how="horizontal")
