"""A model in a process and an environment of its own, spoken to in JSON lines.

Belongs here: starting it, one question and one answer per line, and what happens when it dies,
hangs or talks nonsense. Does not belong here: what is asked (`emovit_verifier.py` and its like).

The child reads one JSON object per line from its standard input and writes one per line to its
standard output, with the same `id`. Started with `--describe` it writes one line about itself and
ends, without loading its model. Its standard error is the run's. It gets our environment less all
keys, and dies with the run.
"""

import json
import os
import queue
import shlex
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

_LONGEST_LINE = 1_000_000
_LAST_WORDS = 600
_END_S = 5.0


class ChildProblem(Exception):
    """The command cannot be used; the message says why, and what to do."""


@dataclass(frozen=True)
class Patience:
    """How long a child is waited for.

    Attributes:
        start_s: until the first answer after a start, which loads the model.
        answer_s: for every further answer.
        deaths: that many in a row, and the child is given up.
    """

    start_s: float = 600.0
    answer_s: float = 60.0
    deaths: int = 3


def describe_child(command: Sequence[str], variable: str, timeout_s: float = 60.0) -> Any:
    """What `command --describe` says about itself: a JSON object.

    Raises:
        ChildProblem: it cannot be started, fails, hangs or says something else.
    """
    try:
        done = subprocess.run(  # noqa: S603 (the user's own command, without a shell)
            [*command, "--describe"],
            capture_output=True,
            env=child_environment(),
            timeout=timeout_s,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ChildProblem(_advise(variable, command, str(error))) from error
    line = done.stdout.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
    described = parse_line(line)
    if done.returncode != 0 or described is None:
        words = done.stderr.decode("utf-8", "replace").strip()[-_LAST_WORDS:]
        raise ChildProblem(
            _advise(variable, command, f"it ended with {done.returncode}. It said: {words or line}")
        )
    return described


def parse_line(line: str) -> dict[str, Any] | None:
    """The JSON object of a line, None where it is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def child_environment() -> dict[str, str]:
    """Our environment without anything that opens an account."""
    secret = ("_API_KEY", "_TOKEN", "_SECRET", "_PASSWORD", "_URL")
    return {name: text for name, text in os.environ.items() if not name.upper().endswith(secret)}


def split_command(text: str) -> list[str]:
    """The words of a command as a shell would split them; no shell runs it."""
    return shlex.split(text)


class Child:
    """A running child, or one that will be started with the next question."""

    def __init__(self, command: Sequence[str], patience: Patience | None = None) -> None:
        """Nothing is started yet."""
        self._command = list(command)
        self._patience = patience or Patience()
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._deaths = 0
        self._is_loaded = False
        self._number = 0

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The child's answer, or {"status": "error", "reason": ...}.

        Reasons: `verifier_unavailable` where it cannot be started or died too often in a row,
        `verifier_crashed`, `timed_out` (it is killed, and started again for the next question),
        `garbage` for a line that is no answer to this question.
        """
        if self._deaths >= self._patience.deaths:
            return _error("verifier_unavailable")
        try:
            process = self._running()
        except OSError:
            self._deaths = self._patience.deaths
            return _error("verifier_unavailable")
        self._number += 1
        line = json.dumps({"id": self._number, **question}).encode() + b"\n"
        wait = self._patience.answer_s if self._is_loaded else self._patience.start_s
        try:
            assert process.stdin is not None  # noqa: S101 (a pipe was asked for)
            process.stdin.write(line)
            process.stdin.flush()
            answer = self._lines.get(timeout=wait)
        except queue.Empty:
            self._bury()
            return _error("timed_out")
        except OSError:
            answer = None
        if answer is None:
            self._bury()
            return _error("verifier_crashed")
        self._is_loaded = True
        self._deaths = 0
        return self._read(answer)

    def close(self) -> None:
        """End the child: its input ends, and what does not end then is killed."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            with suppress(OSError, subprocess.TimeoutExpired):
                self._process.stdin.close()
                self._process.wait(_END_S)
        self._kill()

    def _read(self, line: bytes) -> dict[str, Any]:
        answer = parse_line(line.decode("utf-8", "replace"))
        if answer is None or answer.get("id") != self._number:
            # Whatever else it writes would be taken for the next answer.
            self._kill()
            return _error("garbage")
        return answer

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            self._lines = queue.Queue()
            self._is_loaded = False
            self._process = subprocess.Popen(  # noqa: S603 (the user's own command, no shell)
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=child_environment(),
                start_new_session=True,  # so that what it starts dies with it
            )
            threading.Thread(
                target=_pump, args=(self._process.stdout, self._lines), daemon=True
            ).start()
        return self._process

    def _bury(self) -> None:
        self._deaths += 1
        self._kill()

    def _kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):  # it has ended, and nothing of it is left
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            with suppress(OSError):  # what it did not read
                if self._process.stdin is not None:
                    self._process.stdin.close()
            self._process = None


def _pump(stream: Any, lines: "queue.Queue[bytes | None]") -> None:
    """Put every line into the queue, and None at the end."""
    with stream:
        while line := stream.readline(_LONGEST_LINE):
            lines.put(line)
    lines.put(None)


def _error(reason: str) -> dict[str, Any]:
    return {"status": "error", "reason": reason}


def _advise(variable: str, command: Sequence[str], problem: str) -> str:
    return (
        f"the verifier's command, {shlex.join(command)!r}, cannot be used: {problem}. Run it by "
        f"hand with --describe until it prints one JSON object, or correct {variable}"
    )
