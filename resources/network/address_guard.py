"""Keeps fetches of foreign addresses away from this machine and its network.

An address from a list is somebody else's word. It may name this machine, its network, or the
service of a cloud that hands out keys, by itself or through a redirect or a name that resolves to
one of them. So every connection goes to an address that was resolved and looked at: the name is not
resolved a second time. Behind a proxy the proxy connects, and the name alone is looked at.
"""

import http.client
import socket
import urllib.request
from collections.abc import Collection, Sequence
from functools import partial
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

from resources.network.fetch_policy import DownloadFailed, require_scheme

_PORTS = {"http": 80, "https": 443}
_TYPES = ("image/", "application/octet-stream", "binary/octet-stream")
_NOT_FOUND = "the name of the host is unknown"


class PublicHosts:
    """A policy for downloads of images: public hosts, bounded size, images only.

    Attributes:
        most_bytes: Size limit of a file.
    """

    def __init__(self, most_bytes: int, private_hosts: Collection[str] = ()) -> None:
        """Store the limits.

        Args:
            most_bytes: Size limit of a file.
            private_hosts: `host:port` of servers that may be reached in spite of their address.
        """
        self.most_bytes: int | None = most_bytes
        self._private_hosts = frozenset(host.lower() for host in private_hosts)

    def require(self, url: str, asked: str) -> None:
        """Raise DownloadFailed unless the address is http or https at a public host."""
        try:
            require_scheme(url, asked)
        except DownloadFailed as refusal:
            if url != asked:
                refusal.reason = "redirect_refused"
            raise
        parts = urlsplit(url)
        try:
            port = parts.port or _PORTS[parts.scheme]
        except ValueError as error:
            raise _refuse(asked, f"{error}", "address_refused") from error
        self.resolve(parts.hostname or "", port, asked)

    def require_type(self, url: str, content_type: str) -> None:
        """Raise DownloadFailed for a response that says it is no image."""
        told = content_type.strip().lower()
        if told and not told.startswith(_TYPES):
            why = f"the server calls it {told[:80]!r}, which is no image"
            raise _refuse(url, why, "wrong_type")

    def handlers(self) -> Sequence[urllib.request.BaseHandler]:
        """Return handlers whose connections go to addresses that were looked at."""
        return _HttpHandler(self), _HttpsHandler(self)

    def resolve(self, host: str, port: int, asked: str) -> list[tuple[Any, ...]]:
        """Return the host's addresses as `getaddrinfo` does.

        Raises:
            DownloadFailed: One of them is not public, or there is none.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise DownloadFailed(
                "the host is not found", asked, f"{_NOT_FOUND}: {error}", "correct the address"
            ) from error
        private = [place[4][0] for place in found if not _is_public(str(place[4][0]))]
        if private and f"{host}:{port}".lower() not in self._private_hosts:
            why = f"{host} is {private[0]}, an address of this machine or of a private network"
            raise _refuse(asked, why, "private_address")
        return list(found)

    def connect(
        self, address: tuple[str, int], timeout: float | None = None, source_address: Any = None
    ) -> socket.socket:
        """Connect to a host, as `socket.create_connection` does, at an address looked at here."""
        host, port = address
        problem: OSError = OSError(_NOT_FOUND)
        for family, kind, protocol, _, place in self.resolve(host, port, f"{host}:{port}"):
            connection = socket.socket(family, kind, protocol)
            try:
                connection.settimeout(timeout)
                if source_address:
                    connection.bind(source_address)
                connection.connect(place)
            except OSError as error:
                connection.close()
                problem = error
            else:
                return connection
        raise problem


def _is_public(address: str) -> bool:
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found.sixtofour or found
    return found.is_global and not found.is_multicast


def _refuse(asked: str, why: str, reason: str) -> DownloadFailed:
    fix = "leave the row out; a server of your own is named with --private-host HOST:PORT"
    what = "this address is not fetched"
    return DownloadFailed(what, asked, why, fix, reason=reason, is_lasting=True)


class _HttpHandler(urllib.request.HTTPHandler):
    """Opens http addresses through the guard."""

    def __init__(self, guard: PublicHosts) -> None:
        super().__init__()
        self._guard = guard

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        if req.has_proxy():
            return super().http_open(req)
        return self.do_open(partial(_open_http, self._guard), req)  # type: ignore[arg-type]


class _HttpsHandler(urllib.request.HTTPSHandler):
    """Opens https addresses through the guard."""

    def __init__(self, guard: PublicHosts) -> None:
        super().__init__()
        self._guard = guard

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        if getattr(req, "_tunnel_host", None):
            return super().https_open(req)
        return self.do_open(partial(_open_https, self._guard), req)  # type: ignore[arg-type]


def _open_http(guard: PublicHosts, host: str, **settings: Any) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(host, **settings)
    connection._create_connection = guard.connect  # type: ignore[attr-defined]
    return connection


def _open_https(guard: PublicHosts, host: str, **settings: Any) -> http.client.HTTPSConnection:
    connection = http.client.HTTPSConnection(host, **settings)
    connection._create_connection = guard.connect  # type: ignore[attr-defined]
    return connection
