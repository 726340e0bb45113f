"""The authors' own Grounding DINO and SAM as the grounder, in an environment of their own.

`make grounding-native` makes the environment from `groundingdino_native.txt`; the models are loaded
in `groundingdino_native.py`, which runs in it. Contract, checks and rows are those of
`dino_sam_grounder.py`.
"""

import os
from pathlib import Path

from eemo_pipeline.stages.grounding.limits import GROUNDING_LIMITS, GroundingLimits
from resources.child_models.child_grounder import ChildGrounder, build_child_grounder
from resources.child_models.child_process import ChildProblem, Patience, split_command
from resources.child_models.dino_sam_grounder import DETECTOR, PYTHON, SEGMENTER
from resources.child_models.placement import GROUNDER, place

ENVIRONMENT = Path(".venv-grounding-native/bin/python")
METHOD = (
    "boxes: Grounding DINO, Liu et al. 2023, in the authors' implementation (groundingdino-py), "
    "for the first of subject, attribute and subject, and head noun that has one; masks: SAM, "
    "Kirillov et al. 2023, in the authors' implementation (segment-anything), the best by "
    "predicted IoU"
)


def build_native(
    limits: GroundingLimits = GROUNDING_LIMITS, patience: Patience | None = None
) -> ChildGrounder:
    """Build the grounder from the checkpoints EEMO_GROUNDING_DETECTOR and _SEGMENTER, two files.

    EEMO_GROUNDING_PYTHON is the interpreter of the environment; by default that of
    `make grounding-native`.

    Raises:
        ChildProblem: a checkpoint is not named, holds code, or cannot be described.
    """
    files = {name: os.environ.get(name, "") for name in (DETECTOR, SEGMENTER)}
    if missing := [name for name, file in files.items() if not Path(file).is_file()]:
        raise ChildProblem(
            f"{missing[0]} is {files[missing[0]]!r}, which is no file. Set it to a checkpoint of "
            "the authors, for example groundingdino_swint_ogc.pth and sam_vit_h_4b8939.pth"
        )
    here = Path(__file__).parent
    python = split_command(os.environ.get(PYTHON, ""))
    if not python:
        own = here.parents[1] / ENVIRONMENT
        if not own.is_file():
            raise ChildProblem(
                f"there is no {ENVIRONMENT}. Run `make grounding-native`, or set {PYTHON} to an "
                "interpreter that has groundingdino-py and segment-anything"
            )
        python = [str(own)]
    command = place([*python, str(here / "groundingdino_native.py"), *files.values()], GROUNDER)
    names = ("grounding_dino", "sam")
    return build_child_grounder(command, PYTHON, names, METHOD, limits, patience)
