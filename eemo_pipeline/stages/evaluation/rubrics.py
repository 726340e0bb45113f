"""What a judge votes on in each round, and the mark that follows from the votes.

EEmo-Bench (arXiv 2504.16405) has one vote of 0 to 2 in each of five rounds. EEmo-Logic (arXiv
2602.01173, appendix E.3) has three, for completeness, precision and relevance, and counts words for
a fourth criterion, conciseness. Its bounds of conciseness are not published; ours are in
`conciseness`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item

ROUNDS = 5
MOST = 2  # points of a vote
Votes = Sequence[Mapping[str, int]]  # one object per round
_NEAR, _FAR = (0.8, 1.2), (0.5, 1.5)  # answer's words over those of the reference


@dataclass(frozen=True)
class Rubric:
    """What a judge votes on.

    Attributes:
        prompt: the file in `prompts/`.
        criteria: the names of the votes of one round.
        mark: the mark 0-1 of an answer to an item, from the votes of all rounds.
    """

    prompt: str
    criteria: tuple[str, ...]
    mark: Callable[[Item, str, Votes], float]

    @property
    def reply(self) -> Mapping[str, Any]:
        """The JSON Schema of one round."""
        vote = {"type": "integer", "enum": list(range(MOST + 1))}
        return {
            "type": "object",
            "properties": {name: dict(vote) for name in self.criteria},
            "required": list(self.criteria),
            "additionalProperties": False,
        }


def conciseness(answer: str, reference: str) -> int:
    """Return 2, 1 or 0 points for the number of words beside that of the reference.

    2 for 0.8 to 1.2 times as many, 1 for 0.5 to 1.5 times, else 0. Words are split at white space.
    """
    words = len(reference.split())
    ratio = len(answer.split()) / words if words else 0.0
    if _NEAR[0] <= ratio <= _NEAR[1]:
        return 2
    return int(_FAR[0] <= ratio <= _FAR[1])


def _sum_of_votes(item: Item, answer: str, votes: Votes) -> float:  # noqa: ARG001 (one contract)
    return sum(vote["score"] for vote in votes) / (MOST * ROUNDS)


def _mean_of_criteria(item: Item, answer: str, votes: Votes) -> float:
    means = [sum(vote[name] for vote in votes) / len(votes) for name in CRITERIA.criteria]
    points = [*means, conciseness(answer, item.gold)]
    return round(sum(points) / len(points) / MOST, 6)


ONE_SCORE = Rubric("judge-1", ("score",), _sum_of_votes)
CRITERIA = Rubric("judge-criteria-1", ("completeness", "precision", "relevance"), _mean_of_criteria)
_RUBRICS = {"one_score": ONE_SCORE, "criteria": CRITERIA}


def rubric_of(benchmark: Benchmark) -> Rubric | None:
    """Return what the judge of a benchmark votes on; None where nobody judges texts."""
    return _RUBRICS.get(benchmark.rubric)
