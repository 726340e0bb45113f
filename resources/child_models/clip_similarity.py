"""The similarity of texts by CLIP's text encoder, in a child process: (cosine + 1) / 2.

The model is loaded in `clip_texts.py`, which runs in the child; torch is never imported here.
"""

from pathlib import Path

from resources.child_models.child_process import Child, Patience, program_command
from resources.child_models.model_folder import MissingModel, read_model_type
from resources.child_models.sentence_similarity import PYTHON, SentenceSimilarity


def build_clip_similarity(folder: str, patience: Patience | None = None) -> SentenceSimilarity:
    """Build the measure for a CLIP model in a folder; nothing is downloaded.

    EEMO_SIMILARITY_PYTHON is the interpreter of an environment with torch; else this one.

    Raises:
        MissingModel: the folder has no configuration, no weights in safetensors, or another model.
    """
    kind = read_model_type(folder)
    if kind != "clip":
        raise MissingModel(f"the folder {folder!r} holds a model of {kind!r}, not CLIP")
    command = program_command("clip_texts.py", PYTHON, str(Path(folder).expanduser()))
    return SentenceSimilarity("CLIP", Child(command, patience, role="similarity"))
