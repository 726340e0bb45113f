"""Errors of the review server: what a program and a person need to go on."""

from typing import Any


class Refused(Exception):
    """A request that cannot be carried out, with what the page can do.

    Attributes:
        status: the HTTP status.
        code: for programs.
        detail: for people.
        fix: what helps.
        more: further members of the reply.
    """

    def __init__(self, status: int, code: str, detail: str, fix: str, **more: Any) -> None:
        """Keep the parts of the reply."""
        super().__init__(f"{code}: {detail}")
        self.status, self.code, self.detail, self.fix, self.more = status, code, detail, fix, more
