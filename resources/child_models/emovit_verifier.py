"""EmoVIT (Xie et al., CVPR 2024, arXiv 2404.16670) as the trusted verifier, in its own process.

Holds its instruction, and the conversion of its texts and losses to answers. The model runs in its
own environment; `emovit/README.md` describes the setup. Its checkpoint is a pickle and is never
opened here.
"""

import os
from collections.abc import Mapping
from typing import Any

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.stages.verification.answer_parsing import read_label, read_losses
from resources.child_models.child_exchange import read_batch
from resources.child_models.child_process import (
    ChildProblem,
    Patience,
    describe_child,
    split_command,
)
from resources.child_models.child_verifier import ChildVerifier, read_description
from resources.child_models.placement import VERIFIER, place

COMMAND = "EEMO_EMOVIT_COMMAND"
METHOD = (
    "EmoVIT (Xie et al. 2024), instruction-tuned on EmoSet; softmax over the length-normalised "
    "losses of the eight labels where the command gives them"
)
# The model was tuned on exactly this wording, including its white space.
INSTRUCTION = (
    "Please select the emotion closest to the image from the following options:amusement, anger, "
    "awe, contentment, disgust, excitement, fear and sadness (Do not provide answers outside of "
    "the candidates options.) Please answer in the following format:  Predict emotion:"
)


def build_emovit(patience: Patience | None = None) -> ChildVerifier:
    """Build the verifier that EEMO_EMOVIT_COMMAND serves.

    Raises:
        ChildProblem: the variable is not set, or its command does not describe itself.
    """
    command = split_command(os.environ.get(COMMAND, ""))
    if not command:
        raise ChildProblem(
            f"{COMMAND} is not set. Set it to the command that serves EmoVIT in its own "
            "environment, as resources/child_models/emovit/README.md says; or choose another "
            "verifier"
        )
    placed = place(command, VERIFIER)
    told = describe_child(placed, COMMAND)
    return ChildVerifier(
        read_description(told, "emovit", METHOD),
        placed,
        read_emovit,
        {"prompt": INSTRUCTION, "candidates": list(MIKELS_8)},
        patience or Patience(),
        read_batch(told),
    )


def read_emovit(told: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the reply to an answer, from the losses of the candidates if given, else the text.

    A generated text has no confidence, so its answer has no probabilities.
    """
    if isinstance(losses := told.get("losses"), dict):
        return read_losses(losses)
    text = told.get("text")
    return read_label(text) if isinstance(text, str) else {"status": "error", "reason": "garbage"}
