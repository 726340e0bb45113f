"""Merges the answers of several annotators and the trusted verifier into one decision per image.

Holds the latest answer of each annotator, the vote on the emotion with its pattern, confidence,
intensity and distribution, the choice of text, and the roll-up of a critic's verdicts into the
state of a record. The verification, critic and records stages share it. The critic's judgement of
single values is in `stages/critic/`.

The rules are those of EmoVerse (arXiv 2511.12554, "EmoViT carries greater weight") where the paper
gives them, and its most cautious reading elsewhere. Without human-checked images nobody knows which
side of a disagreement is right, so the verifier's emotion is kept provisionally and marked as
contested. Where enough images of a source have human labels, these decide (`calibration.py`).
Nothing here depends on the order of rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import polars as pl

from eemo_pipeline.aggregation.agreement_patterns import (
    TEXT_FIELDS,
    annotator_votes,
    find_patterns,
    verifier_votes,
)
from eemo_pipeline.aggregation.calibration import (
    believe,
    fit_patterns,
    name_voices,
    place_pictures,
    settle,
    weigh,
)
from eemo_pipeline.aggregation.critic_choices import (
    apply_choices,
    believe_choices,
    count_revisions,
    latest_replies,
)
from eemo_pipeline.aggregation.limits import DECISION_LIMITS, DecisionLimits
from eemo_pipeline.aggregation.merge_fields import (
    clarity_gaps,
    confidences,
    distributions,
    intensities,
    weighted_voices,
)
from eemo_pipeline.aggregation.rounding import round_shares
from eemo_pipeline.aggregation.text_similarity import TextSimilarity
from eemo_pipeline.aggregation.word_agreement import (
    LEMMAS,
    WordEvidence,
    merge_words,
    widen_words,
)
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.schema.tables import TABLES

__all__ = [
    "TEXT_FIELDS",
    "Decide",
    "State",
    "decide",
    "decide_with",
    "fit_patterns",
    "intensity_level",
    "latest_replies",
    "roll_up",
    "round_shares",
    "runner_up",
]

State = Literal["preserved", "human", "dropped"]

# Fields besides the emotion: losing several of them drops a record. Intensity belongs to the
# emotion.
ATTRIBUTE_GROUPS = (*TEXT_FIELDS, "box")
DROPPED_GROUPS = 3

# first replies, verifier's replies, later replies, the critic's choices of emotions and of words
# -> decisions
Decide = Callable[
    [pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame], pl.DataFrame
]

_TABLE, _PATTERNS = TABLES["verification__decisions"], TABLES["verification__patterns"]
_REPLIES, _CHOICES = TABLES["_critic__replies"], TABLES["critic__choices"]


def decide(
    replies: pl.DataFrame,
    verdicts_of_verifier: pl.DataFrame,
    patterns: pl.DataFrame | None = None,
    later: pl.DataFrame | None = None,
    choices: pl.DataFrame | None = None,
    limits: DecisionLimits = DECISION_LIMITS,
    similarity: TextSimilarity = LEMMAS,
    evidence: WordEvidence | None = None,
) -> pl.DataFrame:
    """Return `verification__decisions`: one row per image named in either frame.

    A vote is a first answer with status ok and one of the eight Mikels emotions. The agreement of
    the votes is a pattern (`agreement_patterns.py`), which determines the emotion, provisionally
    where it is contested. The pattern table may choose a voter, and accept it or not
    (`calibration.py`). The critic's choice between two emotions comes last (`critic_choices.py`).
    Asking again changes no pattern, so it creates no agreement. The rules for confidence, intensity
    and distribution are in `merge_fields.py`, those of the words in `word_agreement.py`.

    Args:
        replies: rows of `annotation__replies`, one per image and annotator.
        verdicts_of_verifier: rows of `verification__replies`; if several verifiers answered, the
            first by name is the trusted one.
        patterns: rows of `verification__patterns`; None where nothing is calibrated.
        later: rows of `_critic__replies`; None before the critic.
        choices: rows of `critic__choices`; None before the critic.
        limits: thresholds.
        similarity: the measure by which words are compared.
        evidence: what speaks for a text besides the annotators.
    """
    revised = _REPLIES.empty() if later is None else later
    chosen = _CHOICES.empty() if choices is None else choices
    table = _PATTERNS.empty() if patterns is None else patterns
    votes = annotator_votes(replies)
    verifier = verifier_votes(verdicts_of_verifier)
    pictures = _list_pictures(replies, verdicts_of_verifier)
    places = place_pictures(verdicts_of_verifier, verifier)
    named = name_voices(votes, verifier)
    outcome = find_patterns(pictures, votes, verifier)
    beliefs = believe_choices(believe(outcome, named, places, table), chosen)
    outcome = apply_choices(settle(outcome, named, places, table), chosen)
    counted = annotator_votes(count_revisions(replies, revised, chosen))
    kept = merge_words(counted, outcome, similarity, limits, evidence)
    voices = weighted_voices(counted, verifier, outcome, weigh(places, table))
    return (
        outcome.join(confidences(voices), on="image_id", how="left")
        .join(clarity_gaps(voices, limits.clarity_agrees_within), on="image_id", how="left")
        .join(intensities(voices), on="image_id", how="left")
        .join(distributions(voices, beliefs), on="image_id", how="left")
        .join(widen_words(kept), on="image_id", how="left")
        .with_columns(
            intensity_level(pl.col("intensity"), limits).alias("intensity_level"),
            pl.col("is_clarity_contested").fill_null(value=False),
        )
        .select(_TABLE.columns)
        .cast(_TABLE.polars_schema)
        .sort("image_id")
    )


def list_contested(replies: pl.DataFrame, verdicts_of_verifier: pl.DataFrame) -> pl.Series:
    """Return the image_id of each image whose votes leave its emotion contested.

    Of what `decide` returns without a pattern table or a choice of the critic, this part alone.
    """
    votes, verifier = annotator_votes(replies), verifier_votes(verdicts_of_verifier)
    outcome = find_patterns(_list_pictures(replies, verdicts_of_verifier), votes, verifier)
    return outcome.filter("is_contested")["image_id"]


def _list_pictures(*named_in: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([frame.select("image_id") for frame in named_in]).unique().sort("image_id")


def decide_with(
    patterns: pl.DataFrame | None,
    limits: DecisionLimits,
    similarity: TextSimilarity = LEMMAS,
    evidence: WordEvidence | None = None,
) -> Decide:
    """Return the rule of the pipeline: a pattern table (None where there is none), thresholds.

    Of the evidence on words, what people drew counts; the critic's choices come with each call.
    """
    known = evidence or WordEvidence()

    def rule(
        replies: pl.DataFrame,
        verifier_replies: pl.DataFrame,
        later: pl.DataFrame,
        choices: pl.DataFrame,
        word_choices: pl.DataFrame,
    ) -> pl.DataFrame:
        words = replace(known, choices=word_choices)
        return decide(
            replies, verifier_replies, patterns, later, choices, limits, similarity, words
        )

    return rule


def runner_up(emotion: str | None, distribution: Sequence[float] | None) -> str | None:
    """Return the likeliest emotion besides the decided one; on a tie the first alphabetically."""
    if distribution is None:
        return None
    others = [place for place, name in enumerate(MIKELS_8) if name != emotion]
    return MIKELS_8[max(others, key=lambda place: (distribution[place], -place))]


def intensity_level(intensity: pl.Expr, limits: DecisionLimits = DECISION_LIMITS) -> pl.Expr:
    """Return the level of an intensity; by default low 1-4, medium 5-7, high 8-10."""
    return (
        pl.when(intensity <= limits.low_up_to)
        .then(pl.lit("low"))
        .when(intensity <= limits.medium_up_to)
        .then(pl.lit("medium"))
        .when(intensity.is_not_null())
        .then(pl.lit("high"))
    )


def roll_up(verdicts: Mapping[str, str]) -> State:
    """Return the state of a record whose fields received these verdicts.

    - dropped: the emotion, or three of description, background, attribute, subject and box, are
      discarded.
    - human: some field can still be corrected, or was not judged.
    - preserved: all else; a discarded field is emptied and the record kept.

    Args:
        verdicts: field -> valid, revisable, discarded or unjudged.
    """
    lost = sum(verdicts.get(group) == "discarded" for group in ATTRIBUTE_GROUPS)
    if verdicts.get("emotion") == "discarded" or lost >= DROPPED_GROUPS:
        return "dropped"
    is_open = "emotion" not in verdicts or bool({"revisable", "unjudged"} & {*verdicts.values()})
    return "human" if is_open else "preserved"
