"""A linear classifier in closed form: ridge regression on the indicators of the classes.

Hastie, Tibshirani and Friedman 2009, "The Elements of Statistical Learning", sections 3.4.1 and
4.2. Features are standardised, and the class with the largest value is the answer. The solution is
unique and takes one system of equations, so that a study can fit hundreds of them, and so that no
processor's rounding steers a descent to another answer.

The shared representation of several heads is that of reduced-rank regression (Izenman 1975), which
is where a linear network with a narrow layer ends (Baldi and Hornik 1989).
"""

from dataclasses import dataclass

import numpy as np

# Values that differ by less are a tie: the first class in alphabetical order is taken.
_DECIMALS = 9
_CONSTANT = 1e-9


@dataclass(frozen=True)
class LinearClassifier:
    """Values of the classes: (features - mean) / scale @ weights + bias."""

    classes: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    def decide(self, features: np.ndarray) -> np.ndarray:
        """Return the class of each row."""
        values = (features - self.mean) / self.scale @ self.weights + self.bias
        return self.classes[values.round(_DECIMALS).argmax(axis=1)]


def fit_classifier(
    features: np.ndarray,
    labels: np.ndarray,
    penalty: float,
    row_weights: np.ndarray | None = None,
) -> LinearClassifier:
    """Fit a classifier.

    Args:
        features: rows x features, finite.
        labels: one class per row, at least one.
        penalty: of the squared weights, in units of one row; more rows outweigh it.
        row_weights: how much each row counts; by default 1.
    """
    classes, codes = np.unique(labels, return_inverse=True)
    weights = np.ones(len(labels)) if row_weights is None else row_weights
    mean, scale = standardise(features, weights)
    seen, wanted = (features - mean) / scale, np.eye(len(classes))[codes]
    bias = np.average(wanted, axis=0, weights=weights)
    root = np.sqrt(weights)[:, None]
    return LinearClassifier(
        classes, mean, scale, solve_ridge(seen * root, (wanted - bias) * root, penalty), bias
    )


def even_weights(labels: np.ndarray) -> np.ndarray:
    """Return row weights by which every class counts the same; their sum is the number of rows."""
    _, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return len(labels) / (len(counts) * counts[codes])


def standardise(
    features: np.ndarray, row_weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each feature; of a constant one, infinity."""
    mean = np.average(features, axis=0, weights=row_weights)
    spread = np.sqrt(np.average((features - mean) ** 2, axis=0, weights=row_weights))
    # A constant feature carries no information, so it is ignored in new rows.
    return mean, np.where(spread > _CONSTANT, spread, np.inf)


def solve_ridge(seen: np.ndarray, wanted: np.ndarray, penalty: float) -> np.ndarray:
    """Return the features x targets weights of ridge regression through the origin."""
    rows, width = seen.shape
    if width <= rows:
        return np.linalg.solve(seen.T @ seen + penalty * np.eye(width), seen.T @ wanted)
    return seen.T @ np.linalg.solve(seen @ seen.T + penalty * np.eye(rows), wanted)


def shared_representation(
    seen: np.ndarray, wanted: np.ndarray, penalty: float, units: int
) -> np.ndarray:
    """Return features x units weights of the narrow layer that serves all targets together.

    Args:
        seen: standardised rows x features.
        wanted: centred rows x targets; a target with a larger variance counts for more.
        penalty: of the squared weights.
        units: width of the layer.
    """
    weights = solve_ridge(seen, wanted, penalty)
    _, _, directions = np.linalg.svd(seen @ weights, full_matrices=False)
    return weights @ directions[:units].T
