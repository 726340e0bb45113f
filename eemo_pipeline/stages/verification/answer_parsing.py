"""Converts a verifier's output (a text, losses or scores) to a label and a distribution.

Also fits the temperature that calibrates scores against human labels.
"""

import re
from collections.abc import Mapping
from sys import float_info
from typing import Any

import numpy as np

from eemo_pipeline.aggregation.decide import round_shares
from eemo_pipeline.emotion.taxonomies import MIKELS_8, canonical

_LABEL = re.compile(rf"\b({'|'.join((*MIKELS_8, 'sad'))})\b")
# Temperatures from 1/20 to 20; beyond, a distribution is close to one-hot or uniform.
_LOG_TEMPERATURES = (-3.0, 3.0)
_GOLDEN = (5**0.5 - 1) / 2


def read_label(text: str) -> dict[str, Any]:
    """Return as an answer the one Mikels emotion that a text names after its last colon.

    Only whole words count: "awesome" names nothing. No label, or two different ones, gives an
    abstention.
    """
    tail = text.lower().rsplit(":", 1)[-1]
    found = sorted({canonical(word) for word in _LABEL.findall(tail)})
    if len(found) == 1:
        return {"status": "ok", "emotion": found[0]}
    return {"status": "abstain", "reason": "several_labels" if found else "no_label"}


def read_losses(losses: Mapping[str, Any]) -> dict[str, Any]:
    """Return the label and distribution that follow from the losses of the eight candidates.

    p_k = exp(-L_k) / sum_j exp(-L_j). L_k is the mean loss over the candidate's own tokens, because
    labels differ in length.
    """
    named = {canonical(str(name)): value for name, value in losses.items()}
    if set(named) != set(MIKELS_8) or not all(_is_finite(value) for value in named.values()):
        return {"status": "error", "reason": "bad_scores"}
    values = -np.array([named[name] for name in MIKELS_8], dtype=float)
    odds = np.exp(values - values.max())
    return give_scores(odds / odds.sum())


def read_scores(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Return the label and distribution of scores, which must sum to 1 within 1e-6."""
    named = {canonical(str(name)): value for name, value in scores.items()}
    if not set(named) <= set(MIKELS_8) or not all(_is_finite(value) for value in named.values()):
        return {"status": "error", "reason": "bad_scores"}
    shares = np.array([named.get(name, 0.0) for name in MIKELS_8], dtype=float)
    if (shares < 0).any() or abs(shares.sum() - 1) > 1e-6:
        return {"status": "error", "reason": "bad_scores"}
    return give_scores(shares)


def give_scores(shares: np.ndarray) -> dict[str, Any]:
    """Return an answer with the most probable emotion, its probability and the distribution."""
    row = round_shares(shares[None, :])[0]
    return {
        "status": "ok",
        "emotion": MIKELS_8[int(row.argmax())],
        "probability": float(row.max()),
        "distribution": row.tolist(),
    }


def fit_temperature(shares: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature that maximises the likelihood of human labels (Guo et al. 2017).

    Uses golden-section search on its logarithm, in which the likelihood is unimodal.

    Args:
        shares: probabilities, shape (images, 8).
        labels: index of each image's label among the eight, shape (images,).

    Returns:
        The temperature, 1/20 to 20, rounded to 6 decimals; above 1, the scores were overconfident.
    """
    low, high = _LOG_TEMPERATURES
    for _ in range(60):
        left = high - _GOLDEN * (high - low)
        right = low + _GOLDEN * (high - low)
        if _surprise(shares, labels, left) <= _surprise(shares, labels, right):
            high = right
        else:
            low = left
    return round(float(np.exp((low + high) / 2)), 6)


def temper(shares: np.ndarray, temperature: float) -> np.ndarray:
    """Return the distributions at another temperature: p^(1/T), normalised."""
    logits = np.log(np.maximum(shares, 1e-9)) / temperature
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def _surprise(shares: np.ndarray, labels: np.ndarray, log_temperature: float) -> float:
    cooled = temper(shares, float(np.exp(log_temperature)))
    return float(-np.log(np.maximum(cooled[np.arange(len(labels)), labels], 1e-12)).mean())


def _is_finite(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) <= float_info.max  # a whole number may have 400 digits
