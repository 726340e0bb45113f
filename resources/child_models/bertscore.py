"""BERTScore F1 of texts beside their references, of a model in a child process.

The model is loaded in `bertscore_pairs.py`, which runs in the child; torch is never imported here.
EEMO_BERTSCORE names the folder of a model, EEMO_BERTSCORE_PYTHON the interpreter of an environment
with torch, if it is not this one.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from eemo_pipeline.stats.text_overlap import MissingMeasure
from resources.child_models.child_process import (
    Child,
    Patience,
    describe_child,
    program_command,
)
from resources.child_models.model_folder import read_model_type

VARIABLE, PYTHON = "EEMO_BERTSCORE", "EEMO_BERTSCORE_PYTHON"
_TOGETHER = 32  # pairs per question


@dataclass(eq=False)
class BertScore:
    """Asks a child process for BERTScore; implements `TextSimilarity`.

    Attributes:
        name: variant, model, layer and weights.
        child: the process.
    """

    name: str
    child: Child
    _known: dict[tuple[str, str], float] = field(default_factory=dict)

    def compare(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return the F1 of each text and its reference, -1 to 1; 0 where one has no token.

        Raises:
            MissingMeasure: the model gave no values.
        """
        new = sorted(set(pairs) - set(self._known))
        for start in range(0, len(new), _TOGETHER):
            self._measure(new[start : start + _TOGETHER])
        return [self._known[pair] for pair in pairs]

    def _measure(self, pairs: list[tuple[str, str]]) -> None:
        told = self.child.ask({"pairs": pairs})
        values = told.get("f1")
        if (
            not isinstance(values, list)
            or len(values) != len(pairs)
            or not all(isinstance(value, float) and isfinite(value) for value in values)
        ):
            reason = told.get("reason", "an answer of another form")
            raise MissingMeasure(f"{self.name} gave no values for {len(pairs)} texts: {reason}")
        self._known |= dict(zip(pairs, values, strict=True))


def build_bertscore(folder: str, patience: Patience | None = None) -> BertScore:
    """Build the measure for a model in a folder; nothing is downloaded.

    Raises:
        MissingModel: the folder holds no model.
        ChildProblem: the model cannot be described.
    """
    read_model_type(folder)
    command = program_command("bertscore_pairs.py", PYTHON, str(Path(folder).expanduser()))
    described = describe_child(command, VARIABLE)
    model, layer, weights = (described.get(key) for key in ("id", "layer", "weights_sha256"))
    name = f"BERTScore F1|{model}|layer:{layer}|idf:no|rescaled:no|weights:{str(weights)[:12]}"
    return BertScore(name, Child(command, patience, role="bertscore"))


@contextmanager
def open_bertscore() -> Iterator[BertScore | None]:
    """Yield the measure of the model that EEMO_BERTSCORE names, None where it names none.

    Raises:
        MissingModel: the folder holds no model.
        ChildProblem: the model cannot be described.
    """
    folder = os.environ.get(VARIABLE, "").strip()
    if not folder:
        yield None
        return
    measure = build_bertscore(folder)
    with closing(measure.child):
        yield measure
