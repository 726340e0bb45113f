"""The exception of the command line (what, where, why, fix) and its exit codes."""

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
    """An error that the user can fix; shown in a few lines, never as a traceback.

    Attributes:
        what: What failed.
        where: The file, folder, option or query concerned.
        why: The cause, as far as it is known.
        fixes: Remedies, best first; commands that work when pasted, if possible.
        code: The exit code.
    """

    def __init__(
        self, what: str, where: str, why: str, *fixes: str, code: Exit = Exit.FAILURE
    ) -> None:
        """Keep the sentences and the exit code; drop empty fixes."""
        super().__init__(what)
        self.what = what
        self.where = where
        self.why = why
        self.fixes = tuple(fix for fix in fixes if fix)
        self.code = code


def wrong_usage(what: str, where: str, why: str, *fixes: str) -> Problem:
    """Return a problem with the command line (exit code 2)."""
    return Problem(what, where, why, *fixes, code=Exit.USAGE)


def describe_problem(problem: Problem) -> dict[str, object]:
    """Return the problem as an object: what, where, why, fixes, exit_code."""
    return {
        "what": problem.what,
        "where": problem.where,
        "why": problem.why,
        "fixes": list(problem.fixes),
        "exit_code": int(problem.code),
    }
