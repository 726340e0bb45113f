"""The limits of the critic's loop and the thresholds of its rules, with EmoVerse's values."""

from dataclasses import dataclass

from eemo_pipeline.aggregation.limits import (
    DECISION_LIMITS,
    RANKING_LIMITS,
    DecisionLimits,
    RankingLimits,
)


@dataclass(frozen=True)
class CriticLimits:
    """Limits of the loop, and thresholds of the rules.

    Attributes:
        max_rounds: rounds at most, the first included; EmoVerse's loop revises twice.
        max_calls: model calls per image at most, of annotators, verifier and critic together.
        pleasant_from: mean valence of the annotators, 0 to 1, from which a negative emotion is
            contradicted.
        unpleasant_up_to: mean valence up to which a positive emotion is contradicted.
        shortest_description: words of a description at least.
        longest_description: words of a description at most.
        phrase_words: words of a subject at most. EmoVerse's subjects have one to three; an
            annotator that cannot name objects needs a phrase.
        salient_score: detection score, 0 to 1, that a subject's best box needs.
        smallest_box: share of the image's area below which a box is partial.
        largest_box: share of the image's area above which a box is loose.
        levels_apart: levels of intensity by which two levels must differ to contradict each other.
        evidence_length: characters of one piece of a model critic's evidence at most.
        decision: thresholds of cross-verification, among them the levels of intensity.
        ranking: when emotions are distinct enough to be ranked.
    """

    max_rounds: int = 3
    max_calls: int = 12
    pleasant_from: float = 0.65
    unpleasant_up_to: float = 0.35
    shortest_description: int = 8
    longest_description: int = 25
    phrase_words: int = 10
    salient_score: float = 0.35
    smallest_box: float = 0.001
    largest_box: float = 0.95
    levels_apart: int = 2
    evidence_length: int = 200
    decision: DecisionLimits = DECISION_LIMITS
    ranking: RankingLimits = RANKING_LIMITS


CRITIC_LIMITS = CriticLimits()
