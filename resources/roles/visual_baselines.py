"""Chooses the backbones of the study of visual baselines: those whose weights are on disk."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from eemo_pipeline.roles.image_embedder import ImageEmbedder
from resources.child_models.child_process import ChildProblem
from resources.child_models.image_embedder import build_image_embedder

VARIABLE = "EEMO_BASELINES"
# Backbones that are compared wherever they are; others in the folder stand beside them.
BACKBONES = ("convnext_tiny", "resnet50", "vit_base_patch16_224")
_MOST = 20
_LONGEST = 300


@dataclass(frozen=True)
class Baselines:
    """The backbones of a run.

    Attributes:
        embedders: name -> the model in a child process.
        missing: name -> why there is none, as a code and in words.
    """

    embedders: dict[str, ImageEmbedder] = field(default_factory=dict)
    missing: dict[str, tuple[str, str]] = field(default_factory=dict)


class VisualBaselinesResource(dg.ConfigurableResource):
    """Finds the backbones; by default there are none on disk."""

    folder: str | None = Field(
        default=None,
        description="A folder with one subfolder per backbone, each with config.json and "
        f"model.safetensors as transformers or timm save them; else {VARIABLE}, else none.",
    )

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """Describe each backbone; one that cannot be used is missing and ends nothing."""
        text = (self.folder or os.environ.get(VARIABLE) or "").strip()
        return find_baselines(Path(text) if text else None)


def find_baselines(folder: Path | None) -> Baselines:
    """Return the backbones in a folder, and those of BACKBONES that are not there.

    Args:
        folder: has a subfolder per backbone; None for none.
    """
    found = Baselines()
    there = (
        sorted(place.name for place in folder.iterdir() if place.is_dir())
        if (folder and folder.is_dir())
        else []
    )
    for name in sorted({*BACKBONES, *there[:_MOST]}):
        if folder is None or name not in there:
            told = (
                f"{VARIABLE} names a folder without {name}/" if folder else f"{VARIABLE} is unset"
            )
            found.missing[name] = "weights_missing", told
            continue
        try:
            found.embedders[name] = build_image_embedder(str(folder / name), VARIABLE)
        except ChildProblem as problem:
            found.missing[name] = "model_unusable", str(problem)[:_LONGEST]
    return found
