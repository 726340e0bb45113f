"""The similarity of texts by CLIP's text encoder, in a child process: (cosine + 1) / 2.

The model is loaded in `clip_texts.py`, which runs in the child; torch is never imported here.
"""

import json
from pathlib import Path

from resources.child_models.child_process import Child, Patience, program_command
from resources.child_models.sentence_similarity import PYTHON, SentenceSimilarity


class MissingClip(LookupError):
    """The folder holds no CLIP model; the message says what is missing."""


def build_clip_similarity(folder: str, patience: Patience | None = None) -> SentenceSimilarity:
    """Build the measure for a CLIP model in a folder; nothing is downloaded.

    EEMO_SIMILARITY_PYTHON is the interpreter of an environment with torch; else this one.

    Raises:
        MissingClip: the folder has no configuration, no weights in safetensors, or another model.
    """
    place = Path(folder).expanduser()
    for name in ("config.json", "*.safetensors"):
        if not list(place.glob(name)):
            raise MissingClip(f"the folder {folder!r} has no {name}, so it holds no CLIP model")
    try:
        kind = json.loads((place / "config.json").read_text("utf-8"))["model_type"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MissingClip(f"the config.json in {folder!r} cannot be read") from error
    if kind != "clip":
        raise MissingClip(f"the folder {folder!r} holds a model of {str(kind)[:40]!r}, not CLIP")
    command = program_command("clip_texts.py", PYTHON, str(place))
    return SentenceSimilarity("CLIP", Child(command, patience, role="similarity"))
