"""The reward of a completion: format, ranking, score and dominant emotion, with their gates.

Eq. 1 to 4 of arXiv 2602.01173: R = lambda R_fmt + G_rank R_rank + G_vad R_vad + G_dom R_dom. A gate
is open if the item is of that task and the completion keeps the format. Pure functions, shared by
training and evaluation; formulas are in `scoring.py` and `similarity.py`, parsing in `answers.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eemo_pipeline.emotion.answers import (
    DOMINANT,
    RANKING,
    SCORE,
    carries_identifier,
    read_label,
    read_ranking,
    read_score,
    split_completion,
)
from eemo_pipeline.emotion.scoring import reward_ranking, reward_score
from eemo_pipeline.emotion.similarity import RewardMatrix
from eemo_pipeline.emotion.taxonomies import EKMAN_7, canonical

FORMAT_WEIGHT = 1.0  # lambda; the published value is lost, and the released trainer adds equally
_EKMAN = frozenset(EKMAN_7)


@dataclass(frozen=True)
class Gold:
    """What a completion is judged by.

    Attributes:
        task: ranking, vad or dominant_emotion.
        dimension: valence, arousal or dominance of a vad item, else None.
        ranking: the three true emotions of a ranking item, strongest first.
        score: the true value 0-1 of a vad item.
        label: the true emotion of a dominant_emotion item.
        matrix: the rewards of the item's candidates, for dominant_emotion items.
    """

    task: str
    dimension: str | None = None
    ranking: tuple[str, ...] = ()
    score: float | None = None
    label: str | None = None
    matrix: RewardMatrix | None = None


@dataclass(frozen=True)
class Reward:
    """The rewards of one completion, each 0-1; of the last three at most one is not 0.

    Attributes:
        format: 1 if the completion thinks, answers, and names its task; else 0.
        ranking: the gated reward of a ranking.
        score: the gated reward of a value.
        dominant: the gated reward of a dominant emotion.
        total: the weighted sum.
    """

    format: float
    ranking: float
    score: float
    dominant: float
    total: float


def build_gold(
    task: str,
    dimension: str | None,
    solution: str,
    target: float | None,
    candidates: Sequence[str],
    matrices: Mapping[str, RewardMatrix],
) -> Gold:
    """Return what an Assess item's completions are judged by.

    Args:
        task: the item's task.
        dimension: the item's dimension.
        solution: the item's answer, such as "Emotion ranking: fear, joy, anger".
        target: the item's value.
        candidates: the item's candidates, as the question shows them.
        matrices: candidates joined by ", " -> rewards.

    Raises:
        ValueError: the item has no usable truth, or its candidates have no matrix.
    """
    if task == RANKING:
        ranking = tuple(canonical(word) for word in solution.rpartition(":")[2].split(","))
        if len(set(ranking)) != 3 or not set(ranking) <= _EKMAN:
            raise ValueError("the answer is no ranking of three emotions")
        return Gold(task, ranking=ranking)
    if task == SCORE:
        if target is None or not 0 <= target <= 1 or not dimension:
            raise ValueError("the item has no value from 0 to 1, or no dimension")
        return Gold(task, dimension, score=target)
    if task == DOMINANT:
        matrix, label = matrices.get(", ".join(candidates)), read_label(solution)
        if matrix is None:
            raise ValueError("the candidates have no matrix of similarities")
        if label not in matrix.labels:
            raise ValueError("the answer is none of the candidates")
        return Gold(task, label=label, matrix=matrix)
    raise ValueError(f"no task {task!r}")


def reward_completion(text: str, gold: Gold, format_weight: float = FORMAT_WEIGHT) -> Reward:
    """Return the rewards of a completion."""
    answer, is_reasoned = split_completion(text)
    if answer is None or not is_reasoned:
        return Reward(0.0, 0.0, 0.0, 0.0, 0.0)
    if not carries_identifier(answer, gold.task, gold.dimension):
        return Reward(0.0, 0.0, 0.0, 0.0, 0.0)
    ranking = score = dominant = 0.0
    if gold.task == RANKING:
        ranking = reward_ranking(gold.ranking, read_ranking(answer, _EKMAN))
    elif gold.task == SCORE and gold.score is not None:
        value = read_score(answer)
        score = 0.0 if value is None else reward_score(gold.score, value)
    elif gold.matrix is not None and gold.label is not None:
        dominant = gold.matrix.reward(gold.label, read_label(answer))
    return Reward(1.0, ranking, score, dominant, format_weight + ranking + score + dominant)
