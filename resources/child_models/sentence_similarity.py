"""The similarity of texts by sentence embeddings, of a model in a child process.

The model is loaded in `sentence_embeddings.py`, which runs in the child; torch is never imported
here. Two texts are as alike as the cosine of their vectors; a negative one counts as 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite

import numpy as np

from resources.child_models.child_process import Child, Patience, describe_child, program_command
from resources.child_models.placement import SIMILARITY, place

PYTHON = "EEMO_SIMILARITY_PYTHON"
_TOGETHER = 64  # texts per question


class SimilarityFailed(RuntimeError):
    """The model gave no vectors; the message says why, and how to go on."""


@dataclass(eq=False)
class SentenceSimilarity:
    """Asks a child process for sentence embeddings; implements `TextSimilarity`.

    Attributes:
        name: the model and its weights.
        child: the process.
    """

    name: str
    child: Child
    _vectors: dict[str, np.ndarray] = field(default_factory=dict)

    def compare(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return the cosine of each pair, 0 to 1.

        Raises:
            SimilarityFailed: the model gave no vectors for a text.
        """
        new = sorted({text for pair in pairs for text in pair} - set(self._vectors))
        for start in range(0, len(new), _TOGETHER):
            self._embed(new[start : start + _TOGETHER])
        return [
            round(min(1.0, max(0.0, float(self._vectors[one] @ self._vectors[other]))), 6)
            for one, other in pairs
        ]

    def _embed(self, texts: list[str]) -> None:
        told = self.child.ask({"texts": texts})
        vectors = told.get("vectors")
        is_sound = (
            isinstance(vectors, list)
            and len(vectors) == len(texts)
            and all(isinstance(v, list) and v and all(map(_is_number, v)) for v in vectors)
        )
        if not is_sound or not isinstance(vectors, list):
            raise SimilarityFailed(
                f"the model of sentence embeddings, {self.name}, gave no vectors for "
                f"{len(texts)} texts: {told.get('reason', 'an answer of another form')}. Look at "
                "its messages above and start again, or without it (EEMO_SIMILARITY=lemmas)"
            )
        self._vectors |= {
            text: np.asarray(vector, dtype=float)
            for text, vector in zip(texts, vectors, strict=True)
        }


def build_sentence_similarity(model: str, patience: Patience | None = None) -> SentenceSimilarity:
    """Build the measure for a model, a folder or name that transformers can load.

    EEMO_SIMILARITY_PYTHON is the interpreter of an environment with torch; else this one.

    Raises:
        ChildProblem: the model cannot be described.
    """
    command = place(program_command("sentence_embeddings.py", PYTHON, model), SIMILARITY)
    described = describe_child(command, "EEMO_SIMILARITY")
    weights = str(described.get("weights_sha256", ""))[:12]
    name = f"sentence embeddings {described.get('id', 'model')} {weights}".strip()
    return SentenceSimilarity(name, Child(command, patience, role="similarity"))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
