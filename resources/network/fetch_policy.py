"""What may be fetched, and the exception for what was not.

`downloads.py` keeps to a policy. The one for addresses that a person named is here, the one for
addresses from a list in `address_guard.py`.
"""

import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

_SCHEMES = frozenset({"http", "https"})


class DownloadFailed(Exception):
    """A file that could not be downloaded.

    Attributes:
        what: What failed.
        where: The address or the file.
        why: The cause.
        fix: What a person can do.
        reason: The cause as a code.
        is_lasting: Whether another try is pointless.
    """

    def __init__(
        self,
        what: str,
        where: str | Path,
        why: str,
        fix: str,
        *,
        reason: str = "not_fetched",
        is_lasting: bool = False,
    ) -> None:
        """Keep the sentences."""
        super().__init__(f"{what}: {where}: {why}")
        self.reason = reason
        self.is_lasting = is_lasting
        self.what = what
        self.where = str(where)
        self.why = why
        self.fix = fix


class Policy(Protocol):
    """What may be fetched, from where, and how much of it."""

    @property
    def most_bytes(self) -> int | None:
        """Size limit of a file; None for none."""
        ...

    def require(self, url: str, asked: str) -> None:
        """Raise DownloadFailed for an address that may not be fetched; `asked` led there."""
        ...

    def require_type(self, url: str, content_type: str) -> None:
        """Raise DownloadFailed for a response of a kind that is not wanted."""
        ...

    def handlers(self) -> Sequence[urllib.request.BaseHandler]:
        """Return the handlers that open connections."""
        ...


class AnyHost:
    """Fetches whatever a person names: any host, any size."""

    most_bytes: int | None = None

    def require(self, url: str, asked: str) -> None:
        """Accept http and https without a password."""
        require_scheme(url, asked)

    def require_type(self, url: str, content_type: str) -> None:
        """Accept every kind."""

    def handlers(self) -> Sequence[urllib.request.BaseHandler]:
        """Return those of the standard library."""
        return urllib.request.HTTPHandler(), urllib.request.HTTPSHandler()


def require_scheme(url: str, asked: str) -> None:
    """Raise DownloadFailed for anything but http and https, a host, and no password."""
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme in _SCHEMES and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        is_plain = False
    if not is_plain:
        why = "only http and https are fetched, from a host, without a password in the address"
        raise DownloadFailed(
            "this address is not fetched",
            asked,
            why,
            "name another with --url",
            reason="address_refused",
            is_lasting=True,
        )


ANY_HOST = AnyHost()
