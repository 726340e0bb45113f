"""Models in folders as providers: what a child says, breaks or holds back, and real tiny models."""

import asyncio
import json
import os
import shlex
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.annotator import AnnotationRequest, ask_annotators
from eemo_pipeline.stages.annotation.vlm_annotator import VisionAnnotator
from eemo_pipeline.vlm.contract import Turn, VlmReply, VlmRequest, WordRequest
from eemo_pipeline.vlm.errors import CredentialProblem, Rejected, Transient
from eemo_pipeline.vlm.image_encoding import PicturePolicy, encode_picture
from eemo_pipeline.vlm.session import Session, fit_limits
from eemo_pipeline.vlm.spending.budget import Budget
from eemo_pipeline.vlm.spending.prices import read_prices
from resources.child_models.child_process import Patience
from resources.child_models.served_model import ServedModel
from resources.providers.registry import BadProviders, MissingModel, read_choices
from resources.providers.transformers_vlm import TransformersVlm
from resources.roles.annotators import name_annotators
from tests.support.annotations import GOOD_REPLY
from tests.support.commands import call_eemo
from tests.support.images import paint_jpeg

CHILD = Path(__file__).parents[2] / "support" / "scripted_child.py"
WORDS = ("positive", "neutral", "negative")
QUESTION = VlmRequest("Judge.", "What is it?", (), "reply", {"type": "object"}, 16)
WORD_QUESTION = WordRequest("Judge.", "Rate.", (), "word", {}, words=WORDS, beginning="It is")
GOOD = {"status": "ok", "text": "{}", "input_tokens": 30, "output_tokens": 5}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as opened:
        yield opened


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that passes for a model, and an interpreter that follows its script."""
    interpreter = shlex.join([sys.executable, str(CHILD)])
    monkeypatch.setenv("EEMO_TRANSFORMERS_PYTHON", interpreter)
    return write_script(tmp_path / "scripted", {"reply": GOOD})


def write_script(folder: Path, script: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "script.json").write_text(json.dumps(script))
    return folder


def send(folder: Path, *requests: VlmRequest) -> list[VlmReply | BaseException]:
    model = TransformersVlm(str(folder))

    async def gather() -> list[VlmReply | BaseException]:
        return await asyncio.gather(*map(model.send, requests), return_exceptions=True)

    return asyncio.run(gather())


def lay_out(folder: Path, count: int) -> list[AnnotationRequest]:
    folder.mkdir()
    requests = []
    for number in range(count):
        content = paint_jpeg(number)
        path = folder / f"{number}.jpg"
        path.write_bytes(content)
        requests.append(AnnotationRequest(sha256(content).hexdigest(), path))
    return requests


def annotate(
    ledger: Ledger, model: TransformersVlm, requests: list[AnnotationRequest]
) -> list[dict[str, Any]]:
    session = Session(ledger, Budget(None), read_prices())
    annotator = VisionAnnotator("transformers", model, session, PicturePolicy(64))
    (answered,) = ask_annotators([(annotator, requests)], ledger)
    return answered.frame.to_dicts()


def test_two_models_annotate_one_after_the_other(
    script: Path, ledger: Ledger, tmp_path: Path
) -> None:
    answered = GOOD | {"text": json.dumps(GOOD_REPLY)}
    write_script(script, {"reply": answered})
    other = write_script(tmp_path / "other", {"reply": answered})
    (other / "model.safetensors").write_bytes(b"others")
    text = f"transformers:{script},transformers:{other}"
    models = [choice.build() for choice in read_choices(text)]
    session = Session(ledger, Budget(None), read_prices())
    requests = lay_out(tmp_path / "images", 12)
    annotators = [
        VisionAnnotator(name, model, session, PicturePolicy(64))
        for name, model in zip(name_annotators(models), models, strict=True)
    ]
    tables = ask_annotators([(one, requests) for one in annotators], ledger)
    for table, model in zip(tables, models, strict=True):
        assert set(table.frame["annotator"]) == {f"transformers:{model.model}"}
        assert table.frame["emotion"].to_list() == ["fear"] * 12
    notes = [folder / "asked.jsonl" for folder in (script, other)]
    assert [len(note.read_text().splitlines()) for note in notes] == [12, 12]
    first, second = (read_started(note) for note in notes)
    assert len(first) == len(second) == 1, "each is loaded once"
    with pytest.raises(BadProviders, match="named twice"):
        read_choices(f"transformers:{script},transformers:{script}")


def read_started(note: Path) -> set[int]:
    """Return the processes that were asked."""
    return {json.loads(line)["process"] for line in note.read_text().splitlines()}


def attempts(folder: Path, columns: str) -> tuple[Any, ...]:
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as connection:
        return connection.execute(f"select {columns} from attempts").fetchone()  # noqa: S608


def test_a_killed_child_is_asked_no_question_twice_but_those_without_an_answer(
    script: Path, ledger: Ledger, tmp_path: Path
) -> None:
    write_script(script, {"reply": GOOD | {"text": json.dumps(GOOD_REPLY)}, "dies_at": 5})
    requests = lay_out(tmp_path / "images", 8)
    rows = annotate(ledger, TransformersVlm(str(script)), requests)
    assert [row["emotion"] for row in rows] == ["fear"] * 8
    asked = [json.loads(line) for line in (script / "asked.jsonl").read_text().splitlines()]
    assert all(question["images"] == 1 for question in asked)
    assert len(asked) == 9, "the fifth question was asked twice, and no other"
    counted = attempts(tmp_path, "count(*), sum(nano_usd), sum(input_tokens)")
    assert counted == (8, 0, 8 * 30)
    assert annotate(ledger, TransformersVlm(str(script)), requests) == rows
    again = (script / "asked.jsonl").read_text().splitlines()
    assert len(again) == 9, "a rerun finds every answer in the ledger"


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"lines": ["no JSON"]}, "garbage"),
        ({"lines": ['{"id": 99, "status": "ok", "text": "x"}']}, "garbage"),
        ({"lines": ["[" * 5000]}, "garbage"),
        ({"reply": GOOD | {"text": ["a", "list"]}}, "another form"),
        ({"reply": {"status": "ok"}}, "another form"),
        ({"reply": {"status": "error", "reason": "\x1b[31mred"}}, "red"),
    ],
)
def test_an_answer_of_another_form_is_a_fault(
    script: Path, said: dict[str, Any], problem: str
) -> None:
    (found,) = send(write_script(script, said), QUESTION)
    assert isinstance(found, Transient)
    assert problem in str(found)


def test_tokens_that_cannot_be_believed_are_unknown(script: Path) -> None:
    (found,) = send(write_script(script, {"reply": GOOD | {"input_tokens": -3}}), QUESTION)
    assert isinstance(found, VlmReply)
    assert found.usage is None


@pytest.mark.parametrize(
    "shares",
    [
        {"positive": 0.5, "neutral": 0.5},
        dict.fromkeys(WORDS, 0.5),
        {"positive": 1.5, "neutral": -0.5, "negative": 0.0},
        {"positive": "a", "neutral": 0.0, "negative": 0.0},
        None,
    ],
)
def test_probabilities_are_those_of_the_words(script: Path, shares: Any) -> None:
    reply = GOOD | {"probabilities": shares, "mass": 0.5}
    (found,) = send(write_script(script, {"reply": reply}), WORD_QUESTION)
    assert isinstance(found, Transient)


def test_a_child_that_hangs_is_ended(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_script(script, {"reply": GOOD, "sleeps_s": 60})
    served = ServedModel(str(script), 1, 1, Patience(0.3, 0.3, deaths=1))
    assert served.ask({"images": []}).result()["reason"] == "timed_out"
    assert served.ask({"images": []}).result()["reason"] == "model_unavailable"
    monkeypatch.setenv("EEMO_TRANSFORMERS_TIMEOUT_S", "soon")
    (found,) = send(script, QUESTION)
    assert isinstance(found, CredentialProblem)
    assert "set it to a number of 1 to 86400" in str(found)


def test_what_cannot_be_loaded_and_what_is_too_large_say_what_to_do(script: Path) -> None:
    reply = {"status": "error", "reason": "cannot_load", "said": "No module named 'torch'"}
    (found,) = send(write_script(script, {"reply": reply}), QUESTION)
    assert isinstance(found, CredentialProblem)
    assert "No module named 'torch'" in str(found)
    assert "EEMO_TRANSFORMERS_PYTHON" in found.fix
    other = write_script(
        script.with_name("large"), {"reply": {"status": "error", "reason": "out_of_memory"}}
    )
    (found,) = send(other, QUESTION)
    assert isinstance(found, Rejected)
    assert found.reason == "out_of_memory"
    assert "EEMO_TRANSFORMERS_BATCH" in str(found)


def test_a_model_that_is_not_there_is_named_before_the_run(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for name, words in (
        ("some-hub/name-7B", "downloads nothing"),
        (str(empty), "no config.json"),
    ):
        with pytest.raises(MissingModel, match=words):
            read_choices(f"transformers:{name}")
    (empty / "config.json").write_text("{}")
    with pytest.raises(MissingModel, match="safetensors"):
        read_choices(f"transformers:{empty}")
    done = call_eemo("run", "--data", tmp_path, "--providers", "transformers:some-hub/name-7B")
    assert done.returncode == 5
    assert "there is no folder 'some-hub/name-7B'" in done.stderr


def test_the_name_of_a_model_changes_with_its_files_alone(script: Path, tmp_path: Path) -> None:
    name = TransformersVlm(str(script)).model
    assert name.startswith("scripted@")
    copied = tmp_path / "elsewhere" / "scripted"
    copied.parent.mkdir()
    copied.mkdir()
    for path in script.iterdir():
        (copied / path.name).write_bytes(path.read_bytes())
    os.utime(copied / "config.json", (1, 1))
    assert TransformersVlm(str(copied)).model == name
    (copied / "model.safetensors").write_bytes(b"others!")
    assert TransformersVlm(str(copied)).model != name


def test_own_hardware_has_limits_of_its_own(script: Path, ledger: Ledger) -> None:
    session = Session(ledger, Budget(None), read_prices())
    fitted = fit_limits(session.limits, TransformersVlm(str(script)))
    assert (fitted.in_flight, fitted.hedge_share) == (8, 0)
    assert fitted.timeout_s > 1800


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that speaks, and one of random weights."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from eemo_pipeline.stages.training.jobs.vision_language.tiny_model import save_tiny_model
    from tests.support.speaking_model import save_speaking_model

    folder = tmp_path_factory.mktemp("models")
    save_speaking_model(folder / "speaking", json.dumps(GOOD_REPLY))
    save_tiny_model(folder / "random", ["positive neutral negative level"], seed=5)
    return folder


def test_a_real_model_annotates_images_at_no_cost(
    models: Path, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    requests = lay_out(tmp_path / "images", 5)
    rows = annotate(ledger, TransformersVlm(str(models / "speaking")), requests)
    assert [row["subject"] for row in rows] == ["tiger"] * 5
    assert {row["model"].partition("@")[0] for row in rows} == {"speaking"}
    calls, cost, sent, written = attempts(
        tmp_path, "count(*), sum(nano_usd), min(input_tokens), max(output_tokens)"
    )
    assert (calls, cost, written) == (5, 0, 2)
    assert sent > 500


def test_a_real_model_gives_the_same_reply_alone_and_in_a_batch(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch  # pyright: ignore
    from transformers import AutoTokenizer, Qwen2_5_VLForConditionalGeneration  # pyright: ignore

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (shown,) = lay_out(tmp_path / "images", 1)
    seen = encode_picture(shown.path, PicturePolicy(64))
    requests = (
        QUESTION,
        VlmRequest("Judge.", "What is it?", (seen,), "reply", {}, 16),
        VlmRequest("Judge.", "Both?", (seen, seen), "reply", {}, 16, turns=(Turn("a", "No."),)),
    )
    together = send(models / "random", *requests, WORD_QUESTION)
    alone = [send(models / "random", request)[0] for request in requests]
    texts = [reply.text for reply in (*together, *alone) if isinstance(reply, VlmReply)]
    assert texts[:3] == texts[4:]
    assert len({*texts[:3]}) == 3
    first = together[0]
    assert isinstance(first, VlmReply)
    assert first.is_truncated
    assert first.usage
    assert first.usage.output_tokens == 16
    # The probabilities are those of a plain forward pass.
    tokenizer: Any = AutoTokenizer.from_pretrained(models / "random")
    model: Any = Qwen2_5_VLForConditionalGeneration.from_pretrained(models / "random")
    turns = [{"role": "system", "content": "Judge."}, {"role": "user", "content": "Rate."}]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    inputs = tokenizer([text + "It is"], return_tensors="pt")
    with torch.inference_mode():
        logits = model(**inputs).logits[0, -1]
    ids = [tokenizer.encode(f" {word}")[0] for word in WORDS]
    told = json.loads(texts[3])
    expected = logits[ids].softmax(0).tolist()
    assert list(told["probabilities"].values()) == pytest.approx(expected, abs=1e-5)
    assert 0 < told["mass"] < 1


def test_words_that_share_their_first_token_cannot_be_told_apart(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    unknown = replace(WORD_QUESTION, words=("high", "helpless"))  # both begin with a lone space
    found = send(models / "random", unknown, WORD_QUESTION)[0]
    assert isinstance(found, Rejected)
    assert found.reason == "words_share_a_token"
    assert "high, helpless share a first token" in str(found)


def test_a_model_without_memory_says_so(models: Path) -> None:
    served = ServedModel(str(models / "speaking"), 1, 0.01, Patience(60, 60))
    answer = served.ask({"images": []}).result()
    served.close()
    assert (answer["status"], answer["reason"]) == ("error", "cannot_load")
    assert "memory" in answer["said"]
