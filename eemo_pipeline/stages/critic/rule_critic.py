"""The embedded critic: EmoVerse's deterministic pre-checks, which are in `rules.py`.

The rule critic uses measured facts and never opens an image. Of a contested emotion or text it
chooses the candidate against which no measure speaks, where that is one of the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.critic import (
    STEPS,
    Case,
    Criticism,
    Judgement,
    Step,
    reach_verdicts,
)
from eemo_pipeline.stages.critic.limits import CRITIC_LIMITS, CriticLimits
from eemo_pipeline.stages.critic.rules import choose_emotion, find_problems, measure

_UNBROKEN = "no rule is broken"
_DIFFER = "the annotators differ"


@dataclass(frozen=True)
class RuleCritic:
    """The rules as a critic; implements `Critic`. Runs locally, without calling a model."""

    name: str = "rule_critic"
    method: str = (
        "deterministic pre-checks after EmoVerse's critic order (arXiv 2511.12554): background, "
        "emotion, subject and attribute, description, box, intensity, against measured facts; of "
        "two candidates the one against which no measure speaks"
    )
    calls_per_pass: int = 0
    limits: CriticLimits = CRITIC_LIMITS

    def judge(self, cases: Sequence[Case], ledger: Ledger | None = None) -> Criticism:  # noqa: ARG002
        """Judge every case by the rules alone."""
        judged = {case.image_id: self._judge(case) for case in cases}
        steps = {case.image_id: _list_steps(case, judged[case.image_id]) for case in cases}
        return Criticism(judged, steps=steps)

    def _judge(self, case: Case) -> dict[str, Judgement]:
        facts = case.facts
        fields = reach_verdicts(case, find_problems(facts, self.limits))
        if facts.is_contested and fields["emotion"].verdict == "revisable":
            choice, cues = choose_emotion(facts, self.limits)
            fields["emotion"] = replace(
                fields["emotion"], is_undecided=choice is None, choice=choice, cues=cues
            )
        for name in facts.contested_words:
            fields[name] = self._choose_text(case, name, fields[name])
        return fields

    def _choose_text(self, case: Case, name: str, judged: Judgement) -> Judgement:
        """Return the judgement of the text that breaks no rule, where the other breaks one."""
        other = case.facts.contested_words[name]
        facts = replace(case.facts, **{name: other})
        of_other = reach_verdicts(case, find_problems(facts, self.limits))[name]
        if bool(judged.problems) == bool(of_other.problems):
            return replace(judged, finding=f"{_DIFFER}; {_UNBROKEN}")
        better, worse = (of_other, judged) if judged.problems else (judged, of_other)
        choice = other if judged.problems else getattr(case.facts, name)
        cues = tuple(problem.finding for problem in worse.problems)
        finding = f"{_DIFFER}; of the other text: {'; '.join(cues)}"
        return replace(better, finding=finding, choice=choice, cues=cues)


def _list_steps(case: Case, fields: Mapping[str, Judgement]) -> list[Step]:
    """Return the checks that were made: of a blank image, none but the first."""
    if case.facts.is_blank:
        return [Step("S0", "scene", (), "the picture has no structure")]
    return [
        Step(
            step,
            field,
            measure(field, case.facts),
            "; ".join(f"{p.code}: {p.finding}" for p in fields[field].problems)
            or fields[field].finding
            or _UNBROKEN,
        )
        for field, step in STEPS.items()
    ]
