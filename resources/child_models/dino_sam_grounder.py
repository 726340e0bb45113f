"""Grounding DINO and SAM through transformers as the grounder, in a child process.

Liu et al. 2023 (arXiv 2303.05499) find boxes for a phrase; Kirillov et al. 2023 (arXiv 2304.02643)
or Ravi et al. 2024 (arXiv 2408.00714) compute a mask for a box. EmoVerse (arXiv 2511.12554) uses
Grounding DINO and SAM. The models are loaded in `dino_sam.py`, which runs in the child process.
"""

import os

from eemo_pipeline.stages.grounding.limits import GROUNDING_LIMITS, GroundingLimits
from resources.child_models.child_grounder import ChildGrounder, build_child_grounder
from resources.child_models.child_process import Patience, program_command
from resources.child_models.placement import GROUNDER, place

DETECTOR = "EEMO_GROUNDING_DETECTOR"
SEGMENTER = "EEMO_GROUNDING_SEGMENTER"
PYTHON = "EEMO_GROUNDING_PYTHON"
DEFAULT_DETECTOR, DEFAULT_SEGMENTER = "IDEA-Research/grounding-dino-base", "facebook/sam-vit-huge"
METHOD = (
    "boxes: Grounding DINO, Liu et al. 2023, for the first of subject, attribute and subject, and "
    "head noun that has one; masks: SAM, Kirillov et al. 2023, or SAM 2, Ravi et al. 2024, the "
    "best by predicted IoU"
)


def build_dino_sam(
    limits: GroundingLimits = GROUNDING_LIMITS, patience: Patience | None = None
) -> ChildGrounder:
    """Build the grounder from EEMO_GROUNDING_DETECTOR and _SEGMENTER, folders or names.

    EEMO_GROUNDING_PYTHON is an interpreter that has torch and transformers; by default the current
    one.

    Raises:
        ChildProblem: the models cannot be described.
    """
    detector = os.environ.get(DETECTOR) or DEFAULT_DETECTOR
    segmenter = os.environ.get(SEGMENTER) or DEFAULT_SEGMENTER
    command = place(program_command("dino_sam.py", PYTHON, detector, segmenter), GROUNDER)
    names = ("grounding_dino", "sam")
    return build_child_grounder(command, PYTHON, names, METHOD, limits, patience)
