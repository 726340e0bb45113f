"""Answers that are asked for again: set aside, never lost, and paid for once per request."""

from pathlib import Path

import pytest

from eemo_pipeline.ledger.accounts import read_rows
from eemo_pipeline.ledger.retirement import (
    AskedAgain,
    find_answered,
    find_waiting,
    finish,
    retire,
    weigh_again,
)
from eemo_pipeline.ledger.store import Ask, Ledger
from tests.support.ledgers import build_attempt

ASKERS = {("local_openai", "local-a")}
ASKED = ("annotation", "local_openai", "local-a")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Three paid answers in the stage annotation, one in the stage critic, one embedded."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    for number, stage in ((1, "annotation"), (2, "annotation"), (3, "annotation"), (4, "critic")):
        attempt = build_attempt(number, stage=stage)
        answer = {"status": "ok", "said": f"old {number}"}
        failed = build_attempt(number, stage=stage, outcome="malformed", nano_usd=40_000)
        row = (attempt.key, attempt.role, attempt.model, attempt.image_id, answer)
        ledger.record([failed, attempt], [row])
    embedded = {"status": "ok"}
    ledger.store("annotator", "local-a", [(Ask(image(1)), embedded)], stage="annotation")
    return ledger


def image(number: int) -> str:
    return f"{number:064x}"


def test_answers_are_chosen_by_image_stage_and_model(ledger: Ledger) -> None:
    images = {image(number) for number in (1, 2, 4, 9)}
    found = find_answered(ledger, images, ["annotation"], ASKERS)
    assert found == {image(1): ASKED, image(2): ASKED}
    assert find_answered(ledger, images, ["texts"], ASKERS) == {}
    assert find_answered(ledger, images, ["annotation"], {("openai", "local-a")}) == {}
    assert weigh_again(ledger, found) == [AskedAgain(*ASKED, 2, 4, 1_200_000)]


def test_a_past_answer_is_kept_and_its_question_is_open(ledger: Ledger) -> None:
    before = [row for batch in read_rows(ledger) for row in batch]
    keys = [image(1), image(2)]
    assert retire(ledger, keys, "records__emoverse: is_contested") == 2
    assert ledger.answered([*keys, image(3)]) == {image(3)}
    rows = [row for batch in read_rows(ledger) for row in batch]
    past = [row for row in rows if row["entry"] == "past_answer"]
    assert [(row["key"], row["condition"]) for row in past] == [
        (key, "records__emoverse: is_contested") for key in keys
    ]
    kept = {row["answer"] for row in before if row["entry"] == "answer"}
    assert {row["answer"] for row in rows if row["answer"]} == kept
    assert sum(row["entry"] == "attempt" for row in rows) == 8  # what was paid stays in the account


def test_a_request_waits_until_its_questions_are_answered_or_a_run_has_ended(
    ledger: Ledger,
) -> None:
    retire(ledger, [image(1), image(2)], "first")
    assert find_waiting(ledger, "first") == {image(1): ASKED, image(2): ASKED}
    assert find_waiting(ledger, "another") == {}
    attempt = build_attempt(1)
    new = {"status": "ok", "said": "new"}
    ledger.record([attempt], [(attempt.key, "annotator", "local-a", image(1), new)])
    assert ledger.find([image(1)]) == {image(1): new}
    assert find_waiting(ledger, "first") == {image(2): ASKED}
    finish(ledger, "first")
    assert find_waiting(ledger, "first") == {}
    assert retire(ledger, [image(1)], "first") == 1  # the same wish later is a request of its own
    assert find_waiting(ledger, "first") == {image(1): ASKED}


def test_an_older_ledger_gets_the_table(tmp_path: Path, ledger: Ledger) -> None:
    with ledger.database.writing() as connection:
        connection.exec_driver_sql("drop table past_answers")
    ledger.close()
    again = Ledger(tmp_path / "ledger.sqlite")
    assert retire(again, [image(1)], "x") == 1
