"""A model in a process and an environment of its own, spoken to in JSON lines.

Belongs here: starting it, one question and one answer per line, and what happens when it dies,
hangs or talks nonsense. Does not belong here: what is asked (`emovit_verifier.py` and its like).

The child reads one JSON object per line from its standard input and writes one per line to its
standard output, with the same `id`, in the same order. Started with `--describe` it writes one line
about itself and ends, without loading its model; where that says `batch`, it is given so many
questions before their first answer is awaited. Its standard error is the run's. It gets our
environment less all keys, and dies with the run.
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
        self._questions: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
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
            self._start()
        except OSError:
            self._deaths = self._patience.deaths
            return _error("verifier_unavailable")
        return self._await_answer(self._put(question))

    def ask_together(self, questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The answers in the order of the questions, which the child has all at once.

        Where it fails, those without an answer are asked again one by one, so that only the
        question that makes it fail is lost.
        """
        answers: list[dict[str, Any]] = []
        if len(questions) > 1 and self._deaths < self._patience.deaths:
            answers = self._try_together(questions)
        return answers + [self.ask(question) for question in questions[len(answers) :]]

    def close(self) -> None:
        """End the child: its input ends, and what does not end then is killed."""
        if self._process is not None:
            self._questions.put(None)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_S)
        self._kill()

    def _try_together(self, questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The answers that came before it failed, if it did."""
        answers: list[dict[str, Any]] = []
        deaths = self._deaths
        with suppress(OSError):
            self._start()
            for number in [self._put(question) for question in questions]:
                answer = self._await_answer(number)
                if self._process is None:
                    self._deaths = 0 if answers else deaths  # it is asked again, and that counts
                    break
                answers.append(answer)
        return answers

    def _put(self, question: Mapping[str, Any]) -> int:
        self._number += 1
        self._questions.put(json.dumps({"id": self._number, **question}).encode() + b"\n")
        return self._number

    def _await_answer(self, number: int) -> dict[str, Any]:
        wait = self._patience.answer_s if self._is_loaded else self._patience.start_s
        try:
            line = self._lines.get(timeout=wait)
        except queue.Empty:
            return self._fail("timed_out")
        if line is None:
            return self._fail("verifier_crashed")
        self._is_loaded = True
        self._deaths = 0
        answer = parse_line(line.decode("utf-8", "replace"))
        if answer is None or answer.get("id") != number:
            # Whatever else it writes would be taken for the next answer.
            self._kill()
            return _error("garbage")
        return answer

    def _start(self) -> None:
        """Have a child running.

        Raises:
            OSError: it cannot be started.
        """
        if self._process is not None:
            return
        # Queues of its own: what the one before wrote or did not read is not this one's.
        self._questions, self._lines = queue.SimpleQueue(), queue.SimpleQueue()
        self._is_loaded = False
        self._process = process = subprocess.Popen(  # noqa: S603 (the user's own command, no shell)
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=child_environment(),
            start_new_session=True,  # so that what it starts dies with it
        )
        # A thread each: a child that hangs reads nothing either, and a pipe holds less than a line.
        for target, arguments in (
            (_feed, (process.stdin, self._questions)),
            (_pump, (process.stdout, self._lines)),
        ):
            threading.Thread(target=target, args=arguments, daemon=True).start()

    def _fail(self, reason: str) -> dict[str, Any]:
        self._deaths += 1
        self._kill()
        return _error(reason)

    def _kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):  # it has ended, and nothing of it is left
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._questions.put(None)
            self._process = None


def _feed(stream: Any, lines: "queue.SimpleQueue[bytes | None]") -> None:
    """Write every line, until there is None; a child that is gone takes no more."""
    with suppress(OSError), stream:
        while line := lines.get():
            stream.write(line)
            stream.flush()


def _pump(stream: Any, lines: "queue.SimpleQueue[bytes | None]") -> None:
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
