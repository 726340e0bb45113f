"""Chooses the critic of a run, and rejects a critic that would judge its own answers.

The critics are in `eemo_pipeline/stages/critic/`, the providers in `resources/providers/`.
"""

import os
from collections.abc import Callable
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.roles.critic import Critic
from eemo_pipeline.stages.critic.limits import CRITIC_LIMITS, CriticLimits
from eemo_pipeline.stages.critic.model_critic import ModelCritic
from eemo_pipeline.stages.critic.rule_critic import RuleCritic
from eemo_pipeline.vlm.contract import VisionLanguageModel
from eemo_pipeline.vlm.session import Session
from resources.providers.gemini_vlm import GeminiVlm
from resources.providers.local_models import LocalModels
from resources.providers.registry import LOCAL, PROVIDERS, read_choices
from resources.roles.annotators import Annotators
from resources.thresholds import VARIABLE as THRESHOLDS
from resources.thresholds import read_thresholds

VARIABLE = "EEMO_CRITIC"
RULES = "rules"
# Critics that need no resources of the run; those that ask a model are built below.
CRITICS: dict[str, Callable[[], Critic]] = {RULES: RuleCritic}


class BadCritic(ValueError):
    """The critic cannot be used; the message says why, and names the alternatives."""


def build_critic(
    text: str,
    annotators: Annotators,
    session: Session,
    local_models: LocalModels,
    limits: CriticLimits = CRITIC_LIMITS,
    *,
    may_be_an_annotator: bool = False,
) -> Critic:
    """Build the critic that the text names.

    Raises:
        BadCritic: there is no such critic, or its model is also an annotator.
    """
    name = text.partition(":")[0]
    if name == RULES:
        return RuleCritic(limits=limits)
    if name in CRITICS:
        return CRITICS[name]()
    model: VisionLanguageModel
    if name == LOCAL:
        model = local_models.gemini("local-critic")
    elif name in PROVIDERS:
        (choice,) = read_choices(text)
        model = choice.build()
    else:
        raise BadCritic(
            f"there is no critic {name!r}. Set {VARIABLE} to one of "
            f"{', '.join((*CRITICS, LOCAL, *PROVIDERS))}; a provider takes :MODEL"
        )
    theirs = {annotator.model for annotator in annotators.members}
    if model.model in theirs and not may_be_an_annotator:
        raise BadCritic(
            f"the critic's model, {model.model}, is an annotator's too: a model that judges its "
            f"own answers finds little wrong with them. Set {VARIABLE} to a model of another "
            f"family, or to {RULES}"
        )
    return ModelCritic(model, session, limits=limits)


def planned_critic(session: Session) -> ModelCritic | None:
    """Return the model critic that a run would use, or None if it would not use a model.

    No server is started.

    Raises:
        BadProviders: the choice cannot be understood.
        BadThreshold: EEMO_THRESHOLDS cannot be used.
    """
    text = (os.environ.get(VARIABLE) or RULES).strip()
    limits = read_thresholds(os.environ.get(THRESHOLDS, ""))
    if text == LOCAL:
        return ModelCritic(GeminiVlm("local-critic", "local_gemini"), session, limits=limits)
    if text.partition(":")[0] not in PROVIDERS:
        return None
    (choice,) = read_choices(text)
    return ModelCritic(choice.build(), session, limits=limits)


class CriticResource(dg.ConfigurableResource):
    """Builds the critic; the rules need no key, no download and no GPU."""

    annotators: dg.ResourceDependency[Annotators]
    session: dg.ResourceDependency[Session]
    local_models: dg.ResourceDependency[LocalModels]
    thresholds: dg.ResourceDependency[CriticLimits]
    critic: str | None = Field(
        default=None,
        description=f"{RULES}, {LOCAL} or PROVIDER:MODEL; else {VARIABLE}, else {RULES}.",
    )
    may_be_an_annotator: bool = Field(
        default=False, description="For experiments alone: a critic that is an annotator's model."
    )

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """Build the critic of this run."""
        text = (self.critic or os.environ.get(VARIABLE) or RULES).strip()
        return build_critic(
            text,
            self.annotators,
            self.session,
            self.local_models,
            self.thresholds,
            may_be_an_annotator=self.may_be_an_annotator,
        )
