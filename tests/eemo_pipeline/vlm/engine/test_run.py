"""Every question gets exactly one outcome, whatever the model does; money and order hold."""

import json
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from eemo_pipeline.imaging.opening import UnreadablePicture
from eemo_pipeline.ledger.store import Attempt, Ledger
from eemo_pipeline.vlm.contract import Usage, VlmRequest
from eemo_pipeline.vlm.engine.circuit_breaker import ProviderDown
from eemo_pipeline.vlm.engine.run import ask_all
from eemo_pipeline.vlm.errors import (
    CredentialProblem,
    PictureRefused,
    RateLimited,
    Rejected,
    Transient,
)
from eemo_pipeline.vlm.questions import Limits, Question, Unusable
from eemo_pipeline.vlm.scripted import USAGE, Act, ScriptedModel
from eemo_pipeline.vlm.spending.budget import Budget, BudgetReached
from eemo_pipeline.vlm.spending.prices import Price, Prices, UnknownPrice

# A nano-USD per token: an attempt costs 120 and may cost 240.
PRICES = Prices(
    {("scripted", "*"): Price(1000, 1000, 1000, 50)}, {"scripted": date(2026, 11, 20)}, ()
)
COST, BOUND = 120, 240
QUICK = Limits(in_flight=8, timeout_s=5.0, backoff_s=0.01)
GOOD = Act('{"emotion": "awe"}', after_s=0.001)


def read(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Unusable(f"not JSON: {error}") from error
    if "emotion" not in found:
        raise Unusable("emotion is missing")
    return found


def question(name: str, build: Callable[[], VlmRequest] | None = None) -> Question:
    def ask() -> VlmRequest:
        return VlmRequest("Look.", name, (), "reply", {}, max_output_tokens=50)

    return Question(f"key-{name}", f"image-{name}", "annotator", build or ask, read)


def questions(count: int) -> list[Question]:
    return [question(str(number)) for number in range(count)]


@dataclass
class Run:
    """A model with a ledger, and what the ledger holds after it was asked."""

    ledger: Ledger
    budget: Budget = field(default_factory=Budget)
    prices: Prices = PRICES

    def ask(
        self, model: ScriptedModel, asked: Iterable[Question], limits: Limits = QUICK
    ) -> Generator[tuple[Question, dict[str, Any]], None, None]:
        return ask_all(
            model,
            asked,
            stage="annotation",
            ledger=self.ledger,
            budget=self.budget,
            prices=self.prices,
            limits=limits,
        )

    def answers(
        self, model: ScriptedModel, asked: Iterable[Question], limits: Limits = QUICK
    ) -> dict[str, dict[str, Any]]:
        found = [(item.key, answer) for item, answer in self.ask(model, asked, limits)]
        assert len(found) == len(dict(found)), "a question was answered twice"
        return dict(found)

    def remember_a_reply(self) -> None:
        """An earlier run got an answer: errors are not about the server from the start."""
        names = "annotation", "annotator", "scripted", "scripted-1"
        self.ledger.record([Attempt("earlier", *names, "image", "ok")])

    def attempts(self) -> list[Any]:
        query = "select * from attempts where key <> 'earlier' order by attempt_no"
        with self.ledger.database.engine.connect() as connection:
            return list(connection.execute(sa.text(query)))

    def outcomes(self) -> Counter[str]:
        return Counter(row.outcome for row in self.attempts())

    def stored(self) -> set[str]:
        with self.ledger.database.engine.connect() as connection:
            return {row.key for row in connection.execute(sa.text("select key from answers"))}


@contextmanager
def opened(cap_nano: int | None = None) -> Iterator[Run]:
    with TemporaryDirectory() as folder, closing(Ledger(Path(folder) / "ledger.sqlite")) as ledger:
        yield Run(ledger, Budget(None if cap_nano is None else cap_nano / 1e9))


@pytest.fixture
def run() -> Iterator[Run]:
    with opened() as run:
        yield run


def test_no_question_no_call(run: Run) -> None:
    model = ScriptedModel(lambda _request, _times: GOOD)
    assert run.answers(model, []) == {}
    assert run.attempts() == []
    assert model.closed == 1


def test_an_answer_is_durable_before_it_is_handed_out(run: Run) -> None:
    model = ScriptedModel(lambda _request, _times: GOOD)
    seen = 0
    for item, answer in run.ask(model, questions(50)):
        assert answer == {"status": "ok", "emotion": "awe"}
        assert run.ledger.find([item.key]) == {item.key: answer}
        seen += 1
    assert seen == 50
    assert run.outcomes() == {"ok": 50}
    row = run.attempts()[0]
    assert (row.stage, row.provider, row.model) == ("annotation", "scripted", "scripted-1")
    assert (row.input_tokens, row.output_tokens) == (USAGE.input_tokens, USAGE.output_tokens)
    assert row.nano_usd == COST


# --- laws over anything that a model may do -----------------------------------------------------

CREDENTIAL = CredentialProblem("the key was revoked", "SCRIPTED_KEY", "set SCRIPTED_KEY")
ACTS = {
    "good": lambda: GOOD,
    "malformed": lambda: Act('{"emotion": '),
    "refused": lambda: Act(refusal="I will not look at this."),
    "transient": lambda: Act(problem=Transient("500")),
    "limited": lambda: Act(problem=RateLimited("429", 0.0)),
    "rejected": lambda: Act(problem=PictureRefused("picture_rejected", "400")),
    "unclear": lambda: Act(problem=Rejected("request_rejected", "400")),
}
SCRIPTS = st.lists(st.lists(st.sampled_from(sorted(ACTS)), max_size=6), min_size=1, max_size=12)


def follow(script: list[list[str]]) -> ScriptedModel:
    """Each question has its own acts; when they are used up, all is good."""

    def act(request: VlmRequest, times: int) -> Act:
        acts = script[int(request.question)]
        return ACTS[acts[times]]() if times < len(acts) else GOOD

    return ScriptedModel(act)


def expect(acts: list[str], limits: Limits) -> tuple[str, str | None, int]:
    """Status, reason and attempts that the rules demand of one question."""
    tries, reasks = 0, 0
    for number, act in enumerate([*acts, "good"], start=1):
        match act:
            case "good":
                return "ok", None, number
            case "refused":
                return "refused", "model_refused", number
            case "rejected":
                return "refused", "picture_rejected", number
            case "unclear":
                return "error", "request_rejected", number
            case "transient":
                tries += 1
                if tries == limits.tries:
                    return "error", "provider_fault", number
            case "malformed":
                reasks += 1
                if reasks > limits.reasks:
                    return "error", "malformed_reply", number
    raise AssertionError


@settings(max_examples=20, deadline=None)
@given(script=SCRIPTS)
def test_every_question_gets_the_one_outcome_that_the_rules_demand(script: list[list[str]]) -> None:
    limits = Limits(in_flight=4, tries=3, backoff_s=0.001, requests_per_minute=1e6)
    with opened() as run:
        run.remember_a_reply()
        model = follow(script)
        answers = run.answers(model, questions(len(script)), limits)
        expected = {f"key-{number}": expect(acts, limits) for number, acts in enumerate(script)}
        assert {key: (a["status"], a.get("reason")) for key, a in answers.items()} == {
            key: (status, reason) for key, (status, reason, _) in expected.items()
        }
        assert run.stored() == {key for key, found in expected.items() if found[0] != "error"}
        rows = Counter(row.key for row in run.attempts())
        assert rows == {key: attempts for key, (_, _, attempts) in expected.items()}
        assert sum(model.asked.values()) == len(run.attempts())
        billed = sum(row.nano_usd or 0 for row in run.attempts())
        assert billed == model.replied * COST
        unknown = sum(row.nano_usd is None for row in run.attempts())
        assert run.budget.spent == billed + unknown * BOUND
        assert run.budget.reserved == 0


@settings(max_examples=10, deadline=None)
@given(script=SCRIPTS, in_flight=st.integers(1, 20), order=st.randoms())
def test_answers_do_not_depend_on_order_or_concurrency(
    script: list[list[str]], in_flight: int, order: Any
) -> None:
    asked = questions(len(script))
    with opened() as plain, opened() as shuffled:
        plain.remember_a_reply()
        shuffled.remember_a_reply()
        answers = plain.answers(follow(script), asked, Limits(in_flight=1, backoff_s=0.001))
        order.shuffle(asked)
        limits = Limits(in_flight=in_flight, backoff_s=0.001)
        assert shuffled.answers(follow(script), asked, limits) == answers
        assert shuffled.stored() == plain.stored()


@settings(max_examples=15, deadline=None)
@given(script=SCRIPTS, cap=st.integers(0, 4000), in_flight=st.integers(1, 300))
def test_the_cap_is_never_passed(script: list[list[str]], cap: int, in_flight: int) -> None:
    with opened(cap) as run:
        run.remember_a_reply()
        model = follow(script)
        reached = False
        answers = {}
        try:
            for item, answer in run.ask(
                model, questions(len(script)), Limits(in_flight=in_flight, backoff_s=0.001)
            ):
                answers[item.key] = answer
        except BudgetReached:
            reached = True
        assert model.replied * COST <= run.budget.spent <= cap
        assert reached or len(answers) == len(script)
        assert not reached or cap - run.budget.spent < BOUND
        assert {key for key, a in answers.items() if a["status"] != "error"} == run.stored()


# --- the server, or this image ------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 4, 300])
def test_an_error_that_every_request_gets_ends_the_run_with_the_servers_words(
    run: Run, count: int
) -> None:
    said = "400 unknown variant `image_url`, expected `text`"
    model = ScriptedModel(lambda _request, _times: Act(problem=Rejected("request_rejected", said)))
    with pytest.raises(CredentialProblem, match="unknown variant `image_url`"):
        run.answers(model, questions(count))
    assert run.stored() == set()
    assert {(row.outcome, row.said) for row in run.attempts()} == {("rejected", said)}
    assert len(run.attempts()) <= 40, "no new question is begun while the server is in doubt"


def test_a_server_that_only_faults_ends_the_run_with_its_words(run: Run) -> None:
    model = ScriptedModel(lambda _request, _times: Act(problem=Transient("200 no such path")))
    with pytest.raises(CredentialProblem, match="200 no such path"):
        run.answers(model, questions(2), Limits(tries=3, backoff_s=0.001))
    assert run.stored() == set()


def test_errors_before_a_slow_first_reply_are_about_their_images(run: Run) -> None:
    def act(request: VlmRequest, _times: int) -> Act:
        if int(request.question) < 6:
            return Act(problem=Rejected("request_rejected", "400"), after_s=0.1)
        return Act('{"emotion": "awe"}', after_s=0.3)

    answers = run.answers(ScriptedModel(act), questions(20))
    assert Counter(answer["status"] for answer in answers.values()) == {"error": 6, "ok": 14}
    assert len(run.stored()) == 14


def test_one_rejected_question_of_a_model_that_answered_before_ends_nothing(run: Run) -> None:
    good = ScriptedModel(lambda _request, _times: GOOD)
    run.answers(good, questions(1))
    model = ScriptedModel(lambda _request, _times: Act(problem=Rejected("request_rejected", "400")))
    assert run.answers(model, [question("bad")])["key-bad"]["status"] == "error"


def test_refusals_by_a_code_of_the_provider_are_stored_and_end_nothing(run: Run) -> None:
    model = ScriptedModel(
        lambda _request, _times: Act(problem=PictureRefused("content_filter", "403 flagged"))
    )
    answers = run.answers(model, questions(8))
    assert {answer["status"] for answer in answers.values()} == {"refused"}
    assert len(run.stored()) == 8


def test_refusals_at_every_rate_have_an_end(run: Run) -> None:
    model = ScriptedModel(lambda _request, _times: Act(problem=RateLimited("429 slow", 0.1)))
    with pytest.raises(ProviderDown, match=r"let nothing through for .* 429 slow"):
        run.answers(model, questions(3), Limits(patience_s=0.5))


# --- replies that are there and paid for --------------------------------------------------------


def test_a_reply_without_usage_is_an_answer_at_its_upper_bound(run: Run) -> None:
    model = ScriptedModel(lambda _request, _times: replace(GOOD, usage=None))
    assert run.answers(model, questions(2))["key-0"]["status"] == "ok"
    assert [(row.outcome, row.reason, row.nano_usd) for row in run.attempts()] == [
        ("ok", "usage_missing", BOUND)
    ] * 2
    assert [row.input_tokens for row in run.attempts()] == [None, None]
    assert run.budget.spent == 2 * BOUND


@pytest.mark.parametrize("text", ["", "  \n", "<think>Hm.</think>", "<think>Hm."])
def test_an_empty_reply_is_asked_again_and_never_sent_back(run: Run, text: str) -> None:
    model = ScriptedModel(lambda _request, times: GOOD if times > 2 else Act(text))
    assert run.answers(model, questions(1))["key-0"]["status"] == "ok"
    assert all(request.turns == () for request in model.requests)
    assert run.outcomes() == {"malformed": 3, "ok": 1}


def test_a_model_that_says_nothing_is_given_up(run: Run) -> None:
    model = ScriptedModel(lambda _request, _times: Act(""))
    answers = run.answers(model, questions(1), Limits(tries=3, backoff_s=0.001))
    assert answers["key-0"] == {"status": "error", "reason": "empty_reply"}
    assert len(model.requests) == 3


def test_an_answer_among_the_thoughts_is_used(run: Run) -> None:
    model = ScriptedModel(lambda _request, _times: Act("", thoughts='{"emotion": "awe"}'))
    assert run.answers(model, questions(1))["key-0"] == {"status": "ok", "emotion": "awe"}


@pytest.mark.parametrize("text", ["", "<think>Let me look"])
def test_a_reply_that_only_thought_gets_more_room_once(run: Run, text: str) -> None:
    def act(request: VlmRequest, _times: int) -> Act:
        is_short = request.max_output_tokens <= 50
        return Act(text, is_truncated=True, thoughts="Hm.") if is_short else GOOD

    model = ScriptedModel(act)
    assert run.answers(model, questions(1))["key-0"]["status"] == "ok"
    assert [request.max_output_tokens for request in model.requests] == [50, 200]
    assert [row.reason for row in run.attempts()] == ["no_room_for_answer", None]


def test_a_reply_that_never_stops_thinking_is_given_up(run: Run) -> None:
    model = ScriptedModel(lambda _request, _times: Act("", is_truncated=True))
    answers = run.answers(model, questions(1))
    assert answers["key-0"] == {"status": "error", "reason": "no_room_for_answer"}
    assert len(model.requests) == 2


@settings(max_examples=15, deadline=None)
@given(
    script=st.lists(
        st.lists(st.sampled_from(["", "<think>x", "{", "{}", "unbilled"]), max_size=3),
        min_size=1,
        max_size=6,
    )
)
def test_no_reply_is_free_and_no_turn_is_empty(script: list[list[str]]) -> None:
    """Whatever a model says, and whether it counts or not, each reply has a cost in the ledger."""

    def act(request: VlmRequest, times: int) -> Act:
        texts = script[int(request.question)]
        text = texts[times] if times < len(texts) else GOOD.text
        return replace(GOOD, usage=None) if text == "unbilled" else Act(text)

    with opened() as run:
        model = ScriptedModel(act)
        run.answers(model, questions(len(script)), Limits(backoff_s=0.001))
        assert all(row.nano_usd in (COST, BOUND) for row in run.attempts())
        assert all((row.nano_usd == BOUND) == (row.input_tokens is None) for row in run.attempts())
        assert all(turn.reply.strip() for asked in model.requests for turn in asked.turns)


# --- single rules -------------------------------------------------------------------------------


def test_the_budget_is_used_up_before_the_run_ends_and_a_rerun_asks_for_the_rest() -> None:
    with opened(100 * COST) as run:
        model = ScriptedModel(lambda _request, _times: GOOD)
        found = []
        with pytest.raises(BudgetReached):
            found.extend(run.ask(model, questions(200), Limits(in_flight=256)))
        assert len(found) == len(run.stored()) == model.replied
        assert 98 <= len(found) <= 100  # the last but one attempt leaves less than a bound
        run.budget = Budget()
        rest = [item for item in questions(200) if item.key not in run.stored()]
        assert len(run.answers(model, rest)) == 200 - len(found)
        assert len(run.stored()) == 200


def test_a_malformed_reply_goes_back_with_what_is_wrong_with_it(run: Run) -> None:
    model = ScriptedModel(lambda _request, times: Act('{"mood": 1}') if times < 2 else GOOD)
    assert run.answers(model, questions(1))["key-0"]["status"] == "ok"
    turns = model.requests[-1].turns
    assert [(turn.reply, turn.complaint) for turn in turns] == [
        ('{"mood": 1}', "emotion is missing")
    ] * 2
    assert [row.reason for row in run.attempts()] == ["unusable_reply", "unusable_reply", None]


def test_a_reply_that_was_cut_off_is_asked_for_again_but_shorter(run: Run) -> None:
    cut = Act('{"emotion": "aw', is_truncated=True)
    model = ScriptedModel(lambda _request, times: GOOD if times else cut)
    assert run.answers(model, questions(1))["key-0"]["status"] == "ok"
    assert "cut off after 50 tokens" in model.requests[-1].turns[0].complaint


def test_an_enormous_reply_is_not_sent_back_whole(run: Run) -> None:
    model = ScriptedModel(lambda _request, times: GOOD if times else Act("x" * 1_000_000))
    assert run.answers(model, questions(1))["key-0"]["status"] == "ok"
    assert len(model.requests[-1].turns[0].reply) < 5000


def test_a_reply_that_says_it_cannot_tell_is_a_refusal(run: Run) -> None:
    told = Act('{"emotion": null, "status": "refused", "reason": "cannot_tell"}')
    answers = run.answers(ScriptedModel(lambda _request, _times: told), questions(1))
    assert answers["key-0"]["status"] == "refused"
    assert [(row.outcome, row.reason) for row in run.attempts()] == [("refused", "cannot_tell")]


def test_a_429_costs_no_try(run: Run) -> None:
    def act(_request: VlmRequest, times: int) -> Act:
        return GOOD if times > 1 else Act(problem=RateLimited("429", 0.01))

    limits = Limits(in_flight=2, tries=1)
    assert run.answers(ScriptedModel(act), questions(2), limits)["key-0"]["status"] == "ok"


def test_a_pause_that_was_asked_for_is_kept(run: Run) -> None:
    def act(_request: VlmRequest, times: int) -> Act:
        return GOOD if times else Act(problem=RateLimited("429", 0.6))

    started = time.monotonic()
    run.answers(ScriptedModel(act), questions(1))
    assert time.monotonic() - started >= 0.6


def test_a_long_pause_is_said_once(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    model = ScriptedModel(lambda _request, _times: Act(problem=RateLimited("429 later", 60.0)))
    with pytest.raises(ProviderDown, match="asks to wait 60 s"):
        run.answers(model, questions(3), Limits(patience_s=59.0))
    (told,) = caplog.messages
    assert told.startswith("scripted scripted-1 asks to wait, 60 s from now: 429 later")


def test_a_provider_that_asks_for_hours_ends_the_run(run: Run) -> None:
    model = ScriptedModel(lambda _request, _times: Act(problem=RateLimited("429", 7200.0)))
    with pytest.raises(ProviderDown, match="asks to wait 7200 s"):
        run.answers(model, questions(3))
    assert run.outcomes() == {"rate_limited": 3}


def test_a_provider_that_is_down_is_asked_less_and_given_up(run: Run) -> None:
    model = ScriptedModel(lambda _request, _times: Act(problem=Transient("503 overloaded")))
    limits = Limits(in_flight=8, backoff_s=0.001, patience_s=0.5)
    with pytest.raises(
        ProviderDown, match=r"scripted-1 was given up in annotation.*503 overloaded"
    ):
        run.answers(model, questions(500), limits)
    assert sum(model.asked.values()) < 60
    assert run.stored() == set()


def test_a_provider_that_comes_back_is_asked_on(run: Run) -> None:
    sent = 0

    def act(_request: VlmRequest, _times: int) -> Act:
        nonlocal sent
        sent += 1
        return Act(problem=Transient("503")) if sent <= 31 else GOOD

    answers = run.answers(ScriptedModel(act), questions(60), Limits(8, backoff_s=0.001))
    assert Counter(answer["status"] for answer in answers.values()) == {"ok": 60}


def test_a_key_that_is_refused_stops_everything_and_loses_nothing(run: Run) -> None:
    def act(request: VlmRequest, _times: int) -> Act:
        late = int(request.question) >= 20
        return Act(problem=CREDENTIAL, after_s=0.01) if late else GOOD

    model = ScriptedModel(act)
    found: list[Any] = []
    with pytest.raises(CredentialProblem) as raised:
        found.extend(run.ask(model, questions(1000), Limits(in_flight=10)))
    assert raised.value.variable == "SCRIPTED_KEY"
    assert {item.key for item, _ in found} == run.stored()
    assert sum(model.asked.values()) <= 20 + 10
    assert run.outcomes()["credential"] <= 10
    assert model.closed == 1


def test_a_call_that_takes_too_long_is_cancelled_and_tried_again(run: Run) -> None:
    model = ScriptedModel(lambda _request, times: GOOD if times else Act(after_s=30))
    limits = Limits(in_flight=4, timeout_s=0.05, backoff_s=0.01)
    assert run.answers(model, questions(3), limits)["key-0"]["status"] == "ok"
    assert run.outcomes() == {"timed_out": 3, "ok": 3}
    assert model.cancelled == 3
    assert run.budget.spent == 3 * COST + 3 * BOUND  # nobody knows what a lost call costs


def test_a_slow_call_is_made_twice_and_the_first_answer_wins(run: Run) -> None:
    def act(request: VlmRequest, times: int) -> Act:
        hangs = request.question in ("40", "41") and times == 0
        return Act(after_s=30) if hangs else Act('{"emotion": "awe"}', after_s=0.01)

    model = ScriptedModel(act)
    started = time.monotonic()
    answers = run.answers(model, questions(60), Limits(in_flight=4))
    assert time.monotonic() - started < 15
    assert {answer["status"] for answer in answers.values()} == {"ok"}
    assert run.outcomes() == {"ok": 60, "cancelled": 2}
    assert [row.nano_usd for row in run.attempts() if row.outcome == "cancelled"] == [None] * 2
    assert run.budget.spent == 60 * COST + 2 * BOUND


def test_hedges_stay_few_however_slow_the_model_grows(run: Run) -> None:
    def act(request: VlmRequest, _times: int) -> Act:
        return Act('{"emotion": "awe"}', after_s=0.002 if int(request.question) < 40 else 0.4)

    model = ScriptedModel(act)
    run.answers(model, questions(400), Limits(in_flight=200, hedge_share=0.02))
    assert sum(model.asked.values()) <= 400 + 0.02 * 420 + 6


def test_no_more_are_in_flight_than_allowed(run: Run) -> None:
    model = ScriptedModel(lambda _request, _times: GOOD)
    run.answers(model, questions(300), Limits(in_flight=7))
    assert model.most_in_flight <= 7


def test_requests_are_built_only_a_little_ahead(run: Run) -> None:
    made = 0

    def make() -> Iterator[Question]:
        nonlocal made
        while True:
            made += 1
            yield question(str(made))

    model = ScriptedModel(lambda _request, _times: Act(after_s=0.05))
    answers = run.ask(model, make(), Limits(in_flight=16))
    next(answers)
    answers.close()
    assert made < 200


def test_a_picture_that_cannot_be_read_is_an_error_and_no_call(run: Run) -> None:
    def build() -> VlmRequest:
        raise UnreadablePicture("changed_since_ingest", "another file lies there")

    asked = [*questions(3), question("bad", build)]
    model = ScriptedModel(lambda _request, _times: GOOD)
    answers = run.answers(model, asked)
    assert answers["key-bad"] == {"status": "error", "reason": "changed_since_ingest"}
    assert len(run.attempts()) == 3


@pytest.mark.parametrize("place", ["build", "read", "iterator", "send"])
def test_a_defect_ends_the_run_under_its_own_name(run: Run, place: str) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError(place)

    def make() -> Iterator[Question]:
        yield from questions(5)
        if place == "iterator":
            fail()
        good = question("x").build
        yield Question(
            "key-x",
            "image-x",
            "annotator",
            fail if place == "build" else good,
            fail if place == "read" else read,
        )

    def act(request: VlmRequest, _times: int) -> Act:
        bad = place == "send" and request.question == "x"
        return Act(problem=ZeroDivisionError(place)) if bad else GOOD

    with pytest.raises(ZeroDivisionError, match=place):
        run.answers(ScriptedModel(act), make())
    assert len(run.stored()) <= 5


def test_a_model_without_a_price_is_not_asked(run: Run) -> None:
    run.prices = Prices({}, {}, (Path("prices.toml"),))
    model = ScriptedModel(lambda _request, _times: GOOD)
    with pytest.raises(UnknownPrice):
        run.answers(model, questions(3))
    assert model.requests == []


def test_a_ledger_that_cannot_be_written_ends_the_run(run: Run) -> None:
    with run.ledger.database.engine.begin() as connection:
        connection.execute(sa.text("drop table attempts"))
    model = ScriptedModel(lambda _request, _times: GOOD)
    with pytest.raises(OperationalError, match="attempts"):
        run.answers(model, questions(5000))
    assert sum(model.asked.values()) < 5000


def test_a_caller_who_stops_loses_nothing_that_was_in_flight(run: Run) -> None:
    model = ScriptedModel(lambda _request, _times: Act('{"emotion": "awe"}', after_s=0.05))
    answers = run.ask(model, questions(1000), Limits(in_flight=16))
    next(answers)
    answers.close()
    assert model.cancelled == 0
    assert len(run.stored()) == model.replied == len(run.attempts())


def test_a_clock_that_jumps_does_not_matter(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    jumps = iter(range(10**9))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + (-1) ** next(jumps) * 86400)

    def act(request: VlmRequest, times: int) -> Act:
        is_refused = request.question == "3" and times == 0
        return Act(problem=RateLimited("429", 0.05)) if is_refused else GOOD

    answers = run.answers(ScriptedModel(act), questions(20))
    assert Counter(answer["status"] for answer in answers.values()) == {"ok": 20}
    assert all(0 <= row.latency_ms < 5000 for row in run.attempts())


def test_attempt_rows_are_the_ledgers_own(run: Run) -> None:
    run.answers(ScriptedModel(lambda _request, _times: GOOD), questions(1))
    names = set(Attempt.__dataclass_fields__)
    assert names <= set(run.attempts()[0]._fields)


def test_what_was_learned_of_a_model_is_kept_for_the_next_run(run: Run) -> None:
    def act(request: VlmRequest, times: int) -> Act:
        return Act(after_s=30) if request.question == "next" and times == 0 else GOOD

    model = ScriptedModel(act)
    run.answers(model, questions(40))
    assert run.answers(model, [question("next")])["key-next"]["status"] == "ok"
    assert run.outcomes() == {"ok": 41, "cancelled": 1}  # hedged: it is known what is slow
    assert model.closed == 2


def test_a_hedge_of_a_malformed_reply_asks_no_oftener_and_reserves_what_it_may_cost(
    run: Run,
) -> None:
    """The first attempt hangs, and every further one is malformed."""

    def act(request: VlmRequest, times: int) -> Act:
        if request.question != "last":
            return GOOD
        return Act("{}", after_s=0.01) if times else Act(after_s=30)

    class Growing(ScriptedModel):
        def bound_tokens(self, request: VlmRequest) -> Usage:
            return Usage(BOUND * (1 + len(request.turns)), 0)

    model = Growing(act)
    asked = [*questions(40), question("last")]
    answers = run.answers(model, asked, Limits(in_flight=4, timeout_s=3.0))
    assert answers["key-last"] == {"status": "error", "reason": "malformed_reply"}
    rows = Counter(row.outcome for row in run.attempts() if row.key == "key-last")
    assert rows["malformed"] <= 3
    assert run.budget.reserved == 0
