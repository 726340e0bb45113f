"""What people name as the cause of an emotion, and what they do not.

The elements come from the table `texts__candidates`: things that explanations of an emotion name,
or what a model's reasoning ties to it. `things` are all things that explanations of an image name,
in the singular.
"""

import polars as pl

from eemo_pipeline.stages.qa.facts import Facts


def with_causes(facts: Facts) -> pl.DataFrame:
    """Return first, base, split, emotion, element, distractor_1 and distractor_2."""
    pictures = facts.pictures.select("base", "split")[facts.candidates["row"]]
    return pl.concat([facts.candidates.rename({"row": "first"}), pictures], how="horizontal")


def pair_causes(facts: Facts, fact: str) -> pl.DataFrame:
    """Return pairs of images of which one emotion is explained, with the elements of both.

    Args:
        facts: the facts of all images.
        fact: key of `Facts.pairs`.

    Returns:
        first, second, base, split, emotion, element_1, element_2, is_same (one thing explains the
        emotion in both) and is_apart (the explanations of neither image name the other's thing).
    """
    pairs = facts.paired(fact, "cause", "cause_emotion", "thing", "things")
    named = [
        pl.col(f"things_{one}").fill_null([]).list.contains(pl.col(f"thing_{other}"))
        for one, other in ((1, 2), (2, 1))
    ]
    return pairs.filter(pl.col("cause_emotion_1") == pl.col("cause_emotion_2")).select(
        *("first", "second", "base", "split"),
        pl.col("cause_emotion_1").alias("emotion"),
        pl.col("cause_1").alias("element_1"),
        pl.col("cause_2").alias("element_2"),
        (pl.col("thing_1") == pl.col("thing_2")).alias("is_same"),
        (~named[0] & ~named[1]).alias("is_apart"),
    )
