"""The thresholds by which many labels become one decision, with EmoVerse's values as defaults.

A run's own values come from `resources/thresholds.py`, the critic's are in
`stages/critic/limits.py`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class DecisionLimits:
    """Thresholds of cross-verification.

    Attributes:
        min_labelled: human-labelled images of a source from which labels set weights.
        min_in_cell: labelled images in a cell from which the cell counts.
        accepted_from: lower bound (Wilson, 95 %) of a share of right emotions from which an emotion
            is accepted without contest, 0 to 1.
        trusted_weight: the weight of a verifier that labels support; an annotator's is 1.
        clarity_agrees_within: largest difference of agreeing clarities, in points of 1 to 10.
        words_agree_from: similarity from which two texts agree, 0 to 1.
        borne_out_from: similarity from which a statement bears out a claim, 0 to 1; our choice.
        low_up_to: highest intensity of the level low.
        medium_up_to: highest intensity of the level medium.
    """

    min_labelled: int = 300
    min_in_cell: int = 40
    accepted_from: float = 0.85
    trusted_weight: float = 2.0
    clarity_agrees_within: int = 2
    words_agree_from: float = 0.80
    borne_out_from: float = 0.50
    low_up_to: int = 4
    medium_up_to: int = 7


DECISION_LIMITS = DecisionLimits()


@dataclass(frozen=True)
class RankingLimits:
    """When emotions are distinct enough to be ranked, with EEmoDB's values as defaults.

    Attributes:
        ranking_length: emotions in a ranking; questions on the three strongest need three.
        smallest_gap: share of the mass by which neighbours of an uncounted distribution differ at
            least, 0 to 1; our choice, since the published one is lost.
        vote_tolerance: share of a vote by which a gap may fall short of one vote, because published
            shares are rounded, 0 to 1.
    """

    ranking_length: int = 3
    smallest_gap: float = 0.05
    vote_tolerance: float = 0.001


RANKING_LIMITS = RankingLimits()
