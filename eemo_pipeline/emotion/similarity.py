"""Similarity of emotions as EEmo-Logic rewards it (Eq. 3 of arXiv 2602.01173).

The reward of answering j for the true emotion i mixes two similarities, each normalised per true
emotion, so that the matrix is not symmetric: rows are true emotions, columns answers.

    S_vad(i,j) = 1 - d(i,j) / max_m d(i,m),  d = sqrt(0.5 dV^2 + 0.3 dA^2 + 0.2 dD^2)
    E(i,j)     = (E0 - row min) / (row max - row min),  E0 = cosine of the definitions
    S_sem(i,j) = E / max of E off the diagonal, at most 1, and 1 on the diagonal
    R(i,j)     = (0.6 S_vad + 0.4 S_sem^2)^3

The normalisation of E is that of the released matrices, not of the paper's sentence. The
definitions are in `definitions.csv`, in words of our own.
"""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from eemo_pipeline.emotion.taxonomies import canonical
from eemo_pipeline.emotion.vad import DISTANCE_WEIGHTS, Vad

VAD_SHARE, SEMANTIC_POWER, POWER = 0.6, 2, 3
# The task that an instructed embedder is given with the definition of the true emotion.
INSTRUCTION = (
    "Represent the meaning of this emotion by the situation that triggers it, the appraisal of "
    "that situation, and the response in behaviour"
)
_NAMED = 5  # labels that a reason names
_LARGEST_FILE = 16 * 1024 * 1024


class BadMatrix(ValueError):
    """A file of matrices cannot be used; the message says which, and why."""


@dataclass(frozen=True)
class Definition:
    """An emotion in words.

    Attributes:
        text: trigger, appraisal and response in one sentence.
        words: the entries of a lexicon that stand for the emotion; their mean is its V-A-D.
    """

    text: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class RewardMatrix:
    """The rewards of one label set.

    Attributes:
        labels: the canonical labels, in the order of rows and columns.
        values: shape (labels, labels), 0-1; rows are true emotions.
    """

    labels: tuple[str, ...]
    values: np.ndarray

    def reward(self, truth: str, answer: str) -> float:
        """Return the reward 0-1 of an answer; 0 where it is no label of the set.

        Raises:
            KeyError: the truth is no label of the set.
        """
        places = _places(self.labels)
        column = places.get(canonical(answer))
        row = places[canonical(truth)]
        return 0.0 if column is None else float(self.values[row, column])


@cache
def read_definitions() -> Mapping[str, Definition]:
    """Return canonical label -> its definition, for every label of the five rewarded sets."""
    text = files("eemo_pipeline.emotion").joinpath("definitions.csv").read_text(encoding="utf-8")
    return {
        row["label"]: Definition(row["definition"], tuple(row["words"].split()))
        for row in csv.DictReader(text.splitlines())
    }


def locate_label(label: str, lexicon: Mapping[str, Vad]) -> Vad | None:
    """Return the mean V-A-D of the label's words that the lexicon has; None where it has none."""
    definition = read_definitions().get(canonical(label))
    words = definition.words if definition else (canonical(label),)
    found = [lexicon[word] for word in words if word in lexicon]
    return Vad(*np.mean(found, axis=0).tolist()) if found else None


def measure_vad_similarity(points: Sequence[Vad]) -> np.ndarray:
    """Return S_vad, shape (n, n): 1 on the diagonal, 0 at each row's most distant emotion.

    Args:
        points: one per label, all on one scale.

    Raises:
        ValueError: fewer than two points differ, so there is no distance to normalise by.
    """
    places = np.asarray(points, dtype=np.float64)
    differences = places[:, None, :] - places[None, :, :]
    distances = np.sqrt((differences**2) @ np.asarray(DISTANCE_WEIGHTS))
    furthest = distances.max(axis=1, keepdims=True)
    if not (furthest > 0).all():
        raise ValueError("the emotions of a set need different V-A-D values")
    return 1 - distances / furthest


def stretch_rows(cosines: np.ndarray) -> np.ndarray:
    """Return E: every row stretched from its smallest to its largest cosine.

    Args:
        cosines: shape (n, n), of the definitions.

    Raises:
        ValueError: all cosines of a row are equal.
    """
    low, high = cosines.min(axis=1, keepdims=True), cosines.max(axis=1, keepdims=True)
    if not (high > low).all():
        raise ValueError("the definitions of a set need different similarities")
    return (cosines - low) / (high - low)


def combine(vad_similarity: np.ndarray, stretched: np.ndarray) -> np.ndarray:
    """Return the rewards R, shape (n, n), from S_vad and E.

    Args:
        vad_similarity: the result of `measure_vad_similarity`.
        stretched: the result of `stretch_rows`, or a released `check_embedding`.
    """
    apart = ~np.eye(len(stretched), dtype=bool)
    largest = stretched[apart].max(initial=0.0)
    # Of two labels each is the other's least similar, so a wrong one earns nothing.
    semantic = np.clip(stretched / largest, 0, 1) if largest > 0 else np.zeros_like(stretched)
    np.fill_diagonal(semantic, 1.0)
    mixed = VAD_SHARE * vad_similarity + (1 - VAD_SHARE) * semantic**SEMANTIC_POWER
    return mixed**POWER


def explain_no_matrix(labels: Sequence[str], lexicon: Mapping[str, Vad]) -> str | None:
    """Return why a label set has no rewards, and what helps; None if it has.

    Args:
        labels: the labels, in any spelling.
        lexicon: word -> V-A-D.
    """
    names, definitions = [canonical(label) for label in labels], read_definitions()
    if undefined := [name for name in names if name not in definitions]:
        return f"{_list(undefined)} have no definition in emotion/definitions.csv"
    if unrated := [name for name in names if locate_label(name, lexicon) is None]:
        return (
            f"no lexicon of the data root has V-A-D values of {_list(unrated)}: "
            "add one, such as warriner"
        )
    return None


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def build_matrix(
    labels: Sequence[str],
    lexicon: Mapping[str, Vad],
    compare: Callable[[Sequence[tuple[str, str]]], Sequence[float]],
) -> RewardMatrix | None:
    """Return the rewards of a label set; None where `explain_no_matrix` has a reason.

    Args:
        labels: the labels, in any spelling.
        lexicon: word -> V-A-D.
        compare: the cosine 0-1 of each pair of texts, such as `TextSimilarity.compare`.
    """
    if explain_no_matrix(labels, lexicon):
        return None
    names, definitions = tuple(canonical(label) for label in labels), read_definitions()
    points = [locate_label(name, lexicon) for name in names]
    known = [point for point in points if point is not None]
    texts = [f"{name}: {definitions[name].text}" for name in names]
    asked = [(one, other) for one in texts for other in texts]
    cosines = np.asarray(compare(asked), dtype=np.float64).reshape(len(names), len(names))
    return RewardMatrix(names, combine(measure_vad_similarity(known), stretch_rows(cosines)))


def read_matrices(path: Path) -> dict[str, RewardMatrix]:
    """Read matrices in the layout of EEmo-Logic's releases: list of labels -> rows of numbers.

    The labels are joined by ", " in the order of rows and columns. A list of one-key objects is
    read as one object.

    Raises:
        BadMatrix: the file cannot be read, is too large, or a matrix does not fit its labels.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise BadMatrix(f"{path} is larger than {_LARGEST_FILE} bytes: not a file of matrices")
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise BadMatrix(f"{path} is no readable JSON file: {error}") from error
    parts = content if isinstance(content, list) else [content]
    if not all(isinstance(part, dict) for part in parts):
        raise BadMatrix(f"{path} holds no objects of labels and rows")
    return {key: _as_matrix(path, key, rows) for part in parts for key, rows in part.items()}


def _as_matrix(path: Path, key: str, rows: object) -> RewardMatrix:
    labels = tuple(canonical(label) for label in key.split(","))
    try:
        values = np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadMatrix(f"{path}, {key[:60]!r}: rows are not numbers ({error})") from error
    if values.shape != (len(labels), len(labels)) or not np.isfinite(values).all():
        raise BadMatrix(
            f"{path}, {key[:60]!r}: {len(labels)} labels need as many rows of as many finite "
            "numbers"
        )
    return RewardMatrix(labels, values)


@cache
def _places(labels: tuple[str, ...]) -> Mapping[str, int]:
    return {label: place for place, label in enumerate(labels)}
