"""What a run has spent and may still spend."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from structurer.errors import UsageError
from structurer.llm.faults import LimitError
from structurer.llm.settings import Spent

if TYPE_CHECKING:
    from structurer.llm.pace import Entry, Pace
    from structurer.llm.settings import Limits, Price


@dataclass(slots=True)
class Hold:
    """One request that was let through and is not settled yet."""

    entry: Entry
    reserved: Decimal


class Books(Protocol):
    """Whoever lets requests through and books what they took: a `Ledger`, or what speaks to one elsewhere."""

    @property
    def weighs(self) -> bool:
        """Whether anything depends on how many tokens a request is estimated at."""

    def enter(self, tokens_in: int, tokens_out: int) -> Hold:
        """Return when a request of at most so many tokens may be sent; raises LimitError if it may not be any more."""

    def settle(self, hold: Hold, tokens_in: int, tokens_out: int) -> None:
        """Book what a request really took; 0 if it was not answered."""

    def used(self, calls: int, remembered: int) -> None:
        """Count the answers that a reply is made of, and how many of them were remembered."""

    def failed(self) -> None:
        """Count a question that the endpoint failed."""

    def spent(self) -> Spent:
        """Return what was spent so far."""


class Ledger:
    """Lets requests through while the limits allow, and adds up what they took; threads may share it.

    The cost of a request is reserved at its longest before it is sent, so the limit holds with many under way; a
    request that only these reservations keep back waits for them to be settled. It goes on from what was spent
    `before`.
    """

    def __init__(self, limits: Limits, price: Price | None, pace: Pace, before: Spent | None = None) -> None:
        if limits.max_cost is not None and price is None:
            msg = "A limit of the cost needs the price of the model, which is not known."
            raise UsageError(msg)
        self._limits, self._price, self._pace = limits, price, pace
        self._changed = threading.Condition()
        before = before or Spent()
        self._requests, self._calls = before.requests, before.calls
        self._remembered, self._failed = before.remembered, before.failed
        self._tokens_in, self._tokens_out = before.tokens_in, before.tokens_out
        self._paid, self._reserved = before.cost or Decimal(0), Decimal(0)
        self._limited = False

    @property
    def weighs(self) -> bool:
        """Whether anything depends on how many tokens a request is estimated at."""
        return self._limits.max_cost is not None or self._limits.tpm is not None

    def enter(self, tokens_in: int, tokens_out: int) -> Hold:
        """Return when a request of at most so many tokens may be sent; raises LimitError if it may not be any more."""
        cost = self._price.of(tokens_in, tokens_out) if self._price is not None else Decimal(0)
        with self._changed:
            self._changed.wait_for(lambda: self._refused(cost) or not self._crowded(cost))
            if refused := self._refused(cost):
                self._limited = True
                self._changed.notify_all()
                raise LimitError(refused)
            self._requests += 1
            self._reserved += cost
        return Hold(self._pace.wait(tokens_in + tokens_out), cost)

    def _refused(self, cost: Decimal) -> str:
        """Return which limit is reached."""
        limits = self._limits
        if limits.max_calls is not None and self._requests >= limits.max_calls:
            return f"the limit of {limits.max_calls} requests is reached"
        if self._limited or (limits.max_cost is not None and self._paid + cost > limits.max_cost):
            return f"the limit of the cost, {limits.max_cost}, leaves no room for another request"
        return ""

    def _crowded(self, cost: Decimal) -> bool:
        """Tell whether the requests under way might use up what this one would cost."""
        most = self._limits.max_cost
        return most is not None and self._paid + self._reserved + cost > most

    def settle(self, hold: Hold, tokens_in: int, tokens_out: int) -> None:
        """Book what a request really took; 0 if it was not answered."""
        hold.entry.tokens = tokens_in + tokens_out
        with self._changed:
            self._reserved -= hold.reserved
            self._tokens_in += tokens_in
            self._tokens_out += tokens_out
            if self._price is not None:
                self._paid += self._price.of(tokens_in, tokens_out)
            self._changed.notify_all()

    def used(self, calls: int, remembered: int) -> None:
        """Count the answers that a reply is made of, and how many of them were remembered."""
        with self._changed:
            self._calls += calls
            self._remembered += remembered

    def failed(self) -> None:
        """Count a question that the endpoint failed."""
        with self._changed:
            self._failed += 1

    def spent(self) -> Spent:
        """Return what was spent so far."""
        with self._changed:
            return Spent(
                requests=self._requests,
                calls=self._calls,
                remembered=self._remembered,
                tokens_in=self._tokens_in,
                tokens_out=self._tokens_out,
                cost=None if self._price is None else self._paid,
                limited=self._limited,
                failed=self._failed,
            )
