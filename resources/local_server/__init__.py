"""A local provider that speaks the OpenAI and the Gemini protocol, for tests and demos.

This module starts the server in a process of its own (`python -m resources.local_server --help`)
and loads none of the server's code into this one.

Its models are `local-a`, `local-b`, `local-critic`, `local-writer` and `local-painter`. Their
answers come from simple measures of the pixels, texts from the facts that are sent, and images from
the words of the prompt; no model of a real provider is involved. Faults are scripted (`faults.py`),
prices are in the pipeline's `eemo_pipeline/vlm/prices.toml`, and the server's account lists its
answers (`account.py`). Besides the protocols it has two paths of its own: GET /account, and PUT
/script, which replaces the fault script.
"""

import json
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

KEY = "local-key"
_READY_WITHIN_S = 60.0
_STOPS_WITHIN_S = 10.0
_ANSWERS_WITHIN_S = 10.0


class LocalServerFailed(Exception):
    """The server did not start or rejected a script; the message gives the reason."""


@dataclass(frozen=True)
class LocalServer:
    """A running server.

    Attributes:
        port: Port on 127.0.0.1.
        key: An accepted key, for both protocols.
        process_id: Id of the server's process.
    """

    port: int
    key: str
    process_id: int

    @property
    def openai_url(self) -> str:
        """`base_url` of the openai SDK."""
        return f"http://127.0.0.1:{self.port}/openai/v1"

    @property
    def gemini_url(self) -> str:
        """`base_url` in the HTTP options of the google-genai SDK."""
        return f"http://127.0.0.1:{self.port}/gemini"

    def follow(self, script: Mapping[str, Any]) -> None:
        """Replace the server's fault script, from the next request on."""
        self._call("PUT", "/script", json.dumps(script))

    def account(self) -> dict[str, Any]:
        """Return the server's account: its answers so far and their cost."""
        return self._call("GET", "/account", None)

    def _call(self, method: str, path: str, body: str | None) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_ANSWERS_WITHIN_S)
        with closing(connection):
            connection.request(method, path, body, {"Authorization": f"Bearer {self.key}"})
            reply = connection.getresponse()
            said = json.load(reply)
        if reply.status != HTTPStatus.OK:
            raise LocalServerFailed(said["error"]["message"])
        return said


@contextmanager
def local_server(
    script: str | Path | Mapping[str, Any] | None = None,
    *,
    port: int = 0,
    account: Path | None = None,
    latency_ms: float | None = None,
    answers: str = "pixels",
    dialect: str = "openai",
    keys: Sequence[str] = (KEY,),
) -> Iterator[LocalServer]:
    """Start a server, wait until it answers, and stop it at the end.

    It also stops when this process ends in any other way.

    Args:
        script: Fault script, a mapping or a file.
        port: 0 for any free port.
        account: File that keeps the account; without one, the account ends with the server.
        latency_ms: Duration of an answer; overrides the script's.
        answers: "pixels", or "schema", which does not decode images and serves to measure speed.
        dialect: Whose chat completions it speaks; a key of `dialects.DIALECTS`.
        keys: Accepted keys; the first is the `key` of the `LocalServer`.

    Raises:
        LocalServerFailed: The server did not start.
    """
    command = [sys.executable, "-m", "resources.local_server", "--until-stdin-ends"]
    command += ["--port", str(port), "--answers", answers, "--dialect", dialect]
    command += [part for key in keys for part in ("--key", key)]
    if script is not None:
        is_mapping = isinstance(script, Mapping)
        command += ["--script", json.dumps(script) if is_mapping else str(script)]
    if account is not None:
        command += ["--account", str(account)]
    if latency_ms is not None:
        command += ["--latency-ms", str(latency_ms)]
    pipe = subprocess.PIPE
    # A file, because nothing reads the server's stderr while it runs.
    with (
        TemporaryFile() as complaints,
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=complaints) as process,  # noqa: S603
    ):
        try:
            yield LocalServer(_await_port(process, complaints), keys[0], process.pid)
        finally:
            process.terminate()
            try:
                process.wait(_STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _await_port(process: subprocess.Popen[bytes], complaints: IO[bytes]) -> int:
    line = b""
    if process.stdout is not None:
        ready, _, _ = select.select([process.stdout], [], [], _READY_WITHIN_S)
        line = process.stdout.readline() if ready else b""
    if not line:
        process.kill()
        complaints.seek(0)
        said = complaints.read().decode("utf-8", "replace").strip()
        raise LocalServerFailed(f"The local server did not start: {said or 'it said nothing'}")
    return int(json.loads(line)["port"])
