"""What the programs that load models by name share: a hub that does not answer is not waited for.

The client of the hub tries for a minute where there is no network, and says nothing. The programs
run in any environment that has their models, so this file imports nothing but the standard library
and the client that transformers brings. They import it from their own folder.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ANSWERS_S = 5.0  # timeout of one look at the hub
_LONGEST = 200  # characters of the client's own words


@contextmanager
def models_at_hand(*places: str) -> Iterator[None]:
    """Read models from folders, from what was downloaded before, or from a hub that answers.

    It ends the process with one sentence where a model cannot be had. Enter it before transformers
    is imported: some of its versions read the variable HF_HUB_OFFLINE only then.

    Args:
        places: folders, or names of the hub.
    """
    names = [place for place in places if not Path(place).is_dir()]
    if not names:
        yield
        return
    from huggingface_hub import constants  # pyright: ignore[reportMissingImports]

    if why := _why_offline(names):
        os.environ["HF_HUB_OFFLINE"] = "1"
        constants.HF_HUB_OFFLINE = True
    try:
        yield
    except OSError as error:
        # An error with a number is one of the disk, and not a verdict about the name of a model.
        if error.errno is not None:
            raise
        said = why or str(error).strip().splitlines()[0][:_LONGEST]
        sys.exit(
            f"{' or '.join(names)} cannot be read: there is no such folder, it is not among the "
            f"models downloaded to {constants.HF_HUB_CACHE}, and {said}. Name a folder with "
            "config.json and safetensors, or let HF_HOME name the folder of the downloads"
        )


def _why_offline(names: list[str]) -> str | None:
    """Return why the hub is not asked for models; None where it answers."""
    from huggingface_hub import (  # pyright: ignore[reportMissingImports]
        constants,
        get_session,
    )

    if all(name.startswith(("/", ".", "~")) for name in names):
        return "a path is no name of the hub"
    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE forbids to ask the hub"
    try:
        get_session().head(constants.ENDPOINT, timeout=_ANSWERS_S)
    except Exception as error:  # noqa: BLE001 (of the network, or of a proxy: it does not answer)
        return f"the hub at {constants.ENDPOINT} does not answer ({str(error)[:100]})"
    return None
