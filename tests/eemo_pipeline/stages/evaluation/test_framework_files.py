"""Prediction files of VLMEvalKit, lmms-eval and inspect_ai give the numbers of their answers."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests.support.commands import call_eemo

# Yes-or-No: four of five right; What/How: one of two right, and one without a reply.
QUESTIONS: list[dict[str, Any]] = [
    *(
        {"id": f"y{n}", "options": ["Yes", "No"], "gold": "A", "reply": reply}
        for n, reply in enumerate(["A", "A. Yes", "Yes", "B", "The answer is A."])
    ),
    {"id": "w1", "options": ["joy", "fear", "awe"], "gold": "C", "reply": "C: awe"},
    {"id": "w2", "options": ["joy", "fear", "awe"], "gold": "B", "reply": None},
]


def write_tsv(folder: Path, questions: list[dict[str, Any]]) -> Path:
    path = folder / "tiny.tsv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t")
        writer.writerows(sheet(questions))
    return path


def sheet(questions: list[dict[str, Any]]) -> list[list[Any]]:
    names = ["index", "id", "image_path", "question", "A", "B", "C", "answer", "category"]
    rows: list[list[Any]] = [[*names, "prediction"]]
    for place, one in enumerate(questions):
        options = [*one["options"], ""][:3]
        start = [place, one["id"], f"{one['id']}.jpg", "What\tis\nit?", *options]
        rows.append([*start, one["gold"], "perception", one["reply"] or ""])
    return rows


def write_xlsx(folder: Path, questions: list[dict[str, Any]]) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in sheet(questions):
        book.active.append(row)
    path = folder / "tiny.xlsx"
    book.save(path)
    return path


def write_lmms(folder: Path, questions: list[dict[str, Any]]) -> Path:
    path = folder / "tiny" / "20260101_000000_samples_eemo.jsonl"
    path.parent.mkdir()
    samples = [
        {
            "doc_id": place,
            "doc": {
                "id": one["id"],
                "question": "What is it?",
                "options": one["options"],
                "category": "perception",
            },
            "target": one["gold"],
            "resps": [[one["reply"]]],
            "filtered_resps": [one["reply"]],
        }
        for place, one in enumerate(questions)
    ]
    path.write_text("\n".join(map(json.dumps, samples)), "utf-8")
    return path


def write_lmms_0_7(folder: Path, questions: list[dict[str, Any]]) -> Path:
    """Write samples as lmms-eval 0.7.3 was seen to: the question as asked, and no columns."""
    path = write_lmms(folder, questions)
    samples = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for sample in samples:
        doc = sample.pop("doc")
        options = [f"{letter}: {text}" for letter, text in zip("ABC", doc["options"], strict=False)]
        sample["input"] = "\n".join([doc["question"], *options, "Answer with the letter alone."])
        sample["input_media"] = [f"{sample['doc_id']}.jpg"]
        sample["filtered_resps"] = sample.pop("resps")[0][0]
    path.write_text("\n".join(map(json.dumps, samples)), "utf-8")
    return path


def log_of(questions: list[dict[str, Any]]) -> dict[str, Any]:
    samples = [
        {
            "id": one["id"],
            "epoch": 1,
            "input": [{"role": "user", "content": [{"type": "text", "text": "What is it?"}]}],
            "choices": one["options"],
            "target": one["gold"],
            "output": {"model": "tiny", "completion": one["reply"] or ""},
            "metadata": {"category": "perception"},
        }
        for one in questions
    ]
    return {"version": 2, "status": "success", "eval": {"model": "tiny"}, "samples": samples}


def write_log(folder: Path, questions: list[dict[str, Any]]) -> Path:
    path = folder / "log.json"
    path.write_text(json.dumps(log_of(questions)), "utf-8")
    return path


def write_archive(folder: Path, questions: list[dict[str, Any]]) -> Path:
    log = log_of(questions)
    path = folder / "log.eval"
    with ZipFile(path, "w") as archive:
        for sample in log.pop("samples"):
            archive.writestr(f"samples/{sample['id']}_epoch_1.json", json.dumps(sample))
        archive.writestr("header.json", json.dumps(log))
    return path


def write_packed(folder: Path, questions: list[dict[str, Any]]) -> Path:
    """Write an archive as inspect_ai does, with Zstandard, which `zipfile` does not write."""
    import pyarrow as pa

    path = write_archive(folder, questions)
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, pa.compress(content, "zstd", asbytes=True))
    packed = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = packed.find(mark)
        while start >= 0:
            packed[start + place] = 93
            start = packed.find(mark, start + 1)
    path.write_bytes(packed)
    return path


ARCHIVES = (write_archive, write_packed)
UNIQUE = (*ARCHIVES, write_lmms_0_7)
WRITERS = (write_tsv, write_xlsx, write_lmms, write_lmms_0_7, write_log, *ARCHIVES)
Write = Callable[[Path, list[dict[str, Any]]], Path]


def replay(path: Path) -> dict[str, Any]:
    done = call_eemo("evaluate", "--benchmark", "held_out_qa", "--replay", path, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("write", WRITERS)
def test_every_framework_gives_the_same_numbers(write: Write, tmp_path: Path) -> None:
    told = replay(write(tmp_path, QUESTIONS))
    assert told["model"] == "tiny"
    assert told["states"] == {"ok": 6, "unanswered": 1}
    numbers = told["readings"]["tolerant"]["perception"]
    assert numbers == {"Yes-or-No": 80.0, "What/How": 50.0, "Overall": 65.0}
    assert told["readings"]["strict"]["perception"]["Yes-or-No"] == 40.0


@pytest.mark.parametrize("write", WRITERS)
def test_a_row_that_is_no_question_is_refused_with_its_place(write: Write, tmp_path: Path) -> None:
    # A name in an archive is unique, and so is a place in the samples of lmms-eval 0.7.
    twice = [] if write in UNIQUE else [QUESTIONS[0]]
    odd = [*QUESTIONS, *twice, {**QUESTIONS[0], "id": "z", "gold": "Z"}]
    told = replay(write(tmp_path, odd))
    reasons = [refusal["reason"] for refusal in told["refusals"]]
    assert reasons == [*(["duplicate_row"] if twice else []), "answer_not_an_option"]
    assert told["rows"] == told["items"] + len(told["refusals"]) == len(odd)
    assert told["readings"]["tolerant"]["perception"]["Yes-or-No"] == 80.0


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.tsv", b"question\tanswer\nq\tA\n", "no column prediction"),
        ("a.xlsx", b"no sheet", "no sheet"),
        ("a.jsonl", b"[" * 100_000, "no JSON"),
        ("a.eval", b"PK\x03\x04 nothing", "no archive"),
        ("a.json", b'{"eval": 3, "samples": []}', "known layouts"),
    ],
)
def test_a_damaged_file_says_what_is_wrong(
    name: str, content: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    done = call_eemo("evaluate", "--benchmark", "held_out_qa", "--replay", path)
    assert done.returncode == 2
    assert words in done.stderr
