"""A verifier's process that is asked about several pictures at once, fails, hangs or is deaf."""

import resource
import shlex
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.verifier import VerificationRequest
from eemo_pipeline.stages.verification.answer_parsing import read_scores
from resources.child_models.child_process import (
    Child,
    ChildProblem,
    Patience,
    describe_child,
    parse_line,
)
from resources.child_models.child_verifier import ChildVerifier
from resources.child_models.classifier_verifier import read_classifier
from resources.child_models.emovit_verifier import COMMAND, build_emovit, read_emovit

# Waits for the lines of a batch, then answers them; a picture of one grey is a bad day.
CHILD = """
import base64, io, json, os, sys, time
from PIL import Image
if "--describe" in sys.argv:
    print(json.dumps({"id": "batcher", "batch": 4}))
    sys.exit()
told = open(os.environ["TOLD"], "a")
def answer(line):
    asked = json.loads(line)
    with Image.open(io.BytesIO(base64.b64decode(asked["image"]))) as picture:
        red, green, _ = picture.convert("RGB").resize((1, 1)).getpixel((0, 0))
    day = {10: "die", 20: "hang", 30: "garbage"}.get(round(red, -1) if abs(red - green) < 9 else 0)
    if day == "die":
        sys.exit(3)
    if day == "hang":
        time.sleep(600)
    label = "fear" if red > 127 else "awe"
    return "nonsense" if day == "garbage" else json.dumps({"id": asked["id"], "text": label})
while first := sys.stdin.readline():
    lines = [first]
    together = 4 if os.environ.get("WAITS") else 1
    while len(lines) < together and (line := sys.stdin.readline()):
        lines.append(line)
    print(len(lines), file=told, flush=True)
    for line in lines:
        print(answer(line), flush=True)
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the child writes how many lines it had at once."""
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    return tmp_path / "told"


@pytest.fixture
def verifier(tmp_path: Path, told: Path, monkeypatch: pytest.MonkeyPatch) -> ChildVerifier:
    script = tmp_path / "serve.py"
    script.write_text(CHILD)
    monkeypatch.setenv(COMMAND, f"{sys.executable} {script}")
    return build_emovit(Patience(start_s=8, answer_s=2))


def paint(folder: Path, name: str, colour: tuple[int, int, int]) -> VerificationRequest:
    path = folder / f"{name}.png"
    Image.fromarray(np.full((40, 40, 3), colour, dtype=np.uint8)).save(path)
    return VerificationRequest(file_sha256(path), path)


def tell(verifier: ChildVerifier, requests: list[VerificationRequest], folder: Path) -> list[str]:
    ledger = Ledger(folder / "ledger.sqlite")
    answers = verifier.answer(requests, ledger).values
    ledger.close()
    return [answer.get("emotion") or answer["reason"] for answer in answers]


def test_pictures_are_asked_about_together_and_answered_in_order(
    verifier: ChildVerifier, told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAITS", "1")  # the child would wait for ever were it asked one by one
    red = [paint(tmp_path, f"red{n}", (200 + n, 0, 0)) for n in range(6)]
    blue = [paint(tmp_path, f"blue{n}", (0, 0, 200 + n)) for n in range(6)]
    mixed = [request for pair in zip(red, blue, strict=True) for request in pair]
    assert tell(verifier, mixed, tmp_path) == ["fear", "awe"] * 6
    assert told.read_text().split() == ["4", "4", "4"]


def test_what_fails_in_a_batch_costs_itself_alone(verifier: ChildVerifier, tmp_path: Path) -> None:
    days = {"die": 10, "hang": 20, "garbage": 30}
    bad = [paint(tmp_path, day, (grey, grey, grey)) for day, grey in days.items()]
    good = [paint(tmp_path, f"red{n}", (200 + n, 0, 0)) for n in range(9)]
    gone = VerificationRequest("0" * 64, tmp_path / "gone.png")
    asked = [*good[:2], bad[0], good[2], gone, bad[1], *good[3:6], bad[2], *good[6:]]
    reasons = ["verifier_crashed", "unreadable_file", "timed_out", "garbage"]
    answers = tell(verifier, asked, tmp_path)
    assert [answer for answer in answers if answer != "fear"] == reasons
    assert [answers[asked.index(one)] for one in (bad[0], gone, bad[1], bad[2])] == reasons


def test_a_child_that_reads_nothing_is_not_waited_for_for_ever() -> None:
    deaf = Child([sys.executable, "-c", "import time; time.sleep(600)"], Patience(start_s=0.3))
    began = time.monotonic()
    longer_than_a_pipe = {"image": "x" * 1_000_000}
    assert deaf.ask(longer_than_a_pipe)["reason"] == "timed_out"
    told = deaf.ask_together([longer_than_a_pipe] * 3)
    assert [answer["reason"] for answer in told] == ["timed_out"] * 2 + ["verifier_unavailable"]
    deaf.close()
    assert time.monotonic() - began < 20


def test_a_child_that_floods_its_output_is_ended_in_bounded_memory() -> None:
    """It writes gigabytes while nobody asks it anything."""
    flood = Child(["sh", "-c", "read line; exec yes"], Patience(start_s=20, answer_s=5))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert flood.ask({"image": "x"})["reason"] == "garbage"
    deadline = time.monotonic() + 120
    flood._start()
    flood._put({"image": "x"})
    process = flood._process
    assert process is not None
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.poll() is not None, "a child that nobody listens to is ended"
    flood.close()
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kb < 200_000


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["cat", "/dev/zero"], "more than 1000000 bytes"),
        (["sh", "-c", "cat /dev/zero >&2"], "did not end within 1 s"),
        (["sh", "-c", "sleep 600"], "did not end within 1 s"),
        (["sh", "-c", "echo no model >&2; exit 3"], "ended with 3. It said: no model"),
    ],
)
def test_a_command_that_describes_nothing_is_ended(command: list[str], words: str) -> None:
    # `--describe` becomes the name of the shell script; cat reads it as an option and a file.
    wrapped = ["sh", "-c", f"exec {shlex.join(command)}"]
    began = time.monotonic()
    with pytest.raises(ChildProblem, match=words):
        describe_child(wrapped, COMMAND, timeout_s=1.0 if "within" in words else 30.0)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("number", ["9" * 400, "1e999", "-1", '"many"', "null"])
def test_an_impossible_number_of_a_verifier_is_a_bad_score(number: str) -> None:
    told = parse_line(f'{{"scores": {{"awe": {number}, "fear": 0.5}}}}') or {}
    meanings = {"awe": "awe", "fear": "fear"}
    assert read_classifier(meanings, told) == {"status": "error", "reason": "bad_scores"}
    losses = ", ".join(f'"{name}": {number}' for name in MIKELS_8)
    told = parse_line(f'{{"losses": {{{losses}}}}}') or {}
    assert number == "-1" or read_emovit(told) == {"status": "error", "reason": "bad_scores"}
    assert read_scores({"awe": told["losses"]["awe"]})["reason"] == "bad_scores"
