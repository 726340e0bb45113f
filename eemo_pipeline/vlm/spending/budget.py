"""The spending cap of a run and of its stages: money is reserved before a call, settled after it.

`prices.py` computes what a call costs. A budget counts the spending of one run: a resumed run
starts with a new budget. Amounts are whole nano-USD, so that no sum depends on its order.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

NANO_PER_USD = 1_000_000_000


class BudgetReached(Exception):
    """A call was not made because it might have exceeded the cap.

    Attributes:
        stage: The stage that wanted to spend.
        spent: Nano-USD settled against the cap so far.
        reserved: Nano-USD held for calls in flight; if above 0, a later try may pass.
        cap: The cap that was reached, in nano-USD.
        is_stage_cap: Whether the stage's cap was reached, not the run's.
    """

    def __init__(self, stage: str, spent: int, reserved: int, cap: int, scope: str) -> None:
        """Compose the message: the cap, the amounts, the stage and the remedy."""
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
    """An amount held for one call in flight, settled exactly once."""

    def __init__(self, budget: "Budget", stage: str, nano_usd: int) -> None:
        """Create a reservation; only `Budget.reserve` does this."""
        self.stage = stage
        self.nano_usd = nano_usd
        self._budget = budget
        self._is_settled = False

    def settle(self, nano_usd: int | None) -> None:
        """Record the cost and release the rest; None, an unknown cost, spends the full reservation.

        A cost above the reservation counts in full, because the provider bills it.

        Raises:
            ValueError: The reservation was settled before, or the cost is negative.
        """
        self._budget._settle(self, nano_usd)


class Budget:
    """The cap of a run and the caps of its stages. Thread-safe.

    As long as no call costs more than its reservation, the sum of spent and reserved amounts never
    exceeds a cap.
    """

    def __init__(
        self, cap_usd: float | None = None, stage_caps: Mapping[str, float] | None = None
    ) -> None:
        """Create the budget; None means no cap.

        Raises:
            ValueError: A cap is negative or not a number.
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
        """Reserve the maximum cost of a call.

        Raises:
            BudgetReached: The call might exceed the cap of the run or of the stage; nothing is
                reserved.
            ValueError: The amount is negative.
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
    """Convert USD to whole nano-USD, rounding down.

    Raises:
        ValueError: The amount is negative or not a number.
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
