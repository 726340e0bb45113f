"""Checks that a port is free, before anything is started on it."""

import socket

from eemo_pipeline.cli.problems import Problem
from eemo_pipeline.cli.shell_text import command
from eemo_pipeline.lake.data_root import DataRoot


def require_free_port(host: str, port: int, words: str, root: DataRoot) -> None:
    """Bind the port for a moment.

    Args:
        host: the address to listen on.
        port: the port.
        words: the command that would listen, as in `ui`, for the fix.
        root: the data root that it would serve.

    Raises:
        Problem: the port is taken, or may not be used; the fix names a port beside it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            free = port + 1 if port < 65535 else port - 1
            raise Problem(
                "the port cannot be used",
                f"--port {port}",
                str(error.strerror or error),
                command(words, root, f"--port {free}"),
            ) from error
