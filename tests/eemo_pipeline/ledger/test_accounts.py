"""Sums, export and pruning, in either database."""

from eemo_pipeline.ledger.accounts import (
    ROW_TYPES,
    Choice,
    add_up,
    cost_of_image,
    prune,
    read_rows,
    read_words,
    weigh,
)
from eemo_pipeline.ledger.store import Ask, Ledger
from tests.support.ledgers import build_attempt

OK = {"status": "ok"}
REFUSED = {"status": "refused", "reason": "safety"}


def fill(ledger: Ledger) -> None:
    """Three questions to a paid model with six attempts, and two to an embedded one."""
    attempts = [
        build_attempt(1, outcome="rate_limited", nano_usd=0, input_tokens=0, output_tokens=0),
        build_attempt(1, outcome="malformed", reason="no JSON"),
        build_attempt(1),
        build_attempt(2, outcome="timed_out", nano_usd=None, input_tokens=None, output_tokens=None),
        build_attempt(2, cached_tokens=400),
        build_attempt(3, outcome="refused", reason="safety"),
    ]
    answers = [(attempts[2], OK), (attempts[4], OK), (attempts[5], REFUSED)]
    ledger.record(attempts, [(a.key, a.role, a.model, a.image_id, answer) for a, answer in answers])
    ledger.store("grounder", "e", [(Ask("a"), OK), (Ask("b"), REFUSED)], stage="grounding")


def test_the_cost_of_an_image_is_that_of_its_calls(ledger: Ledger) -> None:
    fill(ledger)
    asker = {"stage": "annotation", "provider": "local_openai", "model": "local-a"}
    assert cost_of_image(ledger, f"{1:064x}") == [{**asker, "calls": 3, "usd": 0.00112}]
    assert cost_of_image(ledger, f"{2:064x}") == [{**asker, "calls": 2, "usd": 0.00056}]
    assert cost_of_image(ledger, "a") == []


def test_what_servers_said_in_a_run_is_told_once_per_kind(ledger: Ledger) -> None:
    rejected = {"outcome": "rejected", "reason": "request_rejected"}
    ledger.record(
        [
            build_attempt(1, said="400 no \0 parameter `seed`", **rejected),
            build_attempt(2, said="400 no \0 parameter `seed`", **rejected),
            build_attempt(3, said="503", outcome="transient"),
            build_attempt(4, said="I cannot", outcome="refused"),
            build_attempt(5),
        ]
    )
    first, second = read_words(ledger, "run")
    assert (first.outcome, first.reason, first.calls) == ("rejected", "request_rejected", 2)
    assert first.said == "400 no \\x00 parameter `seed`"
    assert (second.outcome, second.calls, second.said) == ("transient", 1, "503")
    assert read_words(ledger, "another run") == []


def test_sums_are_those_of_the_attempts(ledger: Ledger) -> None:
    fill(ledger)
    paid, embedded = add_up(ledger)
    assert (paid.stage, paid.provider, paid.model) == ("annotation", "local_openai", "local-a")
    assert (paid.calls, paid.answered, paid.refused, paid.malformed) == (6, 2, 1, 1)
    assert (paid.limited, paid.failed, paid.retries, paid.unpriced) == (1, 1, 3, 1)
    assert (paid.input_tokens, paid.output_tokens, paid.cached_tokens) == (4000, 400, 400)
    assert paid.nano_usd == 4 * 560_000
    assert (embedded.stage, embedded.provider) == ("grounding", "embedded")
    assert (embedded.calls, embedded.answered, embedded.refused) == (2, 1, 1)
    assert embedded.nano_usd == 0


def test_replies_that_named_no_tokens_are_counted(ledger: Ledger) -> None:
    fill(ledger)
    ledger.record([build_attempt(4, reason="usage_missing", input_tokens=None)])
    ledger.record([build_attempt(5, outcome="malformed", reason="cut_off", input_tokens=None)])
    paid, embedded = add_up(ledger)
    assert (paid.estimated, embedded.estimated) == (2, 0)


def test_an_empty_ledger_adds_up_to_nothing(ledger: Ledger) -> None:
    assert add_up(ledger) == []
    assert list(read_rows(ledger)) == []
    assert weigh(ledger, Choice()).answers == prune(ledger, Choice()) == 0


def test_every_row_is_handed_out_with_the_same_columns(ledger: Ledger) -> None:
    fill(ledger)
    rows = [row for batch in read_rows(ledger) for row in batch]
    assert [row["entry"] for row in rows] == ["attempt"] * 6 + ["answer"] * 5
    assert {tuple(row) for row in rows} == {tuple(ROW_TYPES)}


def test_pruning_takes_what_was_chosen_and_says_what_it_cost(ledger: Ledger) -> None:
    fill(ledger)
    refused = Choice(stage="annotation", status="refused")
    assert (weigh(ledger, refused).answers, weigh(ledger, refused).nano_usd) == (1, 560_000)
    assert prune(ledger, refused) == 1
    assert weigh(ledger, refused).answers == 0
    whole = weigh(ledger, Choice(model="local-a"))
    assert (whole.answers, whole.nano_usd, whole.models) == (2, 3 * 560_000, {"local-a": 2})
    assert weigh(ledger, Choice(model="local-a'; drop table answers; --")).answers == 0
    assert prune(ledger, Choice(model="local-a")) == 2
    assert [account.calls for account in add_up(ledger)] == [6, 2]  # the bill stays
    assert prune(ledger, Choice(status="ok")) == 1
