"""Prompts: versioned text files in the folder `prompts` beside the module that sends them.

A changed prompt is a new file with the next number, and the constant that names it is changed with
it: the text is part of the ledger's keys, so every image is asked about again.
"""

from functools import cache
from importlib.resources import files


@cache
def read_prompt(module: str, name: str) -> str:
    """Return the text of a prompt, without white space at its ends.

    Args:
        module: `__name__` of a module in the package that holds the prompt.
        name: name and version, as annotate-1.
    """
    folder = files(module.rpartition(".")[0]) / "prompts"
    return (folder / f"{name}.md").read_text("utf-8").strip()
