"""Which verifier a run trusts.

Belongs here: the choice, one line per verifier. Does not belong here: any verifier (the embedded
one is in `eemo_pipeline/verification/`, the others are files beside this).
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
# Verifiers that need nothing from the run; those of providers and the probe are built below.
VERIFIERS: dict[str, Callable[[], Verifier]] = {
    "emovit": build_emovit,
    "image_classifier": build_classifier,
    "replay": build_replay,
}


class BadVerifier(ValueError):
    """There is no such verifier; the message says which there are."""


@dataclass(frozen=True)
class VerifierChoice:
    """The verifier of a run, as text, and what its part is made from."""

    text: str
    session: Session
    local_models: LocalModels

    def build(self, images: pl.DataFrame, features: pl.DataFrame, labels: pl.DataFrame) -> Verifier:
        """The verifier; features and labels are for the probe, which is fitted on them.

        Raises:
            BadVerifier: the text names none.
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
    """The verifier that a run would pay for; nothing is opened. None where it pays for none.

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
        """The choice; nothing is opened before a picture is to be judged."""
        text = (self.verifier or os.environ.get(VARIABLE) or LINEAR_PROBE).strip()
        return VerifierChoice(text, self.session, self.local_models)


def known() -> tuple[str, ...]:
    """The names that can be chosen."""
    return (LINEAR_PROBE, *VERIFIERS, LOCAL, *PROVIDERS)
