"""What may be spent: money is reserved before a call and settled after it.

Belongs here: the cap of a run and of its stages. Does not belong here: what a call costs
(`prices.py`), or what happens when the cap is reached (`engine.py`, the command line).

A run's budget counts that run's spending: a resumed run begins with a new one. Money is in whole
nano-USD, so that no sum depends on its order.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

NANO_PER_USD = 1_000_000_000


class BudgetReached(Exception):
    """A call was not made, because it might have passed the cap.

    Attributes:
        stage: the stage that wanted to spend.
        spent: nano-USD settled against the cap so far.
        reserved: nano-USD held for calls in flight; where above 0, a later try may pass.
        cap: the cap that was reached, nano-USD.
        is_stage_cap: whether it is the cap of the stage, not of the run.
    """

    def __init__(self, stage: str, spent: int, reserved: int, cap: int, scope: str) -> None:
        """Say what was reached, where, why and what to do."""
        super().__init__(
            f"the budget of {scope} is reached: {_usd(spent)} of {_usd(cap)} USD are spent, "
            f"{_usd(reserved)} are held for calls in flight, and the next call of the stage "
            f"{stage} might pass the cap. Every answer so far is in the ledger: run again with a "
            "higher --budget-usd, and only what is missing is asked"
        )
        self.stage = stage
        self.spent = spent
        self.reserved = reserved
        self.cap = cap
        self.is_stage_cap = scope != "the run"


class Reservation:
    """Money held for one call in flight; settled exactly once."""

    def __init__(self, budget: "Budget", stage: str, nano_usd: int) -> None:
        """Made by `Budget.reserve`."""
        self.stage = stage
        self.nano_usd = nano_usd
        self._budget = budget
        self._is_settled = False

    def settle(self, nano_usd: int | None) -> None:
        """Give back what was not spent; None, where the cost is unknown, spends all of it.

        A cost above the reservation counts in full: the bill is what it is.

        Raises:
            ValueError: it was settled before, or the cost is negative.
        """
        self._budget._settle(self, nano_usd)


class Budget:
    """The cap of a run, with caps of stages below it. Thread-safe.

    As long as no call costs more than was reserved for it, what is spent and what is reserved
    together never pass a cap.
    """

    def __init__(
        self, cap_usd: float | None = None, stage_caps: Mapping[str, float] | None = None
    ) -> None:
        """Open the budget; None is without a cap.

        Raises:
            ValueError: a cap is negative or not a number.
        """
        self._cap = None if cap_usd is None else to_nano(cap_usd)
        self._stage_caps = {stage: to_nano(cap) for stage, cap in (stage_caps or {}).items()}
        self._spent: Counter[str] = Counter()
        self._reserved: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def spent(self) -> int:
        """Nano-USD settled so far."""
        with self._lock:
            return self._spent.total()

    @property
    def reserved(self) -> int:
        """Nano-USD held for calls in flight."""
        with self._lock:
            return self._reserved.total()

    def reserve(self, stage: str, nano_usd: int) -> Reservation:
        """Hold what a call may cost at most.

        Raises:
            BudgetReached: it might pass the cap of the run or of the stage; nothing is held.
            ValueError: a negative sum.
        """
        if nano_usd < 0:
            raise ValueError(f"{nano_usd} nano-USD cannot be reserved: a cost is not negative")
        with self._lock:
            spent, reserved = self._spent[stage], self._reserved[stage]
            _require(stage, spent, reserved, self._stage_caps.get(stage), nano_usd, "the stage")
            spent, reserved = self._spent.total(), self._reserved.total()
            _require(stage, spent, reserved, self._cap, nano_usd, "the run")
            self._reserved[stage] += nano_usd
        return Reservation(self, stage, nano_usd)

    def _settle(self, reservation: Reservation, nano_usd: int | None) -> None:
        cost = reservation.nano_usd if nano_usd is None else nano_usd
        if cost < 0:
            raise ValueError(f"{cost} nano-USD cannot be spent: a cost is not negative")
        with self._lock:
            if reservation._is_settled:
                raise ValueError(f"a reservation of the stage {reservation.stage} is settled twice")
            reservation._is_settled = True
            self._reserved[reservation.stage] -= reservation.nano_usd
            self._spent[reservation.stage] += cost


def to_nano(usd: float) -> int:
    """USD in whole nano-USD, rounded down.

    Raises:
        ValueError: a negative sum, or no number.
    """
    amount = Decimal(str(usd))
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{usd} USD is no budget: name a sum of 0 or more")
    return int(amount * NANO_PER_USD)


def _require(
    stage: str, spent: int, reserved: int, cap: int | None, nano_usd: int, scope: str
) -> None:
    if cap is not None and spent + reserved + nano_usd > cap:
        raise BudgetReached(stage, spent, reserved, cap, scope)


def _usd(nano_usd: int) -> str:
    return f"{Decimal(nano_usd) / NANO_PER_USD:.6f}"
