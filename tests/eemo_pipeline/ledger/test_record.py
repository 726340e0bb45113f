"""What is recorded: attempts and answers in one transaction, in either database."""

import math
import sqlite3
import threading
import traceback
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from eemo_pipeline.ledger.accounts import add_up, read_rows, read_words
from eemo_pipeline.ledger.answering import Inquiry, Recorded, answer_all
from eemo_pipeline.ledger.database import LedgerProblem
from eemo_pipeline.ledger.store import Ask, Attempt, FileStamp, Ledger
from tests.support.ledgers import build_attempt

OK = {"status": "ok", "emotion": "awe"}


def answer_of(attempt: Attempt, answer: dict) -> tuple[str, str, str, str, dict]:
    return attempt.key, attempt.role, attempt.model, attempt.image_id, answer


def test_an_older_ledger_gets_the_column_of_the_servers_words(tmp_path: Path) -> None:
    place = tmp_path / "ledger.sqlite"
    with closing(Ledger(place)) as ledger, ledger.database.writing() as connection:
        connection.exec_driver_sql("alter table attempts drop column said")
    with closing(Ledger(place, "run")) as ledger:
        ledger.record([build_attempt(1, outcome="transient", said="503")])
        assert [words.said for words in read_words(ledger, "run")] == ["503"]


def test_attempt_and_answer_are_written_together(ledger: Ledger) -> None:
    bad = build_attempt(1, outcome="malformed", reason="no JSON")
    good = build_attempt(1)
    ledger.record([bad, good], [answer_of(good, OK)])
    assert ledger.find([good.key]) == {good.key: OK}
    assert (ledger.spent().calls, ledger.spent().nano_usd) == (2, 1_120_000)
    rows = [row for batch in read_rows(ledger) for row in batch]
    assert [row["entry"] for row in rows] == ["attempt", "attempt", "answer"]
    assert [row["outcome"] for row in rows] == ["malformed", "ok", None]
    assert {row["run_id"] for row in rows[:2]} == {"run"}
    assert (rows[2]["stage"], rows[2]["provider"]) == ("annotation", "local_openai")


def test_failures_are_never_stored_as_answers(ledger: Ledger) -> None:
    failed = build_attempt(1, outcome="timed_out", nano_usd=None)
    ledger.record([failed], [answer_of(failed, {"status": "error", "reason": "timed_out"})])
    assert ledger.find([failed.key]) == {}
    assert ledger.spent().calls == 1


def test_the_first_answer_stays(ledger: Ledger) -> None:
    paid = build_attempt(1)
    ledger.record([paid], [answer_of(paid, OK)])
    ledger.record([paid], [answer_of(paid, {"status": "refused", "reason": "safety"})])
    assert ledger.find([paid.key]) == {paid.key: OK}


def test_a_fault_in_a_batch_writes_none_of_it(ledger: Ledger) -> None:
    good, bad = build_attempt(1), build_attempt(2, model=None)
    with pytest.raises(IntegrityError):
        ledger.record([good, bad], [answer_of(good, OK)])
    assert ledger.find([good.key]) == {}
    assert ledger.spent().calls == 0


HOSTILE = st.text(st.characters(), max_size=20)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=HOSTILE, number=st.integers(0, 2**255))
def test_hostile_text_comes_back_as_it_was(ledger: Ledger, words: str, number: int) -> None:
    asked = build_attempt(number, reason=f"{words}\0\ud800'); drop table answers; --")
    answer = {"status": "ok", "text": words, "half": "\ud83d", "share": 0.1 + 0.2}
    ledger.record([asked], [answer_of(asked, answer)])
    found = ledger.find([asked.key])[asked.key]
    assert found == answer or found["text"] != words  # the first answer about a number stays


def test_threads_record_while_others_read(ledger: Ledger) -> None:
    problems: list[BaseException] = []

    def write(first: int) -> None:
        try:
            for number in range(first, first + 20):
                asked = build_attempt(number)
                ledger.record([asked], [answer_of(asked, OK)])
                assert ledger.find([asked.key])
        except BaseException as problem:  # noqa: BLE001
            problems.append(problem)

    threads = [threading.Thread(target=write, args=(first,)) for first in range(0, 120, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert ledger.spent().calls == 120
    assert len(ledger.find([f"{number:064x}" for number in range(120)])) == 120


def test_the_same_answers_and_files_in_either_database(ledger: Ledger) -> None:
    asks = [Ask(f"{number:064x}", payload=number) for number in range(1_200)]
    perform = lambda asks: ((ask, {"status": "ok", "value": ask.payload}) for ask in asks)  # noqa: E731
    first = answer_all(ledger, Inquiry("role", "model", asks, perform, "stage"))
    again = answer_all(ledger, Inquiry("role", "model", asks[::-1], perform, "stage"))
    assert (first.work.asked, again.work.asked) == (1_200, 0)
    assert first.values == again.values[::-1]
    stamp = FileStamp("a/ü.jpg", 10, 1_000)
    ledger.remember_images(Path("/pictures"), [(stamp, "c" * 64)])
    ledger.remember_images(Path("/pictures"), [(stamp, "d" * 64)])
    assert ledger.known_images(Path("/pictures"), [stamp]) == {"a/ü.jpg": "d" * 64}
    assert ledger.find([]) == {}
    assert answer_all(ledger, Inquiry("role", "model", [], perform)).values == []


def test_a_pass_counts_what_the_ledger_answered(place: Path | str) -> None:
    asks = [Ask(f"{number:064x}") for number in range(10)]

    def run(asked: list[Ask]) -> tuple[int, int]:
        with closing(Ledger(place)) as ledger:

            def perform(missing):
                for ask in missing:
                    paid = build_attempt(
                        0, key=ask.key("annotator", "local-a"), image_id=ask.image_id
                    )
                    ledger.record([paid], [answer_of(paid, OK)])
                    yield ask, Recorded(OK)

            for part in (asked[:3], asked[3:]):  # two rounds of one pass
                inquiry = Inquiry("annotator", "local-a", part, perform, "annotation", "p")
                answer_all(ledger, inquiry)
            (account,) = [line for line in add_up(ledger) if line.provider == "p"]
            return ledger.spent().calls, account.found

    assert run(asks[:6]) == (6, 0)
    assert run(asks) == (4, 6)
    assert run(asks) == (0, 10)


def test_what_was_paid_survives_a_budget_that_ends_the_pass(ledger: Ledger) -> None:
    asks = [Ask(f"{number:064x}") for number in range(10)]

    def perform(missing):
        for ask in missing[:4]:
            yield ask, OK
        raise ArithmeticError("the budget is reached")

    with pytest.raises(ArithmeticError):
        answer_all(ledger, Inquiry("annotator", "m", asks, perform))
    assert len(ledger.find([ask.key("annotator", "m") for ask in asks])) == 4


def test_an_answer_that_is_recorded_is_neither_looked_up_nor_stored(ledger: Ledger) -> None:
    asks = [Ask(f"{number:064x}") for number in range(10)]
    statements: list[str] = []

    @event.listens_for(ledger.database.engine, "before_cursor_execute")
    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    def perform(missing):
        statements.clear()
        for number, ask in enumerate(missing):
            paid = build_attempt(number, key=ask.key("annotator", "local-a"), image_id=ask.image_id)
            ledger.record([paid], [answer_of(paid, OK)])
            yield ask, Recorded(OK)

    inquiry = Inquiry("annotator", "local-a", asks, perform, "annotation", "local_openai")
    answers = answer_all(ledger, inquiry)
    assert (answers.values, answers.work.calls) == ([OK] * 10, 10)
    assert [words for words in statements if "select" in words.lower()] == []
    assert sum("into answers" in words.lower() for words in statements) == 10
    keys = {ask.key("annotator", "local-a") for ask in asks}
    assert ledger.answered([*keys, "f" * 64]) == keys


def test_a_ledger_of_the_first_version_opens(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as old, old:
        old.execute(
            "create table answers (key text primary key, role text not null, model text not null, "
            "image_id text not null, answer text not null) without rowid"
        )
        old.execute("insert into answers values ('k', 'measure', 'm', 'i', '{\"status\": \"ok\"}')")
    for _ in range(2):
        with closing(Ledger(path)) as ledger:
            assert ledger.find(["k"]) == {"k": {"status": "ok"}}
            (account,) = add_up(ledger)
            assert (account.stage, account.provider, account.calls) == ("measure", "embedded", 1)


def test_two_processes_may_make_the_tables_at_once(place: Path | str) -> None:
    problems: list[BaseException] = []

    def open_it() -> None:
        try:
            Ledger(place).close()
        except BaseException as problem:  # noqa: BLE001
            problems.append(problem)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def wrong_urls(cluster: str) -> list[str]:
    secret = cluster.split(":")[2].split("@")[0]
    return [
        cluster.replace(secret, "another-secret"),
        cluster.replace("/postgres?", "/nowhere?"),
        f"postgresql://keeper@/postgres?host=/nowhere&password={secret}",
        f"postgresql://keeper:{secret}@127.0.0.1:1/postgres",
        f"postgresql://keeper:{secret}@:port:/x",
        f"mysql://keeper:{secret}@host/ledger",
    ]


def test_no_message_names_the_password(cluster: str) -> None:
    secret = cluster.split(":")[2].split("@")[0]
    words = {secret, unquote(secret), "another-secret"}
    for url in wrong_urls(cluster):
        with pytest.raises(LedgerProblem) as caught:
            Ledger(url)
        told = "".join(traceback.format_exception(caught.value))
        assert not [word for word in words if word in told], told
        assert caught.value.__cause__ is caught.value.__context__ is None
    with closing(Ledger(cluster)) as ledger:
        assert not [word for word in words if word in ledger.database.shown]


def test_numbers_that_json_lacks_come_back(ledger: Ledger) -> None:
    ask = Ask("a" * 64)
    ledger.store("role", "m", [(ask, {"status": "ok", "share": math.inf})])
    assert ledger.find([ask.key("role", "m")])[ask.key("role", "m")]["share"] == math.inf
