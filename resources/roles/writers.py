"""Chooses the writer of a run, and the describer: the one writer that sees the image.

The embedded sentences and the writer by model are in `eemo_pipeline/stages/texts/`, the providers
in `resources/providers/`.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.roles.writer import DESCRIBER, ROLE, Writer
from eemo_pipeline.stages.texts.model_writer import ModelWriter
from eemo_pipeline.stages.texts.template_writer import REALISER
from eemo_pipeline.vlm.contract import VisionLanguageModel
from eemo_pipeline.vlm.session import Session
from resources.providers.gemini_vlm import GeminiVlm
from resources.providers.local_models import LocalModels
from resources.providers.openai_vlm import OpenAiVlm
from resources.providers.registry import LOCAL, PROVIDERS, Choice, read_choices

VARIABLES = {ROLE: "EEMO_WRITER", DESCRIBER: "EEMO_DESCRIBER"}
TEMPLATE = "template"
# Writers that need no resources of the run; those that ask a model are built below.
WRITERS: dict[str, Callable[[], Writer]] = {TEMPLATE: lambda: REALISER}
_LOCAL_MODEL = "local-writer"


class BadWriter(ValueError):
    """There is no such writer; the message lists the available ones."""


@dataclass(frozen=True)
class Writers:
    """The writers of a run.

    Attributes:
        writer: writes the texts about emotions, from facts.
        describer: writes the descriptions; a model sees the image.
    """

    writer: Writer
    describer: Writer

    @property
    def by_model(self) -> tuple[ModelWriter | None, ModelWriter | None]:
        """The writer and the describer; None for an embedded one."""
        writer, describer = (
            part if isinstance(part, ModelWriter) else None
            for part in (self.writer, self.describer)
        )
        return writer, describer


def build_writer(
    text: str, role: str, session: Session, local_models: LocalModels, data_root: DataRoot
) -> Writer:
    """Build the writer that the text names.

    Args:
        text: template, local or PROVIDER:MODEL.
        role: writer or describer.
        session: the state that all calls of the run share.
        local_models: the models of the local server.
        data_root: where the describer finds the images.

    Raises:
        BadWriter: there is no such writer.
        BadProviders: the provider needs a model.
    """
    name = _require(text, role)
    if name in WRITERS:
        return WRITERS[name]()
    if name != LOCAL:
        model = _build_model(text)
    elif role == DESCRIBER:
        model = local_models.gemini(_LOCAL_MODEL)
    else:
        model = local_models.openai(_LOCAL_MODEL)
    return ModelWriter(model, session, role, data_root.sources)


def planned_writer(role: str, session: Session, data_root: DataRoot) -> ModelWriter | None:
    """Return the model writer that a run would use in a role, or None if it would use no model.

    No server is started.

    Raises:
        BadWriter: there is no such writer.
        BadProviders: the provider needs a model.
    """
    text = chosen_writer(role)
    name = _require(text, role)
    if name in WRITERS:
        return None
    by_role: dict[str, Callable[[], VisionLanguageModel]] = {
        ROLE: lambda: OpenAiVlm(_LOCAL_MODEL, "local_openai"),
        DESCRIBER: lambda: GeminiVlm(_LOCAL_MODEL, "local_gemini"),
    }
    model = by_role[role]() if name == LOCAL else _build_model(text)
    return ModelWriter(model, session, role, data_root.sources)


def _require(text: str, role: str) -> str:
    """Return the name in a choice, without the model; raise BadWriter if there is none."""
    name = text.partition(":")[0]
    if name not in (*WRITERS, LOCAL, *PROVIDERS):
        raise BadWriter(
            f"there is no {role} {name!r}. Set {VARIABLES[role]} to one of "
            f"{', '.join((*WRITERS, LOCAL, *PROVIDERS))}; a provider takes :MODEL"
        )
    return name


def _build_model(text: str) -> VisionLanguageModel:
    (choice,) = read_choices(text)
    return choice.build()


def chosen_writer(role: str, named: str | None = None) -> str:
    """Return the choice as text: `named`, else the role's variable, else the embedded writer."""
    return (named or os.environ.get(VARIABLES[role]) or TEMPLATE).strip()


def writer_choices() -> tuple[Choice, ...]:
    """Return the providers and models that the variables name for writer and describer."""
    texts = (chosen_writer(role) for role in VARIABLES)
    paid = (text for text in texts if text.partition(":")[0] in PROVIDERS)
    return tuple(choice for text in paid for choice in read_choices(text))


class WritersResource(dg.ConfigurableResource):
    """Builds writer and describer; the embedded ones need no key, no download and no GPU."""

    session: dg.ResourceDependency[Session]
    local_models: dg.ResourceDependency[LocalModels]
    data_root: dg.ResourceDependency[DataRoot]
    writer: str | None = Field(
        default=None,
        description=(
            f"{TEMPLATE}, {LOCAL} or PROVIDER:MODEL; else {VARIABLES[ROLE]}, else {TEMPLATE}."
        ),
    )
    describer: str | None = Field(
        default=None,
        description=(
            f"{TEMPLATE}, {LOCAL} or PROVIDER:MODEL; else {VARIABLES[DESCRIBER]}, else {TEMPLATE}."
        ),
    )

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """Build the writers of this run."""
        named = {ROLE: self.writer, DESCRIBER: self.describer}
        built = {
            role: build_writer(
                chosen_writer(role, text), role, self.session, self.local_models, self.data_root
            )
            for role, text in named.items()
        }
        return Writers(built[ROLE], built[DESCRIBER])
