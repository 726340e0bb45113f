"""Folders of models, as `save_pretrained` leaves them; nothing is downloaded or loaded here."""

import json
from pathlib import Path


class MissingModel(LookupError):
    """The folder holds no such model; the message says what is missing."""


def read_model_type(folder: str) -> str:
    """Return the type of the model in a folder, as its configuration names it.

    Raises:
        MissingModel: the folder has no configuration, or no weights in safetensors.
    """
    place = Path(folder).expanduser()
    for name in ("config.json", "*.safetensors"):
        if not list(place.glob(name)):
            raise MissingModel(f"the folder {folder!r} has no {name}, so it holds no model")
    try:
        return str(json.loads((place / "config.json").read_text("utf-8"))["model_type"])[:40]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MissingModel(f"the config.json in {folder!r} cannot be read") from error
