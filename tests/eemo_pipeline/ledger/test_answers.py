"""The ledger: nothing is asked twice, nothing that was answered is lost."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.ledger.answering import Inquiry, answer_all, answer_each
from eemo_pipeline.ledger.store import Ask, FileStamp, Ledger

ASKS = [Ask(f"{number:064x}", payload=number) for number in range(20)]


def answer_by_double(asks):
    for ask in asks:
        yield ask, {"status": "ok", "value": ask.payload * 2}


def test_second_time_asks_nothing(tmp_path):
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        first = answer_all(ledger, Inquiry("role", "model", ASKS, answer_by_double))
        second = answer_all(ledger, Inquiry("role", "model", ASKS, answer_by_double))
    assert (first.work.asked, second.work.asked, second.work.reused) == (20, 0, 20)
    assert second.values == [{"status": "ok", "value": number * 2} for number in range(20)]


def test_only_new_pictures_are_asked_about(tmp_path):
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        answer_all(ledger, Inquiry("role", "model", ASKS[:15], answer_by_double))
        grown = answer_all(ledger, Inquiry("role", "model", ASKS, answer_by_double))
    assert grown.work.asked == 5


def test_models_are_at_work_at_the_same_time(tmp_path):
    begun = {name: threading.Event() for name in ("a", "b")}

    def answer_when_both_work(mine, other):
        def perform(asks):
            begun[mine].set()
            for number, ask in enumerate(asks):
                # The first answer of the first model must not need the other, which has not begun.
                assert number == 0 or begun[other].wait(120)
                time.sleep(0.15)
                yield ask, {"status": "ok", "value": f"{mine}{ask.payload}"}

        return perform

    inquiries = [
        Inquiry("role", mine, ASKS[:10], answer_when_both_work(mine, other))
        for mine, other in (("a", "b"), ("b", "a"))
    ]
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        first, second = answer_each(ledger, inquiries)
        again = answer_each(ledger, inquiries)
    assert [answer["value"] for answer in first.values] == [f"a{n}" for n in range(10)]
    assert [answer["value"] for answer in second.values] == [f"b{n}" for n in range(10)]
    assert [answers.work.asked for answers in again] == [0, 0]


def test_what_a_model_answered_is_kept_where_another_fails(tmp_path):
    def fail(asks):
        yield asks[0], {"status": "ok", "value": "paid"}
        raise ArithmeticError("out of money")

    inquiries = [
        Inquiry("role", "sound", ASKS, answer_by_double),
        Inquiry("role", "broken", ASKS, fail),
    ]
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        with pytest.raises(ArithmeticError):
            answer_each(ledger, inquiries)
        assert len(ledger.find([ask.key("role", "sound") for ask in ASKS])) == 20
        assert len(ledger.find([ask.key("role", "broken") for ask in ASKS])) == 1


@settings(max_examples=30, deadline=None)
@given(
    change=st.sampled_from(["role", "model", "image_id", "parameters"]),
    parameters=st.dictionaries(st.text(max_size=4), st.integers(), max_size=3),
)
def test_key_depends_on_all_that_determines_the_answer(change, parameters):
    ask = Ask("a" * 64, parameters=parameters)
    other = {
        "role": lambda: ask.key("other", "model"),
        "model": lambda: ask.key("role", "other"),
        "image_id": lambda: Ask("b" * 64, parameters=parameters).key("role", "model"),
        "parameters": lambda: Ask("a" * 64, parameters={**parameters, "new": 1}).key(
            "role", "model"
        ),
    }[change]()
    assert other != ask.key("role", "model")
    assert Ask("a" * 64, "another payload", parameters).key("role", "model") == ask.key(
        "role", "model"
    )


def test_unanswered_ask_is_an_error_that_names_the_picture(tmp_path):
    inquiry = Inquiry("role", "model", ASKS[:2], lambda asks: answer_by_double(asks[:1]))
    with (
        closing(Ledger(tmp_path / "ledger.sqlite")) as ledger,
        pytest.raises(LookupError, match=ASKS[1].image_id),
    ):
        answer_all(ledger, inquiry)


KILLED = """
import sys, time
from pathlib import Path
from eemo_pipeline.ledger import interleaving
from eemo_pipeline.ledger.answering import Inquiry, answer_all
from eemo_pipeline.ledger.store import Ask, Ledger
interleaving._AT_ONCE = 1
asks = [Ask(f"{number:064x}", payload=number) for number in range(20)]
def slow(asks):
    for ask in asks:
        yield ask, {"status": "ok", "value": ask.payload * 2}
        print(ask.payload, flush=True)
        time.sleep(0.05)
answer_all(Ledger(Path(sys.argv[1])), Inquiry("role", "model", asks, slow))
"""


def test_answers_survive_kill_9(tmp_path):
    path = tmp_path / "ledger.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for _ in range(5):
        process.stdout.readline()  # the answer before the one in flight is on disk
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with closing(Ledger(path)) as ledger:
        rest = answer_all(ledger, Inquiry("role", "model", ASKS, answer_by_double))
    assert rest.work.reused >= 4
    assert [answer["value"] for answer in rest.values] == [number * 2 for number in range(20)]


def test_known_images_need_equal_size_and_time(tmp_path):
    root = Path("/somewhere")
    stamp = FileStamp("a/b.jpg", 10, 1_000)
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        ledger.remember_images(root, [(stamp, "c" * 64)])
        assert ledger.known_images(root, [stamp]) == {"a/b.jpg": "c" * 64}
        assert ledger.known_images(root, [FileStamp("a/b.jpg", 11, 1_000)]) == {}
        assert ledger.known_images(root, [FileStamp("a/b.jpg", 10, 1_001)]) == {}
        assert ledger.known_images(Path("/elsewhere"), [stamp]) == {}


def test_a_reader_is_not_locked_out_while_answers_are_written(tmp_path):
    path = tmp_path / "ledger.sqlite"
    with closing(Ledger(path)) as writer, closing(Ledger(path)) as reader:
        writer.store("role", "model", answer_by_double(ASKS))
        began = time.monotonic()
        assert len(reader.find([ask.key("role", "model") for ask in ASKS])) == 20
        assert time.monotonic() - began < 5
