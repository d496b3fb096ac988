"""What all questions of one model share, and the way a question takes: memory first, then the modes in their order."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from structurer.llm.conversation import Conversation, RejectedError
from structurer.llm.faults import Redaction, UnstoredError
from structurer.llm.transport import Transport
from structurer.records import Outcome, Reply

if TYPE_CHECKING:
    from structurer.llm.ledger import Books
    from structurer.llm.memory import Memory
    from structurer.llm.modes import Ladder
    from structurer.llm.outbox import Outbox
    from structurer.llm.settings import Endpoint, Mode, Price
    from structurer.records import Question


@dataclass(slots=True)
class Way:
    """A model as its questions see it; threads share it."""

    endpoint: Endpoint
    memory: Memory | None
    ledger: Books
    ladder: Ladder
    price: Price | None
    closing: threading.Event
    outbox: Outbox | None = None
    """Takes the requests in place of the endpoint."""
    redaction: Redaction = field(init=False)
    _transport: Transport | Outbox | None = field(init=False, default=None)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Make what takes out the key."""
        self.redaction = Redaction(self.endpoint.key)

    def transport(self) -> Transport | Outbox:
        """Return what sends requests; nothing is opened before it is needed."""
        with self._lock:
            if self._transport is None:
                self._transport = self.outbox or Transport(self.endpoint, self.ledger, self.closing)
            return self._transport

    def close(self) -> None:
        """Break off what is under way."""
        with self._lock:
            if self._transport is not None:
                self._transport.close()

    def down(self) -> str:
        """Return why nothing is sent any more; empty while it is."""
        return "" if self._transport is None else self._transport.down()

    def reply(self, question: Question) -> Reply:
        """Return what came of a question; raises OutputError if the memory cannot be written."""
        modes = self.ladder.modes
        if self.memory is not None and (self.memory.replay or len(modes) > 1):
            found = self._remembered(question, modes)
            if self.memory.replay or found.outcome is not Outcome.UNSTORED:
                return found
        with self.ladder.turn():
            return self._asked(question, self.ladder.modes)

    def _remembered(self, question: Question, modes: tuple[Mode, ...]) -> Reply:
        """Return what the memory holds in the first mode in which it holds anything whole."""
        reasons = []
        for mode in modes:
            try:
                return Conversation(question, self, mode, sends=False).reply()
            except UnstoredError as error:
                reasons.append(str(error))
        return Reply(Outcome.UNSTORED, reason=reasons[0])

    def _asked(self, question: Question, modes: tuple[Mode, ...]) -> Reply:
        """Return what the endpoint answers in the first mode that it does not reject."""
        reason = ""
        for mode in modes:
            try:
                return Conversation(question, self, mode, sends=True).reply()
            except RejectedError as error:
                reason = str(error)
        self.ledger.failed()
        return Reply(Outcome.FAILED, reason=reason)
