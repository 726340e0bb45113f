"""What the engine believes that it paid, against the provider's own bill, with faults on."""

import io
import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from eemo_pipeline.ledger.accounts import add_up
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.vlm.contract import EncodedPicture, VlmRequest
from eemo_pipeline.vlm.engine.run import ask_all
from eemo_pipeline.vlm.questions import Limits, Question, Unusable
from eemo_pipeline.vlm.spending.budget import Budget, BudgetReached, to_nano
from eemo_pipeline.vlm.spending.prices import read_prices
from resources.local_server import LocalServer, local_server
from resources.providers.compatible_vlm import CompatibleVlm

SCHEMA = {
    "type": "object",
    "properties": {"emotion": {"type": "string", "enum": ["awe", "fear"]}},
    "required": ["emotion"],
    "additionalProperties": False,
}
# Slow answers are asked for a second time; what is broken is asked for again.
FAULTS = {
    "latency_ms": 300,
    "rules": [
        {"fault": "server_error", "share": 0.04},
        {"fault": "rate_limited", "share": 0.01, "retry_after_s": 0.02},
        {"fault": "slow", "share": 0.03, "seconds": 1.2},
        {"fault": "broken_json", "share": 0.05},
        {"fault": "truncated", "share": 0.03},
        {"fault": "wrong_label", "share": 0.03},
    ],
}
COUNT, IN_FLIGHT = 600, 256


def read(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Unusable(f"not JSON: {error}") from error
    if found.get("emotion") not in ("awe", "fear"):
        raise Unusable("emotion is neither awe nor fear")
    return found


def questions() -> Iterator[Question]:
    drawn = io.BytesIO()
    Image.new("RGB", (32, 32), "navy").save(drawn, "PNG")
    picture = EncodedPicture(drawn.getvalue(), "image/png", 32, 32)
    for number in range(COUNT):
        request = VlmRequest("Look.", f"number {number}", (picture,), "reply", SCHEMA, 60)
        yield Question(f"key-{number}", "image", "annotator", lambda request=request: request, read)


def ask(
    server: LocalServer, ledger: Ledger, budget: Budget, timeout_s: float
) -> list[dict[str, Any]]:
    limits = Limits(in_flight=IN_FLIGHT, timeout_s=timeout_s, backoff_s=0.02)
    answers = ask_all(
        CompatibleVlm("local-a", "local_openai", server.openai_url, server.key),
        questions(),
        stage="annotation",
        ledger=ledger,
        budget=budget,
        prices=read_prices(),
        limits=limits,
    )
    return [answer for _, answer in answers]


def settled(server: LocalServer) -> dict[str, Any]:
    """The account once the server has come to the end of what nobody waits for."""
    deadline = time.monotonic() + 10
    while server.account()["in_flight"] and time.monotonic() < deadline:
        time.sleep(0.02)
    return server.account()


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with local_server(answers="schema") as running:
        yield running


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as opened:
        yield opened


def test_the_costs_are_the_bill_also_of_answers_that_came_second(
    server: LocalServer, ledger: Ledger
) -> None:
    server.follow(FAULTS)
    before = settled(server)
    assert before["requests"] == 0
    answers = ask(server, ledger, Budget(), timeout_s=20)
    account = settled(server)
    assert len(answers) == COUNT
    (paid,) = add_up(ledger)
    (line,) = account["lines"]
    outcomes = line["outcomes"]
    assert min(outcomes[name] for name in ("slow", "broken_json", "server_error")) > 0
    assert paid.calls == account["requests"]
    assert paid.nano_usd == account["nano_usd"] == ledger.spent().nano_usd
    assert (paid.input_tokens, paid.output_tokens) == (line["input_tokens"], line["output_tokens"])
    assert account["billed"] > COUNT, "nothing was asked twice"
    assert paid.unpriced <= outcomes["server_error"], "only errors have no usage"


# The last has an answer take longer than a busy machine needs to send them all.
@pytest.mark.parametrize(
    ("cap_usd", "answer_s"), [(0.0, 0.5), (0.002, 0.5), (0.02, 0.5), (0.08, 2.5)]
)
def test_the_bill_never_exceeds_the_cap(
    server: LocalServer, ledger: Ledger, cap_usd: float, answer_s: float
) -> None:
    hard = [{"fault": "hang", "share": 0.02, "seconds": 3 * answer_s}]
    hard += [{"fault": "reset", "share": 0.02}]
    # No 429s: they would have the engine send less, and all 256 are to be in flight.
    hard += [rule for rule in FAULTS["rules"] if rule["fault"] != "rate_limited"]
    server.follow({"latency_ms": 1000 * answer_s, "rules": hard})
    before, budget = settled(server)["nano_usd"], Budget(cap_usd)
    with pytest.raises(BudgetReached):
        ask(server, ledger, budget, timeout_s=2.5 * answer_s)
    account = settled(server)
    bill = account["nano_usd"] - before  # it only grows: at no moment was it more
    assert ledger.spent().nano_usd <= bill <= budget.spent <= to_nano(cap_usd)
    assert budget.reserved == 0
    assert (bill > 0) == (cap_usd > 0)
    if cap_usd > 0.05:
        assert account["in_flight_most"] >= IN_FLIGHT
