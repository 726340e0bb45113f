"""Turns errors of click, of the system and of this program into a Problem with a fix."""

import os
import shlex
import sys

import click

from eemo_pipeline.cli.problems import Problem, wrong_usage
from eemo_pipeline.cli.shell_text import called, typed_again

TRACEBACK = "EEMO_TRACEBACK"  # set to 1, it shows the traceback of an error


def explain_usage(error: click.UsageError) -> Problem:
    """Convert click's error for a wrong command line into a Problem."""
    path = error.ctx.command_path if error.ctx else "eemo"
    help_page = f"{path.replace('eemo', called(), 1)} --help"
    if isinstance(error, (click.exceptions.NoSuchOption, click.exceptions.NoSuchCommand)):
        wrong = (
            error.option_name
            if isinstance(error, click.exceptions.NoSuchOption)
            else error.command_name
        )
        if error.possibilities:
            why = f"did you mean {' or '.join(error.possibilities)}?"
            corrected = _corrected(wrong, error.possibilities[0])
            return wrong_usage(error.message, path, why, corrected, help_page)
        return wrong_usage(error.message, path, f"available: {_choices(error.ctx)}", help_page)
    usage = error.ctx.get_usage().replace("Usage: ", "", 1) if error.ctx else path
    return wrong_usage(
        error.format_message(), path, f"the usage is: {' '.join(usage.split())}", help_page
    )


def _corrected(wrong: str, right: str) -> str:
    """Return the command line as typed, with the wrong word corrected."""
    words = [
        right + word.removeprefix(wrong) if word.split("=")[0] == wrong else word
        for word in sys.argv[1:]
    ]
    return f"{called()} {shlex.join(words)}"


def _choices(ctx: click.Context | None) -> str:
    if ctx is None:
        return "none"
    if isinstance(ctx.command, click.Group):
        return ", ".join(ctx.command.list_commands(ctx))
    names = [name for option in ctx.command.get_params(ctx) for name in option.opts]
    return ", ".join(name for name in names if name.startswith("-"))


def explain_unexpected(error: Exception) -> Problem:
    """Convert an error that no command foresaw."""
    if isinstance(error, OSError) and error.filename is not None:
        return Problem(
            "a file or folder could not be used",
            os.fsdecode(error.filename),
            error.strerror or type(error).__name__,
            f"{typed_again('doctor')}  # checks the data root",
            "choose another data root with --data DIR",
        )
    lines = str(error).strip().splitlines()
    return Problem(
        f"{type(error).__name__}: {lines[0] if lines else 'no message'}",
        f"eemo {' '.join(sys.argv[1:2])}".strip(),
        "unexpected error",
        f"{TRACEBACK}=1 {called()} {' '.join(sys.argv[1:2])} ...  # shows the traceback",
    )
