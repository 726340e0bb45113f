"""A model in a child process with its own environment, reached through JSON lines.

Starts the child, exchanges one question and one answer per line, and handles a child that crashes,
hangs or writes invalid lines. `child_exchange.py` sends images. The content of questions and
answers is defined in the module of each model.

The child reads one JSON object per line from its standard input and writes one per line to its
standard output, with the same `id`, in the same order. With `--describe` it writes one line about
itself and exits, without loading its model. If that line has `batch`, the child receives that many
questions before it has to answer the first; a question with `more` is followed by another of its
batch. The child inherits standard error, and the environment without secrets. It ends with the run.
"""

import json
import os
import queue
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources.child_models.placement import waits_s

# Exit codes of `ray_relay.py`: no node could be had, and the node ended under the child.
NO_ROOM, NODE_LOST = 69, 75
_LOST_NODES = 3  # nodes in a row that one question may lose
_LONGEST_LINE = 200_000
_MOST_LINES = 300  # lines that nobody has read yet; at most 256 questions are open
_MOST_TOLD = 1_000_000  # bytes of the output of --describe
_LAST_WORDS = 600
_END_S = 5.0


class ChildProblem(Exception):
    """The command cannot be used; the message says why, and how to correct it."""


@dataclass(frozen=True)
class Patience:
    """Timeouts of a child, and the limit of failures.

    Attributes:
        start_s: timeout of the first answer after a start, which loads the model, in seconds.
        answer_s: timeout of every further answer, in seconds.
        deaths: number of consecutive failures after which the child is not started again.
    """

    start_s: float = 600.0
    answer_s: float = 60.0
    deaths: int = 3


def describe_child(command: Sequence[str], variable: str, timeout_s: float = 60.0) -> Any:
    """Run `command --describe` and return the JSON object that it prints.

    Raises:
        ChildProblem: the command cannot be started, fails, hangs or prints something else.
    """
    try:
        code, told, words = _run([*command, "--describe"], timeout_s + waits_s(command))
    except OSError as error:
        raise ChildProblem(_advise(variable, command, str(error))) from error
    line = told.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
    described = parse_line(line)
    if code != 0 or described is None:
        said = words.decode("utf-8", "replace").strip() or line
        if code == NO_ROOM:
            raise ChildProblem(said.rsplit("\n", 1)[-1])
        problem = f"it ended with {code}. It said: {said[-_LAST_WORDS:]}"
        if code is None:
            problem = f"it did not end within {timeout_s:g} s"
        elif len(told) >= _MOST_TOLD:
            problem = f"it wrote more than {_MOST_TOLD} bytes and was ended"
        raise ChildProblem(_advise(variable, command, problem))
    return described


def _run(command: Sequence[str], timeout_s: float) -> tuple[int | None, bytes, bytes]:
    """Run a command; return its exit code, None if it was too slow, and its bounded output.

    Raises:
        OSError: the command cannot be started.
    """
    words = bytearray()
    with subprocess.Popen(  # noqa: S603 (the user's own command, without a shell)
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_environment(),
        start_new_session=True,
    ) as process:
        is_late = threading.Event()

        def end() -> None:
            is_late.set()
            _kill_group(process)

        timer = threading.Timer(timeout_s, end)
        timer.start()
        listener = threading.Thread(target=_keep_end, args=(process.stderr, words), daemon=True)
        listener.start()
        told = process.stdout.read(_MOST_TOLD) if process.stdout else b""
        if len(told) >= _MOST_TOLD:
            _kill_group(process)
        code = process.wait()
        timer.cancel()
        listener.join()
    return None if is_late.is_set() else code, told, bytes(words)


def _keep_end(stream: Any, words: bytearray) -> None:
    """Read a stream to its end and keep the last bytes of it."""
    while chunk := stream.read1(_LAST_WORDS):
        words += chunk
        del words[: -2 * _LAST_WORDS]


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):  # the process group has already ended
        os.killpg(process.pid, signal.SIGKILL)


def parse_line(line: str) -> dict[str, Any] | None:
    """Return the JSON object in a line, or None if there is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def child_environment() -> dict[str, str]:
    """Return the environment without variables that may hold credentials."""
    secret = ("_API_KEY", "_TOKEN", "_SECRET", "_PASSWORD", "_URL")
    return {name: text for name, text in os.environ.items() if not name.upper().endswith(secret)}


def split_command(text: str) -> list[str]:
    """Split a command into words as a shell would, without running a shell."""
    return shlex.split(text)


def program_command(script: str, variable: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs a program of this folder.

    Args:
        script: the program's file name.
        variable: the environment variable that may name another interpreter, in words of a shell.
        arguments: the program's arguments.
    """
    python = split_command(os.environ.get(variable, "")) or [sys.executable]
    return (*python, str(Path(__file__).with_name(script)), *arguments)


class Child:
    """A child process; it is started with the first question, and again after a failure."""

    def __init__(
        self, command: Sequence[str], patience: Patience | None = None, role: str = "verifier"
    ) -> None:
        """Store the command without starting it; `role` is part of the reasons of errors."""
        self._command = list(command)
        self.role = role
        self._patience = patience or Patience()
        self._process: subprocess.Popen[bytes] | None = None
        self._questions: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._lines: queue.Queue[bytes | None] = queue.Queue(_MOST_LINES)
        self._deaths = 0
        self._is_loaded = False
        self._has_lost_node = False
        self._number = 0

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Return the child's answer, or {"status": "error", "reason": ...}.

        Reasons, of which two begin with the role: `verifier_unavailable` if the child cannot be
        started or has failed too often in a row; `verifier_crashed`; `timed_out` (the child is
        killed, and restarted for the next question); `garbage` for a line that is not an answer to
        this question.
        """
        answer = self._ask_once(question)
        for _ in range(_LOST_NODES):
            if not self._has_lost_node:
                break
            answer = self._ask_once(question)
        return answer

    def ask_together(self, questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Send all questions at once, and return the answers in the order of the questions.

        All but the last have `more`, so that the child's batch is this one, whatever the timing: a
        batch of another size gives other last digits.
        If the child fails, the questions without an answer are asked again one by one, so that only
        the question that causes the failure is lost.
        """
        answers: list[dict[str, Any]] = []
        if len(questions) > 1 and self._deaths < self._patience.deaths:
            for _ in range(1 + _LOST_NODES):
                answers = self._try_together(questions)
                if not self._has_lost_node:
                    break
        return answers + [self.ask(question) for question in questions[len(answers) :]]

    def close(self) -> None:
        """Close the child's input, and kill the child if it does not exit."""
        if self._process is not None:
            self._questions.put(None)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_S)
        self._kill()

    def _ask_once(self, question: Mapping[str, Any]) -> dict[str, Any]:
        self._has_lost_node = False
        if self._deaths >= self._patience.deaths:
            return _error(f"{self.role}_unavailable")
        try:
            self._start()
        except OSError:
            self._deaths = self._patience.deaths
            return _error(f"{self.role}_unavailable")
        return self._await_answer(self._put(question))

    def _try_together(self, questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the answers up to the first failure."""
        self._has_lost_node = False
        answers: list[dict[str, Any]] = []
        deaths = self._deaths
        with suppress(OSError):
            self._start()
            followed = [{**question, "more": True} for question in questions[:-1]]
            for number in [self._put(question) for question in [*followed, questions[-1]]]:
                answer = self._await_answer(number)
                if self._process is None:
                    self._deaths = 0 if answers else deaths  # only the failure of the retry counts
                    break
                answers.append(answer)
        return answers

    def _put(self, question: Mapping[str, Any]) -> int:
        self._number += 1
        self._questions.put(json.dumps({"id": self._number, **question}).encode() + b"\n")
        return self._number

    def _await_answer(self, number: int) -> dict[str, Any]:
        wait = self._patience.answer_s
        if not self._is_loaded:
            wait = self._patience.start_s + waits_s(self._command)
        try:
            line = self._lines.get(timeout=wait)
        except queue.Empty:
            return self._fail("timed_out")
        if line is None:
            return self._fail_by_end()
        self._is_loaded = True
        self._deaths = 0
        answer = parse_line(line.decode("utf-8", "replace"))
        if answer is None or answer.get("id") != number:
            # Its remaining output would be mistaken for later answers.
            self._kill()
            return _error("garbage")
        return answer

    def _start(self) -> None:
        """Start the child if it is not running.

        Raises:
            OSError: the child cannot be started.
        """
        if self._process is not None:
            return
        # New queues, so that nothing is left over from the previous child.
        self._questions, self._lines = queue.SimpleQueue(), queue.Queue(_MOST_LINES)
        self._is_loaded = False
        self._process = process = subprocess.Popen(  # noqa: S603 (the user's own command, no shell)
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=child_environment(),
            start_new_session=True,  # so that its own children are killed with it
        )
        # One thread per stream: a hung child does not read, and a pipe holds less than one line.
        for target, arguments in (
            (_feed, (process.stdin, self._questions)),
            (_pump, (process, self._lines)),
        ):
            threading.Thread(target=target, args=arguments, daemon=True).start()

    def _fail_by_end(self) -> dict[str, Any]:
        """Return the error of a child whose output has ended; its exit code may say why."""
        code = None
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(_END_S) if self._process else None
        if code == NODE_LOST:
            self._has_lost_node = True
        if code == NO_ROOM:
            self._deaths = self._patience.deaths
        return self._fail(f"{self.role}_{'unavailable' if code == NO_ROOM else 'crashed'}")

    def _fail(self, reason: str) -> dict[str, Any]:
        self._deaths += 1
        self._kill()
        return _error(reason)

    def _kill(self) -> None:
        if self._process is not None:
            _kill_group(self._process)
            self._process.wait()
            self._questions.put(None)
            self._process = None


def _feed(stream: Any, lines: "queue.SimpleQueue[bytes | None]") -> None:
    """Write lines until the queue yields None or the child has ended."""
    with suppress(OSError), stream:
        while line := lines.get():
            stream.write(line)
            stream.flush()


def _pump(process: "subprocess.Popen[bytes]", lines: "queue.Queue[bytes | None]") -> None:
    """Put every line into the queue, then None; end a child that writes more than was asked."""
    if process.stdout is None:
        return
    with process.stdout as stream, suppress(queue.Full):
        while line := stream.readline(_LONGEST_LINE):
            try:
                lines.put_nowait(line)
            except queue.Full:
                _kill_group(process)
                raise
        lines.put_nowait(None)


def _error(reason: str) -> dict[str, Any]:
    return {"status": "error", "reason": reason}


def _advise(variable: str, command: Sequence[str], problem: str) -> str:
    return (
        f"the command of a model, {shlex.join(command)!r}, cannot be used: {problem}. Run it by "
        f"hand with --describe until it prints one JSON object, or correct {variable}"
    )
