"""Is the named emotion dominant in both pictures? Yes or no.

Where the answer is no, it is dominant in exactly one of them.
"""

import polars as pl

from eemo_pipeline.qa.draws import balance, choose
from eemo_pipeline.qa.facts import Facts
from eemo_pipeline.qa.items import proof, wording, yes_no_items
from eemo_pipeline.qa.templates import QaTemplate

_NAME = "shared_dominant"
_SENTENCES = (
    "Is {} the dominant emotion in both pictures?",
    "Do the two pictures have {} in common as the emotion they evoke most strongly?",
    "At both pictures, do viewers feel {} more than any other emotion?",
)


def _build(facts: Facts, seed: str) -> pl.DataFrame:
    first, second = pl.col("dominant_emotion_1"), pl.col("dominant_emotion_2")
    asked = facts.paired("dominant", ["dominant_emotion"]).with_columns(
        choose([first, second], pl.col("base"), seed, _NAME, "asked").alias("asked"),
        is_yes=first == second,
    )
    balanced = balance(asked, ["asked"], seed, _NAME, "balance")
    return yes_no_items(
        balanced.with_columns(
            wording(_SENTENCES, ["asked"], seed, _NAME),
            proof("dominant_emotion_1", "dominant_emotion_2", "asked"),
        ),
        seed,
        _NAME,
    )


TEMPLATE = QaTemplate(_NAME, "pair_perception", "yes_no", _build)
