"""The result of the critic's loop; the loop itself is in `review_loop.py`."""

from dataclasses import dataclass

import polars as pl

from eemo_pipeline.ledger.usage import Work


@dataclass(frozen=True)
class Reviewed:
    """The result of the critic's loop.

    Attributes:
        decisions: `verification__decisions` on the latest answers and choices.
        verdicts: `critic__verdicts`, all rounds.
        steps: `critic__steps`, all rounds.
        choices: `critic__choices`, all rounds.
        word_choices: `critic__word_choices`, all rounds.
        weights: `critic__weights`: how much a choice weighs.
        replies: `_critic__replies`: the answers of later rounds; columns that were not asked about
            keep their previous values.
        regions: `_critic__regions`: the regions of words that changed.
        queue: `critic__queue`: the fields that a person has to decide.
        work: questions, calls and cost of annotators, critic and grounder.
        asked_about_emotion: the images whose annotators were asked about the emotion again.
    """

    decisions: pl.DataFrame
    verdicts: pl.DataFrame
    steps: pl.DataFrame
    choices: pl.DataFrame
    word_choices: pl.DataFrame
    weights: pl.DataFrame
    replies: pl.DataFrame
    regions: pl.DataFrame
    queue: pl.DataFrame
    work: Work
    asked_about_emotion: frozenset[str] = frozenset()
