"""What the programs behind JSON lines share: reading lines in batches, errors, hashes of weights.

The programs run in any environment that has their models, so this file imports nothing but the
standard library. They import it from their own folder.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

_GATHERED_S = 0.005  # longest wait for the next line of a batch, in seconds


def read_together(most: int) -> Iterator[list[dict[str, Any]]]:
    """Yield the questions on the input in batches, at most `most`.

    A question with `more` is followed by another of its batch. Without it, a batch is what waits.
    """
    lines: SimpleQueue[str] = SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        lines.put("")

    Thread(target=read, daemon=True).start()
    while line := lines.get():
        batch = [json.loads(line)]
        is_told = "more" in batch[0]
        while line and len(batch) < most and batch[-1].get("more", not is_told):
            try:
                line = lines.get(timeout=None if is_told else _GATHERED_S)
            except Empty:
                break
            batch += [json.loads(line)] if line else []
        yield batch
        if not line:
            return


def answer_each(
    shown: Sequence[Any], compute: Callable[[list[Any]], Sequence[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Return the answer or the error of each image.

    A batch that fails is computed again one by one, so that only the cause of the failure is lost.

    Args:
        shown: the model's input for each image, or the exception that preparing it raised.
        compute: returns the answers for several inputs.
    """
    answers: list[dict[str, Any]] = [describe_error(one) for one in shown]
    groups = [[place for place, one in enumerate(shown) if not isinstance(one, Exception)]]
    while groups:
        if not (group := groups.pop()):
            continue
        try:
            found = list(compute([shown[place] for place in group]))
        except Exception as error:  # noqa: BLE001 (a failed image must not affect the others)
            found = [describe_error(error)] * len(group)
            groups += [[place] for place in group] if len(group) > 1 else []
        for place, answer in zip(group, found, strict=True):
            answers[place] = answer
    return answers


def answer_lines(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer every question on the input, one at a time; one that fails has an error for answer."""
    for line in sys.stdin:
        question = json.loads(line)
        try:
            told = {"status": "ok", **answer(question)}
        except Exception as error:  # noqa: BLE001 (the parent decides what an error means)
            told = describe_error(error)
        write_answers([question], [told])


def describe_error(problem: object) -> dict[str, Any]:
    """Return the answer for an image that failed; the reason is the name of the exception."""
    return {"status": "error", "reason": type(problem).__name__}


def write_answers(
    questions: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]]
) -> None:
    """Write one line per answer, with the id of its question."""
    for question, answer in zip(questions, answers, strict=True):
        sys.stdout.write(json.dumps({"id": question["id"], **answer}) + "\n")
    sys.stdout.flush()


def hash_weights(name: str) -> str | None:
    """Return the SHA-256 of the weight files in a local folder, or None if there are none."""
    from hashlib import sha256
    from pathlib import Path

    files = sorted(Path(name).glob("*.safetensors"))
    if not files:
        return None
    digest = sha256()
    for path in files:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
