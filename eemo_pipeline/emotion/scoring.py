"""Scores a ranking or a score against the truth: EEmo-Bench's score and EEmo-Logic's rewards.

The formulas are Eq. 1, 2 and 9 of arXiv 2602.01173.
"""

import math
from collections.abc import Callable, Sequence
from itertools import combinations

# Points for naming the first, second and third emotion of the truth, at any position.
_HITS = (25.0, 15.0, 10.0)
_ORDER = 25.0
# Share of the points for order, by the number of true emotions that the answer names; fewer than
# two have no order.
_ORDER_SHARE = {2: 2 / 3, 3: 1.0}
_LINEAR, _PEAK, _PEAK_WIDTH = 0.4, 0.6, 0.05


def score_ranking(truth: Sequence[str], answer: Sequence[str]) -> float:
    """Return the score 0-100 of a ranking (Eq. 9): half for the emotions, half for their order.

    The order counts by Kendall's tau of the positions, as in the paper; the released code
    correlates the names (`score_ranking_by_names`), which differs in 280 of 1,260 cases.

    Args:
        truth: three distinct emotions, strongest first.
        answer: emotions in the order given; repeated ones count once, and those after the third are
            ignored.

    Raises:
        ValueError: the truth is not three distinct emotions.
    """
    return _score_ranking(truth, answer, _tau_of_positions)


def score_ranking_by_names(truth: Sequence[str], answer: Sequence[str]) -> float:
    """Return the score 0-100 of a ranking as the released code computes it.

    Kendall's tau is taken between the alphabetical ranks of the names at each place, for parity
    with published numbers. It equals the tau of the positions for two common emotions.

    Raises:
        ValueError: the truth is not three distinct emotions.
    """
    return _score_ranking(truth, answer, _tau_of_names)


def reward_ranking(truth: Sequence[str], answer: Sequence[str]) -> float:
    """Return the reward 0-1 of a ranking (Eq. 1): the square of its score."""
    return (score_ranking(truth, answer) / 100) ** 2


def reward_score(truth: float, answer: float) -> float:
    """Return the reward 0-1 of a valence, arousal or dominance (Eq. 2), both on 0-1.

    0.4 (1 - e) + 0.6 exp(-e^2 / (2 * 0.05^2)), with the absolute error e at most 1.
    """
    error = min(abs(answer - truth), 1.0)
    return _LINEAR * (1 - error) + _PEAK * math.exp(-(error**2) / (2 * _PEAK_WIDTH**2))


def _score_ranking(
    truth: Sequence[str],
    answer: Sequence[str],
    tau: Callable[[Sequence[str], Sequence[str]], float],
) -> float:
    if len(set(truth)) != len(_HITS):
        raise ValueError(f"the truth is three distinct emotions, not {list(truth)}")
    named = list(dict.fromkeys(answer))[: len(_HITS)]
    hits = sum(points for emotion, points in zip(truth, _HITS, strict=True) if emotion in named)
    common = [emotion for emotion in named if emotion in truth]
    if len(common) < 2:
        return hits
    order = [emotion for emotion in truth if emotion in common]
    return hits + round((tau(order, common) + 1) * _ORDER * _ORDER_SHARE[len(common)], 2)


def _tau_of_positions(truth: Sequence[str], answer: Sequence[str]) -> float:
    """Return Kendall's tau -1 to 1 of two orders of the same emotions."""
    pairs = list(combinations([truth.index(emotion) for emotion in answer], 2))
    return 2 * sum(earlier < later for earlier, later in pairs) / len(pairs) - 1


def _tau_of_names(truth: Sequence[str], answer: Sequence[str]) -> float:
    """Return Kendall's tau -1 to 1 between the names at the same places, in alphabetical order."""
    pairs = list(combinations(zip(truth, answer, strict=True), 2))
    agreeing = sum((a < c) == (b < d) for (a, b), (c, d) in pairs)
    return 2 * agreeing / len(pairs) - 1
