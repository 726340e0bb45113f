"""Spells commands and paths so that they can be pasted into the current shell."""

import os
import shlex
import shutil
import sys
from pathlib import Path

from eemo_pipeline.cli.output import clean
from eemo_pipeline.lake.data_root import DataRoot


def called() -> str:
    """Return how this command line is invoked here: `eemo` if the shell finds it, else its path."""
    own = Path(sys.argv[0])
    found = shutil.which("eemo")
    if own.name != "eemo" or (found and Path(found).resolve() == own.resolve()):
        return "eemo"
    return quoted(own)


def command(words: str, root: DataRoot, *more: str) -> str:
    """Return a command line of ours for a data root, ready to be pasted."""
    return " ".join((called(), words, "--data", quoted(root.path), *more))


def typed_again(words: str) -> str:
    """Return a command line of ours with the `--data` that was typed, if one was."""
    typed = [
        [word, *sys.argv[place + 2 : place + 3]] if word == "--data" else [word]
        for place, word in enumerate(sys.argv[1:])
        if word == "--data" or word.startswith("--data=")
    ]
    return " ".join((called(), words, *(shlex.join(option) for option in typed)))


def corrected(option: str, value: str) -> str:
    """Return the command line as typed, `--data` and `--images` included, with one new option."""
    words: list[str] = []
    is_old_value = False
    for word in sys.argv[1:]:
        if is_old_value:
            is_old_value = False
        elif word == option:
            is_old_value = True
        elif not word.startswith(f"{option}="):
            words.append(word)
    return f"{called()} {shlex.join([*words, option, value])}"


def has_sources(root: DataRoot) -> bool:
    """Return whether `sources/` contains anything."""
    return root.sources.is_dir() and any(
        not entry.name.startswith(".") for entry in root.sources.iterdir()
    )


def making_commands(root: DataRoot) -> tuple[str, ...]:
    """Return the commands that fill a data root, best first."""
    if has_sources(root):
        return (command("run", root),)
    return (f"{called()} demo", command("run --images FOLDER", root))


def quoted(path: Path) -> str:
    """Return a path quoted for the shell, relative if it is below the working folder."""
    return shlex.quote(shown(path))


def shown(path: Path) -> str:
    """Return a path for display, relative if it is below the working folder."""
    absolute = unlinked(path)
    here = Path.cwd()
    return clean(str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute))


def beside(path: Path) -> Path:
    """Return a data root next to `path` that does not exist yet."""
    home = unlinked(path).parent
    names = ("mine", *(f"mine{number}" for number in range(2, 1000)))
    return next((home / name for name in names if not (home / name).exists()), home / "another")


def unlinked(path: Path) -> Path:
    """Return the absolute path without resolving links."""
    return Path(os.path.abspath(path))  # noqa: PTH100 (resolve would follow links)
