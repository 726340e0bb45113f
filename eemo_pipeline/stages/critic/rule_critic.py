"""The embedded critic: EmoVerse's deterministic pre-checks, which are in `rules.py`.

The rule critic uses measured facts and never opens an image. It cannot settle a contested emotion.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.critic import Case, Criticism, reach_verdicts
from eemo_pipeline.stages.critic.rules import find_problems


@dataclass(frozen=True)
class RuleCritic:
    """The rules as a critic; implements `Critic`. Runs locally, without calling a model."""

    name: str = "rule_critic"
    method: str = (
        "deterministic pre-checks after EmoVerse's critic order (arXiv 2511.12554): background, "
        "emotion, subject and attribute, description, box, intensity, against measured facts"
    )
    calls_per_pass: int = 0

    def judge(self, cases: Sequence[Case], ledger: Ledger | None = None) -> Criticism:  # noqa: ARG002
        """Judge every case by the rules alone."""
        return Criticism(
            {case.image_id: reach_verdicts(case, find_problems(case.facts)) for case in cases}
        )
