"""What goes wrong on the command line, and how it is told: what, where, why, fix.

Belongs here: the exception and the exit codes. Does not belong here: finding out what is wrong.
"""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes that scripts may rely on."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    CHECK_FAILED = 3
    BUDGET = 4
    CREDENTIAL = 5
    INTERRUPTED = 130


class Problem(Exception):
    """Something the user can mend; shown in a few lines, never as a traceback.

    Attributes:
        what: what did not work.
        where: the file, folder, option or query it is about.
        why: the cause, as far as it is known.
        fixes: what to do, best first; commands that work when pasted, where there are any.
        code: the exit code.
    """

    def __init__(
        self, what: str, where: str, why: str, *fixes: str, code: Exit = Exit.FAILURE
    ) -> None:
        """Keep the sentences and the exit code; an empty fix is left out."""
        super().__init__(what)
        self.what = what
        self.where = where
        self.why = why
        self.fixes = tuple(fix for fix in fixes if fix)
        self.code = code


def wrong_usage(what: str, where: str, why: str, *fixes: str) -> Problem:
    """A problem with what was typed (exit code 2)."""
    return Problem(what, where, why, *fixes, code=Exit.USAGE)
