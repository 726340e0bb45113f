"""Chooses the verifier of a run.

The embedded verifier and the one that asks a provider are in `eemo_pipeline/stages/verification/`.
The others are `replay_verifier.py` and the models in `resources/child_models/`.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dagster as dg
import polars as pl
from pydantic import Field

from eemo_pipeline.roles.verifier import Verifier
from eemo_pipeline.stages.verification.linear_probe import VERIFIER as LINEAR_PROBE
from eemo_pipeline.stages.verification.linear_probe import ProbeVerifier
from eemo_pipeline.stages.verification.vlm_verifier import VisionVerifier
from eemo_pipeline.vlm.session import Session
from resources.child_models.classifier_verifier import build_classifier
from resources.child_models.emovit_verifier import build_emovit
from resources.providers.local_models import LocalModels
from resources.providers.openai_vlm import OpenAiVlm
from resources.providers.registry import LOCAL, PROVIDERS, read_choices
from resources.roles.replay_verifier import build_replay

VARIABLE = "EEMO_VERIFIER"
# Verifiers that need no resources of the run; those of providers and the probe are built below.
VERIFIERS: dict[str, Callable[[], Verifier]] = {
    "emovit": build_emovit,
    "image_classifier": build_classifier,
    "replay": build_replay,
}


class BadVerifier(ValueError):
    """There is no such verifier; the message lists the available ones."""


@dataclass(frozen=True)
class VerifierChoice:
    """The verifier of a run by name, and the resources to build it from."""

    text: str
    session: Session
    local_models: LocalModels

    def build(self, images: pl.DataFrame, features: pl.DataFrame, labels: pl.DataFrame) -> Verifier:
        """Build the verifier; features and labels are for the probe, which is fitted on them.

        Raises:
            BadVerifier: there is no such verifier.
        """
        name = self.text.partition(":")[0]
        if name == LINEAR_PROBE:
            return ProbeVerifier(images, features, labels)
        if name in VERIFIERS:
            return VERIFIERS[name]()
        if name == LOCAL:
            model = self.local_models.openai("local-critic")
            return VisionVerifier(model.provider, model, self.session)
        if name not in PROVIDERS:
            raise BadVerifier(
                f"there is no verifier {name!r}. Set {VARIABLE} to one of {', '.join(known())}; a "
                "provider takes :MODEL"
            )
        (choice,) = read_choices(self.text)
        return VisionVerifier(choice.provider, choice.build(), self.session)


def planned_verifier(session: Session) -> VisionVerifier | None:
    """Return the model verifier that a run would use, or None if it would not use a model.

    No server is started.

    Raises:
        BadProviders: the choice cannot be understood.
    """
    text = (os.environ.get(VARIABLE) or LINEAR_PROBE).strip()
    if text == LOCAL:
        return VisionVerifier("local_openai", OpenAiVlm("local-critic", "local_openai"), session)
    if text.partition(":")[0] not in PROVIDERS:
        return None
    (choice,) = read_choices(text)
    return VisionVerifier(choice.provider, choice.build(), session)


class VerifierResource(dg.ConfigurableResource):
    """Chooses the verifier; the embedded probe needs no key, no download and no GPU."""

    session: dg.ResourceDependency[Session]
    local_models: dg.ResourceDependency[LocalModels]
    verifier: str | None = Field(
        default=None, description=f"Name of the verifier; else {VARIABLE}, else {LINEAR_PROBE}."
    )

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """Read the choice; the verifier itself is built only when it is used."""
        text = (self.verifier or os.environ.get(VARIABLE) or LINEAR_PROBE).strip()
        return VerifierChoice(text, self.session, self.local_models)


def known() -> tuple[str, ...]:
    """Return the names that can be chosen."""
    return (LINEAR_PROBE, *VERIFIERS, LOCAL, *PROVIDERS)
