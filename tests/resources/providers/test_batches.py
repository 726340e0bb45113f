"""Batches of both providers over HTTP: paid once, at half the price, whatever fails."""

import pytest

from eemo_pipeline.ledger.accounts import add_up
from eemo_pipeline.ledger.batches import Failure
from eemo_pipeline.ledger.tables import BATCHES
from eemo_pipeline.ledger.usage import Work
from eemo_pipeline.roles.annotator import asks_for
from eemo_pipeline.vlm.batch import submission
from eemo_pipeline.vlm.errors import CredentialProblem
from eemo_pipeline.vlm.spending.budget import Budget, BudgetReached
from tests.support.batches import Desk


def test_a_batch_is_paid_at_half_and_answers_the_online_questions(desk: Desk) -> None:
    sent = desk.submit()
    assert (sent.batches, sent.submitted) == (1, 6)
    done = desk.finish()
    assert (done.batches, dict(done.rows)) == (1, {"answered": 6})
    bill = desk.bill()
    assert bill["billed"] == 6
    assert desk.spent() == bill["nano_usd"] <= sent.bound_nano_usd
    table = desk.online()
    assert table.work == Work(reused=6, cached=6)
    assert set(table.frame["status"]) == {"ok"}
    assert desk.bill() == bill, "nothing is paid again"
    assert list((desk.root / "batches").iterdir()) == []
    (tally,) = desk.tallies()
    assert (tally.batch.state, tally.answered, tally.nano_usd) == ("completed", 6, bill["nano_usd"])


def test_a_question_is_asked_in_a_batch_as_it_is_online(desk: Desk) -> None:
    online = desk.online().frame
    assert desk.submit().answered == 6
    desk.forget()
    assert desk.submit().submitted == 6
    desk.finish()
    assert desk.online().frame.equals(online)
    if desk.provider == "local_openai":  # Google's SDK writes the names of fields in two ways
        assert desk.bill()["repeated"] == 6  # the server tells equal requests by their bytes


def test_a_question_that_waits_is_sent_neither_again_nor_online(desk: Desk) -> None:
    desk.submit()
    desk.pictures = sorted((desk.root / "pictures").glob("*.jpg"))[:8]
    more = desk.submit()
    assert (more.waiting, more.submitted) == (6, 2)
    assert set(desk.online().frame["reason"]) == {"waits_in_batch"}
    desk.finish()
    assert desk.bill() == {"billed": 8, "nano_usd": desk.spent(), "repeated": 0}
    assert set(desk.online().frame["status"]) == {"ok"}


def test_batches_are_split_by_rows_and_by_bytes(desk: Desk) -> None:
    desk.policy = {"rows": 4}
    assert desk.submit().batches == 2
    assert [tally.batch.row_count for tally in desk.tallies()] == [4, 2]
    assert all(
        (desk.root / "batches" / f"{tally.batch.token}.jsonl").stat().st_size
        == tally.batch.size_bytes
        for tally in desk.tallies()
    )
    desk.finish()
    desk.forget()
    largest = max(tally.batch.size_bytes for tally in desk.tallies())
    desk.policy = {"size_bytes": largest // 2}
    assert desk.submit().batches >= 2
    assert all(tally.batch.size_bytes <= largest // 2 for tally in desk.tallies()[2:])
    desk.finish()
    desk.forget()
    desk.policy = {"size_bytes": 1000}
    assert desk.submit().too_large == 6


def test_failed_expired_and_malformed_rows_are_sent_again_and_then_left(desk: Desk) -> None:
    desk.pictures = sorted((desk.root / "pictures").glob("*.jpg"))
    script = {
        "seed": 5,
        "batch": {"expired": 0.25, "failed": 0.25},
        "rules": [{"fault": "broken_json", "share": 0.4, "endpoint": "batch"}],
    }
    desk.server.follow(script)
    rounds = 0
    while desk.submit().submitted:
        rounds += 1
        done = desk.finish()
        assert sum(done.rows.values()) == desk.tallies()[-1].batch.row_count
    assert rounds == 3
    tallies = desk.tallies()
    kinds = ("answered", "declined", "malformed", "failed", "expired")
    totals = {kind: sum(getattr(tally, kind) for tally in tallies) for kind in kinds}
    assert all(totals[kind] for kind in ("answered", "malformed", "failed", "expired")), totals
    for tally in tallies:
        assert sum(getattr(tally, kind) for kind in kinds) == tally.batch.row_count
    # The number of answers found, questions left, and everything paid so far adds up.
    left = desk.submit().given_up
    assert totals["answered"] + left == 12
    bill = desk.bill()
    assert desk.spent() == bill["nano_usd"]
    assert bill["billed"] == totals["answered"] + totals["malformed"]
    (account,) = add_up(desk.ledger)
    assert account.calls == sum(totals.values())
    assert (account.answered, account.malformed) == (totals["answered"], totals["malformed"])
    assert account.failed == totals["failed"] + totals["expired"]
    desk.server.follow({})
    assert set(desk.online().frame["status"]) == {"ok"}


def test_a_malformed_reply_goes_along_with_what_is_wrong_with_it(desk: Desk) -> None:
    desk.pictures = desk.pictures[:1]
    rule = {"fault": "wrong_label", "endpoint": "batch"}
    desk.server.follow({"rules": [rule]})
    desk.submit()
    assert desk.finish().rows == {"malformed": 1}
    desk.server.follow({"batch": {"delay_s": 600}})
    desk.submit()
    (path,) = (desk.root / "batches").glob("*.jsonl")
    assert "melancholy wonder" in path.read_text()
    assert "emotion" in path.read_text().split("melancholy wonder")[1]


def test_refusals_are_answers(desk: Desk) -> None:
    rules = [{"fault": "refused", "endpoint": "batch"}]
    if desk.provider == "local_gemini":
        rules = [{"fault": "content_filter", "endpoint": "batch"}]
    desk.server.follow({"rules": rules})
    desk.submit()
    assert desk.finish().rows == {"declined": 6}
    assert desk.submit().answered == 6
    assert set(desk.online().frame["status"]) == {"refused"}
    assert desk.spent() == desk.bill()["nano_usd"]


def test_pictures_that_the_provider_rejects_cost_nothing(desk: Desk) -> None:
    desk.server.follow({"rules": [{"fault": "picture_rejected", "endpoint": "batch"}]})
    desk.submit()
    # Gemini has no code for it, so that nothing says that the rejection is about this image.
    kind = "declined" if desk.provider == "local_openai" else "failed"
    assert desk.finish().rows == {kind: 6}
    assert desk.spent() == desk.bill()["nano_usd"] == 0


def test_a_batch_that_fails_as_a_whole_is_free_and_sent_again(desk: Desk) -> None:
    desk.server.follow({"batch": {"jobs_failed": 1}})
    desk.submit()
    assert desk.finish().rows == {"not_run": 6}
    assert desk.spent() == desk.bill()["nano_usd"] == 0
    again = desk.submit()
    assert again.submitted == 6
    assert desk.finish().rows == {"answered": 6}
    first, second = (tally.batch for tally in desk.tallies())
    assert (first.state, second.state) == ("failed", "completed")
    # The same bytes under another token.
    assert first.token.split("-")[0] == second.token.split("-")[0]
    assert first.token != second.token


def test_a_batch_that_failed_before_anything_ran_costs_no_try(desk: Desk) -> None:
    desk.policy = {"tries": 1}
    desk.server.follow({"batch": {"jobs_failed": 2}})
    for _ in range(2):
        assert desk.submit().submitted == 6
        assert desk.finish().rows == {"not_run": 6}
    assert desk.submit().submitted == 6
    assert desk.finish().rows == {"answered": 6}


def test_a_full_queue_stops_the_submission_and_loses_no_question(desk: Desk) -> None:
    desk.policy = {"rows": 2}
    desk.server.follow({"batch": {"jobs_failed": 1}})
    sent = desk.submit()
    assert (sent.batches, sent.submitted, sent.held_back) == (1, 2, 4)
    assert desk.finish().rows == {"not_run": 2}
    assert (desk.submit().batches, desk.finish().rows) == (3, {"answered": 6})


def test_a_queue_that_takes_no_batch_is_no_intention_left_behind(desk: Desk) -> None:
    rule = {"fault": "rate_limited", "endpoint": "batches", "first": 1}
    desk.server.follow({"rules": [rule]})
    budget = Budget(1.0)
    sent = desk.submit(budget)
    assert (sent.batches, sent.submitted, sent.held_back, sent.bound_nano_usd) == (0, 0, 6, 0)
    assert desk.tallies() == []
    assert (budget.spent, budget.reserved) == (0, 0)
    assert desk.submit().submitted == 6
    assert desk.finish().rows == {"answered": 6}


def test_results_inside_a_batch_are_results(desk: Desk) -> None:
    desk.server.follow({"batch": {"inlines_results": True, "failed": 0.3}, "seed": 3})
    desk.submit()
    rows = desk.finish().rows
    assert rows["answered"] > 0
    assert sum(rows.values()) == 6
    assert set(rows) <= {"answered", "failed"}
    assert desk.spent() == desk.bill()["nano_usd"] > 0


def test_a_reply_without_usage_costs_its_share_of_the_bound(desk: Desk) -> None:
    desk.server.follow({"rules": [{"fault": "uncounted", "endpoint": "batch"}]})
    sent = desk.submit()
    assert desk.finish().rows == {"answered": 6}
    assert sent.bound_nano_usd <= desk.spent() < sent.bound_nano_usd + 6
    assert desk.bill()["nano_usd"] <= desk.spent()


def test_a_question_whose_room_was_full_gets_more_in_the_next_batch(desk: Desk) -> None:
    annotator = desk.annotator()
    question = next(iter(annotator.questions(asks_for(annotator, desk.requests()))))
    plain = submission._build(question, [Failure("", "not JSON")])
    roomy = submission._build(question, [Failure(None, None, "no_room_for_answer")])
    assert plain is not None
    assert roomy is not None
    assert (plain.turns, roomy.turns) == ((), ())
    assert roomy.max_output_tokens == 4 * plain.max_output_tokens


def test_collecting_twice_writes_nothing_twice(desk: Desk) -> None:
    desk.submit()
    desk.finish()
    (account,) = add_up(desk.ledger)
    assert desk.collect().batches == 0
    # A collector that died after it had written all rows finds the batch open.
    with desk.ledger.database.writing() as connection:
        connection.exec_driver_sql("update batches set state = 'open'")
    assert desk.collect().batches == 1
    assert add_up(desk.ledger) == [account]
    # One that died in between finds some rows without an ending.
    with desk.ledger.database.writing() as connection:
        connection.exec_driver_sql("update batches set state = 'open'")
        connection.exec_driver_sql(
            "update batch_rows set outcome = null where key = (select min(key) from batch_rows)"
        )
        connection.exec_driver_sql(
            "delete from attempts where key = (select min(key) from batch_rows)"
        )
    assert desk.collect().rows == {"answered": 1}
    assert add_up(desk.ledger) == [account]


def test_a_batch_that_the_provider_does_not_know_is_lost_and_sent_again(desk: Desk) -> None:
    desk.submit()
    unknown = "batch_unknown" if desk.provider == "local_openai" else "batches/unknown"
    with desk.ledger.database.writing() as connection:
        connection.execute(BATCHES.update().values(remote_id=unknown))
    done = desk.collect()
    assert done.rows == {"failed": 6}
    assert desk.tallies()[0].batch.state == "lost"
    (account,) = add_up(desk.ledger)
    assert account.unpriced == 6, "nobody knows what it cost"
    assert desk.submit().submitted == 6


def test_the_budget_is_held_at_the_batch_price(desk: Desk) -> None:
    whole = desk.submit(Budget()).bound_nano_usd
    desk.finish()
    desk.forget()
    budget = Budget(whole / 2 / 1e9)
    with pytest.raises(BudgetReached):
        desk.submit(budget)
    assert budget.spent <= whole // 2
    sent = desk.tallies()[-1]
    assert 0 < sent.batch.row_count < 6
    assert sent.batch.bound_nano_usd == budget.spent
    with pytest.raises(BudgetReached):
        desk.submit(Budget(0))
    rest = desk.submit(Budget(whole / 1e9))
    assert (rest.waiting, rest.submitted) == (sent.batch.row_count, 6 - sent.batch.row_count)
    desk.finish()
    assert desk.bill()["billed"] == 12


def test_a_wrong_key_sends_nothing_and_the_right_one_goes_on(desk: Desk) -> None:
    desk.key = "sk-A1b2C3d4E5f6G7h8I9j0K1l2"
    with pytest.raises(CredentialProblem) as caught:
        desk.submit()
    assert desk.key not in str(caught.value)
    assert desk.jobs() == 0
    desk.key = desk.server.key
    assert desk.submit().adopted == 1
    assert desk.jobs() == 1
    assert desk.finish().rows == {"answered": 6}


def test_what_cannot_be_sent_is_left_out(desk: Desk) -> None:
    (desk.root / "pictures" / "00.jpg").write_bytes(b"no picture")
    sent = desk.submit()
    assert (sent.unreadable, sent.submitted) == (1, 5)
    desk.pictures = []
    empty = desk.submit()
    assert (empty.batches, empty.submitted) == (0, 0)
