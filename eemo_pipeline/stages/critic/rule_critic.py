"""The embedded critic: EmoVerse's deterministic pre-checks, and nothing else.

Belongs here: the rules as a critic. Does not belong here: the rules (`rules.py`). It knows
measured facts and no picture, and says so; a contested emotion is never settled by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.critic import Case, Criticism, reach_verdicts
from eemo_pipeline.stages.critic.rules import find_problems


@dataclass(frozen=True)
class RuleCritic:
    """The rules as a critic; implements `Critic`. They cost nothing and ask nobody."""

    name: str = "rule_critic"
    method: str = (
        "deterministic pre-checks after EmoVerse's critic order (arXiv 2511.12554): background, "
        "emotion, subject and attribute, description, box, intensity, against measured facts"
    )
    calls_per_pass: int = 0

    def judge(self, cases: Sequence[Case], ledger: Ledger | None = None) -> Criticism:  # noqa: ARG002
        """Judge by the rules alone."""
        return Criticism(
            {case.image_id: reach_verdicts(case, find_problems(case.facts)) for case in cases}
        )
