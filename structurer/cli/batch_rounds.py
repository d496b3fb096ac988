"""The rounds of `--provider-batch`: what waits is sent, waited for and taken in."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from structurer.cli import running

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.batch.driver import Stop
    from structurer.batch.ledger import Ledger
    from structurer.cli.settings import Settings
    from structurer.llm import BatchStatus, ProviderBatch
    from structurer.report import Messages

# Seconds between two looks at a batch: the first, and the longest after they have grown.
_FIRST, _LONGEST = 2.0, 60.0
# So often it is looked whether to stop.
_GLANCE = 0.2


@dataclass(slots=True)
class Provider:
    """Whoever answers what waits in the outbox of a batch."""

    batches: ProviderBatch
    ledger: Ledger
    found: Settings
    stop: Stop
    messages: Messages
    _said: str = ""

    def answer(self) -> bool:
        """Return whether there are new answers, so that the files that asked are to be read again.

        Raises EndpointError if the provider fails; what it has goes on there, and the next run takes it in.
        """
        self.ledger.book(self.batches.spent(self.found.price))
        if self.batches.waiting() and not self._is_too_dear():
            self.batches.submit()
        if not self.batches.under_way():
            return False
        answered, wait = False, _FIRST
        while self.batches.under_way():
            standing = self.batches.poll()
            self._say(standing)
            if any(not one.running for one in standing):
                done = self.batches.collect(self.found.price)
                self.ledger.book(self.batches.spent(self.found.price))
                answered = answered or bool(done.answered or done.refused or done.kept)
                for fault in done.faults:
                    running.complain(fault)
                if done.cancelled or (done.faults and all(not one.running for one in standing)):
                    return False
                continue
            if not self._waited(wait):
                return False
            wait = min(_LONGEST, 2 * wait)
        return answered

    def _is_too_dear(self) -> bool:
        """Tell whether a limit forbids to send what waits; it is said then."""
        spent, wanted = self.ledger.spent(), self.batches.estimate(self.found.price)
        most, calls = self.found.max_cost, self.found.max_calls
        if calls is not None and spent.requests + wanted.calls > calls:
            reason = f"{spent.requests} + {wanted.calls} > --max-calls {calls}"
        elif most is not None and wanted.cost is not None and (spent.cost or 0) + wanted.cost > most:
            reason = f"{(spent.cost or 0):f} + {wanted.cost:f} > --max-cost {most:f}"
        else:
            return False
        running.complain(self.messages.word("batch_too_dear", reason=reason, count=wanted.calls))
        return True

    def _say(self, standing: Sequence[BatchStatus]) -> None:
        """Say how the batches stand, where it has changed."""
        done = sum(one.completed + one.failed for one in standing)
        total = sum(one.total for one in standing) or self.batches.under_way()
        line = self.messages.word("batch_provider", batches=len(standing), done=done, total=total)
        if line != self._said:
            self._said = line
            running.say(line)

    def _waited(self, seconds: float) -> bool:
        """Wait; return whether to go on."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.stop.level:
                return False
            time.sleep(_GLANCE)
        return True
