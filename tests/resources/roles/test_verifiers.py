"""The contract of a verifier, for every one that ships."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.ledger.answering import Answers
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.ledger.usage import Work
from eemo_pipeline.roles.verifier import VerificationRequest, Verifier, VerifierDescription
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.verification.verify import ask_verifier
from resources.child_models.child_process import ChildProblem, Patience
from resources.child_models.child_verifier import ChildVerifier
from resources.child_models.classifier_verifier import read_classifier, read_meanings
from resources.child_models.emovit_verifier import COMMAND, INSTRUCTION, build_emovit, read_emovit
from resources.roles import verifiers
from resources.roles.replay_verifier import ReplayVerifier
from resources.roles.verifiers import BadVerifier, VerifierChoice

# A child that judges by the mean red of the pixels; a picture of one grey is a bad day.
CHILD = """
import base64, io, json, sys, time
from PIL import Image
if "--describe" in sys.argv:
    print("loading libraries ...")
    print(json.dumps({"id": "emovit", "version": "1", "weights_sha256": "ab" * 32,
                      "gives": ["label", "scores"], "trained_on": ["emoset"]}))
    sys.exit()
for line in sys.stdin:
    asked = json.loads(line)
    assert set(asked) == {"id", "image", "media_type", "prompt", "candidates"}, sorted(asked)
    with Image.open(io.BytesIO(base64.b64decode(asked["image"]))) as picture:
        red, green, _ = picture.convert("RGB").resize((1, 1)).getpixel((0, 0))
    day = {10: "die", 20: "hang", 30: "garbage", 40: "other", 50: "nan"}.get(
        round(red, -1) if abs(red - green) < 9 else 0)
    if day == "die":
        sys.exit(3)
    if day == "hang":
        time.sleep(600)
    if day == "garbage":
        print("Predict emotion: awe", flush=True)
        continue
    number = asked["id"] + (day == "other")
    losses = {name: 1.0 + place for place, name in enumerate(asked["candidates"])}
    losses["fear" if red > 127 else "awe"] = 0.5 if day != "nan" else float("nan")
    print(json.dumps({"id": number, "losses": losses}), flush=True)
"""


def paint(folder: Path, name: str, colour: tuple[int, int, int]) -> VerificationRequest:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((40, 40, 3), colour, dtype=np.uint8)).save(path)
    return VerificationRequest(file_sha256(path), path)


@pytest.fixture
def ledger(tmp_path: Path):
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def emovit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], ChildVerifier]:
    script = tmp_path / "serve.py"
    script.write_text(CHILD)
    monkeypatch.setenv(COMMAND, f"{sys.executable} {script}")
    return lambda: build_emovit(Patience(start_s=20, answer_s=2))


def tell(answers: Answers) -> list[Any]:
    return [answer.get("emotion") or answer["reason"] for answer in answers.values]


def test_emovit_judges_by_losses_and_is_asked_once(emovit, tmp_path, ledger):
    verifier = emovit()
    description = verifier.describe()
    assert description.name == "emovit"
    assert description.model == "emovit 1, weights abababababababab"
    assert description.trained_on == ("emoset",)
    red, blue = paint(tmp_path, "awe.png", (220, 0, 0)), paint(tmp_path, "fear.png", (0, 0, 220))
    answers = verifier.answer([red, blue], ledger)
    assert tell(answers) == ["fear", "awe"]
    assert sum(answers.values[0]["distribution"]) == pytest.approx(1, abs=1e-6)
    again = verifier.answer([blue, red], ledger)
    assert (tell(again), again.work.asked) == (["awe", "fear"], 0)


def test_the_name_of_a_file_changes_nothing(emovit, tmp_path, ledger):
    shown = [
        paint(tmp_path, name, (220, 0, 0))
        for name in ("amusement/Amusement000001.png", "sadness/sadness.png")
    ]
    first, second = emovit().answer(shown, ledger).values
    assert first == second


def test_a_child_that_fails_costs_one_picture_each_time(emovit, tmp_path, ledger):
    days = {"die": 10, "hang": 20, "garbage": 30, "other": 40, "nan": 50}
    bad = [paint(tmp_path, f"{day}.png", (grey, grey, grey)) for day, grey in days.items()]
    good = [paint(tmp_path, f"{n}.png", (200 + n, 0, 0)) for n in range(len(bad))]
    mixed = [request for pair in zip(bad, good, strict=True) for request in pair]
    gone = VerificationRequest("0" * 64, tmp_path / "gone.png")
    answers = emovit().answer([*mixed, gone], ledger)
    reasons = ["verifier_crashed", "timed_out", "garbage", "garbage", "bad_scores"]
    assert tell(answers)[:-1:2] == reasons
    assert tell(answers)[1:-1:2] == ["fear"] * len(good)
    assert tell(answers)[-1] == "unreadable_file"
    # errors are not answers: they are asked about again, and only they
    again = emovit().answer(good, ledger)
    assert again.work.asked == 0


def test_a_child_that_always_dies_is_given_up(tmp_path, ledger, emovit):
    (tmp_path / "dead.py").write_text("raise SystemExit(1)")
    verifier = ChildVerifier(
        emovit().describe(), (sys.executable, str(tmp_path / "dead.py")), read_emovit
    )
    pictures = [paint(tmp_path, f"{n}.png", (n, 0, 0)) for n in range(5)]
    reasons = tell(verifier.answer(pictures, ledger))
    assert reasons == ["verifier_crashed"] * 3 + ["verifier_unavailable"] * 2


@pytest.mark.parametrize("text", [None, "/no/such/command", f"{sys.executable} -c pass"])
def test_an_unusable_command_is_said_with_its_fix(text, monkeypatch):
    if text is None:
        monkeypatch.delenv(COMMAND, raising=False)
    else:
        monkeypatch.setenv(COMMAND, text)
    with pytest.raises(ChildProblem, match=COMMAND):
        build_emovit()


def test_a_child_gets_no_key(tmp_path, monkeypatch, ledger):
    told = tmp_path / "told.json"
    script = tmp_path / "spy.py"
    script.write_text(
        "import json, os, sys\n"
        f"open({str(told)!r}, 'w').write(json.dumps(dict(os.environ)))\n"
        'print(json.dumps({"id": "spy"}))'
    )
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("EEMO_LEDGER_URL", "postgresql://me:very-secret@host/db")
    monkeypatch.setenv(COMMAND, f"{sys.executable} {script}")
    build_emovit()
    assert "very-secret" not in told.read_text()
    assert "PATH" in json.loads(told.read_text())


def test_the_instruction_is_the_one_the_model_was_tuned_on():
    assert "options:amusement, anger" in INSTRUCTION
    assert INSTRUCTION.endswith("format:  Predict emotion:")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"text": "Predict emotion: awe"}, "awe"),
        ({"text": "Predict emotion: Sad"}, "sadness"),
        ({"text": "What an awesome view"}, "no_label"),
        ({"text": "Predict emotion: awe and fear"}, "several_labels"),
        ({"text": "fear: awe, AWE!"}, "awe"),
        ({"text": 7}, "garbage"),
        ({}, "garbage"),
        ({"losses": dict.fromkeys(MIKELS_8, 1.0) | {"sadness": 0.1}}, "sadness"),
        ({"losses": {"awe": 0.1}}, "bad_scores"),
        ({"losses": dict.fromkeys(MIKELS_8, "low")}, "bad_scores"),
    ],
)
def test_what_emovit_says(told, said):
    answer = read_emovit(told)
    assert (answer.get("emotion") or answer["reason"]) == said
    if "text" in told:
        assert "probability" not in answer  # words carry no confidence


def test_a_classifiers_labels_are_mapped(tmp_path):
    path = tmp_path / "labels.json"
    path.write_text(json.dumps({"LABEL_0": "Sad", "LABEL_1": "awe", "LABEL_2": None}))
    meanings = read_meanings(str(path))
    answer = read_classifier(meanings, {"scores": {"label_0": 0.5, "LABEL_1": 0.2, "LABEL_2": 0.3}})
    assert answer["emotion"] == "sadness"
    assert answer["probability"] == pytest.approx(5 / 7, abs=1e-6)
    other = read_classifier(meanings, {"scores": {"LABEL_0": 0.4, "LABEL_2": 0.6}})
    assert other == {"status": "abstain", "reason": "other_label"}
    for wrong in (None, {}, {"LABEL_0": "much"}, {"LABEL_0": -1.0}, {"LABEL_0": float("nan")}):
        assert read_classifier(meanings, {"scores": wrong})["status"] == "error"
    path.write_text('{"LABEL_0": "hunger"}')
    with pytest.raises(ChildProblem, match="hunger"):
        read_meanings(str(path))


def test_recorded_answers_take_the_verifiers_part(tmp_path, ledger):
    requests = [VerificationRequest(f"{n}" * 64, tmp_path / "x.png") for n in range(6)]
    lines = [
        {"image_id": "0" * 64, "emotion": "Fear"},
        {"image_id": "1" * 64, "scores": {"awe": 0.75, "fear": 0.25}},
        {"image_id": "2" * 64, "status": "abstain", "reason": "too_dark"},
        {"image_id": "3" * 64, "scores": {"awe": 0.75}},
        {"image_id": "4" * 64, "text": "Predict emotion: sadness"},
    ]
    path = tmp_path / "answers.jsonl"
    path.write_text("\n".join([*map(json.dumps, lines), "no JSON", "[1]"]))
    answers = ReplayVerifier(path).answer(requests, ledger)
    assert tell(answers) == ["fear", "awe", "too_dark", "bad_scores", "sadness", "not_recorded"]


@dataclass(frozen=True)
class Coin:
    """A verifier of one file: it names what it was made to name."""

    answers: tuple[dict[str, Any], ...] = ({"status": "ok", "emotion": "Sad"},)

    def describe(self) -> VerifierDescription:
        return VerifierDescription("coin", "coin 1", "a coin with one side")

    def answer(self, requests: Sequence[VerificationRequest], ledger: Ledger) -> Answers:  # noqa: ARG002
        several = [self.answers[place % len(self.answers)] for place in range(len(requests))]
        return Answers(several, Work(len(requests)))


def images(*ids: str) -> pl.DataFrame:
    rows = [{"image_id": i, "source": "s", "path": "p", "cluster_id": i} for i in ids]
    return pl.DataFrame(rows, schema=TABLES["dedup__images"].polars_schema)


def choose(text: str) -> Verifier:
    nothing: Any = None
    return VerifierChoice(text, nothing, nothing).build(
        TABLES["dedup__images"].empty(),
        TABLES["_verification__features"].empty(),
        TABLES["labels__emotions"].empty(),
    )


def test_a_verifier_is_added_by_one_line(monkeypatch, ledger, tmp_path):
    monkeypatch.setitem(verifiers.VERIFIERS, "coin", Coin)
    labels = TABLES["labels__emotions"].empty()
    frame = ask_verifier(choose("coin"), images("b", "a"), labels, ledger, tmp_path).frame
    assert frame.select("image_id", "verifier", "emotion", "fold").rows() == [
        ("a", "coin", "sadness", 0),
        ("b", "coin", "sadness", 0),
    ]
    with pytest.raises(BadVerifier, match="coin"):
        choose("dice")
    assert choose("linear_probe").describe().name == "linear_probe"


def test_an_answer_that_breaks_the_contract_is_an_error_of_its_own_row(ledger, tmp_path):
    shares = [0.3, *[0.1] * 7]
    coin = Coin(
        (
            {"status": "ok", "emotion": "hunger"},
            {"status": "ok", "emotion": "awe", "distribution": [0.5, 0.5]},
            {"status": "ok", "emotion": "awe", "distribution": [0.9, *[0.1] * 7]},
            {"status": "ok", "emotion": "amusement", "distribution": shares, "probability": 0.3},
        )
    )
    labels = TABLES["labels__emotions"].empty()
    frame = ask_verifier(coin, images(*"abcd"), labels, ledger, tmp_path).frame
    assert frame["reason"].to_list() == ["bad_label", "bad_scores", "bad_scores", None]
    assert frame["emotion"].to_list() == [None, None, None, "amusement"]
