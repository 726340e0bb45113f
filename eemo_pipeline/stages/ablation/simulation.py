"""A simulation of two annotators and a verifier, to compare rules for combining their labels.

Holds the generative model, the compared rules, and Dawid and Skene's estimator as a baseline. The
pipeline's own rules are in `aggregation/`, synthetic tables in `synthetic_records.py`.

The model: the truth is uniform over the eight emotions. An error stays in the pleasant or
unpleasant half of the truth with probability 0.75, and is uniform within the half. With
probability rho both annotators share one draw, made with their mean accuracy. Stated confidence is
N(7.6, 1.3) where right and N(6.6, 1.3) where wrong, rounded and clipped to 1 to 10. Accuracies:
0.60 and 0.62 for the annotators, 0.80 for the verifier.
"""

from dataclasses import dataclass

import numpy as np

from eemo_pipeline.emotion.taxonomies import MIKELS_8, POSITIVE_MIKELS
from eemo_pipeline.stats.hash_draws import uniforms

ITEMS = 20_000
TRAINING = 1_500
UNSUPERVISED = 4_000
ACCURACIES = (0.60, 0.62, 0.80)
_SAME_HALF = 0.75
_POSITIVE = np.array([name in POSITIVE_MIKELS for name in MIKELS_8])


@dataclass(frozen=True)
class Simulated:
    """Items x (annotator, annotator, verifier): labels and stated confidences, and the truth."""

    truth: np.ndarray
    labels: np.ndarray
    confidences: np.ndarray


def simulate(rho: float, items: int = ITEMS, seed: str = "cross-verification") -> Simulated:
    """Draw items under the model; the same arguments give the same items."""
    truth = (uniforms(items, seed, "truth") * 8).astype(int)
    first, second, verifier = (
        draw_labels(truth, accuracy, seed, f"voice {voice}")
        for voice, accuracy in enumerate(ACCURACIES)
    )
    shared = draw_labels(truth, (ACCURACIES[0] + ACCURACIES[1]) / 2, seed, "shared")
    is_shared = uniforms(items, seed, "is shared") < rho
    labels = np.stack(
        [np.where(is_shared, shared, first), np.where(is_shared, shared, second), verifier], axis=1
    )
    from scipy.special import ndtri

    noise = ndtri(np.clip(uniforms(items * 3, seed, "confidence"), 1e-9, 1 - 1e-9))
    means = np.where(labels == truth[:, None], 7.6, 6.6)
    confidences = np.clip(np.round(means + 1.3 * noise.reshape(items, 3)), 1, 10)
    return Simulated(truth, labels, confidences)


def draw_labels(truth: np.ndarray, accuracy: float, *seed: str) -> np.ndarray:
    """Draw one voter's labels: right at the given accuracy, otherwise wrong as in the model."""
    size = len(truth)
    is_right = uniforms(size, *seed, "right") < accuracy
    stays = uniforms(size, *seed, "half") < _SAME_HALF
    among = uniforms(size, *seed, "which")
    same = _POSITIVE[truth][:, None] == _POSITIVE[None, :]
    is_truth = np.arange(8)[None, :] == truth[:, None]
    allowed = np.where(stays[:, None], same & ~is_truth, ~same)
    rank = np.floor(among * allowed.sum(axis=1)).astype(int)
    wrong = (np.cumsum(allowed, axis=1) > rank[:, None]).argmax(axis=1)
    return np.where(is_right, truth, wrong)


def find_patterns(labels: np.ndarray) -> np.ndarray:
    """Return the agreement pattern of each item.

    0: unanimous. 1 and 2: the verifier agrees with only the first or only the second annotator.
    3: the annotators agree against the verifier. 4: all differ.
    """
    first, second, verifier = labels.T
    return np.select(
        [
            (first == second) & (second == verifier),
            first == verifier,
            second == verifier,
            first == second,
        ],
        [0, 1, 2, 3],
        4,
    )


def vote(labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the label with the largest total weight; a tie goes to the verifier.

    Args:
        labels: items x voters, the verifier last.
        weights: one per voter, or items x voters.
    """
    mass = np.zeros((len(labels), 8))
    rows = np.arange(len(labels))
    spread = np.broadcast_to(weights, labels.shape)
    for voice in range(labels.shape[1]):
        mass[rows, labels[:, voice]] += spread[:, voice]
    best = mass.max(axis=1)
    is_tied = mass[rows, labels[:, -1]] >= best - 1e-9
    return np.where(is_tied, labels[:, -1], mass.argmax(axis=1))


def apply_pattern_table(data: Simulated, training: int = TRAINING) -> tuple[float, np.ndarray]:
    """Return the accuracy after the first `training` items, and the voter each pattern trusts."""
    patterns = find_patterns(data.labels)
    hits = data.labels == data.truth[:, None]
    trusted = np.array(
        [hits[:training][patterns[:training] == pattern].sum(axis=0) for pattern in range(5)]
    )
    # The verifier, the last voter, is preferred where counts are equal.
    voices = 2 - trusted[:, ::-1].argmax(axis=1)
    rest = hits[training:]
    return float(rest[np.arange(len(rest)), voices[patterns[training:]]].mean()), voices


def weigh_by_log_odds(accuracies: tuple[float, ...] = ACCURACIES, classes: int = 8) -> np.ndarray:
    """Return ln((K - 1) a / (1 - a)), optimal for independent voters (Nitzan, Paroush 1982)."""
    share = np.array(accuracies)
    return np.log((classes - 1) * share / (1 - share))


def estimate_by_dawid_skene(labels: np.ndarray, classes: int = 8, rounds: int = 200) -> np.ndarray:
    """Return the most likely truth of every item from votes alone, by EM (Dawid and Skene 1979).

    Starts from the shares of the votes. Every voter has a confusion matrix, smoothed by 0.01 per
    cell. Stops when no item's posterior moves by 1e-6 or more.

    Args:
        labels: items x voters, 0 to classes - 1.
        classes: the number of labels.
        rounds: the maximum number of iterations.
    """
    if not labels.size:
        return np.zeros(len(labels), dtype=int)
    votes = np.eye(classes)[labels]  # items x voters x classes
    belief = votes.mean(axis=1)
    for _ in range(rounds):
        prior = belief.mean(axis=0)
        counts = np.einsum("it,ivl->vtl", belief, votes) + 0.01
        confusion = np.log(counts / counts.sum(axis=2, keepdims=True))
        log_belief = np.log(prior + 1e-12) + np.einsum("ivl,vtl->it", votes, confusion)
        updated = np.exp(log_belief - log_belief.max(axis=1, keepdims=True))
        updated /= updated.sum(axis=1, keepdims=True)
        moved = float(np.abs(updated - belief).max())
        belief = updated
        if moved < 1e-6:
            break
    return belief.argmax(axis=1)
