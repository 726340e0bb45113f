"""Any image classifier that `transformers` can load, as the trusted verifier.

Selects the model and maps its labels to emotions. The model itself is loaded in
`image_classifier.py`, which runs in the child process; torch is never imported here.
"""

import json
import os
from collections.abc import Mapping
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from eemo_pipeline.emotion.taxonomies import MIKELS_8, canonical
from eemo_pipeline.stages.verification.answer_parsing import give_scores
from resources.child_models.child_exchange import read_batch
from resources.child_models.child_process import (
    ChildProblem,
    Patience,
    describe_child,
    program_command,
)
from resources.child_models.child_verifier import ChildVerifier, read_description
from resources.child_models.placement import VERIFIER, place

MODEL = "EEMO_CLASSIFIER_MODEL"
LABELS = "EEMO_CLASSIFIER_LABELS"
PYTHON = "EEMO_CLASSIFIER_PYTHON"
METHOD = "image classifier; probabilities of its labels, added up per Mikels emotion"


def build_classifier(patience: Patience | None = None) -> ChildVerifier:
    """Build the verifier for the classifier named by EEMO_CLASSIFIER_MODEL, a folder or a name.

    EEMO_CLASSIFIER_LABELS names a JSON file, label of the model -> Mikels emotion or null; without
    it the model's labels must be the emotions. EEMO_CLASSIFIER_PYTHON is an interpreter that has
    torch and transformers; by default the current one.

    Raises:
        ChildProblem: no model is named, the label file is invalid, or the model cannot be loaded.
    """
    model = os.environ.get(MODEL)
    if not model:
        raise ChildProblem(
            f"{MODEL} is not set. Set it to the folder of an image classifier; or choose another "
            "verifier"
        )
    command = place(program_command("image_classifier.py", PYTHON, model), VERIFIER)
    meanings = read_meanings(os.environ.get(LABELS))
    told = describe_child(command, PYTHON)
    return ChildVerifier(
        read_description(told, "image_classifier", METHOD),
        command,
        partial(read_classifier, meanings),
        {"meanings": meanings},
        patience or Patience(),
        read_batch(told),
    )


def read_meanings(path: str | None) -> dict[str, str | None]:
    """Return label of the model in lower case -> Mikels emotion, or None for no emotion.

    Raises:
        ChildProblem: the file cannot be read, or names an unknown emotion.
    """
    if path is None:
        return {emotion: emotion for emotion in MIKELS_8}
    try:
        meanings = json.loads(Path(path).read_text("utf-8"))
        named = {
            str(label).lower(): None if emotion is None else canonical(emotion)
            for label, emotion in meanings.items()
        }
    except (OSError, ValueError, AttributeError) as error:
        raise ChildProblem(f"the label file that {LABELS} names cannot be read: {error}") from error
    unknown = sorted({str(name) for name in named.values()} - {*MIKELS_8, "None"})
    if unknown:
        raise ChildProblem(
            f"the label file that {LABELS} names speaks of {', '.join(unknown)}; the emotions are "
            f"{', '.join(MIKELS_8)}, or null"
        )
    return named


def read_classifier(meanings: Mapping[str, str | None], told: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the classifier's probabilities to an answer.

    The probability of a label that maps to no emotion is removed, and the rest is normalised. If
    such a label is the most probable one, the verifier abstains.
    """
    scores = told.get("scores")
    if not isinstance(scores, dict) or not scores:
        return {"status": "error", "reason": "garbage"}
    try:
        mass = {str(label).lower(): float(value) for label, value in scores.items()}
    except (TypeError, ValueError, OverflowError):
        return {"status": "error", "reason": "bad_scores"}
    total = sum(mass.values())
    if not isfinite(total) or min(mass.values()) < 0 or total <= 0:
        return {"status": "error", "reason": "bad_scores"}
    if meanings.get(max(mass, key=lambda label: (mass[label], label))) is None:
        return {"status": "abstain", "reason": "other_label"}
    shares = [
        sum(value for label, value in mass.items() if meanings.get(label) == emotion)
        for emotion in MIKELS_8
    ]
    return give_scores(np.array(shares) / sum(shares))
