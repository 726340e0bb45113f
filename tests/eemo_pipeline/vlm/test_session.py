"""Two models at work at the same time: one budget, one end."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from eemo_pipeline.ledger.accounts import add_up
from eemo_pipeline.ledger.interleaving import gather, take_turns
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.vlm.contract import VlmRequest
from eemo_pipeline.vlm.errors import CredentialProblem
from eemo_pipeline.vlm.questions import Limits, Question
from eemo_pipeline.vlm.scripted import Act, ScriptedModel
from eemo_pipeline.vlm.session import Session
from eemo_pipeline.vlm.spending.budget import Budget, BudgetReached
from eemo_pipeline.vlm.spending.prices import Price, Prices

PRICES = Prices(
    {("scripted", "*"): Price(1000, 1000, 1000, 50)}, {"scripted": date(2026, 11, 20)}, ()
)
COST, BOUND = 120, 240  # nano-USD of an attempt: what it costs, and what is reserved for it
QUICK = Act("{}", after_s=0.002)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as opened:
        yield opened


def questions(model: ScriptedModel, count: int) -> Iterator[Question]:
    for number in range(count):
        name = f"{model.model}-{number}"
        request = VlmRequest("Look.", name, (), "reply", {}, max_output_tokens=50)
        yield Question(name, "image", "annotator", lambda request=request: request, read)


def read(_: str) -> dict[str, Any]:
    return {"emotion": "awe"}


def ask(session: Session, *models: ScriptedModel, count: int) -> list[str]:
    """Put the questions to both models, as two annotators do; the keys that were answered."""
    runs = [
        gather(session.ask_all(model, questions(model, count), stage="annotation"))
        for model in models
    ]
    return [question.key for _, batch in take_turns(runs) for question, _ in batch]


def test_both_are_asked_before_either_is_done(ledger: Ledger) -> None:
    sent: list[str] = []

    def act(request: VlmRequest, _: int) -> Act:
        sent.append(request.question[0])
        return QUICK

    session = Session(ledger, Budget(), PRICES, Limits(in_flight=4))
    answered = ask(session, ScriptedModel(act, "a"), ScriptedModel(act, "b"), count=200)
    assert len(answered) == len(set(answered)) == 400
    assert sent.index("b") < sent.index("a") + 100


@pytest.mark.parametrize("calls", [2, 7, 30])
def test_one_budget_is_used_up_by_both_and_never_passed(ledger: Ledger, calls: int) -> None:
    models = ScriptedModel(lambda *_: QUICK, "a"), ScriptedModel(lambda *_: QUICK, "b")
    budget = Budget((calls * COST + BOUND - COST) / 1e9)
    with pytest.raises(BudgetReached):
        ask(Session(ledger, budget, PRICES, Limits(in_flight=8)), *models, count=100)
    replied = sum(model.replied for model in models)
    # A model that could not reserve waits for what the other holds, so nothing is left unspent.
    assert replied == calls
    assert (budget.spent, budget.reserved) == (calls * COST, 0)
    assert sum(line.answered for line in add_up(ledger)) == calls


def test_a_key_that_one_lacks_ends_both_and_keeps_what_the_other_answered(ledger: Ledger) -> None:
    problem = CredentialProblem("no key", "KEY", "export KEY=...")
    sound = ScriptedModel(lambda *_: QUICK, "a")
    locked = ScriptedModel(lambda *_: Act(problem=problem, after_s=0.1), "b")
    session = Session(ledger, Budget(), PRICES, Limits(in_flight=4))
    with pytest.raises(CredentialProblem):
        ask(session, sound, locked, count=100_000)
    assert 0 < sound.replied < 100_000
    assert sound.cancelled == 0
    kept = ledger.find([f"a-{number}" for number in range(100_000)])
    assert len(kept) == sound.replied
    assert sound.closed == locked.closed == 1
