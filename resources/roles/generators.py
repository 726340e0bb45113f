"""Chooses the image generator of a run: none, the local server's, or one behind an endpoint.

The image model is in `resources/providers/image_models.py`, the generator in
`eemo_pipeline/stages/expansion/`.
"""

import os
import re
from dataclasses import dataclass
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.stages.expansion.model_generator import ModelGenerator
from eemo_pipeline.vlm.session import Session
from eemo_pipeline.vlm.spending.prices import Prices
from resources.providers.image_models import ENDPOINTS, ImageModel
from resources.providers.local_models import LocalModels
from resources.providers.registry import LOCAL

VARIABLE, SIZE, QUALITY = (
    "EEMO_GENERATOR",
    "EEMO_GENERATOR_SIZE",
    "EEMO_GENERATOR_QUALITY",
)
NONE = "none"
LOCAL_MODEL, LOCAL_PROVIDER = "local-painter", "local_openai"
DEFAULT_SIZE = "1024x1024"
_SMALLEST_PX, _LARGEST_PX = 64, 4096


class BadGenerator(ValueError):
    """The generator or its size cannot be used; the message says why, and names what can."""


@dataclass(frozen=True)
class GeneratorChoice:
    """The generator of a run; None where no images are made."""

    generator: ModelGenerator | None


def chosen_generator(named: str | None = None) -> str:
    """Return the choice as text: `named`, else EEMO_GENERATOR, else none."""
    return (named or os.environ.get(VARIABLE) or NONE).strip()


def read_size(text: str) -> tuple[int, int]:
    """Return width and height in px.

    Raises:
        BadGenerator: the text is no size.
    """
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text.strip().lower())
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(_SMALLEST_PX <= side <= _LARGEST_PX for side in size):
        raise BadGenerator(
            f"the size {text!r} of generated images is not understood. Set {SIZE} to "
            f"WIDTHxHEIGHT with {_SMALLEST_PX} to {_LARGEST_PX} px, such as {DEFAULT_SIZE}"
        )
    return size


def image_model(text: str, prices: Prices) -> ImageModel | None:
    """Return the model that the text names, without opening a connection; None for none.

    Raises:
        BadGenerator: there is no such generator.
        UnknownPrice: the model has no price.
    """
    name, _, model = text.partition(":")
    if text == NONE:
        return None
    if text == LOCAL:
        return _build(LOCAL_MODEL, LOCAL_PROVIDER, prices)
    if name not in ENDPOINTS or not model:
        known = ", ".join((NONE, LOCAL, *(f"{provider}:MODEL" for provider in ENDPOINTS)))
        raise BadGenerator(f"there is no generator {text!r}. Set {VARIABLE} to one of {known}")
    return _build(model, name, prices)


def generator_choice() -> tuple[str, str] | None:
    """Return provider and model that EEMO_GENERATOR names; None if it names no provider."""
    name, _, model = chosen_generator().partition(":")
    return (name, model) if name in ENDPOINTS and model else None


def planned_generator(session: Session, data_root: DataRoot) -> ModelGenerator | None:
    """Return the generator that a run would use, for a forecast; no server is started.

    Raises:
        BadGenerator: the choice or the size cannot be understood.
        UnknownPrice: the model has no price.
    """
    size = read_size(os.environ.get(SIZE) or DEFAULT_SIZE)
    model = image_model(chosen_generator(), session.prices)
    return None if model is None else _generate_by(model, session, data_root, size)


def _build(
    model: str, provider: str, prices: Prices, base_url: str | None = None, key: str | None = None
) -> ImageModel:
    is_billed_by_image = prices.find(provider, model).image_pico > 0
    return ImageModel(model, provider, base_url, key=key, is_billed_by_image=is_billed_by_image)


def _generate_by(
    model: ImageModel, session: Session, data_root: DataRoot, size: tuple[int, int]
) -> ModelGenerator:
    quality = os.environ.get(QUALITY) or None
    return ModelGenerator(model, session, data_root.generated, size, quality)


class GeneratorResource(dg.ConfigurableResource):
    """Builds the image generator; by default there is none, and nothing is spent."""

    session: dg.ResourceDependency[Session]
    local_models: dg.ResourceDependency[LocalModels]
    data_root: dg.ResourceDependency[DataRoot]
    generator: str | None = Field(
        default=None,
        description=f"{NONE}, {LOCAL} or PROVIDER:MODEL; else {VARIABLE}, else {NONE}.",
    )
    size: str | None = Field(
        default=None, description=f"WIDTHxHEIGHT in px; else {SIZE}, else {DEFAULT_SIZE}."
    )

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """Build the generator of this run."""
        text = chosen_generator(self.generator)
        size = read_size(self.size or os.environ.get(SIZE) or DEFAULT_SIZE)
        if text == LOCAL:
            server = self.local_models.server()
            found = server.openai_url, server.key
            model = _build(LOCAL_MODEL, LOCAL_PROVIDER, self.session.prices, *found)
        else:
            model = image_model(text, self.session.prices)
        if model is None:
            return GeneratorChoice(None)
        return GeneratorChoice(_generate_by(model, self.session, self.data_root, size))
