"""Chooses the image embedder of a run: none, or a model in a child process."""

import os
from dataclasses import dataclass
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.roles.image_embedder import ImageEmbedder
from resources.child_models.image_embedder import build_image_embedder

VARIABLE = "EEMO_IMAGE_EMBEDDER"
NONE = "none"


@dataclass(frozen=True)
class EmbedderChoice:
    """The image embedder of a run; None where hashes alone find near-duplicates."""

    embedder: ImageEmbedder | None


class ImageEmbedderResource(dg.ConfigurableResource):
    """Builds the image embedder; by default there is none."""

    model: str | None = Field(
        default=None,
        description=f"{NONE}, or a folder or name that transformers can load; else {VARIABLE}, "
        f"else {NONE}.",
    )

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """Build the embedder of this run."""
        text = (self.model or os.environ.get(VARIABLE) or NONE).strip()
        return EmbedderChoice(None if text == NONE else build_image_embedder(text))
