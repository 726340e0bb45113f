"""Chooses the annotators of a run.

The annotators are in `eemo_pipeline/stages/annotation/`, the providers in `resources/providers/`.
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.roles.annotator import Annotator
from eemo_pipeline.stages.annotation.embedded_annotators import embedded_annotators
from eemo_pipeline.stages.annotation.vlm_annotator import VisionAnnotator
from eemo_pipeline.vlm.contract import VisionLanguageModel
from eemo_pipeline.vlm.image_encoding import PicturePolicy
from eemo_pipeline.vlm.session import Session
from resources.providers.gemini_vlm import GeminiVlm
from resources.providers.local_models import LocalModels
from resources.providers.openai_vlm import OpenAiVlm
from resources.providers.registry import EMBEDDED, LOCAL, VARIABLE, chosen_text, read_choices

# The local models that annotate, one for each vendor's SDK.
LOCAL_A, LOCAL_B = "local-a", "local-b"


class Annotators:
    """The annotators of a run."""

    def __init__(self, members: tuple[Annotator, ...]) -> None:
        """Store the annotators; their names must differ."""
        self.members = members


class AnnotatorsResource(dg.ConfigurableResource):
    """Builds the annotators; the embedded ones need no key, no download and no GPU."""

    workers: dg.ResourceDependency[Workers]
    session: dg.ResourceDependency[Session]
    local_models: dg.ResourceDependency[LocalModels]
    providers: str | None = Field(
        default=None,
        description=f"embedded, local, or a list as openai:MODEL,gemini; else {VARIABLE}.",
    )
    long_side_px: int = Field(default=768, ge=64, description="Images are sent at most so large.")
    detail: str = Field(default="high", pattern="^(low|high|auto)$", description="Image detail.")

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """Build the annotators of this run."""
        text = chosen_text(self.providers)
        if text == EMBEDDED:
            return Annotators(embedded_annotators(self.workers))
        if text == LOCAL:
            models = (self.local_models.openai(LOCAL_A), self.local_models.gemini(LOCAL_B))
        else:
            models = planned_models(text)
        policy = PicturePolicy(self.long_side_px)
        return Annotators(
            tuple(
                VisionAnnotator(name, model, self.session, policy, self.detail)  # pyright: ignore[reportArgumentType]
                for name, model in zip(name_annotators(models), models, strict=True)
            )
        )


def name_annotators(models: Sequence[VisionLanguageModel]) -> list[str]:
    """Return the annotators' names: the provider, with the model where several are of it."""
    providers = [model.provider for model in models]
    return [
        model.provider
        if providers.count(model.provider) == 1
        else f"{model.provider}:{model.model}"
        for model in models
    ]


def planned_models(text: str) -> tuple[VisionLanguageModel, ...]:
    """Return the models that a run would annotate with, without starting a server.

    Raises:
        BadProviders: the choice cannot be understood.
    """
    if text == LOCAL:
        return (OpenAiVlm(LOCAL_A, "local_openai"), GeminiVlm(LOCAL_B, "local_gemini"))
    return tuple(choice.build() for choice in read_choices(text))
