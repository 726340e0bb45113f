"""A PostgreSQL server of our own, for tests of what is kept in a database."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

PASSWORD = "s3cret@word/with:marks"  # noqa: S105 (of a server that lives for a test)


@contextmanager
def run_postgres() -> Iterator[str]:
    """Yield the URL of a server that asks for a password; skip the test where none is installed."""
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    initdb = shutil.which("initdb") or next(installed, None)
    if initdb is None:
        pytest.skip("PostgreSQL's server is not installed")
    programs = Path(initdb).resolve().parent
    # A socket's path is short, and the server will not run as root.
    home = Path(tempfile.mkdtemp(prefix="eemo-pg-"))
    (home / "password").write_text(PASSWORD, "utf-8")
    other: dict[str, Any] = {}
    if os.geteuid() == 0:
        other = {"user": "postgres", "group": "postgres", "extra_groups": []}
        for path in (home, home / "password"):
            shutil.chown(path, "postgres", "postgres")
    made = [programs / "initdb", "-D", home / "data", "-A", "scram-sha-256", "-U", "keeper"]
    subprocess.run(
        [*made, "--pwfile", home / "password"], check=True, capture_output=True, cwd=home, **other
    )
    served = [programs / "postgres", "-D", home / "data", "-k", home, "-c", "listen_addresses="]
    with subprocess.Popen(served, stderr=subprocess.DEVNULL, cwd=home, **other) as server:
        try:
            ready = [programs / "pg_isready", "-q", "-h", home]
            deadline = time.monotonic() + 30
            while subprocess.run(ready, check=False).returncode and time.monotonic() < deadline:
                time.sleep(0.05)
            yield f"postgresql://keeper:{quote(PASSWORD, safe='')}@/postgres?host={home}"
        finally:
            server.send_signal(signal.SIGINT)  # closes what tests left open
            server.wait(30)
    shutil.rmtree(home, ignore_errors=True)


def new_database(url: str) -> str:
    """Return the URL of a new, empty database of a server."""
    import psycopg

    name = f"test_{time.monotonic_ns()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
    return url.replace("/postgres?", f"/{name}?")
