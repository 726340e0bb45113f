"""Laws of the budget: what is spent and reserved never passes a cap, whoever asks, in any order."""

import random
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.vlm.spending.budget import (
    NANO_PER_USD,
    Budget,
    BudgetReached,
    Reservation,
    to_nano,
)

STAGES: tuple[str, ...] = ("annotation", "critic")
SUMS = st.integers(0, 200)
# A cap in nano-USD, as the USD that the command line takes.
CAPS = st.none() | SUMS.map(lambda nano: nano / NANO_PER_USD)
# A stage that reserves, then the share of the reservation that is settled; None: cost unknown.
STEPS = st.lists(
    st.tuples(st.sampled_from(STAGES), SUMS, st.none() | st.floats(0, 1), st.booleans()),
    max_size=40,
)


@settings(deadline=None)
@given(cap=CAPS, stage_cap=CAPS, steps=STEPS)
def test_no_order_of_calls_passes_a_cap(cap, stage_cap, steps) -> None:
    budget = Budget(cap, {} if stage_cap is None else {"critic": stage_cap})
    limit = float("inf") if cap is None else to_nano(cap)
    stage_limit = float("inf") if stage_cap is None else to_nano(stage_cap)
    open_calls: list[tuple[Reservation, float | None]] = []
    spent = dict.fromkeys(STAGES, 0)
    for stage, most, share, is_kept_open in steps:
        held = {s: sum(r.nano_usd for r, _ in open_calls if r.stage == s) for s in STAGES}
        fits = sum(spent.values()) + sum(held.values()) + most <= limit
        fits = fits and (stage != "critic" or spent[stage] + held[stage] + most <= stage_limit)
        if not fits:
            with pytest.raises(BudgetReached) as caught:
                budget.reserve(stage, most)
            assert caught.value.stage == stage
            continue
        open_calls.append((budget.reserve(stage, most), share))
        if not is_kept_open:
            reservation, share = open_calls.pop(most % len(open_calls))
            cost = None if share is None else int(reservation.nano_usd * share)
            reservation.settle(cost)
            spent[reservation.stage] += reservation.nano_usd if cost is None else cost
        assert budget.spent == sum(spent.values())
        assert budget.spent + budget.reserved <= limit
        assert spent["critic"] <= stage_limit


def test_threads_never_pass_the_cap_and_use_it_up() -> None:
    budget = Budget(1000 / NANO_PER_USD, {"critic": 400 / NANO_PER_USD})
    seen: list[int] = []

    def call(seed: int) -> None:
        draw = random.Random(seed)  # noqa: S311 (no secret)
        for _ in range(300):
            try:
                reservation = budget.reserve(draw.choice(STAGES), draw.randrange(1, 30))
            except BudgetReached as reached:
                seen.append(reached.spent + reached.reserved)
                continue
            seen.append(budget.spent)
            reservation.settle(draw.choice([None, 0, reservation.nano_usd // 2]))

    threads = [threading.Thread(target=call, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budget.reserved == 0
    assert max(seen) <= 1000
    assert budget.spent > 1000 - 30


def test_what_is_held_comes_back() -> None:
    budget = Budget(10 / NANO_PER_USD)
    first = budget.reserve("critic", 10)
    with pytest.raises(BudgetReached) as caught:
        budget.reserve("critic", 1)
    assert (caught.value.spent, caught.value.reserved, caught.value.cap) == (0, 10, 10)
    first.settle(3)
    budget.reserve("critic", 7).settle(None)
    assert budget.spent == 10


def test_a_call_is_settled_once_and_a_bill_above_its_bound_counts() -> None:
    budget = Budget(10 / NANO_PER_USD)
    reservation = budget.reserve("critic", 5)
    reservation.settle(12)
    assert budget.spent == 12
    with pytest.raises(ValueError, match="twice"):
        reservation.settle(1)
    with pytest.raises(BudgetReached):
        budget.reserve("critic", 0)


def test_the_message_says_what_where_why_and_the_fix() -> None:
    with pytest.raises(BudgetReached, match=r"critic.*ledger.*--budget-usd"):
        Budget(1.5).reserve("critic", 2 * NANO_PER_USD)
    with pytest.raises(BudgetReached, match="the stage"):
        Budget(None, {"critic": 0}).reserve("critic", 1)


@pytest.mark.parametrize("cap", [-1, float("nan"), float("inf")])
def test_a_cap_is_a_sum_of_money(cap: float) -> None:
    with pytest.raises(ValueError, match="no budget"):
        Budget(cap)


def test_cents_are_exact() -> None:
    assert to_nano(0.1) + to_nano(0.2) == to_nano(0.3) == 300_000_000
